/**
 * The world of a simulation: its time, its order of events, and its random numbers.
 *
 * Time is virtual: it jumps from one event to the next. Before the next event all pending microtasks have run, so the order never depends
 * on the machine. No real timer, clock or random number is used.
 */
import { Chance } from './chance.ts'

/** 2030-01-01, so that timestamps look like timestamps. */
export const EPOCH = Date.UTC(2030, 0, 1)

/** A run that is not at rest after this many events is considered endless. */
const EVENTS_MAX = 300_000

interface Event {
  readonly at: number
  /** Orders events of the same time. */
  readonly order: number
  /** Whether nothing waits for the event: the world is at rest when only such events are left. */
  readonly inBackground: boolean
  /** Null after the event was cancelled or has happened. */
  action: (() => void) | null
}

export class World {
  readonly chance: Chance
  /** One line per event; null when the run is not traced. */
  readonly trace: string[] | null
  readonly #order: Chance
  readonly #events: Event[] = []
  #now = 0
  #ticks = 0
  #eventCount = 0
  /** The number of future events that are not in the background. */
  #awaited = 0

  constructor(seed: number, options: { readonly traced: boolean }) {
    this.chance = new Chance(String(seed))
    this.#order = this.chance.stream('order')
    this.trace = options.traced ? [] : null
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#now
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** A strictly increasing number: it orders events, even within one instant. */
  tick(): number {
    return ++this.#ticks
  }

  /** Adds a line to the trace. The text is only made when the run is traced. */
  note(text: () => string): void {
    this.trace?.push(`${this.#now.toFixed(3)} ${text()}`)
  }

  /** Calls `action` after `ms`; the returned function cancels it. */
  after(ms: number, action: () => void, { inBackground } = { inBackground: false }): () => void {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order.fraction(), inBackground, action }
    if (!inBackground) this.#awaited++
    push(this.#events, event)
    return () => void this.#take(event)
  }

  /** The action of an event that is due; null if it was cancelled or has happened. */
  #take(event: Event): (() => void) | null {
    const { action, inBackground } = event
    if (action !== null && !inBackground) this.#awaited--
    event.action = null
    return action
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Calls `action` after this many turns of the microtask queue: between two awaits of the running code. */
  afterTurns(turns: number, action: () => void): void {
    let left = turns
    const turn = (): void => {
      if (left-- <= 0) action()
      else queueMicrotask(turn)
    }
    turn()
  }

  /**
   * Advances time until only background events are left, or until `untilMs`.
   *
   * @throws Error when the world does not come to rest
   */
  async run(untilMs = Infinity): Promise<void> {
    await settled()
    for (let event = this.#events[0]; event !== undefined && event.at <= untilMs; event = this.#events[0]) {
      if (untilMs === Infinity && this.#awaited === 0) return
      pop(this.#events)
      const action = this.#take(event)
      if (action === null) continue
      if (++this.#eventCount > EVENTS_MAX) throw new Error(`Not at rest after ${EVENTS_MAX} events.`)
      this.#now = event.at
      action()
      await settled()
    }
    if (untilMs !== Infinity) this.#now = Math.max(this.#now, untilMs)
  }
}

/** Resolves when no microtask is left: Node runs the next tick only then, and before any real event. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

/** A binary heap, the earliest event first. */
function push(heap: Event[], event: Event): void {
  let index = heap.push(event) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!isBefore(event, heap[parent]!)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let index = 0
  for (;;) {
    let child = index * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, last)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
}

function isBefore(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}
