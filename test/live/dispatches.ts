/** The messages between the process of a live run and its workers. The monotonic clock of the machine orders all of them. */
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Ask, Result } from '../simulation/history.ts'

/** The role of a worker. */
export interface Role {
  /** `engine`: a ledger opened in the worker. `service`: the HTTP service of `holdfast serve`. */
  readonly kind: 'engine' | 'service'
  readonly store: string
  /** The stripe of the house accounts. */
  readonly stripe: number
  readonly limits: EngineLimits
}

export interface Patience {
  readonly timeoutMs: number | null
  /** When the caller aborts by its `AbortSignal`. */
  readonly abortAfterMs: number | null
}

export type ToWorker =
  | { readonly kind: 'begin'; readonly role: Role }
  | ({ readonly kind: 'ask'; readonly number: number; readonly ask: Ask } & Patience)
  /** Requests an orderly shutdown. */
  | { readonly kind: 'stop' }

export type FromWorker =
  /** The URL of a service; null for an engine. */
  | { readonly kind: 'ready'; readonly url: string | null }
  | { readonly kind: 'failed'; readonly message: string }
  | ({ readonly kind: 'answer'; readonly number: number } & Told)

/** An answer, with the ticks of the call and of the answer. */
export interface Told {
  readonly result: Result
  readonly invokedTick: number
  readonly answeredTick: number
  /** Unix milliseconds. */
  readonly clockLeast: number
  readonly clockMost: number
}

/** Microseconds on the machine's monotonic clock, which all of its processes share. */
export function tickNow(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
