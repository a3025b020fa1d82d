/** The rows of coexistence: what each side got in one mix, and those that are kept for the report. */
import type { Flavour, LockCounters } from '../databases/scratch.ts'
import type { Distribution } from '../load/users.ts'
import { resultsOf, type Result, type Setting } from '../output/result.ts'
import { addToList, readList } from '../reporting/kept.ts'
import type { Seen } from '../run/strategy-run.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import type { Mix, MixSeen } from './coexist.ts'

/** As in `Result`: the median round of one side. */
export type SideFigures = Pick<
  Result,
  'commandsPerSecond' | 'roundsCommandsPerSecond' | 'p50Ms' | 'p99Ms' | 'retriesPerCommand' | 'errors'
> & {
  /** That callers of a write-up's strategy met; null for Holdfast, which tries again. */
  readonly lockTimeouts: number | null
  readonly deadlocks: number | null
}

export interface CoexistRow extends Mix {
  readonly flavour: Flavour
  readonly version: string
  readonly users: number
  readonly distribution: Distribution
  readonly callers: number
  readonly seconds: number
  readonly rounds: number
  /** Null without a caller of this side. */
  readonly oldSide: SideFigures | null
  readonly holdfast: SideFigures | null
  /** What the server counted in all rounds. */
  readonly locks: LockCounters
  readonly consistent: boolean
  readonly findings: readonly string[]
  /** ISO 8601. */
  readonly madeAt: string
}

export function coexistRow(mix: Mix, rounds: readonly MixSeen[], setting: Setting): CoexistRow {
  const { trial, server } = setting
  const findings = rounds.flatMap((round) => round.findings)
  return {
    ...mix,
    flavour: server.flavour,
    version: server.version,
    users: trial.users,
    distribution: trial.distribution,
    callers: trial.inFlight,
    seconds: trial.seconds,
    rounds: rounds.length,
    oldSide: sideOf(mix.old, seenOf(rounds, 'old'), setting),
    holdfast: sideOf('holdfast', seenOf(rounds, 'holdfast'), setting),
    locks: { deadlocks: sumOf(rounds, 'deadlocks'), lockTimeouts: sumOf(rounds, 'lockTimeouts') },
    consistent: findings.length === 0,
    findings,
    madeAt: new Date().toISOString(),
  }
}

function seenOf(rounds: readonly MixSeen[], side: 'old' | 'holdfast'): readonly Seen[] {
  return rounds.flatMap((round) => round[side] ?? [])
}

function sideOf(strategy: StrategyName | null, rounds: readonly Seen[], setting: Setting): SideFigures | null {
  if (strategy === null || rounds.length === 0) return null
  const [result] = resultsOf([{ strategy, rounds }], setting)
  const { commandsPerSecond, roundsCommandsPerSecond, p50Ms, p99Ms } = result!
  const { retriesPerCommand, lockTimeouts, deadlocks, errors } = result!
  return {
    commandsPerSecond,
    roundsCommandsPerSecond,
    p50Ms,
    p99Ms,
    retriesPerCommand,
    lockTimeouts,
    deadlocks,
    errors,
  }
}

function sumOf(rounds: readonly MixSeen[], counter: keyof LockCounters): number | null {
  return rounds.reduce<number | null>((sum, { locks }) => {
    const count = locks[counter]
    return sum === null || count === null ? null : sum + count
  }, 0)
}

/** What is left of the rate of the only side with a bridge; null for a row with two sides, without a bridge, or without one to compare with. */
export function bridgeRatio(row: CoexistRow, rows: readonly CoexistRow[]): number | null {
  const only = onlySide(row)
  const bare = rows.find((one) => !one.bridged && nameOf(one) === nameOf({ ...row, bridged: false }))
  const before = bare === undefined ? null : onlySide(bare)
  if (!row.bridged || only === null || before === null || before.commandsPerSecond === 0) return null
  return Number((only.commandsPerSecond / before.commandsPerSecond).toFixed(3))
}

function onlySide({ oldSide, holdfast }: CoexistRow): SideFigures | null {
  if (oldSide !== null && holdfast !== null) return null
  return oldSide ?? holdfast
}

/** In the order of the rows. */
function nameOf({ flavour, users, old, share, bridged }: CoexistRow): string {
  const percent = String(share).padStart(3, '0')
  return `${flavour} ${String(users).padStart(6, '0')} ${old ?? 'z'} ${percent} ${bridged ? 'bridged' : 'bare'}`
}

/** The file next to the report that has them. */
export const COEXIST_FILE = 'coexist.json'

/** Empty when there is no such file. */
export async function readCoexist(file: string): Promise<readonly CoexistRow[]> {
  return await readList<CoexistRow>(file)
}

export async function saveCoexist(file: string, rows: readonly CoexistRow[]): Promise<void> {
  await addToList(file, rows, nameOf)
}
