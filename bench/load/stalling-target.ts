/** A target for tests: it answers at once, but for one stall, during which it answers nobody. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Workload } from './call.ts'

export interface StallingTarget extends Workload {
  /** Calls that arrived. */
  readonly count: number
}

/** @param stall of `performance.now` */
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
        if (performance.now() >= stall.fromAt && left > 0) await sleep(left)
        else await sleep(1)
      },
    }),
  }
}
