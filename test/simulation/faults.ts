/** Everything that can go wrong in a simulation, as data: what, when and to whom. */
import type { Chance } from './chance.ts'

/** What happens to one call of a store. */
export const MISHAPS = [
  /** Nothing is written; the database says that a row had moved. */
  'stale',
  /** Nothing is written; the database says that it gave up over a lock. */
  'contended',
  /** Nothing is written, and the engine knows that. */
  'unavailable',
  /** It takes far longer than usual. */
  'slow',
  /** Nothing is written: all of it went well, and COMMIT meets another transaction, as in a cluster that certifies them at their end. */
  'conflict_at_commit',
  /** The connection dies before the database got to know of the commit. */
  'doubt_lost',
  /** The connection dies after the commit took effect. */
  'doubt_applied',
  /** The connection dies while the transaction is open at the database, which commits it later or rolls it back. */
  'doubt_open',
  /** The connection dies, and the commit arrives at the database later. */
  'doubt_late',
  /** An error that no store should throw, before or after the commit took effect. */
  'unforeseen',
  'unforeseen_applied',
] as const

export type Mishap = (typeof MISHAPS)[number]

/** To each call its own: a read cannot be in doubt. */
const READ_MISHAPS: readonly Mishap[] = ['unavailable', 'slow', 'unforeseen']

export type Fault = { readonly at: number } & (
  | {
      readonly kind: 'mishap'
      readonly engine: number
      readonly call: 'read' | 'write'
      readonly mishap: Mishap
      /** How many calls in a row. */
      readonly times: number
    }
  /** One engine cannot reach the database. */
  | { readonly kind: 'partition'; readonly engine: number; readonly ms: number }
  /** The database is down; open transactions are lost. */
  | { readonly kind: 'outage'; readonly ms: number }
  /**
   * The database is again what it was `backMs` before: a failover loses the last commits, or a backup is put in its place. Connections
   * are lost with it, but where an operator renames what is there or restores into it.
   */
  | { readonly kind: 'return'; readonly backMs: number; readonly keepsConnections: boolean; readonly downMs: number }
  /** Writing is not allowed any more, for so long: an operator has revoked a privilege. */
  | { readonly kind: 'revocation'; readonly ms: number }
  /** Everything at the database takes `factor` times as long. */
  | { readonly kind: 'slowness'; readonly ms: number; readonly factor: number }
  /** Somebody else keeps the lock of an account's balances. */
  | { readonly kind: 'stranger'; readonly account: string; readonly ms: number }
  /** The process dies: `turns` turns of the microtask queue after it crossed a port for the `crossings`th time. */
  | {
      readonly kind: 'crash'
      readonly engine: number
      readonly crossings: number
      readonly turns: number
      readonly downMs: number
    }
  /**
   * The connections of one engine stay with a server that is not the primary any more. A commit, and what a refusal could rest on, fails
   * there, and all of them are given up; until then, or for `ms`, readers answer what was so when it was the primary.
   */
  | { readonly kind: 'demotion'; readonly engine: number; readonly ms: number }
  /** The process is asked to stop, and comes back. */
  | { readonly kind: 'stop'; readonly engine: number; readonly downMs: number }
  /** The process's clock is hours ahead for a while, and then set right. */
  | { readonly kind: 'clock_ahead'; readonly engine: number; readonly byMs: number; readonly ms: number }
  /** The process's clock jumps. */
  | { readonly kind: 'clock'; readonly engine: number; readonly byMs: number }
)

export type FaultKind = Fault['kind']

export interface Surroundings {
  readonly engines: number
  readonly accounts: readonly string[]
  /** Faults come between the beginning and then. */
  readonly untilMs: number
}

/** How long a reader may be behind. */
const BEHIND_MS_MAX = 1_500

const HOUR_MS = 3_600_000

/** How often each kind comes, relative to the others, and what it looks like. */
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

/** How often a database goes back in time: what happens between two times has to have some length. */
const RETURNS_MAX = 3

/**
 * The faults of one simulation. Each has only some of the kinds: what always comes with everything else hides what only some of
 * it together would show (https://doi.org/10.1145/2338965.2336763, "Swarm testing").
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
