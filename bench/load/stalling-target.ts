/** A target for tests: answers at once, except during one stall. */
import type { Workload } from './call.ts'

export interface StallingTarget extends Workload {
  /** Calls that arrived. */
  readonly count: number
}

/** @param stall in the time of `performance.now` */
export function stallingTarget(stall: { readonly fromAt: number; readonly ms: number }): StallingTarget {
  let count = 0
  return {
    get count() {
      return count
    },
    next: () => ({
      kind: 'freeze',
      async run() {
        count++
        const left = stall.fromAt + stall.ms - performance.now()
        const ms = performance.now() >= stall.fromAt && left > 0 ? left : 1
        await new Promise((resolve) => setTimeout(resolve, ms))
      },
    }),
  }
}
