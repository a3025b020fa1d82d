/**
 * Micro-benchmarks of the hot path, so that a change in it is seen: `npm run bench:micro`.
 *
 *   npm run -s bench:micro -- --save FILE       keeps the figures
 *   npm run -s bench:micro -- --against FILE    shows how they compare with those that were kept
 *   npm run -s bench:micro -- --only TEXT       only the tasks whose name has this in it
 *
 * Figures are of one processor at one moment: compare them only with figures of the same machine, taken one after the other.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Bench } from 'tinybench'
import { listTable, styled } from '../../src/cli/tables.ts'
import { hotPathTasks } from './tasks.ts'

/** A difference below that is the machine's. */
const NOTICED = 0.1

interface Figure {
  readonly name: string
  /** Nanoseconds per command, the median of the samples, and how far they are spread. */
  readonly ns: number
  readonly spread: number
}

const { values } = parseArgs({
  options: {
    save: { type: 'string' },
    against: { type: 'string' },
    only: { type: 'string', default: '' },
    ms: { type: 'string', default: '500' },
  },
})
const before = values.against === undefined ? null : (JSON.parse(readFileSync(values.against, 'utf8')) as Figure[])
const figures = await measure(values.only, Number(values.ms))
if (values.save !== undefined) writeFileSync(values.save, `${JSON.stringify(figures, null, 2)}\n`)
process.stdout.write(`${tableOf(figures, before)}\n`)

async function measure(only: string, ms: number): Promise<readonly Figure[]> {
  const tasks = hotPathTasks().filter(({ name }) => name.includes(only))
  const bench = new Bench({ time: ms, warmupTime: ms / 5 })
  for (const { name, run } of tasks) bench.add(name, () => void run())
  await bench.run()
  return tasks.map(({ name, commands }) => {
    const result = bench.getTask(name)?.result
    if (result === undefined || !('latency' in result)) throw new Error(`${name} was not measured.`)
    const { p50, mad } = result.latency
    return { name, ns: (p50 * 1_000_000) / commands, spread: p50 === 0 ? 0 : mad / p50 }
  })
}

function tableOf(figures: readonly Figure[], before: readonly Figure[] | null): string {
  const head = ['task', 'ns per command', '±', ...(before === null ? [] : ['before', 'change'])]
  const width = head[1]!.length
  return listTable(
    head,
    figures.map(({ name, ns, spread }) => [
      name,
      ns.toFixed(0).padStart(width),
      `${(spread * 100).toFixed(1)} %`,
      ...(before === null ? [] : changeCells(ns, before.find((one) => one.name === name) ?? null)),
    ]),
  )
}

function changeCells(ns: number, before: Figure | null): readonly string[] {
  if (before === null) return ['', 'new']
  const change = ns / before.ns - 1
  const text = `${change > 0 ? '+' : ''}${(change * 100).toFixed(0)} %`
  const colour = change > NOTICED ? 'red' : change < -NOTICED ? 'green' : 'dim'
  return [before.ns.toFixed(0), styled(colour, text)]
}
