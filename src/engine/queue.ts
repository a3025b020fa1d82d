/** A bounded first-in, first-out queue of tickets, counted in commands. */
import { assertLaw } from '../domain/assert.ts'
import type { Ticket } from './ticket.ts'

export class Queue {
  readonly commandsMax: number
  #tickets: Ticket[] = []
  #head = 0
  #commands = 0

  constructor(commandsMax: number) {
    this.commandsMax = commandsMax
  }

  /** Commands in the queue. */
  get commands(): number {
    return this.#commands
  }

  /** False when the queue is full, and the ticket was not added. */
  offer(ticket: Ticket): boolean {
    const isEmpty = this.#head === this.#tickets.length
    assertLaw(8, isEmpty === (this.#commands === 0), 'the queue counts the commands of its tickets')
    if (this.#commands + ticket.size > this.commandsMax) return false
    this.#tickets.push(ticket)
    this.#commands += ticket.size
    return true
  }

  /**
   * Removes and returns the next tickets: at most `commandsMax` commands, but at least one ticket. Tickets that are already answered are
   * dropped.
   */
  take(commandsMax: number): Ticket[] {
    const taken: Ticket[] = []
    let commands = 0
    while (this.#head < this.#tickets.length) {
      const ticket = this.#tickets[this.#head]!
      if (taken.length > 0 && commands + ticket.size > commandsMax) break
      this.#head++
      this.#commands -= ticket.size
      if (ticket.answered) continue
      ticket.take()
      taken.push(ticket)
      commands += ticket.size
    }
    this.#forgetTaken()
    return taken
  }

  /** Answers tickets whose deadline has passed, and removes answered ones from the front. */
  expire(now: number): void {
    // All of them: an earlier ticket may have a later deadline.
    for (let index = this.#head; index < this.#tickets.length; index++) {
      const ticket = this.#tickets[index]!
      if (ticket.answered || ticket.deadlineAt > now) continue
      ticket.expire('The call timed out in the queue.')
    }
    while (this.#head < this.#tickets.length) {
      const ticket = this.#tickets[this.#head]!
      if (!ticket.answered) break
      this.#head++
      this.#commands -= ticket.size
    }
    this.#forgetTaken()
  }

  /** Frees the slots before the head, when they are enough to be worth a copy. */
  #forgetTaken(): void {
    if (this.#head === this.#tickets.length) {
      this.#tickets = []
      this.#head = 0
    } else if (this.#head > 4_096 && this.#head * 2 > this.#tickets.length) {
      this.#tickets = this.#tickets.slice(this.#head)
      this.#head = 0
    }
  }
}
