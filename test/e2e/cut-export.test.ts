/**
 * A truncated export never looks complete: to HTTP/1.1, to HTTP/1.0, whose answers end with the connection, and to a reader of
 * the file alone.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { Fault } from '../../src/engine/faults.ts'
import type { HttpLimits } from '../../src/http/limits.ts'
import { withoutEnd } from '../support/end-rows.ts'
import { endless } from '../support/endless-journal.ts'
import { HttpService } from '../support/http-service.ts'
import { startNginx } from '../support/nginx.ts'
import { NGINX, withoutProxy } from '../support/proxy-process.ts'
import { runHoldfast } from '../../harness/service-process.ts'

const PATH = '/v1/accounts/user:8/postings/export?format='
const END = {
  csv: /\r\n#end,([0-9]+),[\d:.TZ-]+,{15}\r\n$/,
  ndjson: /\n\{"end":true,"rows":([0-9]+),"at":"[\d:.TZ-]+"\}\n$/,
}

interface Heard {
  readonly text: string
  /** null if the connection ended without an error. */
  readonly errorCode: string | null
}

/** Sends a request by HTTP/1.0. */
async function askFor(service: HttpService, format: string): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.setEncoding('utf8').write(`GET ${PATH}${format} HTTP/1.0\r\nHost: localhost\r\n\r\n`)
  return socket
}

async function hear(socket: Socket): Promise<Heard> {
  let text = ''
  try {
    for await (const part of socket) text += part as string
    return { text, errorCode: null }
  } catch (error) {
    return { text, errorCode: (error as NodeJS.ErrnoException).code ?? 'unknown' }
  }
}

/** A service with an endless journal. */
async function started(limits: Partial<HttpLimits> = {}) {
  const service = await HttpService.start({ http: { limits } })
  return { service, pages: endless(service) }
}

function assertCut({ text, errorCode }: Heard): void {
  assert.equal(errorCode, 'ECONNRESET', `the connection ended like that of a whole file, with ${text.slice(-80)}`)
  assert.doesNotMatch(text, END.csv)
}

describe('the end row', () => {
  test('counts the rows of a whole file, over either version of HTTP', async () => {
    await using service = await HttpService.start()
    for (let deposit = 0; deposit < 3; deposit++) {
      const memo = 'two\nlines'
      await service.post('/v1/deposits', { requestId: `d${deposit}`, account: 'user:8', amount: 1, memo })
    }
    for (const format of ['csv', 'ndjson'] as const) {
      const { text } = await service.get(PATH + format)
      assert.equal(END[format].exec(text)?.[1], '3', text)
      const old = await hear(await askFor(service, format))
      assert.equal(old.errorCode, null)
      assert.equal(END[format].exec(old.text)?.[1], '3', old.text)
      assert.ok(withoutEnd(old.text).endsWith(`\r\n\r\n${withoutEnd(text)}`), old.text)
    }
  })

  test('is there when there are no rows', async () => {
    await using service = await HttpService.start()
    assert.match((await service.get(`${PATH}csv`)).text, END.csv)
    assert.match((await service.get(`${PATH}ndjson`)).text, /^\{"end":true,"rows":0,"at":"[^"]+"\}\n$/)
  })
})

describe('a file that is cut ends its connection with a reset, and has no end row', () => {
  test('when its reading fails, over either version of HTTP', async () => {
    const { service, pages } = await started()
    await using _ = service
    service.reader.postings = failing(service, () => pages.count === 3)
    assertCut(await hear(await askFor(service, 'csv')))
    pages.count = 0
    await assert.rejects(fetch(`${service.url}${PATH}csv`).then((response) => response.text()))
  })

  test('when its caller is too slow, or it takes too long', async () => {
    for (const limits of [{ exportPageMsMax: 50 }, { exportMsMax: 50 }]) {
      const { service } = await started(limits)
      await using _ = service
      const socket = await askFor(service, 'csv')
      // The caller reads nothing until the service has given up.
      if ('exportPageMsMax' in limits) {
        await connectionsOf(service, 1)
        await connectionsOf(service, 0)
      }
      assertCut(await hear(socket))
    }
  })

  test('when the service has to stop', async () => {
    const { service, pages } = await started({ shutdownMs: 50 })
    const socket = await askFor(service, 'csv')
    const heard = hear(socket)
    await pages.reached(3)
    await service[Symbol.asyncDispose]()
    assertCut(await heard)
  })
})

test(
  'behind a proxy that speaks HTTP/1.0 to the service a cut file is an error, and a whole one is whole',
  { skip: withoutProxy(NGINX) },
  async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 1)
    await using proxy = await startNginx(service.url)
    const whole = await fetch(`${proxy.url}${PATH}csv`)
    assert.match(await whole.text(), END.csv)
    const pages = endless(service)
    service.reader.postings = failing(service, () => pages.count === 3)
    await assert.rejects(fetch(`${proxy.url}${PATH}csv`).then((response) => response.text()))
  },
)

test('the command line ends a file that it cannot read to its end with a failure, and without an end row', async () => {
  const { service, pages } = await started()
  await using _ = service
  service.reader.postings = failing(service, () => pages.count === 2)
  const words = ['postings', 'user:8', '--export', 'ndjson', '--url', service.url]
  const { exitCode, stdout, stderr } = await runHoldfast(words)
  assert.equal(exitCode, 3)
  assert.match(stderr, /store_misconfigured/)
  assert.equal(stdout.trimEnd().split('\n').length, 2_000)
  assert.doesNotMatch(stdout, END.ndjson)
})

/** Reads like the service, and fails once `isOver` returns true. */
function failing({ reader }: HttpService, isOver: () => boolean): HttpService['reader']['postings'] {
  const postings = reader.postings.bind(reader)
  return async (query) => {
    if (isOver()) throw new Fault('store_misconfigured', 'Gone.')
    return await postings(query)
  }
}

/** Resolves when the service has this many open connections. */
async function connectionsOf(service: HttpService, wanted: number): Promise<void> {
  while (service.connections.size !== wanted) await new Promise((next) => setImmediate(next))
}
