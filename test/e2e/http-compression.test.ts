/** Lists and files are compressed for callers that accept it; short answers and commands never are. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { Fault } from '../../src/engine/faults.ts'
import { endless } from '../support/endless-journal.ts'
import { withoutEnd } from '../support/end-rows.ts'
import { HttpService } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

const LIST = '/v1/accounts/user:8/postings?limit=100'
const FILE = '/v1/accounts/user:8/postings/export?format=csv'

interface Heard {
  readonly head: string
  readonly body: Buffer
  /** null if the connection ended without an error. */
  readonly errorCode: string | null
}

/** Asks by HTTP/1.0, whose answers end with the connection, so that the body is as it was sent. */
async function ask(service: HttpService, path: string, accepted: string | null): Promise<Heard> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const accept = accepted === null ? '' : `Accept-Encoding: ${accepted}\r\n`
  socket.write(`GET ${path} HTTP/1.0\r\nHost: localhost\r\n${accept}\r\n`)
  const parts: Buffer[] = []
  let errorCode: string | null = null
  try {
    for await (const part of socket) parts.push(part as Buffer)
  } catch (error) {
    errorCode = (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
  const all = Buffer.concat(parts)
  const end = all.indexOf('\r\n\r\n')
  return { head: all.subarray(0, end).toString(), body: all.subarray(end + 4), errorCode }
}

async function withLines(service: HttpService): Promise<void> {
  const commands = Array.from({ length: 100 }, (_, index) => ({
    kind: 'deposit',
    account: 'user:8',
    amount: index + 1,
  }))
  assert.equal((await service.post('/v1/batches', { commands })).status, 200)
}

describe('a caller that accepts gzip', () => {
  test('gets lists and files in a fraction of their size, with the same contents', async () => {
    await using service = await HttpService.start()
    await withLines(service)
    for (const path of [LIST, FILE]) {
      const plain = await ask(service, path, null)
      assert.doesNotMatch(plain.head, /content-encoding/i)
      for (const accepted of ['gzip', 'br, x-gzip;q=0.5', '*', 'gzip;q=0.001']) {
        const { head, body } = await ask(service, path, accepted)
        assert.match(head, /content-encoding: gzip/i, accepted)
        assert.match(head, /vary: accept-encoding/i)
        assert.ok(body.length < plain.body.length / 4, `${body.length} of ${plain.body.length}`)
        assert.equal(withoutEnd(String(gunzipSync(body))), withoutEnd(String(plain.body)))
      }
    }
  })

  test('gets short answers, problems and the answers of commands as they are', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 1)
    for (const path of ['/v1/accounts/user:8', '/v1/accounts/user:9', '/v1/assets', '/livez']) {
      assert.doesNotMatch((await ask(service, path, 'gzip')).head, /content-encoding|vary/i, path)
    }
    const commands = Array.from({ length: 50 }, () => ({ kind: 'deposit', account: 'user:8', amount: 1 }))
    const { status, headers } = await service.post('/v1/batches', { commands })
    assert.deepEqual([status, headers.get('content-encoding')], [200, null])
  })
})

test('a caller that does not accept gzip gets none', async () => {
  await using service = await HttpService.start()
  await withLines(service)
  for (const accepted of [null, 'br', 'identity', 'gzip;q=0', 'gzip;q=0.000, *', '*;q=0']) {
    for (const path of [LIST, FILE]) {
      assert.doesNotMatch((await ask(service, path, accepted)).head, /content-encoding/i, `${accepted}`)
    }
  }
})

test('a compressed file that is cut ends with a reset and cannot be unpacked to its end', async () => {
  await using service = await HttpService.start()
  const pages = endless(service)
  const postings = service.reader.postings.bind(service.reader)
  service.reader.postings = async (query) => {
    if (pages.count === 5) throw new Fault('store_unavailable', 'Gone.')
    return await postings(query)
  }
  const { head, body, errorCode } = await ask(service, FILE, 'gzip')
  assert.equal(errorCode, 'ECONNRESET')
  if (head !== '') assert.throws(() => gunzipSync(body), /unexpected end of file/)
})

test('a caller that takes nothing of a compressed file is cut off in time', async () => {
  await using service = await HttpService.start({ http: { limits: { exportPageMsMax: 100 } } })
  endless(service)
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET ${FILE} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n`)
  socket.pause()
  await until(async () => service.connections.size === 1, 'the connection')
  await until(async () => service.connections.size === 0, 'its end')
  socket.destroy()
})

test('beyond the bound of compressions, answers are larger and not later', async () => {
  await using service = await HttpService.start({ http: { limits: { compressionsMax: 0 } } })
  await withLines(service)
  assert.doesNotMatch((await ask(service, LIST, 'gzip')).head, /content-encoding/i)
})
