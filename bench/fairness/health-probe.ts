/** Asks for `/healthz` over a new connection every 100 ms, as an orchestrator does that ends what does not answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { settledWithin } from '../load/deadline.ts'
import { HttpConnection } from '../http-load.ts'

const PROBE_EVERY_MS = 100
/** A probe without an answer for so long counts as this. */
const PROBE_MS_MAX = 10_000

export interface Probed {
  readonly count: number
  /** Without status 200 within the time limit. */
  readonly failedCount: number
  /** The longest answer, counted from the moment at which the probe was due. */
  readonly longestMs: number
}

/** @returns when every probe is answered or has failed */
export async function probeHealth(port: number, seconds: number): Promise<Probed> {
  const beginsAt = performance.now()
  const endsAt = beginsAt + seconds * 1_000
  const probes: Promise<number | null>[] = []
  for (let dueAt = beginsAt; dueAt < endsAt; dueAt += PROBE_EVERY_MS) {
    await sleep(Math.max(0, dueAt - performance.now()))
    probes.push(probe(port, dueAt))
  }
  const took = await Promise.all(probes)
  const longest = took.map((ms) => ms ?? PROBE_MS_MAX)
  return { count: took.length, failedCount: took.filter((ms) => ms === null).length, longestMs: Math.max(...longest) }
}

/** In milliseconds; null when it failed. Never rejects. */
async function probe(port: number, dueAt: number): Promise<number | null> {
  let status = 0
  const exchange = async (): Promise<void> => {
    const connection = await HttpConnection.open(port)
    try {
      ;({ status } = await connection.getLast('/healthz'))
    } finally {
      connection.close()
    }
  }
  try {
    const isAnswered = await settledWithin(exchange(), dueAt + PROBE_MS_MAX - performance.now())
    return isAnswered && status === 200 ? performance.now() - dueAt : null
  } catch {
    return null
  }
}
