/**
 * A fixed number of calls in flight: after each answer the next call is sent at once.
 *
 * It measures capacity, and hides the latency that callers would see: while the target stalls, no call is sent. The open loop measures
 * that.
 */
import type { Workload } from './call.ts'
import type { Meter } from './meter.ts'
import { settledWithin } from './deadline.ts'

export interface ClosedLoopOptions {
  readonly inFlight: number
  /** By `performance.now`: no call is sent later. */
  readonly endsAt: number
  /** Time to wait for outstanding answers after that. */
  readonly drainMsMax: number
}

/** Resolves when every call is answered or given up. */
export async function closedLoop(workload: Workload, meter: Meter, options: ClosedLoopOptions): Promise<void> {
  const { inFlight, endsAt, drainMsMax } = options
  /** When each worker's call was sent; null for a worker that has finished. */
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
