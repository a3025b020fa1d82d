/**
 * The bounded queue of tickets, counted in commands.
 *
 * While everything fits into the next batch, or of a caller alone into two, it is first in, first out. With more, callers and accounts take
 * turns (fair-order.ts), and when it is nearly full each may only have a share of it (shares.ts), so that nobody who sends few commands is refused because of
 * somebody who sends many.
 *
 * A full batch takes 15 ms and more, and whoever comes meanwhile waits for its end. So while others are there, a caller fills batches only
 * as far as the others do, or up to `inCompanyCommandsMax`.
 */
import { assertLaw } from '../domain/assert.ts'
import type { Work } from '../domain/command.ts'
import { FairOrder } from './fair-order.ts'
import { Fault } from './faults.ts'
import type { Flows } from './flows.ts'
import type { EngineLimits } from './limits.ts'
import { Others } from './others.ts'
import { ACCOUNT_SHARE, CALLER_SHARE, UNSHARED, type Crowd } from './shares.ts'
import { SWEEPER } from './sweeper.ts'
import { sizeOf, type Ticket } from './ticket.ts'

const RETRY_AFTER_MS = 1_000
/** Of a caller alone, so many batches wait in the order of arrival: to find the flows of a command costs as much as to decide it. */
const PLAIN_BATCHES = 2

type QueueLimits = Pick<EngineLimits, 'queueCommandsMax' | 'batchCommandsMax' | 'inCompanyCommandsMax'>

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
  /** Up to so many commands need no order but that in which they came: of one caller alone, and in company. */
  readonly #plainMax: number
  readonly #plainInCompanyMax: number
  readonly #others = new Others()
  /** When the last ticket came. */
  #now = -Infinity
  /** First in, first out; empty while `#order` is not. */
  #tickets: Ticket[] = []
  #head = 0
  readonly #order = new FairOrder()
  #commands = 0

  constructor(limits: QueueLimits, flowsOf: (work: Work) => Flows) {
    this.#limits = limits
    this.#flowsOf = flowsOf
    this.#unsharedMax = limits.queueCommandsMax * UNSHARED
    this.#plainMax = Math.min(limits.batchCommandsMax * PLAIN_BATCHES, this.#unsharedMax)
    this.#plainInCompanyMax = Math.min(limits.inCompanyCommandsMax, this.#plainMax)
  }

  /** Commands in the queue. */
  get commands(): number {
    return this.#commands
  }

  /** Null when the ticket was added. */
  offer(ticket: Ticket): Crowd | null {
    const { caller, submittedAt } = ticket
    this.#now = submittedAt
    // The sweeper is in no hurry.
    if (caller !== SWEEPER) this.#others.hear(caller, submittedAt)
    return this.#add(ticket, true)
  }

  /** Adds a ticket that was taken before; there is always room for it, because it was admitted then. */
  takeBack(ticket: Ticket): void {
    this.#add(ticket, false)
  }

  #add(ticket: Ticket, mayBeRefused: boolean): Crowd | null {
    const isEmpty = this.#order.isEmpty && this.#head === this.#tickets.length
    assertLaw(8, isEmpty === (this.#commands === 0), 'the queue counts the commands of its tickets')
    const { caller, size, work } = ticket
    const plainMax = this.hasCompany(caller) ? this.#plainInCompanyMax : this.#plainMax
    if (this.#order.isEmpty && this.#commands + size <= plainMax) {
      this.#tickets.push(ticket)
    } else {
      this.#arrange()
      const flows = this.#flowsOf(work)
      const crowd = mayBeRefused ? this.#crowd(caller, size, flows) : null
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
    const shares = new Map<string, { left: number }>()
    let commands = 0
    for (let ticket = this.#first(); ticket !== null; ticket = this.#first()) {
      const { caller, size, answered } = ticket
      if (taken.length > 0 && commands + size > commandsMax) break
      let share = shares.get(caller)
      if (share === undefined) shares.set(caller, (share = { left: this.#shareOf(caller, commandsMax) }))
      // Callers take turns: whoever has less had all of it taken by now.
      if (taken.length > 0 && size > share.left) break
      this.#removeFirst()
      this.#commands -= size
      if (answered) continue
      ticket.take()
      taken.push(ticket)
      commands += size
      share.left -= size
    }
    return taken
  }

  /** Commands of a caller in a batch of `commandsMax`. */
  #shareOf(caller: string, commandsMax: number): number {
    if (!this.hasCompany(caller)) return commandsMax
    // Without turns they all fit into one batch.
    const others = this.#order.isEmpty ? 0 : this.#commands - this.#order.commandsOf(caller, null).all
    return Math.max(this.#limits.inCompanyCommandsMax, others)
  }

  /** Whether others were heard lately. */
  hasCompany(caller: string): boolean {
    return this.#others.areThere(caller, this.#now)
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
