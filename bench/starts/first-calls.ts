/** The latency of the first calls of a service that was just started: a hundred freezes of one user at once. */
import { ServiceProcess } from '../../harness/service-process.ts'
import { HttpConnection } from '../http-load.ts'

const CALLS = 100

export interface FirstCalls {
  /** From the start of the process until `/readyz` said yes. */
  readonly readyMs: number
  /** The mean latencies of the bursts, in order. */
  readonly meansMs: readonly number[]
}

/** @param warmUpMs 0 for none. @param burstsCount bursts, one after another */
export async function firstCalls(store: string, warmUpMs: number, burstsCount: number): Promise<FirstCalls> {
  const startedAt = performance.now()
  await using service = await ServiceProcess.start(store, ['--warm-up-ms', String(warmUpMs), '--log-level', 'error'])
  await service.ready()
  const readyMs = performance.now() - startedAt
  const port = Number(new URL(service.url).port)
  const connections = await Promise.all(Array.from({ length: CALLS }, () => HttpConnection.open(port)))
  await connections[0]!.post('/v1/deposits', JSON.stringify({ account: 'user:8', amount: '1000000000' }))
  const body = JSON.stringify({ account: 'user:8', amount: '616' })
  const meansMs: number[] = []
  for (let burst = 0; burst < burstsCount; burst++) {
    const latencies = connections.map(async (connection) => {
      const askedAt = performance.now()
      const { status, body: answer } = await connection.post('/v1/holds', body)
      if (status !== 201) throw new Error(`Status ${status}: ${answer}`)
      return performance.now() - askedAt
    })
    meansMs.push((await Promise.all(latencies)).reduce((sum, ms) => sum + ms, 0) / CALLS)
  }
  for (const connection of connections) connection.close()
  if ((await service.stop()) !== 0) throw new Error(service.log)
  return { readyMs, meansMs }
}
