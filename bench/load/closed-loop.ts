/**
 * A fixed number of calls in flight: whoever is answered sends the next one at once.
 *
 * It shows what a strategy can do, and hides what a caller would feel: when the target stalls, nobody asks it anything. For
 * that there is the open loop.
 */
import type { Workload } from './call.ts'
import type { Meter } from './meter.ts'
import { settledWithin } from './deadline.ts'

export interface ClosedLoopOptions {
  readonly inFlight: number
  /** Of `performance.now`: no call is sent later. */
  readonly endsAt: number
  /** How long answers are waited for after that. */
  readonly drainMsMax: number
}

/** Resolves when every call is answered, or given up. */
export async function closedLoop(workload: Workload, meter: Meter, options: ClosedLoopOptions): Promise<void> {
  const { inFlight, endsAt, drainMsMax } = options
  /** When the call of each worker was sent; null for a worker that is done. */
  const sentAt: (number | null)[] = []
  const worker = async (index: number): Promise<void> => {
    for (let now = performance.now(); now < endsAt; now = performance.now()) {
      sentAt[index] = now
      await meter.run(workload.next(), now)
    }
    sentAt[index] = null
  }
  const all = Promise.all(Array.from({ length: inFlight }, (_, index) => worker(index)))
  if (await settledWithin(all, endsAt + drainMsMax - performance.now())) return
  const now = performance.now()
  for (const sent of sentAt) if (sent !== null) meter.giveUp(sent, now, true)
}
