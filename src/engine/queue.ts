/**
 * The bounded queue of tickets, counted in commands.
 *
 * While everything fits into the next batch, it is first in, first out. With more, callers and accounts take turns (fair-order.ts), and
 * when it is nearly full each may only have a share of it (shares.ts), so that nobody who sends few commands is refused because of
 * somebody who sends many.
 */
import { assertLaw } from '../domain/assert.ts'
import type { Work } from '../domain/command.ts'
import { FairOrder } from './fair-order.ts'
import { Fault } from './faults.ts'
import type { Flows } from './flows.ts'
import type { EngineLimits } from './limits.ts'
import { ACCOUNT_SHARE, CALLER_SHARE, UNSHARED, type Crowd } from './shares.ts'
import { sizeOf, type Ticket } from './ticket.ts'

const RETRY_AFTER_MS = 1_000

type QueueLimits = Pick<EngineLimits, 'queueCommandsMax' | 'batchCommandsMax'>

/** The fault for work that found a crowd. */
export function overloaded(crowd: Crowd, { queueCommandsMax }: Pick<QueueLimits, 'queueCommandsMax'>): Fault {
  const message = {
    all: `${queueCommandsMax} commands are waiting already.`,
    caller: `The caller has its share of the ${queueCommandsMax} commands that can wait.`,
    account: `The account has its share of the ${queueCommandsMax} commands that can wait.`,
  }[crowd]
  return new Fault('overloaded', message, { retryAfterMs: RETRY_AFTER_MS })
}

export class Queue {
  readonly #limits: QueueLimits
  readonly #flowsOf: (work: Work) => Flows
  readonly #unsharedMax: number
  /** Up to so many commands need no order but that in which they came. */
  readonly #plainMax: number
  /** First in, first out; empty while `#order` is not. */
  #tickets: Ticket[] = []
  #head = 0
  readonly #order = new FairOrder()
  #commands = 0

  constructor(limits: QueueLimits, flowsOf: (work: Work) => Flows) {
    this.#limits = limits
    this.#flowsOf = flowsOf
    this.#unsharedMax = limits.queueCommandsMax * UNSHARED
    this.#plainMax = Math.min(limits.batchCommandsMax, this.#unsharedMax)
  }

  /** Commands in the queue. */
  get commands(): number {
    return this.#commands
  }

  /** Null when the ticket was added. */
  offer(ticket: Ticket): Crowd | null {
    const isEmpty = this.#order.isEmpty && this.#head === this.#tickets.length
    assertLaw(8, isEmpty === (this.#commands === 0), 'the queue counts the commands of its tickets')
    const { caller, size, work } = ticket
    if (this.#order.isEmpty && this.#commands + size <= this.#plainMax) {
      this.#tickets.push(ticket)
    } else {
      this.#arrange()
      const flows = this.#flowsOf(work)
      const crowd = this.#crowd(caller, size, flows)
      if (crowd !== null) return crowd
      this.#order.put(ticket, flows)
    }
    this.#commands += size
    return null
  }

  /** Who would be in the way of `work`, or of any one command. Null: it would be added. */
  crowdFor(caller: string, work: Work | null): Crowd | null {
    const size = work === null ? 1 : sizeOf(work)
    if (this.#commands + size <= this.#unsharedMax) return null
    this.#arrange()
    return this.#crowd(caller, size, work === null ? [] : this.#flowsOf(work))
  }

  /**
   * Removes and returns the next tickets: at most `commandsMax` commands, but at least one ticket. Tickets that are already answered are
   * dropped.
   */
  take(commandsMax: number): Ticket[] {
    const taken: Ticket[] = []
    let commands = 0
    for (let ticket = this.#first(); ticket !== null; ticket = this.#first()) {
      if (taken.length > 0 && commands + ticket.size > commandsMax) break
      this.#removeFirst()
      this.#commands -= ticket.size
      if (ticket.answered) continue
      ticket.take()
      taken.push(ticket)
      commands += ticket.size
    }
    return taken
  }

  /** Answers tickets whose deadline has passed, and frees the place of answered ones. */
  expire(now: number): void {
    for (const ticket of this.#waiting()) {
      if (ticket.answered || ticket.deadlineAt > now) continue
      ticket.expire('The call timed out in the queue.')
    }
    this.#commands -= this.#order.removeAnswered()
    for (let ticket = this.#first(); ticket?.answered === true; ticket = this.#first()) {
      this.#removeFirst()
      this.#commands -= ticket.size
    }
  }

  #crowd(caller: string, size: number, flows: Flows): Crowd | null {
    if (this.#commands + size <= this.#unsharedMax) return null
    const free = this.#limits.queueCommandsMax - this.#commands
    if (size > free) return 'all'
    const waiting = this.#order.commandsOf(caller, flows)
    if (waiting.all + size > free * CALLER_SHARE) return 'caller'
    return waiting.flow + size > free * ACCOUNT_SHARE ? 'account' : null
  }

  /** From now on, until it is empty, tickets take turns. */
  #arrange(): void {
    for (let index = this.#head; index < this.#tickets.length; index++) {
      const ticket = this.#tickets[index]!
      this.#order.put(ticket, this.#flowsOf(ticket.work))
    }
    this.#tickets = []
    this.#head = 0
  }

  #first(): Ticket | null {
    if (!this.#order.isEmpty) return this.#order.first()
    return this.#tickets[this.#head] ?? null
  }

  #removeFirst(): void {
    if (!this.#order.isEmpty) return this.#order.removeFirst()
    this.#head++
    if (this.#head < this.#tickets.length) return
    this.#tickets = []
    this.#head = 0
  }

  *#waiting(): Generator<Ticket, void> {
    for (let index = this.#head; index < this.#tickets.length; index++) yield this.#tickets[index]!
    yield* this.#order.tickets()
  }
}
