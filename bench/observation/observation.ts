/** What metrics, observers, the log of commands and traces cost the hottest account of an embedded ledger on SQLite. */
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChild } from '../../harness/children.ts'
import { CASE_NAMES, type CaseName } from './cases.ts'
import type { Run, Stretch } from './run-entry.ts'

export interface CaseCost {
  readonly name: CaseName
  /** Medians over the stretches, without the case and with it. */
  readonly without: Stretch
  readonly with: Stretch
  /** The median over the pairs of stretches of how much the case changes, as a part: of the rate, and of the processor time per command. */
  readonly rateChange: number
  readonly cpuChange: number
}

export interface Extent {
  /** Pairs of stretches, after a quarter as many for the warm-up. */
  readonly stretches: number
  /** Of each stretch. */
  readonly commands: number
  readonly cases?: readonly CaseName[]
}

/** @param onCase is called after each case */
export async function measureCosts(
  { stretches, commands, cases = CASE_NAMES }: Extent,
  onCase = () => {},
): Promise<readonly CaseCost[]> {
  const costs: CaseCost[] = []
  for (const name of cases) {
    costs.push(costOf(name, await runCase(name, stretches, commands)))
    onCase()
  }
  return costs
}

function costOf(name: CaseName, run: Run): CaseCost {
  const medianOf = (stretches: readonly Stretch[]): Stretch => ({
    commandsPerSecond: median(stretches.map(({ commandsPerSecond }) => commandsPerSecond)),
    cpuUs: median(stretches.map(({ cpuUs }) => cpuUs)),
  })
  const change = (of: (stretch: Stretch) => number): number =>
    median(run.with.map((stretch, pair) => of(stretch) / of(run.without[pair]!) - 1))
  return {
    name,
    without: medianOf(run.without),
    with: medianOf(run.with),
    rateChange: change(({ commandsPerSecond }) => commandsPerSecond),
    cpuChange: change(({ cpuUs }) => cpuUs),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!
}

async function runCase(name: CaseName, stretches: number, commands: number): Promise<Run> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-observation-'))
  const words = [name, folder.path, stretches, commands].map(String)
  const entry = join(import.meta.dirname, 'run-entry.ts')
  const { exitCode, stdout, stderr } = await runChild(process.execPath, [entry, ...words])
  if (exitCode !== 0) throw new Error(`${name} could not be run: ${stderr}`)
  return JSON.parse(stdout) as Run
}
