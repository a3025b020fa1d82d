/** What the process of a live run and its workers send each other. The clock of the machine that never turns back orders all of it. */
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Ask, Result } from '../simulation/history.ts'

/** How a worker takes part. */
export interface Role {
  /** `engine`: a ledger opened in the worker. `service`: the HTTP service of `holdfast serve`. */
  readonly kind: 'engine' | 'service'
  readonly store: string
  /** Of the house accounts. */
  readonly stripe: number
  readonly limits: EngineLimits
}

export interface Patience {
  readonly timeoutMs: number | null
  /** When the caller gives up by its `AbortSignal`. */
  readonly abortAfterMs: number | null
}

export type ToWorker =
  | { readonly kind: 'begin'; readonly role: Role }
  | ({ readonly kind: 'ask'; readonly number: number; readonly ask: Ask } & Patience)
  /** Close in order. */
  | { readonly kind: 'stop' }

export type FromWorker =
  /** What a service is reached by; null for an engine. */
  | { readonly kind: 'ready'; readonly url: string | null }
  | { readonly kind: 'failed'; readonly message: string }
  | ({ readonly kind: 'answer'; readonly number: number } & Told)

/** An answer, and when the call was made and answered. */
export interface Told {
  readonly result: Result
  readonly invokedTick: number
  readonly answeredTick: number
  /** Unix milliseconds. */
  readonly clockLeast: number
  readonly clockMost: number
}

/** Microseconds on the machine's own clock, the same for all of its processes. */
export function tickNow(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}
