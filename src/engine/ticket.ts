/**
 * A ticket: one piece of work and the promise of its outcome.
 *
 *   queued ──take──▶ taken ──resolve──▶ resolved
 *      │  ◀─giveBack──  │
 *      └────────────────┴──reject (fault, deadline, abort, shutdown)──▶ rejected
 *
 * A ticket that is rejected while queued had no effect. While it is taken, its effect is unknown until its batch ends. It is given back when
 * its batch ends without it, and nothing of it was written.
 */
import type { Work } from '../domain/command.ts'
import { assertLaw } from '../domain/assert.ts'
import type { Outcome } from '../domain/outcome.ts'
import { Fault } from './faults.ts'

export type WorkOutcome = Outcome | readonly Outcome[]

/** Where work came from. The engine only passes it on. */
export interface Origin {
  /** The id of the HTTP call. */
  readonly callId?: string
  /** The trace that the call belongs to: 32 hexadecimal digits. */
  readonly traceId?: string
  /** The span of the call, if it is recorded. */
  readonly span?: object
}

/** Work that was answered. Times are in milliseconds, on the clock's `elapsed`. */
export interface AnsweredWork {
  readonly work: Work
  readonly origin: Origin | null
  readonly answer: WorkOutcome | Fault
  readonly submittedAt: number
  readonly answeredAt: number
}

/** Both ends of the promise that a caller waits for. */
export interface Promised {
  readonly resolve: (outcome: WorkOutcome) => void
  readonly reject: (fault: Fault) => void
}

/** Is told how tickets end. Both return when that is, on the clock's `elapsed`. */
export interface TicketWatch {
  answered(ticket: Ticket, outcome: WorkOutcome): number
  failed(ticket: Ticket, fault: Fault): number
}

/** What recovery needs from a ticket. */
export interface Job {
  readonly work: Work
  /** The caller's deadline, on the clock's `elapsed`. */
  readonly deadlineAt: number
  /** Whether it may be decided later, in another batch: nothing of it can have been written. */
  readonly mayBeParked: boolean
  /** Answers the caller before its batch ends; later answers are ignored. */
  reject(fault: Fault): void
}

/** @throws TypeError for a group without commands: the queue counts sizes, and would never take a ticket of size 0 */
export function sizeOf(work: Work): number {
  if (work.kind !== 'group') return 1
  if (!Array.isArray(work.commands) || work.commands.length === 0) throw new TypeError('A group has commands.')
  return work.commands.length
}

export class Ticket implements Job {
  readonly work: Work
  /** Who submitted it. */
  readonly caller: string
  readonly origin: Origin | null
  /** Commands in it. */
  readonly size: number
  /** On the clock's `elapsed`, as is the deadline. */
  readonly submittedAt: number
  readonly deadlineAt: number
  readonly mayBeParked = true
  readonly #watch: TicketWatch | null
  readonly #resolve: (outcome: WorkOutcome) => void
  readonly #reject: (fault: Fault) => void
  #state: 'queued' | 'taken' | 'resolved' | 'rejected' = 'queued'
  #answer: WorkOutcome | Fault | null = null
  #answeredAt = 0
  #wasTaken = false
  #cleanUp: (() => void) | null = null

  constructor(
    { work, caller, origin }: { readonly work: Work; readonly caller: string; readonly origin?: Origin | undefined },
    { submittedAt, deadlineAt }: { readonly submittedAt: number; readonly deadlineAt: number },
    { resolve, reject }: Promised,
    watch: TicketWatch | null = null,
  ) {
    this.work = work
    this.caller = caller
    this.origin = origin ?? null
    this.size = sizeOf(work)
    this.submittedAt = submittedAt
    this.deadlineAt = deadlineAt
    this.#watch = watch
    this.#resolve = resolve
    this.#reject = reject
  }

  get answered(): boolean {
    return this.#state === 'resolved' || this.#state === 'rejected'
  }

  get resolved(): boolean {
    return this.#state === 'resolved'
  }

  /** For observers. @throws Error before the ticket is answered */
  view(): AnsweredWork {
    const answer = this.#answer
    assertLaw(6, answer !== null, 'a ticket is answered with its batch')
    const { work, origin, submittedAt } = this
    return { work, origin, answer, submittedAt, answeredAt: this.#answeredAt }
  }

  /** Calls `cleanUp` when the ticket is answered in any way. */
  onAnswer(cleanUp: () => void): void {
    this.#cleanUp = cleanUp
  }

  take(): void {
    if (this.#state !== 'queued') return
    this.#state = 'taken'
    this.#wasTaken = true
  }

  giveBack(): void {
    if (this.#state !== 'taken') return
    this.#state = 'queued'
    this.#wasTaken = false
  }

  /** Whether a batch took it, also after it was answered. */
  get wasTaken(): boolean {
    return this.#wasTaken
  }

  /** Does nothing when the ticket was rejected before. @throws Error for a second outcome */
  resolve(outcome: WorkOutcome): void {
    assertLaw(6, this.#state !== 'resolved', 'a ticket has one outcome')
    if (!this.#end('resolved')) return
    this.#answer = outcome
    if (this.#watch !== null) this.#answeredAt = this.#watch.answered(this, outcome)
    this.#resolve(outcome)
  }

  /** Does nothing when the ticket is answered already. */
  reject(fault: Fault): void {
    if (!this.#end('rejected')) return
    this.#answer = fault
    if (this.#watch !== null) this.#answeredAt = this.#watch.failed(this, fault)
    this.#reject(fault)
  }

  /** Rejects the ticket because its deadline passed or its caller gave up. */
  expire(message: string): void {
    const applied = this.#state === 'taken' ? 'unknown' : 'no'
    this.reject(new Fault('deadline_exceeded', message, { applied }))
  }

  #end(state: 'resolved' | 'rejected'): boolean {
    if (this.answered) return false
    this.#state = state
    this.#cleanUp?.()
    return true
  }
}
