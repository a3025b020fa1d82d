/**
 * The order of batches: they are prepared and finished in the order in which they were taken, and up to `batchesInFlightMax` are in
 * flight, that is prepared and not finished.
 *
 * Answers are given in the same order, so no answer rests on a batch that is not durable yet. Upholds laws 6 and 8.
 */
import { assertLaw } from '../domain/assert.ts'
import { BatchRecord } from './batch-record.ts'
import { Cycle, type Prepared } from './cycle.ts'
import { asFault, Fault } from './faults.ts'
import type { BatchContext } from './batch-context.ts'
import type { Ticket } from './ticket.ts'
import { Parked, type WorkResult } from './work-result.ts'

interface Batch {
  readonly tickets: readonly Ticket[]
  /** Resolves when its tickets are answered. */
  readonly done: Promise<void>
}

interface Finish {
  readonly tickets: readonly Ticket[]
  readonly record: BatchRecord | null
  /** Resolves when the batch before is answered. */
  readonly before: Promise<void>
}

export interface PipelineEvents {
  /** A batch of so many commands is about to be answered. */
  readonly onAnswering: (commands: number) => void
  /** A ticket was taken and is not decided: it may be taken again. */
  readonly onParked: (ticket: Ticket, result: Parked) => void
}

export class Pipeline {
  readonly #context: BatchContext
  readonly #cycle: Cycle
  readonly #events: PipelineEvents
  #inFlight: Batch[] = []
  /** The tickets of the batch that is being prepared. */
  #preparing: readonly Ticket[] = []
  #batches = 0

  constructor(context: BatchContext, events: PipelineEvents) {
    this.#context = context
    this.#events = events
    this.#cycle = new Cycle(context)
  }

  /** Tickets that were taken and whose batch is not finished yet. */
  get tickets(): readonly Ticket[] {
    return this.#inFlight.flatMap((batch) => batch.tickets).concat(this.#preparing)
  }

  /** Batches in flight. */
  get depth(): number {
    return this.#inFlight.length
  }

  /** Resolves when the oldest batch in flight is answered. */
  async oldestDone(): Promise<void> {
    await this.#inFlight[0]?.done
  }

  /** Resolves when every batch is answered. */
  async drained(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#inFlight.at(-1)!.done
  }

  /** Resolves when the next batch may be taken; one call at a time. Never rejects. */
  async process(tickets: readonly Ticket[]): Promise<void> {
    this.#preparing = tickets
    this.#context.measures.batch(tickets)
    const record = this.#newRecord()
    let prepared: Prepared
    try {
      const { batchesInFlightMax } = this.#context.limits
      assertLaw(8, this.depth < batchesInFlightMax, 'no more batches are in flight than their limit allows')
      prepared = await this.#cycle.prepare(tickets, () => this.drained())
    } catch (error) {
      this.#preparing = []
      for (const ticket of tickets) ticket.reject(asFault(error))
      this.#show(record, tickets, this.#context.clock.elapsed())
      return
    }
    const before = this.#inFlight.at(-1)?.done ?? Promise.resolve()
    const batch: Batch = { tickets, done: this.#finish(prepared, { tickets, record, before }) }
    this.#inFlight.push(batch)
    this.#preparing = []
    if (prepared.standsAlone) await batch.done
  }

  async #finish(prepared: Prepared, { tickets, record, before }: Finish): Promise<void> {
    await before
    this.#context.record = record
    const results = await this.#resultsOf(prepared, tickets)
    const { stats, measures, cache } = this.#context
    stats.batches++
    const answeredAt = measures.answering()
    this.#events.onAnswering(tickets.reduce((commands, { size }) => commands + size, 0))
    const answered: Ticket[] = []
    for (let index = 0; index < tickets.length; index++) {
      const ticket = tickets[index]!
      const result = results[index]!
      if (result instanceof Parked) {
        this.#events.onParked(ticket, result)
        continue
      }
      answered.push(ticket)
      stats.commands += ticket.size
      if (result instanceof Fault) ticket.reject(result)
      else ticket.resolve(result)
    }
    this.#inFlight = this.#inFlight.filter((batch) => batch.tickets !== tickets)
    cache.trim()
    this.#context.record = null
    this.#show(record, answered, answeredAt)
  }

  /** Null while nobody observes batches: then a batch costs no more than this question. */
  #newRecord(): BatchRecord | null {
    const { observer, clock } = this.#context
    return observer?.onBatch === undefined ? null : new BatchRecord(++this.#batches, clock.elapsed())
  }

  #show(record: BatchRecord | null, tickets: readonly Ticket[], answeredAt: number): void {
    // A batch whose work was all parked has answered nobody.
    if (record !== null && tickets.length > 0) this.#context.observer?.onBatch?.(record.ended(tickets, answeredAt))
  }

  /** One result for each ticket. Never rejects: a defect after the commit was sent leaves its effect unknown, and the cache untrusted. */
  async #resultsOf(prepared: Prepared, tickets: readonly Ticket[]): Promise<readonly WorkResult[]> {
    try {
      const results = await this.#cycle.finish(prepared)
      assertLaw(6, results.length === tickets.length, 'a batch has one result for each of its tickets')
      assertLaw(6, this.#inFlight[0]?.tickets === tickets, 'batches are answered in the order in which they were taken')
      assertLaw(6, !tickets.some(({ resolved }) => resolved), 'a ticket has one outcome')
      return results
    } catch (error) {
      this.#context.cache.clear()
      const fault = asFault(error, 'unknown')
      return tickets.map(() => fault)
    }
  }
}
