/**
 * A fixed arrival rate: calls are due at moments that were settled beforehand, whatever has become of the calls before.
 *
 * A call's latency counts from the moment at which it was due, also when it had to wait here because too many were in flight,
 * or because this process was late itself. So a stall of the target shows in the latency of every call that it kept waiting,
 * and not only of those that were on their way. Leaving the others out is what Gil Tene named coordinated omission.
 */
import type { Workload } from './call.ts'
import { settledWithin } from './deadline.ts'
import type { Meter } from './meter.ts'

export interface OpenLoopOptions {
  /** Calls per second. */
  readonly rate: number
  /** Calls in flight at most; what is due beyond them waits here. */
  readonly inFlightMax: number
  /** Of `performance.now`: the first call is due at once, none at or after the end. */
  readonly beginsAt: number
  readonly endsAt: number
  /** How long answers are waited for after the end. */
  readonly drainMsMax: number
}

/** How often it is looked whether a call is due; timers are no more exact. */
const TICK_MS = 1

/** Resolves when every call is answered, or given up. */
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
        // An answer makes room for one that is due already; otherwise the next one is a matter of time.
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
