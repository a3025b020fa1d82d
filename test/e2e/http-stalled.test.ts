/** A caller that takes nothing of an answer loses its connection and its place; one that is only slow does not. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { pino } from 'pino'
import { endless } from '../support/endless-journal.ts'
import { HttpService } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

const STALL_MS = 2_000
const PAGE = 'GET /v1/holds HTTP/1.1\r\nHost: localhost\r\n\r\n'
/** More than the buffers of a connection take. */
const PAGE_ROWS = 20_000
const PLACES = 3

interface Started {
  readonly service: HttpService
  /** Lines of the log. */
  readonly log: string[]
}

/** A service whose pages of holds do not fit into the buffers of a connection. */
async function started(answerStallMsMax = STALL_MS): Promise<Started> {
  const log: string[] = []
  const logger = pino({ level: 'warn' }, { write: (line: string) => void log.push(line) })
  const limits = { answerStallMsMax, requestsInFlightMax: PLACES }
  const service = await HttpService.start({ http: { limits, logger } })
  await service.give('user:8', 100)
  await service.post('/v1/holds', { account: 'user:8', amount: 1, metadata: { text: 'x'.repeat(512) } })
  const holds = service.reader.holds.bind(service.reader)
  service.reader.holds = async (query) => {
    const { items } = await holds(query)
    return { items: Array.from({ length: PAGE_ROWS }, () => items[0]!), next: null }
  }
  return { service, log }
}

/** A caller that reads only when it is told to. */
async function caller(service: HttpService): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(socket, 'connect')
  return socket.on('error', () => undefined).pause()
}

const statusOf = async (service: HttpService): Promise<number> => (await service.get('/v1/assets')).status
const resets = (log: readonly string[]): number => log.filter((line) => line.includes('took nothing')).length

test('callers that take nothing lose their connections, and their places are free again', async () => {
  const { service, log } = await started()
  await using _ = service
  const idle = await caller(service)
  const stalled = await Promise.all(Array.from({ length: PLACES }, () => caller(service)))
  for (const socket of stalled) socket.write(PAGE)
  await until(async () => (await statusOf(service)) === 503, 'as many requests under way as there may be')
  await until(async () => (await statusOf(service)) === 200, 'a place for others')
  await until(async () => resets(log) > 0, 'a line in the log')
  assert.equal(idle.closed, false, 'a connection without an answer was reset')
  for (const socket of [...stalled, idle]) socket.destroy()
})

test('a caller that takes nothing of an export loses its connection', async () => {
  const { service, log } = await started()
  await using _ = service
  endless(service)
  const stalled = await caller(service)
  stalled.write('GET /v1/accounts/user:8/postings/export?format=csv HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(async () => resets(log) === 1, 'a line in the log')
  stalled.destroy()
})

test('a slow caller gets all of an answer, though that takes longer than an answer may stall', async () => {
  const stallMs = 1_500
  const { service, log } = await started(stallMs)
  await using _ = service
  const { text } = await service.get('/v1/holds')
  const socket = await caller(service)
  socket.write(PAGE)
  const since = performance.now()
  let taken = 0
  let isClosed = false
  socket.once('close', () => (isClosed = true))
  const turns = 70
  while (taken < text.length && !isClosed) {
    await sleep(15)
    for (let inTurn = 0; inTurn < text.length / turns;) {
      const part = socket.read() as Buffer | null
      if (part === null) break
      inTurn += part.length
      taken += part.length
    }
  }
  assert.ok(taken >= text.length, `the connection was reset after ${taken} bytes of ${text.length}`)
  assert.ok(performance.now() - since > 2 * stallMs)
  assert.equal(resets(log), 0)
  socket.destroy()
})
