/** The listening sockets: new connections do not wait for a busy event loop, and a port belongs to one service. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Engine } from '../../src/engine/engine.ts'
import { listen } from '../../src/http/listeners.ts'
import { buildServer } from '../../src/http/server.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { freePort } from '../support/free-port.ts'
import { HttpService } from '../support/http-service.ts'
import { quiet } from '../support/quiet.ts'
import { until } from '../support/mysql-ledger.ts'

const REQUEST = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
const DEPOSIT = '{"account":"user:8","amount":1}'
const POST = `POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${DEPOSIT.length}\r\n\r\n${DEPOSIT}`
const CALLERS = 64
const TURN_MS = 4
/** Systems without SO_REUSEPORT have one listening socket. */
const skip = process.platform === 'linux' ? false : 'SO_REUSEPORT distributes connections on Linux only'

function opened(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connect(Number(port), hostname).on('error', () => undefined)
}

async function answerOn(socket: Socket): Promise<string> {
  let text = ''
  for await (const part of socket.setEncoding('latin1')) text += part as string
  return text
}

/** The turns of a busy event loop until new connections have their answers. */
async function turnsUntilAnswered(listenersMax: number): Promise<number> {
  await using service = await HttpService.start({ http: { limits: { listenersMax } } })
  let turns = 0
  let isBusy = true
  const turn = (): void => {
    turns += 1
    const end = performance.now() + TURN_MS
    while (performance.now() < end);
    if (isBusy) setImmediate(turn)
  }
  turn()
  const answers = Array.from({ length: CALLERS }, async () => {
    const socket = opened(service.url)
    socket.write(REQUEST)
    return await answerOn(socket)
  })
  for (const answer of await Promise.all(answers)) assert.match(answer, /^HTTP\/1\.1 200/)
  isBusy = false
  return turns
}

test('new connections are accepted several per turn of a busy event loop', { skip }, async (t) => {
  const [few, many] = [await turnsUntilAnswered(16), await turnsUntilAnswered(1)]
  t.diagnostic(`${few} turns with 16 listening sockets, ${many} with one`)
  assert.ok(few < many / 2, `${few} turns with 16 listening sockets, ${many} with one`)
})

test('there are no more connections than there may be, whichever socket they came by', async () => {
  const connectionsMax = 20
  await using service = await HttpService.start({ http: { limits: { connectionsMax } } })
  for (let round = 0; round < 2; round++) {
    let closedCount = 0
    const sockets = Array.from({ length: 60 }, () => opened(service.url).on('close', () => closedCount++))
    await until(async () => closedCount === 40, 'the end of what is too much')
    const open = sockets.filter((socket) => !socket.closed)
    for (const socket of open) socket.write(REQUEST)
    for (const answer of await Promise.all(open.map(answerOn))) assert.match(answer, /^HTTP\/1\.1 200/)
  }
})

test('closing answers what came by any socket, and leaves none open', async () => {
  await using service = await HttpService.start()
  const commits = Promise.withResolvers<void>()
  service.store.gate = commits.promise
  let arrived = 0
  service.app.server.on('request', () => arrived++)
  const sockets = Array.from({ length: 32 }, () => opened(service.url))
  const idle = Array.from({ length: 32 }, () => opened(service.url))
  const ends = idle.map((socket) => once(socket.resume(), 'close'))
  for (const socket of sockets) socket.write(POST)
  await until(async () => arrived === 32, 'every request')
  let isClosed = false
  const closing = service.app.close().then(() => (isClosed = true))
  await Promise.all(ends)
  await assert.rejects(fetch(`${service.url}/livez`))
  assert.equal(isClosed, false)
  const answers = Promise.all(sockets.map(answerOn))
  commits.resolve()
  for (const answer of await answers) assert.match(answer, /^HTTP\/1\.1 201 [^]*connection: close/i)
  await closing
})

/** A connection that is not one of the first listening socket. */
async function openedFurther(service: HttpService): Promise<Socket> {
  const { server } = service.app
  const ofFirst = promisify(server.getConnections.bind(server))
  for (;;) {
    const before = await ofFirst()
    const accepted = once(server, 'connection')
    const socket = opened(service.url)
    await accepted
    if ((await ofFirst()) === before) return socket
    socket.resume()
  }
}

test('closing waits for a connection that came by a further socket', { skip }, async () => {
  await using service = await HttpService.start()
  const commits = Promise.withResolvers<void>()
  service.store.gate = commits.promise
  const socket = await openedFurther(service)
  const arrived = once(service.app.server, 'request')
  socket.write(POST)
  await arrived
  const events: string[] = []
  const closing = service.app.close().then(() => events.push('closed'))
  await until(async () => !service.app.server.listening, 'the end of listening')
  for (let turn = 0; turn < 10; turn++) await quiet()
  assert.deepEqual(events, [])
  commits.resolve()
  assert.match(await answerOn(socket), /^HTTP\/1\.1 201/)
  await closing
})

test('a second service on the port is refused, also at the same moment', async () => {
  const port = await freePort()
  for (let round = 0; round < 2; round++) {
    const apps = Array.from({ length: 3 }, () => {
      const storage = openMemoryStorage()
      return buildServer({ engine: new Engine(storage.store), reader: storage.reader, store: storage, sweeper: null })
    })
    const results = await Promise.allSettled(apps.map((app) => listen(app, { host: '127.0.0.1', port })))
    const ports = apps.map((app) => (app.server.address() as AddressInfo | null)?.port)
    await Promise.all(apps.map((app) => app.close()))
    const codes = results.map((result) =>
      result.status === 'fulfilled' ? 'listens' : (result.reason as NodeJS.ErrnoException).code,
    )
    assert.deepEqual(
      codes.map(String).toSorted((left, right) => left.localeCompare(right)),
      ['EADDRINUSE', 'EADDRINUSE', 'listens'],
    )
    assert.equal(ports[codes.indexOf('listens')], port)
  }
})

test('of processes that are started at once on one port, one serves', async () => {
  const port = String(await freePort())
  const starts = Array.from({ length: 3 }, async () => await ServiceProcess.start('memory:', ['--port', port]))
  const results = await Promise.allSettled(starts)
  const services = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
  await using stack = new AsyncDisposableStack()
  for (const one of services) stack.use(one)
  const [service] = services
  assert.equal(services.length, 1)
  assert.equal((await fetch(`${service!.url}/livez`)).status, 200)
  const { exitCode, stderr } = await runHoldfast(['serve', '--store', 'memory:', '--port', port])
  assert.equal(exitCode, 3)
  assert.match(stderr, /is already in use/)
})
