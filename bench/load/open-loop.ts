/**
 * A fixed arrival rate: the moments at which calls are due are fixed in advance, whatever happens to earlier calls.
 *
 * Latency counts from the moment at which a call was due, even if it waited here because too many calls were in flight or this process was
 * late. So a stall of the target shows in the latency of every call that it delayed, not only of those that were in flight. Omitting the
 * others is what Gil Tene named coordinated omission.
 */
import type { Workload } from './call.ts'
import { settledWithin } from './deadline.ts'
import type { Meter } from './meter.ts'

export interface OpenLoopOptions {
  /** Calls per second. */
  readonly rate: number
  /** Maximum calls in flight; calls that are due beyond this number wait here. */
  readonly inFlightMax: number
  /** By `performance.now`: the first call is due at once, none at or after the end. */
  readonly beginsAt: number
  readonly endsAt: number
  /** Time to wait for outstanding answers after the end. */
  readonly drainMsMax: number
}

/** How often due calls are looked for; timers are not more precise. */
const TICK_MS = 1

/** Resolves when every call is answered or given up. */
export async function openLoop(workload: Workload, meter: Meter, options: OpenLoopOptions): Promise<void> {
  const { rate, inFlightMax, beginsAt, endsAt, drainMsMax } = options
  const total = Math.ceil(((endsAt - beginsAt) / 1_000) * rate)
  const dueAtOf = (arrival: number): number => beginsAt + (arrival * 1_000) / rate
  /** When each call in flight was due, by its number. */
  const inFlight = new Map<number, number>()
  let sent = 0
  let wake = (): void => {}

  const send = (arrival: number): void => {
    const dueAt = dueAtOf(arrival)
    inFlight.set(arrival, dueAt)
    void meter.run(workload.next(), dueAt).then(() => {
      inFlight.delete(arrival)
      wake()
    })
  }
  const sendAll = async (): Promise<void> => {
    while (sent < total || inFlight.size > 0) {
      const now = performance.now()
      if (now >= endsAt + drainMsMax) return
      while (sent < total && inFlight.size < inFlightMax && dueAtOf(sent) <= now) send(sent++)
      const isFull = inFlight.size >= inFlightMax || sent === total
      await new Promise<void>((resolve) => {
        // An answer makes room for a call that is already due; otherwise the timer sends the next one.
        if (isFull) wake = resolve
        setTimeout(resolve, isFull ? 10 : TICK_MS)
      })
      wake = () => undefined
    }
  }
  await settledWithin(sendAll(), endsAt + drainMsMax - performance.now() + 100)
  const now = performance.now()
  for (const dueAt of inFlight.values()) meter.giveUp(dueAt, now, true)
  for (; sent < total; sent++) meter.giveUp(dueAtOf(sent), now, false)
}
