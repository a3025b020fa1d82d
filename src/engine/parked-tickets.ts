/**
 * Tickets that were parked because another transaction has locked balances of theirs. They return to the queue in their order as soon as
 * their balances are free, and are answered `contention` after `parkedMsMax`, or at their deadline: nothing of them was written.
 */
import { Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import type { LockedBalances } from './locked-balances.ts'
import type { Parked } from './work-result.ts'
import type { Ticket } from './ticket.ts'

const RETRY_AFTER_MS = 1_000

interface Waiting extends Parked {
  readonly ticket: Ticket
  /** On the clock's `elapsed`. */
  readonly until: number
}

type WaitingLimits = Pick<EngineLimits, 'parkedCommandsMax' | 'parkedMsMax'>

export class ParkedTickets {
  readonly #locked: LockedBalances
  readonly #limits: WaitingLimits
  #waiting: Waiting[] = []
  #commands = 0
  #isClosed = false

  constructor(locked: LockedBalances, limits: WaitingLimits) {
    this.#locked = locked
    this.#limits = limits
  }

  /** Commands that are parked. */
  get commands(): number {
    return this.#commands
  }

  /** @param now on the clock's `elapsed` */
  put(ticket: Ticket, { balances }: Parked, now: number): void {
    if (ticket.answered) return
    ticket.giveBack()
    if (this.#isClosed) return ticket.reject(stopped())
    if (this.#commands + ticket.size > this.#limits.parkedCommandsMax) return ticket.reject(locked())
    this.#commands += ticket.size
    this.#waiting.push({ ticket, balances, until: now + this.#limits.parkedMsMax })
  }

  /** Takes out the tickets whose balances are free. */
  takeFreed(): readonly Ticket[] {
    return this.#takeOut(({ balances }) => this.#locked.among(balances).length === 0).filter(
      ({ answered }) => !answered,
    )
  }

  /** Answers those that have waited for too long, and frees the places of answered ones. */
  expire(now: number): void {
    const late = this.#takeOut(({ ticket, until }) => ticket.answered || Math.min(until, ticket.deadlineAt) <= now)
    for (const ticket of late) ticket.reject(locked())
  }

  /** From now on nothing waits. */
  close(): void {
    this.#isClosed = true
    for (const ticket of this.#takeOut(() => true)) ticket.reject(stopped())
  }

  #takeOut(which: (waiting: Waiting) => boolean): readonly Ticket[] {
    const out: Ticket[] = []
    this.#waiting = this.#waiting.filter((waiting) => {
      if (!which(waiting)) return true
      this.#commands -= waiting.ticket.size
      out.push(waiting.ticket)
      return false
    })
    return out
  }
}

function locked(): Fault {
  const message = 'Another transaction has locked a balance of the command, and does not end.'
  return new Fault('contention', message, { retryAfterMs: RETRY_AFTER_MS })
}

function stopped(): Fault {
  return new Fault(
    'shutting_down',
    'This process stopped while another transaction had locked a balance of the command.',
  )
}
