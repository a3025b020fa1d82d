/** Everything that can go wrong in a simulation, as data: the fault, its time and its target. */
import type { Chance } from './chance.ts'

/** The outcome of one disturbed store call. */
export const MISHAPS = [
  /** Nothing is written; the database reports that a row had changed. */
  'stale',
  /** Nothing is written; the database reports that it gave up because of a lock. */
  'contended',
  /** Nothing is written, and the engine knows that. */
  'unavailable',
  /** The call takes far longer than usual. */
  'slow',
  /**
   * All statements succeed, and COMMIT fails with a conflict, as in a cluster that certifies transactions at COMMIT. Nothing is written.
   */
  'conflict_at_commit',
  /** The connection is lost before the database received the commit. */
  'doubt_lost',
  /** The connection is lost after the commit took effect. */
  'doubt_applied',
  /** The connection is lost while the transaction is open at the database, which commits it later or rolls it back. */
  'doubt_open',
  /** The connection is lost, and the commit reaches the database later. */
  'doubt_late',
  /** An error that no store should throw, before or after the commit took effect. */
  'unforeseen',
  'unforeseen_applied',
] as const

export type Mishap = (typeof MISHAPS)[number]

/** The mishaps of a read: a read cannot be in doubt. */
const READ_MISHAPS: readonly Mishap[] = ['unavailable', 'slow', 'unforeseen']

export type Fault = { readonly at: number } & (
  | {
      readonly kind: 'mishap'
      readonly engine: number
      readonly call: 'read' | 'write'
      readonly mishap: Mishap
      /** The number of consecutive calls. */
      readonly times: number
    }
  /** One engine cannot reach the database. */
  | { readonly kind: 'partition'; readonly engine: number; readonly ms: number }
  /** The database is down; open transactions are lost. */
  | { readonly kind: 'outage'; readonly ms: number }
  /**
   * The database returns to its state of `backMs` ago: a failover loses the last commits, or a backup is restored. Connections are lost
   * too, except when an operator renames the tables or restores into them.
   */
  | { readonly kind: 'return'; readonly backMs: number; readonly keepsConnections: boolean; readonly downMs: number }
  /** Writes are forbidden for a while: an operator has revoked a privilege. */
  | { readonly kind: 'revocation'; readonly ms: number }
  /** Every operation of the database takes `factor` times as long. */
  | { readonly kind: 'slowness'; readonly ms: number; readonly factor: number }
  /** A process that is not an engine holds the lock of an account's balances. */
  | { readonly kind: 'stranger'; readonly account: string; readonly ms: number }
  /** The process crashes `turns` turns of the microtask queue after its `crossings`th crossing of a port. */
  | {
      readonly kind: 'crash'
      readonly engine: number
      readonly crossings: number
      readonly turns: number
      readonly downMs: number
    }
  /**
   * The connections of one engine stay with a server that is no longer the primary. A commit fails there, and so does every read that a
   * refusal could rest on; then the engine gives up all of them. Until then, or for `ms`, readers return the rows of the time when it was
   * the primary.
   */
  | { readonly kind: 'demotion'; readonly engine: number; readonly ms: number }
  /** The process is asked to stop, and is started again. */
  | { readonly kind: 'stop'; readonly engine: number; readonly downMs: number }
  /** The clock of the process is hours ahead for a while; then it is corrected. */
  | { readonly kind: 'clock_ahead'; readonly engine: number; readonly byMs: number; readonly ms: number }
  /** The process's clock jumps. */
  | { readonly kind: 'clock'; readonly engine: number; readonly byMs: number }
)

export type FaultKind = Fault['kind']

export interface Surroundings {
  readonly engines: number
  readonly accounts: readonly string[]
  /** Faults begin between the start and this time. */
  readonly untilMs: number
}

/** The longest time that a reader may lag behind. */
const BEHIND_MS_MAX = 1_500

const HOUR_MS = 3_600_000

/** The relative frequency of each kind, and how one is made. */
const KINDS: Readonly<Record<FaultKind, { weight: number; make: (chance: Chance, around: Surroundings) => Fault }>> = {
  mishap: {
    weight: 12,
    make: (chance, { engines, untilMs }) => {
      const call = chance.likely(0.2) ? 'read' : 'write'
      const mishap = chance.pick(call === 'read' ? READ_MISHAPS : MISHAPS)
      const times = chance.likely(0.7) ? 1 : chance.between(2, 6)
      return { kind: 'mishap', at: chance.below(untilMs), engine: chance.below(engines), call, mishap, times }
    },
  },
  partition: {
    weight: 1,
    make: (chance, { engines, untilMs }) => ({
      kind: 'partition',
      at: chance.below(untilMs),
      engine: chance.below(engines),
      ms: chance.between(20, 600),
    }),
  },
  outage: {
    weight: 1,
    make: (chance, { untilMs }) => ({ kind: 'outage', at: chance.below(untilMs), ms: chance.between(10, 500) }),
  },
  return: {
    weight: 1,
    make: (chance, { untilMs }) => {
      const at = chance.below(untilMs)
      const backMs = chance.likely(0.6) ? Math.min(chance.between(1, 60), at) : chance.between(0, at)
      const keepsConnections = chance.likely(0.5)
      return { kind: 'return', at, backMs, keepsConnections, downMs: chance.between(1, 300) }
    },
  },
  slowness: {
    weight: 1,
    make: (chance, { untilMs }) => ({
      kind: 'slowness',
      at: chance.below(untilMs),
      ms: chance.between(50, 500),
      factor: chance.pick([5, 30, 200]),
    }),
  },
  revocation: {
    weight: 1,
    make: (chance, { untilMs }) => ({ kind: 'revocation', at: chance.below(untilMs), ms: chance.between(5, 300) }),
  },
  demotion: {
    weight: 2,
    make: (chance, { engines, untilMs }) => ({
      kind: 'demotion',
      at: chance.below(untilMs),
      engine: chance.below(engines),
      ms: chance.between(10, BEHIND_MS_MAX),
    }),
  },
  stranger: {
    weight: 1,
    make: (chance, { accounts, untilMs }) => ({
      kind: 'stranger',
      at: chance.below(untilMs),
      account: chance.pick(accounts),
      ms: chance.between(5, 400),
    }),
  },
  crash: {
    weight: 3,
    make: (chance, { engines, untilMs }) => ({
      kind: 'crash',
      at: chance.below(untilMs),
      engine: chance.below(engines),
      crossings: chance.between(0, 6),
      turns: chance.likely(0.5) ? chance.below(8) : chance.below(60),
      downMs: chance.between(1, 400),
    }),
  },
  stop: {
    weight: 1,
    make: (chance, { engines, untilMs }) => ({
      kind: 'stop',
      at: chance.below(untilMs),
      engine: chance.below(engines),
      downMs: chance.between(1, 200),
    }),
  },
  clock_ahead: {
    weight: 1,
    make: (chance, { engines, untilMs }) => ({
      kind: 'clock_ahead',
      at: chance.below(untilMs),
      engine: chance.below(engines),
      byMs: chance.between(HOUR_MS / 4, 30 * HOUR_MS),
      ms: chance.between(5, 2_000),
    }),
  },
  clock: {
    weight: 1,
    make: (chance, { engines, untilMs }) => ({
      kind: 'clock',
      at: chance.below(untilMs),
      engine: chance.below(engines),
      byMs: chance.between(-3_000, 3_000),
    }),
  },
}

/** A limit, because the time between two returns must have some length. */
const RETURNS_MAX = 3

/**
 * The faults of one simulation. Each simulation has only some of the kinds: a fault that always occurs can hide what only others together
 * would show (https://doi.org/10.1145/2338965.2336763, "Swarm testing").
 */
export function makeFaults(chance: Chance, around: Surroundings): readonly Fault[] {
  const count = chance.pick([0, 3, 8, 20, 40])
  const weights = Object.fromEntries(
    Object.entries(KINDS).map(([kind, { weight }]) => [kind, chance.likely(0.5) ? weight : 0]),
  ) as Record<FaultKind, number>
  if (Object.values(weights).every((weight) => weight === 0)) return []
  const faults = Array.from({ length: count }, () => KINDS[chance.weighted(weights)].make(chance, around))
  const returns = faults.filter(({ kind }) => kind === 'return').slice(RETURNS_MAX)
  return faults.filter((fault) => !returns.includes(fault))
}
