/** The thread of the health port: an HTTP server that answers from what it last heard from the main thread. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { LedgerError } from '../api/error.ts'
import { PROBLEM_TYPE } from '../api/problem-response.ts'
import type { FromHealthThread, HealthThreadData, Readiness, ToHealthThread } from './health-port.ts'

const { host, port, limits } = workerData as HealthThreadData
const ALIVE = {
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: '{"status":"alive"}',
}

let beatAt = performance.now()
let report: { readonly answer: Readiness; readonly at: number } | null = null

const server = createServer({
  requestTimeout: limits.requestTimeoutMs,
  headersTimeout: limits.requestTimeoutMs,
  connectionsCheckingInterval: limits.beatMs,
})
server.maxConnections = limits.connectionsMax
server.on('request', (request, response) => send(response, answerTo(request)))
server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
  tell({ failed: { code, message } })
  parentPort!.close()
})
server.listen({ host, port }, () => tell({ address: server.address() as AddressInfo }))

parentPort!.on('message', (message: ToHealthThread) => {
  if (message === 'end') {
    parentPort!.close()
    server.close()
    server.closeAllConnections()
  } else {
    beatAt = performance.now()
    if (message !== 'beat') report = { answer: message, at: beatAt }
  }
})

function answerTo({ method, url = '/' }: IncomingMessage): Readiness {
  const path = url.split('?', 1)[0]!
  const isProbe = path === '/livez' || path === '/healthz' || path === '/readyz'
  if (!isProbe) return problem(new LedgerError('route_not_found', `The health port has no route ${path}.`))
  if (method !== 'GET' && method !== 'HEAD') {
    const allow = 'GET, HEAD'
    const error = new LedgerError('method_not_allowed', `${path} supports ${allow}.`, { details: { allow } })
    return problem(error, { allow })
  }
  return path === '/readyz' ? readiness() : liveness()
}

function liveness(): Readiness {
  const silentMs = performance.now() - beatAt
  if (silentMs <= limits.stuckMsMax) return ALIVE
  const message = `The main thread of the service has not run for ${inSeconds(silentMs)} s.`
  return problem(new LedgerError('unresponsive', message))
}

/** The last answer of the service, with its age. */
function readiness(): Readiness {
  if (report === null) return problem(new LedgerError('starting', 'The service is starting.'))
  const ageMs = performance.now() - report.at
  if (ageMs > limits.reportAgeMsMax) {
    const message = `The service has not reported for ${inSeconds(ageMs)} s whether it is ready.`
    return problem(new LedgerError('unresponsive', message))
  }
  const { answer } = report
  return { ...answer, headers: { ...answer.headers, age: String(inSeconds(ageMs)) } }
}

function inSeconds(ms: number): number {
  return Math.round(ms / 1_000)
}

function problem(error: LedgerError, headers = {}): Readiness {
  return { status: error.status, headers: { ...headers, 'content-type': PROBLEM_TYPE }, body: JSON.stringify(error) }
}

function send(response: ServerResponse, { status, headers, body }: Readiness): void {
  const length = { 'content-length': Buffer.byteLength(body) }
  response.writeHead(status, {
    ...headers,
    ...length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}

function tell(message: FromHealthThread): void {
  parentPort!.postMessage(message)
}
