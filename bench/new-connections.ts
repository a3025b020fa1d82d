/**
 * Measures requests on new connections to a busy service, with one listening socket and with several: `node bench/new-connections.ts`
 *
 *   --rounds N    runs of each kind, in turns; the table has the medians; default 3
 *   --seconds N   duration of a run; default 8
 *
 * Some callers keep the service busy with batches on kept connections. Meanwhile 100 quiet users make a request at a time, each on a new
 * connection.
 */
import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { listTable } from '../src/cli/tables.ts'
import { HTTP_LIMITS } from '../src/http/limits.ts'
import { listen } from '../src/http/listeners.ts'
import { buildServer } from '../src/http/server.ts'
import { openLedger } from '../src/ledger.ts'
import { startChild } from '../harness/children.ts'
import { HttpConnection } from './http-load.ts'

const QUIET_USERS = 100
const DEPOSIT = '{"account":"user:9","amount":"1"}'
const BUSY_CALLERS = 8
const BATCH_COMMANDS = 200

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    serve: { type: 'string' },
  },
})
if (values.serve === undefined) await compare()
else await serve(Number(values.serve))

async function serve(listenersMax: number): Promise<void> {
  const ledger = await openLedger('memory:', { sweep: false })
  await ledger.deposit({ account: 'user:8', amount: 1_000_000_000_000n })
  const { engine, storage } = ledger
  const app = buildServer({ engine, reader: storage.reader, store: storage, sweeper: null })
  await listen(app, { host: '127.0.0.1', port: 0 }, { listenersMax })
  process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`)
}

async function compare(): Promise<void> {
  const counts = [1, HTTP_LIMITS.listenersMax]
  const runs: (readonly [p50: number, p99: number, perSecond: number])[][] = counts.map(() => [])
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [index, count] of counts.entries()) runs[index]!.push(await measure(count))
  }
  const rows = counts.map((count, index) => {
    const [p50, p99, perSecond] = [0, 1, 2].map((column) =>
      quantile(
        runs[index]!.map((run) => run[column]!),
        0.5,
      ),
    )
    return [String(count), `${p50!.toFixed(0)} ms`, `${p99!.toFixed(0)} ms`, perSecond!.toFixed(0)]
  })
  console.log(
    `${QUIET_USERS} quiet users, a new connection for each request; ${BUSY_CALLERS} callers keep the service busy.\n`,
  )
  console.log(listTable(['listening sockets', 'p50', 'p99', 'requests/s of the quiet users'], rows))
}

async function measure(listenersMax: number): Promise<readonly [number, number, number]> {
  const child = startChild(process.execPath, [import.meta.filename, '--serve', String(listenersMax)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  const seconds = Number(values.seconds)
  const until = performance.now() + seconds * 1_000
  const busy = Array.from({ length: BUSY_CALLERS }, async () => {
    const connection = await HttpConnection.open(port)
    const commands = Array.from({ length: BATCH_COMMANDS }, () => ({ kind: 'freeze', account: 'user:8', amount: '1' }))
    while (performance.now() < until) await connection.post('/v1/batches', JSON.stringify({ commands }))
    connection.close()
  })
  const latencies: number[] = []
  const quiet = Array.from({ length: QUIET_USERS }, async () => {
    while (performance.now() < until) latencies.push(await onNewConnection(port))
  })
  await Promise.all([...busy, ...quiet])
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  return [quantile(latencies, 0.5), quantile(latencies, 0.99), latencies.length / seconds]
}

async function onNewConnection(port: number): Promise<number> {
  const askedAt = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `POST /v1/deposits HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${DEPOSIT.length}\r\n\r\n${DEPOSIT}`,
  )
  await once(socket.resume(), 'close')
  return performance.now() - askedAt
}

function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((left, right) => left - right)[
    Math.min(numbers.length - 1, Math.floor(numbers.length * share))
  ]!
}
