/** The faults of a live run as data, generated from its seed: the fault, its time and its target. troublemaker.ts carries them out. */
import type { CommitKind } from '../support/commit-dialogue.ts'
import { ACTIONS, STEPS, type Action, type Step } from '../support/fault-proxy.ts'
import type { Chance } from '../simulation/chance.ts'
import type { Ended } from './ground.ts'

export type LiveFault = { readonly at: number } &
  /** All connections of a worker to the database are lost. */
  (
    | { readonly kind: 'cut'; readonly worker: number }
    /** Messages between a worker and the database are withheld for a while, and then delivered. */
    | { readonly kind: 'freeze'; readonly worker: number; readonly ms: number }
    | { readonly kind: 'slow'; readonly worker: number; readonly ms: number }
    /** A disturbance at a chosen step of the worker's next commit. */
    | {
        readonly kind: 'strike'
        readonly worker: number
        readonly action: Action
        readonly step: Step
        readonly commit: CommitKind
        /** The duration of a freeze. */
        readonly ms: number
      }
    /** SIGKILL; a new process replaces it. */
    | { readonly kind: 'kill'; readonly worker: number; readonly downMs: number }
    /** An orderly stop; a new process replaces it. */
    | { readonly kind: 'stop'; readonly worker: number; readonly downMs: number }
    /** The process is suspended (SIGSTOP) and later continues. */
    | { readonly kind: 'pause'; readonly worker: number; readonly ms: number }
    /** The administrator ends a statement or a connection of the ledger. */
    | { readonly kind: 'end'; readonly what: Ended; readonly server: number }
    /** A process that is not an engine keeps the lock of an account's balances. */
    | { readonly kind: 'stranger'; readonly account: string; readonly ms: number }
  )

export type LiveFaultKind = LiveFault['kind']

export interface Surroundings {
  /** Workers that reach the database through a proxy; 0 when there is no network. */
  readonly workers: number
  readonly servers: number
  readonly isNetworked: boolean
  readonly accounts: readonly string[]
  readonly untilMs: number
}

const KINDS: Readonly<
  Record<
    LiveFaultKind,
    { weight: number; isOfNetwork: boolean; make: (chance: Chance, around: Surroundings) => LiveFault }
  >
> = {
  cut: {
    weight: 3,
    isOfNetwork: true,
    make: (chance, { workers, untilMs }) => ({
      kind: 'cut',
      at: chance.below(untilMs),
      worker: chance.below(workers),
    }),
  },
  freeze: {
    weight: 1,
    isOfNetwork: true,
    make: (chance, { workers, untilMs }) => ({
      kind: 'freeze',
      at: chance.below(untilMs),
      worker: chance.below(workers),
      ms: chance.between(50, 2_000),
    }),
  },
  slow: {
    weight: 1,
    isOfNetwork: true,
    make: (chance, { workers, untilMs }) => ({
      kind: 'slow',
      at: chance.below(untilMs),
      worker: chance.below(workers),
      ms: chance.between(50, 1_000),
    }),
  },
  strike: {
    weight: 6,
    isOfNetwork: true,
    make: (chance, { workers, untilMs }) => ({
      kind: 'strike',
      at: chance.below(untilMs),
      worker: chance.below(workers),
      action: chance.pick(ACTIONS),
      step: chance.pick(STEPS),
      commit: chance.pick(['plain', 'exclusive'] as const),
      ms: chance.between(50, 1_500),
    }),
  },
  kill: {
    weight: 2,
    isOfNetwork: false,
    make: (chance, { workers, untilMs }) => ({
      kind: 'kill',
      at: chance.below(untilMs),
      worker: chance.below(workers),
      downMs: chance.between(1, 1_000),
    }),
  },
  stop: {
    weight: 1,
    isOfNetwork: false,
    make: (chance, { workers, untilMs }) => ({
      kind: 'stop',
      at: chance.below(untilMs),
      worker: chance.below(workers),
      downMs: chance.between(1, 500),
    }),
  },
  pause: {
    weight: 1,
    isOfNetwork: false,
    make: (chance, { workers, untilMs }) => ({
      kind: 'pause',
      at: chance.below(untilMs),
      worker: chance.below(workers),
      ms: chance.between(50, 2_000),
    }),
  },
  end: {
    weight: 6,
    isOfNetwork: true,
    make: (chance, { servers, untilMs }) => ({
      kind: 'end',
      at: chance.below(untilMs),
      what: chance.pick(['query', 'connection'] as const),
      server: chance.below(servers),
    }),
  },
  stranger: {
    weight: 1,
    isOfNetwork: false,
    make: (chance, { accounts, untilMs }) => ({
      kind: 'stranger',
      at: chance.below(untilMs),
      account: chance.pick(accounts),
      ms: chance.between(20, 1_500),
    }),
  },
}

/** Each run has only some of the kinds, as a simulation has. */
export function makeLiveFaults(chance: Chance, around: Surroundings): readonly LiveFault[] {
  const count = Math.round((chance.pick([0.3, 1, 3]) * around.untilMs) / 1_000)
  const rows = Object.entries(KINDS).filter(([, { isOfNetwork }]) => around.isNetworked || !isOfNetwork)
  const weights = Object.fromEntries(
    rows.map(([kind, { weight }]) => [kind, chance.likely(0.6) ? weight : 0]),
  ) as Record<LiveFaultKind, number>
  if (Object.values(weights).every((weight) => weight === 0)) return []
  const faults = Array.from({ length: count }, () => KINDS[chance.weighted(weights)].make(chance, around))
  return faults.toSorted((left, right) => left.at - right.at)
}
