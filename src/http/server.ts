/**
 * The HTTP service.
 *
 *   request ─▶ admission ─▶ routes/… ─▶ api: command or query ─▶ engine or reader ─▶ respond ─▶ response
 *                 └── anything thrown ─▶ trouble ─▶ respond: problem (RFC 9457)
 *
 * Fastify's validation is off: src/api checks every input, for the library and for HTTP. A test compares these checks with the schemas
 * of the OpenAPI document.
 */
import cors from '@fastify/cors'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { pino, type Logger } from 'pino'
import type { RequestMeasures } from '../metrics/request-measures.ts'
import type { KeyRingLimits } from '../access/key-ring.ts'
import type { Backend } from './backend.ts'
import { callIdOf, returnCallIds } from './call-id.ts'
import { answerEverything, clientErrorHandler, connectionsOf, needOneHost } from './connections.ts'
import { consoleFiles, findConsole, type BuiltConsole } from './console.ts'
import { corsOptions } from './cors.ts'
import { homeRoute } from './home.ts'
import { addLedgerRoutes, answerError, refuseUnknownRoutes } from './ledger-routes.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { ProblemLog } from './log.ts'
import { measureRequests, metricsRoute, type MetricsText } from './metrics.ts'
import { NAMED_SCHEMAS, OPENAPI, withOptionalBodies, withProblems } from './openapi.ts'
import { referenceRoutes } from './reference.ts'
import { refuseOtherSites } from './sites.ts'
import { endStalledAnswers } from './stalled.ts'

export interface HttpOptions {
  readonly limits?: Partial<HttpLimits>
  /** How soon the service notices that keys were made or revoked elsewhere. */
  readonly keyLimits?: Partial<KeyRingLimits>
  /** Default: silent. */
  readonly logger?: Logger
  /** Log one line per request in addition to problems. Default false. */
  readonly logRequests?: boolean
  /** Measures the requests. Default: none are measured. */
  readonly requestMeasures?: RequestMeasures
  /** Answered at `/metrics`. Default: there is no such route. */
  readonly metrics?: MetricsText
  /** Names in lower case by which the service may be called, besides addresses and localhost; `*` for all. Default: none. */
  readonly allowedHosts?: readonly string[]
  /** The addresses of proxies, such as `10.0.0.0/8`, whose `X-Forwarded-For` says who is calling. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** The origins whose pages may call the service, such as `https://app.example.org`; `*` for all. Default: its own. */
  readonly corsOrigins?: readonly string[]
  /** The console, answered at `/`; null for none. Default: the one that the package brings, if it was built. */
  readonly console?: BuiltConsole | null
  /** While it returns true, `/readyz` answers `starting`; everything else is served. Default: never. */
  readonly isStarting?: () => boolean
}

/** Longer than any percent-encoded name in a path, so that src/api refuses a longer name with a proper message. */
const PATH_NAME_LENGTH_MAX = 4_096

/**
 * The service over `backend`, ready to `listen`. `close` accepts no more connections, answers the requests in progress, and returns
 * within `shutdownMs`. The caller stops the backend afterwards.
 */
export function buildServer(backend: Backend, options: HttpOptions = {}): FastifyInstance {
  const limits = { ...HTTP_LIMITS, ...options.limits }
  const log = options.logger ?? pino({ enabled: false })
  const problems = new ProblemLog(log)
  const app = Fastify({
    // The service has its own logging, because a child logger per request would cost more than most requests.
    logger: false,
    genReqId: callIdOf,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckMs,
      maxHeaderSize: limits.headerBytesMax,
      // Node would refuse without a body; `needOneHost` refuses with a problem.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: PATH_NAME_LENGTH_MAX },
    // During `close`, requests on open connections are still answered, and the connection ends with the response.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void answerError(error, { request, reply, problems }),
    clientErrorHandler,
  })
  answerEverything(app.server)
  returnCallIds(app)
  app.addHook('onRequest', needOneHost)
  if (options.requestMeasures !== undefined) measureRequests(app, options.requestMeasures)
  const { allowedHosts = [], corsOrigins } = options
  app.addHook('onRequest', refuseOtherSites({ allowedHosts, corsOrigins: corsOrigins ?? [] }))
  app.setErrorHandler((thrown, request, reply) => answerError(thrown, { request, reply, problems }))
  app.addHook('onClose', async () => problems.flush())
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema)
  app.server.maxConnections = limits.connectionsMax
  endConnectionsOnClose(app, limits.shutdownMs)
  endStalledAnswers(app, limits, log)
  // Before the routes, so that refusals can be read by the pages of these origins too.
  if (corsOrigins !== undefined) void app.register(cors, corsOptions(corsOrigins))
  addDocument(app)
  // The routes are in a plugin, so that the hooks of the plugins before it see them.
  void app.register(async (routes) => {
    refuseUnknownRoutes(routes)
    const { logRequests = false, isStarting = () => false, keyLimits } = options
    addLedgerRoutes(routes, backend, { limits, log, logRequests, isStarting, keyLimits })
    if (options.metrics !== undefined) metricsRoute(routes, options.metrics)
    const built = options.console === undefined ? findConsole() : options.console
    homeRoute(routes, built)
    if (built !== null) await consoleFiles(routes, built)
    await referenceRoutes(routes)
  })
  return app
}

/** The document collects the routes that are added after this. */
function addDocument(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: OPENAPI,
    transform: withProblems,
    transformObject: withOptionalBodies,
    refResolver: {
      buildLocalReference: (schema, _, fragment, index) => {
        const { $id } = schema
        return typeof $id === 'string' ? $id : `${fragment}${index}`
      },
    },
  })
}

/**
 * Node closes the idle connections when `close` begins. A busy connection would stay open after its response, so the response has
 * `connection: close`. Connections without a response at the deadline are reset; an ordinary close would make half of an HTTP/1.0
 * response look complete. A connection with an unread request looks idle too, so requests that have arrived are read first.
 */
function endConnectionsOnClose(app: FastifyInstance, shutdownMs: number): void {
  let closing = false
  let deadline: NodeJS.Timeout | undefined
  const connections = connectionsOf(app.server)
  app.addHook('preClose', (done) => {
    closing = true
    deadline = setTimeout(() => {
      for (const socket of connections) socket.resetAndDestroy()
    }, shutdownMs)
    setImmediate(() => setImmediate(done))
  })
  app.addHook('onSend', (_, reply, payload, done) => {
    if (closing) reply.header('connection', 'close')
    done(null, payload)
  })
  app.addHook('onClose', async () => {
    // The HTTP server waits only for connections of its own listening socket. An error of a connection is followed by its close.
    await Promise.all([...connections].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    clearTimeout(deadline)
  })
}
