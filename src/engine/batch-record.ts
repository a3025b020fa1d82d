/** What is recorded of a batch for observers while it is under way. Not kept when nobody observes batches. */
import type { ObservedBatch, Try } from './observer.ts'
import { Fault } from './faults.ts'
import type { Ticket } from './ticket.ts'

/** More tries than `attemptsMax` are possible when a batch is split or in doubt. Further ones are only counted. */
const TRIES_KEPT_MAX = 50

export class BatchRecord {
  readonly #number: number
  readonly #takenAt: number
  readonly #tries: Try[] = []
  #attempts = 0
  #path: Try['path'] | null = null

  constructor(number: number, takenAt: number) {
    this.#number = number
    this.#takenAt = takenAt
  }

  tried(tried: Try): void {
    this.#attempts++
    this.#path = tried.path
    if (this.#tries.length < TRIES_KEPT_MAX) this.#tries.push(tried)
  }

  /** @param tickets all of the batch that were not parked, answered */
  ended(tickets: readonly Ticket[], answeredAt: number): ObservedBatch {
    let size = 0
    let faults = 0
    const answered = tickets.map((ticket) => {
      size += ticket.size
      const view = ticket.view()
      if (view.answer instanceof Fault) faults++
      return view
    })
    return {
      number: this.#number,
      size,
      answered,
      takenAt: this.#takenAt,
      answeredAt,
      attempts: this.#attempts,
      tries: this.#tries,
      path: this.#path,
      result: faults === 0 ? 'committed' : faults === tickets.length ? 'faulted' : 'mixed',
    }
  }
}
