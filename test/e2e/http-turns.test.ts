/** Pages are read and written in turns: other callers are answered between the pages of one caller. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import type { HoldQuery } from '../../src/engine/reader.ts'
import { HttpService } from '../support/http-service.ts'

const PAGE_MS = 4
const TURN_MS = 10
const REQUESTS = 60

interface Reads {
  /** Pages read so far. */
  count: number
  /** The largest number read in one turn of the event loop. */
  readonly perTurnMax: number
}

/** A service whose pages of holds occupy the processor for a while, like a database in the same thread. */
async function busy(memo = 'x'): Promise<{ service: HttpService; reads: Reads }> {
  const service = await HttpService.start({ http: { limits: { turnMsMax: TURN_MS } } })
  await service.give('user:8', 100)
  await service.post('/v1/holds', { requestId: 'h', account: 'user:8', amount: 1, metadata: { memo } })
  const reads = { count: 0, perTurnMax: 0 }
  const holds = service.reader.holds.bind(service.reader)
  let inTurn = 0
  service.reader.holds = async (query: HoldQuery) => {
    if (inTurn === 0) setImmediate(() => (inTurn = 0))
    reads.count += 1
    reads.perTurnMax = Math.max(reads.perTurnMax, ++inTurn)
    const until = performance.now() + PAGE_MS
    while (performance.now() < until);
    return await holds(query)
  }
  return { service, reads }
}

async function pipelined(service: HttpService, count: number): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const request = (connection: string): string =>
    `GET /v1/holds HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`
  socket.write(request('keep-alive').repeat(count - 1) + request('close'))
  return socket
}

async function answersOn(socket: Socket): Promise<number> {
  let text = ''
  for await (const part of socket.setEncoding('latin1')) text += part as string
  return text.split('HTTP/1.1 200').length - 1
}

test('no turn of the event loop reads more pages than its time allows', async () => {
  const { service, reads } = await busy()
  await using _ = service
  const sockets = await Promise.all([pipelined(service, REQUESTS), pipelined(service, REQUESTS)])
  const counts = await Promise.all(sockets.map(answersOn))
  assert.deepEqual(counts, [REQUESTS, REQUESTS])
  // One turn as counted here can contain parts of two turns of the service, which begin when work arrives.
  const pagesMax = 2 * Math.ceil(TURN_MS / PAGE_MS)
  assert.ok(reads.perTurnMax <= pagesMax, `${reads.perTurnMax} pages in one turn`)
})

test('others are answered while one caller’s pages are read', async () => {
  const { service, reads } = await busy()
  await using _ = service
  const answers = answersOn(await pipelined(service, REQUESTS))
  const page = await service.get('/v1/holds?limit=1')
  const deposit = await service.post('/v1/deposits', { account: 'user:9', amount: 1 })
  assert.deepEqual([page.status, deposit.status], [200, 201])
  assert.ok(reads.count < REQUESTS, `${reads.count} pages were read before the others had their answers`)
  assert.equal(await answers, REQUESTS)
})

test('a caller who takes none of his answers has no more of them made than his connection holds', async () => {
  const { service, reads } = await busy('x'.repeat(512))
  await using _ = service
  const holds = service.reader.holds.bind(service.reader)
  service.reader.holds = async (query) => {
    const { items } = await holds(query)
    return { items: Array.from({ length: 1_000 }, () => items[0]!), next: null }
  }
  const socket = await pipelined(service, REQUESTS)
  socket.pause()
  // Each of these runs between two turns of the other connection.
  for (let asked = 0; asked < REQUESTS; asked++) await service.get('/v1/assets')
  assert.ok(reads.count < REQUESTS / 2, `${reads.count} pages of a megabyte were made for a caller who took none`)
  assert.equal(await answersOn(socket), REQUESTS)
})
