/** Sends one request of the workload along its route, sometimes in duplicate, until an answer is certain or the load is over. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../simulation/chance.ts'
import type { Intent } from '../simulation/client.ts'
import type { Ask } from '../simulation/history.ts'
import type { Patience, Told } from './dispatches.ts'

export interface Manner {
  readonly chance: Chance
  /** The average pause between two attempts. */
  readonly pauseMs: number
  readonly isOver: () => boolean
}

/** Makes one call to a worker or the command line. Null when there was no answer. */
export type Send = (place: number, ask: Ask, patience: Patience) => Promise<Told | null>

export async function pursue(send: Send, intent: Intent, { chance, pauseMs, isOver }: Manner): Promise<void> {
  const { ask, route, copies, patienceMs, timeoutMs, abortAfterMs } = intent
  const patience = { timeoutMs, abortAfterMs }
  for (const place of route) {
    for (const { engine, afterMs } of copies) void sleep(afterMs).then(() => send(engine, ask, patience))
    if (isCertain(await Promise.race([send(place, ask, patience), sleep(patienceMs, null)]))) return
    await sleep(chance.exponential(pauseMs))
    if (isOver()) return
  }
}

function isCertain(told: Told | null): boolean {
  return told !== null && told.result.kind !== 'fault'
}
