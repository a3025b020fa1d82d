/**
 * The order in which waiting tickets are taken: callers take turns, and the flows of one caller do.
 *
 * This is start-time fair queueing in two levels. Virtual time is counted in commands: a caller's place is the time at which its next
 * ticket begins, and moves on by the size of each that is taken; a new caller begins at the present. So a caller with few commands waits
 * for about one command of each other caller, however many they have. Within a caller's line the same is true of its flows. Tickets that
 * share a flow keep their order, because a ticket begins when the last one of each of its flows ends.
 *
 * P. Goyal, H. M. Vin, H. Cheng: Start-Time Fair Queuing, SIGCOMM 1996.
 */
import type { Flows } from './flows.ts'
import { Places } from './places.ts'
import type { Ticket } from './ticket.ts'

interface Flow {
  /** The virtual time at which its last ticket ends. */
  end: number
  /** Commands of its waiting tickets. */
  commands: number
}

interface Waiting {
  readonly ticket: Ticket
  readonly flows: Flows
}

/** The waiting tickets of one caller. */
class Line {
  readonly #waiting = new Places<Waiting>()
  /** A flow without waiting tickets is forgotten. */
  readonly #flows = new Map<string, Flow>()
  #now = 0
  /** Tickets that come now begin no earlier: where the last ticket that stays in order with all others begins. */
  #notBefore = 0
  #commands = 0

  get commands(): number {
    return this.#commands
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty
  }

  /** Commands that wait in the fullest of `flows`. */
  commandsOf(flows: Flows): number {
    let most = 0
    for (const flow of flows ?? []) most = Math.max(most, this.#flows.get(flow)?.commands ?? 0)
    return most
  }

  put(ticket: Ticket, flows: Flows): void {
    let start = Math.max(this.#now, this.#notBefore)
    if (flows === null) {
      start = Math.max(start, this.#waiting.last)
      this.#notBefore = start
    } else {
      for (const flow of flows) start = Math.max(start, this.#flows.get(flow)?.end ?? 0)
      for (const name of flows) {
        const flow = this.#flows.get(name)
        const end = start + ticket.size
        if (flow === undefined) this.#flows.set(name, { end, commands: ticket.size })
        else {
          flow.end = end
          flow.commands += ticket.size
        }
      }
    }
    this.#commands += ticket.size
    this.#waiting.put(start, { ticket, flows })
  }

  first(): Ticket {
    return this.#waiting.first().item.ticket
  }

  removeFirst(): void {
    const { place, item } = this.#waiting.first()
    this.#now = place
    this.#waiting.removeFirst()
    this.#forget(item)
  }

  /** Commands of the tickets that were removed. */
  removeAnswered(): number {
    const before = this.#commands
    this.#waiting.keep((waiting) => {
      if (!waiting.ticket.answered) return true
      this.#forget(waiting)
      return false
    })
    return before - this.#commands
  }

  *tickets(): Generator<Ticket, void> {
    for (const { ticket } of this.#waiting.items()) yield ticket
  }

  #forget({ ticket, flows }: Waiting): void {
    this.#commands -= ticket.size
    for (const name of flows ?? []) {
      const flow = this.#flows.get(name)!
      flow.commands -= ticket.size
      if (flow.commands === 0) this.#flows.delete(name)
    }
  }
}

export class FairOrder {
  /** The lines of the callers that have waiting tickets. */
  readonly #lines = new Map<string, Line>()
  #turns = new Places<{ readonly caller: string; readonly line: Line }>()
  #now = 0

  get isEmpty(): boolean {
    return this.#turns.isEmpty
  }

  /** Commands of a caller that wait: all of them, and those in the fullest of `flows`. */
  commandsOf(caller: string, flows: Flows): { readonly all: number; readonly flow: number } {
    const line = this.#lines.get(caller)
    return { all: line?.commands ?? 0, flow: line?.commandsOf(flows) ?? 0 }
  }

  put(ticket: Ticket, flows: Flows): void {
    let line = this.#lines.get(ticket.caller)
    if (line === undefined) {
      line = new Line()
      this.#lines.set(ticket.caller, line)
      this.#turns.put(this.#now, { caller: ticket.caller, line })
    }
    line.put(ticket, flows)
  }

  /** The next ticket, which must exist. */
  first(): Ticket {
    return this.#turns.first().item.line.first()
  }

  /** Removes the next ticket. One that is answered already takes no turn. */
  removeFirst(): void {
    const { place, item } = this.#turns.first()
    const { answered, size } = item.line.first()
    this.#now = place
    item.line.removeFirst()
    this.#turns.removeFirst()
    if (item.line.isEmpty) this.#lines.delete(item.caller)
    else this.#turns.put(answered ? place : place + size, item)
  }

  /** Commands of the tickets that were removed. */
  removeAnswered(): number {
    let commands = 0
    for (const line of this.#lines.values()) commands += line.removeAnswered()
    this.#turns.keep(({ caller, line }) => !line.isEmpty || !this.#lines.delete(caller))
    return commands
  }

  *tickets(): Generator<Ticket, void> {
    for (const line of this.#lines.values()) yield* line.tickets()
  }
}
