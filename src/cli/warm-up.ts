/**
 * The warm-up of a service: it makes requests to itself until they are fast.
 *
 * A process that was just started interprets its code; the engine of JavaScript compiles what runs often. Until then a hundred calls
 * at once take several times as long as later. So before `/readyz` says yes, the code of the service runs: the same routes on a real socket,
 * over a ledger in memory that is thrown away. The ledger of the service is not touched.
 */
import { connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { buildServer } from '../http/server.ts'
import { openLedger } from '../ledger.ts'

/** Requests of a round, all at once: as many as a busy user makes. */
const CALLERS = 100
/** The process is warm when this many rounds in a row were not faster than the fastest before by more than a share. */
const ROUNDS_LEVEL = 4
const GAIN_MIN = 0.05
/** Code is compiled after a number of calls, so the first rounds say little. */
const ROUNDS_MIN = 8

export interface WarmUp {
  readonly roundsCount: number
  readonly ms: number
  /** The mean latency of the first and of the last round, in milliseconds. */
  readonly firstMs: number
  readonly lastMs: number
}

/**
 * Runs rounds of requests until they get no faster, for at most about `msMax`: a round that has begun is ended.
 *
 * @param isWanted false to end early, because the service stops
 */
export async function warmUp(msMax: number, isWanted: () => boolean = () => true): Promise<WarmUp> {
  const startedAt = performance.now()
  const elapsed = (): number => performance.now() - startedAt
  await using ledger = await openLedger('memory:', { sweep: false })
  const { engine, storage } = ledger
  const app = buildServer({ engine, reader: storage.reader, store: storage, sweeper: null })
  const callers: Caller[] = []
  try {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    for (let caller = 0; caller < CALLERS; caller++) callers.push(await Caller.open(port))
    await callers[0]!.ask(post('/v1/deposits', { requestId: 'funds', account: 'user:8', amount: '1000000000' }))
    const means: number[] = []
    while (elapsed() < msMax && isWanted() && !isLevel(means)) means.push(await round(callers, means.length))
    return { roundsCount: means.length, ms: elapsed(), firstMs: means[0] ?? 0, lastMs: means.at(-1) ?? 0 }
  } finally {
    for (const caller of callers) caller.end()
    await app.close()
  }
}

/** Whether the latest rounds gained nothing over those before. @param means the mean latencies of the rounds */
export function isLevel(means: readonly number[]): boolean {
  if (means.length < ROUNDS_MIN + ROUNDS_LEVEL) return false
  const before = Math.min(...means.slice(0, -ROUNDS_LEVEL))
  const latest = Math.min(...means.slice(-ROUNDS_LEVEL))
  return latest > before * (1 - GAIN_MIN)
}

/** Each caller freezes and then ends its hold; some transfer, combine commands, or read. @returns the mean latency in milliseconds */
async function round(callers: readonly Caller[], number: number): Promise<number> {
  const freezes = callers.map((caller, index) =>
    caller.ask(post('/v1/holds', { requestId: idOf(number, index), account: 'user:8', amount: '616' })),
  )
  const first = await Promise.all(freezes)
  const second = await Promise.all(callers.map((caller, index) => caller.ask(followUp(number, index))))
  return [...first, ...second].reduce((sum, ms) => sum + ms, 0) / (first.length + second.length)
}

function idOf(number: number, index: number): string {
  return `job-${number}-${index}`
}

function followUp(number: number, index: number): string {
  const id = idOf(number, index)
  switch (index % 10) {
    case 0:
      return post('/v1/transfers', { legs: [{ from: 'user:8', to: 'user:9', amount: '1' }] })
    case 1: {
      const settle = { kind: 'settle', hold: id, amount: '500' }
      return post('/v1/batches', { commands: [settle, { kind: 'deposit', account: 'user:9', amount: '1' }] })
    }
    case 2:
      return get('/v1/accounts/user:8')
    case 3:
      return get(`/v1/holds/${id}`)
    case 4:
      return get('/v1/accounts/user:8/postings?limit=20')
    case 5:
    case 6:
      return post(`/v1/holds/${id}/release`, {})
    default:
      return post(`/v1/holds/${id}/settle`, { amount: '500' })
  }
}

const HOST = 'Host: localhost\r\n'

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}\r\n`
}

function post(path: string, body: object): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

/** A connection with one request at a time. It reads no more of HTTP than the answers here need. */
class Caller {
  readonly #socket: Socket
  #received = ''
  #resolve = (): void => {}
  #reject: (error: Error) => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket.setNoDelay().setEncoding('latin1')
    socket.on('data', (part: string) => this.#receive(part))
    socket.on('error', (error) => this.#reject(error))
    socket.on('close', () => this.#reject(new Error('The connection of the warm-up ended.')))
  }

  static async open(port: number): Promise<Caller> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Caller(socket)
  }

  /** @returns the latency in milliseconds */
  async ask(request: string): Promise<number> {
    const askedAt = performance.now()
    this.#received = ''
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#resolve = resolve
    this.#reject = reject
    this.#socket.write(request, 'latin1')
    await promise
    return performance.now() - askedAt
  }

  end(): void {
    this.#reject = () => {}
    this.#socket.destroy()
  }

  #receive(part: string): void {
    this.#received += part
    const bodyAt = this.#received.indexOf('\r\n\r\n') + 4
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#received)
    if (bodyAt < 4 || length === null || this.#received.length < bodyAt + Number(length[1])) return
    // What is refused here is a defect of the warm-up: it would exercise other code than callers do.
    if (this.#received.startsWith('HTTP/1.1 20')) this.#resolve()
    else this.#reject(new Error(`A request of the warm-up was refused: ${this.#received.slice(0, 500)}`))
  }
}
