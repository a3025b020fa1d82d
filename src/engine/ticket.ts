/**
 * A ticket: one piece of work and the promise of its outcome.
 *
 *   queued ──take──▶ taken ──answer──▶ answered
 *      └──── give up (deadline, abort, shutdown) ────▲
 *
 * A queued ticket that gives up had no effect; of one that was taken nobody knows until its batch ends.
 */
import type { Work } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import { Fault } from './faults.ts'

export type WorkOutcome = Outcome | readonly Outcome[]

/** What recovery needs of a ticket. */
export interface Job {
  readonly work: Work
  /** When the caller's patience ends, on the clock's `elapsed`. */
  readonly deadlineAt: number
  /** Answers the caller before its batch ends; later answers are ignored. */
  reject(fault: Fault): void
}

/** @throws TypeError for a group without commands: a size that is no number would spoil the count of the whole queue */
function sizeOf(work: Work): number {
  if (work.kind !== 'group') return 1
  if (!Array.isArray(work.commands)) throw new TypeError('A group has a list of commands.')
  return work.commands.length
}

export class Ticket implements Job {
  readonly work: Work
  /** Commands in it. */
  readonly size: number
  readonly deadlineAt: number
  readonly #resolve: (outcome: WorkOutcome) => void
  readonly #reject: (fault: Fault) => void
  #state: 'queued' | 'taken' | 'answered' = 'queued'
  #cleanUp: (() => void) | null = null

  constructor(
    work: Work,
    deadlineAt: number,
    promise: { resolve: (outcome: WorkOutcome) => void; reject: (fault: Fault) => void },
  ) {
    this.work = work
    this.size = sizeOf(work)
    this.deadlineAt = deadlineAt
    this.#resolve = promise.resolve
    this.#reject = promise.reject
  }

  get answered(): boolean {
    return this.#state === 'answered'
  }

  /** Called once the ticket is answered, however that came. */
  onAnswer(cleanUp: () => void): void {
    this.#cleanUp = cleanUp
  }

  take(): void {
    if (this.#state === 'queued') this.#state = 'taken'
  }

  resolve(outcome: WorkOutcome): void {
    if (this.#end()) this.#resolve(outcome)
  }

  reject(fault: Fault): void {
    if (this.#end()) this.#reject(fault)
  }

  /** The caller's patience is over. */
  expire(message: string): void {
    const applied = this.#state === 'taken' ? 'unknown' : 'no'
    this.reject(new Fault('deadline_exceeded', message, { applied }))
  }

  #end(): boolean {
    if (this.#state === 'answered') return false
    this.#state = 'answered'
    this.#cleanUp?.()
    return true
  }
}
