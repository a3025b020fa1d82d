/** Closing answers the requests under way, leaves no connection open, and ends within its bound. */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { quiet } from '../support/quiet.ts'
import { HttpService } from '../support/http-service.ts'

const DEPOSIT = JSON.stringify({ requestId: 'd-1', account: 'user:8', amount: 5 })
/** A close that waited this long would exceed the time limit of its test. */
const SHUTDOWN_MS = 3_600_000

interface KeptAnswer {
  readonly status: number
  readonly connection: string | undefined
  readonly text: string
}

/** One request on a connection that its agent keeps open. */
async function ask(agent: Agent, url: string, body: string | null = null): Promise<KeptAnswer> {
  return await new Promise((resolve, reject) => {
    const headers = body === null ? {} : { 'content-type': 'application/json' }
    const outgoing = request(url, { agent, method: body === null ? 'GET' : 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection, text }),
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** A service whose commits wait until `open` is called. */
async function gated(shutdownMs = SHUTDOWN_MS): Promise<{ service: HttpService; open: () => void }> {
  const service = await HttpService.start({ http: { limits: { shutdownMs } } })
  const { promise, resolve } = Promise.withResolvers<undefined>()
  service.store.gate = promise.then(() => {})
  return { service, open: () => resolve(undefined) }
}

async function untilCommitting(service: HttpService): Promise<void> {
  while (!service.store.calls.includes('commit')) await sleep(5)
}

async function opened(service: HttpService): Promise<Socket> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

async function closedByService(socket: Socket): Promise<void> {
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
}

test('an idle keep-alive connection does not hold it up', async () => {
  await using service = await HttpService.start()
  using agent = disposable(new Agent({ keepAlive: true }))
  assert.equal((await ask(agent.agent, `${service.url}/healthz`)).connection, 'keep-alive')
  await service.app.close()
})

test('a connection that never sent anything does not hold it up', async () => {
  await using service = await HttpService.start()
  const socket = await opened(service)
  const closed = closedByService(socket)
  await service.app.close()
  await closed
})

test('what is under way is answered, and its connection ends with the answer', async () => {
  const { service, open } = await gated()
  await using _ = service
  using agent = disposable(new Agent({ keepAlive: true }))
  await ask(agent.agent, `${service.url}/healthz`)
  const answer = ask(agent.agent, `${service.url}/v1/deposits`, DEPOSIT)
  await untilCommitting(service)
  const closing = service.app.close()
  await quiet()
  open()
  const { status, connection, text } = await answer
  assert.deepEqual([status, connection], [201, 'close'], text)
  await closing
})

test('a busy keep-alive connection gets an answer, then no more', async () => {
  const { service, open } = await gated()
  await using _ = service
  const busy = await opened(service)
  let heard = ''
  busy.setEncoding('utf8').on('data', (chunk: string) => (heard += chunk))
  const wait = ask(new Agent(), `${service.url}/v1/deposits`, DEPOSIT)
  await untilCommitting(service)
  // The first request arrives before the close, the others during it.
  const post = `POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${DEPOSIT.length}\r\n\r\n${DEPOSIT}`
  const arrived = once(service.app.server, 'request')
  busy.write(post)
  await arrived
  const closing = service.app.close()
  await quiet()
  for (let count = 0; count < 3; count++) busy.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const ended = new Promise((resolve) => busy.once('close', resolve))
  await quiet()
  open()
  await closing
  await ended
  assert.equal((await wait).status, 201)
  assert.match(heard, /^HTTP\/1\.1 201 [^]*connection: close/i)
  assert.equal(heard.match(/HTTP\/1\.1/g)?.length, 1, heard)
})

test('new connections are refused from the start', async () => {
  const { service, open } = await gated()
  await using _ = service
  const answer = ask(new Agent(), `${service.url}/v1/deposits`, DEPOSIT)
  await untilCommitting(service)
  const closing = service.app.close()
  while (service.app.server.listening) await quiet()
  await assert.rejects(ask(new Agent(), `${service.url}/healthz`), { code: 'ECONNREFUSED' })
  open()
  assert.equal((await answer).status, 201)
  await closing
})

test('what does not end by itself is cut off after shutdownMs', async () => {
  const { service, open } = await gated(300)
  await using _ = service
  const answer = ask(new Agent(), `${service.url}/v1/deposits`, DEPOSIT)
  const cut = assert.rejects(answer, { code: 'ECONNRESET' })
  await untilCommitting(service)
  const elapsed = await timed(() => service.app.close())
  await cut
  assert.ok(elapsed >= 290, `${elapsed} ms`)
  open()
})

function disposable(agent: Agent): Disposable & { readonly agent: Agent } {
  return { agent, [Symbol.dispose]: () => agent.destroy() }
}
