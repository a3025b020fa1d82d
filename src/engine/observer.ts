/**
 * What an engine tells observers: its batches with their answers, work that got into none, and the trouble that it absorbed. Logs and
 * traces are observers (src/telemetry).
 */
import type { Fault } from './faults.ts'
import type { Contended, CommitResult } from './store.ts'
import type { AnsweredWork, Ticket, TicketWatch } from './ticket.ts'

/** One transaction that was tried for a batch. */
export interface Try {
  /** `swap`: guarded by versions, without locks first; `locked`: the path `exclusive`. */
  readonly path: 'swap' | 'locked'
  /** When it was begun, and how long it was until its result was looked at. */
  readonly at: number
  readonly ms: number
  readonly result: CommitResult | Fault['code']
}

export interface ObservedBatch {
  /** Counted from 1 since the start of the engine. */
  readonly number: number
  /** Commands in it. */
  readonly size: number
  readonly answered: readonly AnsweredWork[]
  readonly takenAt: number
  readonly answeredAt: number
  /** Transactions that were tried for it: 1 if nothing came in between, 0 if a fault came before the first. */
  readonly attempts: number
  /** The first of them, `TRIES_KEPT_MAX` at most. */
  readonly tries: readonly Try[]
  /** The path of the last one; null without any. */
  readonly path: Try['path'] | null
  /** `mixed`: some of its work ended with a fault. */
  readonly result: 'committed' | 'mixed' | 'faulted'
}

/** Trouble that the engine absorbs, or answers for the database. */
export type Trouble =
  | { readonly kind: Contended; readonly path: Try['path'] }
  /** The connection was lost around COMMIT. */
  | { readonly kind: 'doubt'; readonly commands: number }
  /** Whether the outcome of the lost commit was found, and how long that took. */
  | { readonly kind: 'doubt_ended'; readonly isKnown: boolean; readonly ms: number }
  /** A batch was halved, because the database refused a row or a rule failed. */
  | { readonly kind: 'split'; readonly commands: number; readonly fault: Fault }
  | { readonly kind: 'breaker_opened'; readonly circuit: Circuit; readonly fault: Fault | null }
  | { readonly kind: 'breaker_closed'; readonly circuit: Circuit; readonly openMs: number }

/** Reads and writes have separate circuit breakers. */
export type Circuit = 'reads' | 'writes'

/** Every method is called synchronously: it must be short. Errors that it throws are ignored. */
export interface Observer {
  /** After the answers of a batch were given. Without this method in any observer, batches are not recorded. */
  readonly onBatch?: (batch: ObservedBatch) => void
  /** Work that was answered before a batch took it, always with a fault. */
  readonly onUnbatched?: (answered: AnsweredWork) => void
  readonly onTrouble?: (trouble: Trouble) => void
}

/** One observer in place of several, with the methods that any of them has; null for none. */
export function joined(observers: readonly Observer[]): Observer | null {
  if (observers.length === 0) return null
  const onBatch = all(observers.flatMap((observer) => observer.onBatch?.bind(observer) ?? []))
  const onUnbatched = all(observers.flatMap((observer) => observer.onUnbatched?.bind(observer) ?? []))
  const onTrouble = all(observers.flatMap((observer) => observer.onTrouble?.bind(observer) ?? []))
  return {
    ...(onBatch === null ? {} : { onBatch }),
    ...(onUnbatched === null ? {} : { onUnbatched }),
    ...(onTrouble === null ? {} : { onTrouble }),
  }
}

function all<Event>(listeners: readonly ((event: Event) => void)[]): ((event: Event) => void) | null {
  if (listeners.length === 0) return null
  return (event) => {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch {
        // An observer's defect is not the engine's.
      }
    }
  }
}

/** Tells of tickets that fail before a batch takes them, in addition to what `watch` does. */
export function watchUnbatched(watch: TicketWatch, onUnbatched: NonNullable<Observer['onUnbatched']>): TicketWatch {
  return {
    answered: (ticket, outcome) => watch.answered(ticket, outcome),
    failed: (ticket: Ticket, fault: Fault) => {
      const answeredAt = watch.failed(ticket, fault)
      const { work, origin, submittedAt } = ticket
      if (!ticket.wasTaken) onUnbatched({ work, origin, answer: fault, submittedAt, answeredAt })
      return answeredAt
    },
  }
}
