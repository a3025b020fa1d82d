/**
 * Old code and Holdfast on the same rows, joined by a bridge: some callers use a strategy of the write-ups, the others Holdfast.
 *
 * Each side has a process of its own, as an old service and a new one would. A mix without a bridge has one side only: it shows what the
 * bridge costs that side.
 */
import { openBridge } from '../../src/bridge/open.ts'
import { HOUSE_DEFAULT } from '../../src/bridge/plan.ts'
import { MAPPING_DEFAULT } from '../../src/import/mapping.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { auditBridgedBooks } from '../audit/bridged-books.ts'
import { openDatabase, type LockCounters, type ScratchServer } from '../databases/scratch.ts'
import { assign, playAll, together, type Seen, type Trial } from '../run/strategy-run.ts'
import { STRATEGIES } from '../strategies/catalogue.ts'
import { SWAP_INDEX } from '../strategies/freeze-logs.ts'
import type { Site, Strategy } from '../strategies/strategy.ts'

export const OLD_STRATEGIES = ['row-lock', 'cas', 'update-first'] as const
export type OldStrategy = (typeof OLD_STRATEGIES)[number]

/** In percent. */
export const SHARES: readonly number[] = [0, 1, 10, 50, 99, 100]

export interface Mix {
  /** Null when all callers use Holdfast. */
  readonly old: OldStrategy | null
  /** Of the callers, those that use Holdfast, in percent. */
  readonly share: number
  readonly bridged: boolean
}

export interface MixSeen {
  /** Null without a caller of this side. */
  readonly old: Seen | null
  readonly holdfast: Seen | null
  /** What the server counted meanwhile; on MySQL and MariaDB for all its clients. */
  readonly locks: LockCounters
  /** Findings in both books; empty when they are exact and agree. */
  readonly findings: readonly string[]
}

/** The tables of the old side when nobody uses them. */
const OLD_DEFAULT: OldStrategy = 'row-lock'
const BATCH_USERS = 500
/** Each side draws users and ends of its own. */
const SEED_OF_HOLDFAST = 104_729
/** The counters of the server are of both sides. */
const NOT_OF_ONE_SIDE: LockCounters = { deadlocks: null, lockTimeouts: null }

/** Callers of Holdfast: at least one of a share above 0, and one less than all of a share below 100. */
export function holdfastCallers(callers: number, share: number): number {
  if (share === 0 || share === 100) return (callers * share) / 100
  return Math.min(callers - 1, Math.max(1, Math.round((callers * share) / 100)))
}

/**
 * Every mix of these shares, and next to it the same side without a bridge, so that both are measured in turns. Share 100 is measured
 * once, because no old code runs then.
 */
export function mixesOf(strategies: readonly OldStrategy[], shares: readonly number[]): readonly Mix[] {
  const bridgedOrNot = [false, true] as const
  const mixed = strategies.flatMap((old) =>
    shares
      .filter((share) => share < 100)
      .flatMap((share) =>
        bridgedOrNot.filter((bridged) => bridged || share === 0).map((bridged): Mix => ({ old, share, bridged })),
      ),
  )
  const alone = shares.includes(100) ? bridgedOrNot.map((bridged): Mix => ({ old: null, share: 100, bridged })) : []
  return [...mixed, ...alone]
}

/** @throws StoreTrouble, PlayFailed, BridgeError, and errors of the strategy's preparation */
export async function measureMix(
  server: ScratchServer,
  { old, share, bridged }: Mix,
  trial: Trial,
  signal: AbortSignal,
): Promise<MixSeen> {
  const database = await server.create()
  try {
    const place = { url: database.url, dialect: server.dialect }
    const callers = holdfastCallers(trial.inFlight, share)
    const oldTrial = { ...trial, inFlight: trial.inFlight - callers }
    const newTrial = { ...trial, inFlight: callers, seed: trial.seed + SEED_OF_HOLDFAST }
    const oldOnes = old === null ? [] : assign(old, oldTrial, place)
    const newOnes = callers === 0 ? [] : assign('holdfast', newTrial, place)
    const assignments = [...oldOnes, ...newOnes]
    const { site } = assignments[0]!
    await strategyOf(old ?? (bridged ? OLD_DEFAULT : null)).prepare(site)
    if (old === 'cas' && server.facts.flavour === 'mariadb') await dropSwapIndex(site)
    if (bridged) await installBridge(site, old)
    const { performed, locks } = await playAll(assignments, { database, watch: () => undefined, signal })
    const seen = (from: number, to: number): Seen | null =>
      from === to ? null : { ...together(performed.slice(from, to), NOT_OF_ONE_SIDE), findings: [] }
    const tallies = performed.map(({ measured }) => measured.tally)
    const findings = bridged
      ? await auditBridgedBooks(site, tallies.slice(0, oldOnes.length), tallies.slice(oldOnes.length))
      : await strategyOf(old).audit(site, tallies[0]!)
    return {
      old: seen(0, oldOnes.length),
      holdfast: seen(oldOnes.length, assignments.length),
      locks,
      findings,
    }
  } finally {
    await database.drop()
  }
}

function strategyOf(old: OldStrategy | null): Strategy {
  return STRATEGIES[old ?? 'holdfast']
}

/** With it no bridge is installed on MariaDB, because compare-and-swap and the ledger would meet in deadlocks. */
async function dropSwapIndex(site: Site): Promise<void> {
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  await database.run([`DROP INDEX ${SWAP_INDEX} ON users`])
}

export async function installBridge({ url }: Site, old: OldStrategy | null): Promise<void> {
  await migrateLedger(url)
  await using bridge = await openBridge(url, {
    mapping: MAPPING_DEFAULT,
    versionColumn: old === 'cas' ? 'version' : null,
    house: HOUSE_DEFAULT,
    onFailure: 'refuse',
  })
  await bridge.install({ batchUsers: BATCH_USERS, adopt: false }, () => undefined)
}
