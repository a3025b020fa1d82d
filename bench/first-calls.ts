/**
 * Measures the first calls of a service that was just started, without and with a warm-up: `node bench/first-calls.ts`
 *
 *   --rounds N   processes of each kind, in turns; the table has the medians; default 7
 *   --store URL  default `memory:`
 */
import { parseArgs } from 'node:util'
import { SETTINGS } from '../src/config.ts'
import { listTable } from '../src/cli/tables.ts'
import { firstCalls, type FirstCalls } from './starts/first-calls.ts'

const BURSTS = 3
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, store: { type: 'string', default: 'memory:' } },
})
const warmUps = [0, Number(SETTINGS.warmUpMs.fallback)]
const runs: FirstCalls[][] = warmUps.map(() => [])
await firstCalls(values.store, 0, 1)
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [index, warmUpMs] of warmUps.entries()) runs[index]!.push(await firstCalls(values.store, warmUpMs, BURSTS))
}
const rows = warmUps.map((warmUpMs, index) => {
  const bursts = Array.from({ length: BURSTS }, (_, burst) =>
    median(runs[index]!.map(({ meansMs }) => meansMs[burst]!)),
  )
  return [
    warmUpMs === 0 ? 'none' : `up to ${warmUpMs} ms`,
    median(runs[index]!.map(({ readyMs }) => readyMs)),
    ...bursts,
  ]
})
console.log('Mean latency of 100 freezes of one user at once, right after /readyz said yes.\n')
const columns = ['warm-up', 'ready after', 'first burst', 'second', 'third']
console.log(
  listTable(
    columns,
    rows.map((row) => row.map((cell) => (typeof cell === 'number' ? `${cell.toFixed(1)} ms` : cell))),
  ),
)

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)]!
}
