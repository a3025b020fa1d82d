/**
 * The world that a simulation lives in: its time, its order of events, and its chance.
 *
 * Time is virtual: it jumps from one event to the next. Between two events everything that promises still owe each other is
 * settled, so what happens next never depends on the machine. Nothing real takes part: no timer, no clock, no chance.
 */
import { Chance } from './chance.ts'

/** 2030-01-01, so that timestamps look like timestamps. */
export const EPOCH = Date.UTC(2030, 0, 1)

/** A run that does not come to rest within so many events never will. */
const EVENTS_MAX = 300_000

interface Event {
  readonly at: number
  /** Decides between events of the same time. */
  readonly order: number
  /** Nobody waits for it: the world is at rest when nothing else is left. */
  readonly inBackground: boolean
  /** Null when it was cancelled, or has happened. */
  action: (() => void) | null
}

export class World {
  readonly chance: Chance
  /** What happened, one line each; null when nobody wants to know. */
  readonly trace: string[] | null
  readonly #order: Chance
  readonly #events: Event[] = []
  #now = 0
  #ticks = 0
  #eventCount = 0
  /** Events to come that are not in the background. */
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

  /** A number that no moment before had: which of two things came first, also within one event. */
  tick(): number {
    return ++this.#ticks
  }

  /** Adds a line to the trace. The text is made only when somebody wants it. */
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

  /** The action of an event that is to happen now or never; null when that was before. */
  #take(event: Event): (() => void) | null {
    const { action, inBackground } = event
    if (action !== null && !inBackground) this.#awaited--
    event.action = null
    return action
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Calls `action` after so many turns of the microtask queue: between two awaits of whoever is running. */
  afterTurns(turns: number, action: () => void): void {
    let left = turns
    const turn = (): void => {
      if (left-- <= 0) action()
      else queueMicrotask(turn)
    }
    turn()
  }

  /**
   * Lets time pass until nothing is left to happen but in the background, or until `untilMs`.
   *
   * @throws Error when it does not come to rest
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

/** Resolves when no microtask is left: Node comes to the next tick only then, and does not look at anything real before. */
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
