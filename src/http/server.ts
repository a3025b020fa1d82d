/**
 * The HTTP service.
 *
 *   request ─▶ admission ─▶ routes/… ─▶ api: command or query ─▶ engine or reader ─▶ respond ─▶ response
 *                 └── anything thrown ─▶ trouble ─▶ respond: problem (RFC 9457)
 *
 * Fastify's validation is off: src/api checks every input, for the library and for HTTP. A test compares these checks with the schemas
 * of the OpenAPI document.
 */
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { pino, type Logger } from 'pino'
import { LedgerError } from '../api/error.ts'
import { LedgerReads } from '../api/ledger-reads.ts'
import { limitRequests } from './admission.ts'
import type { Backend } from './backend.ts'
import { commandRoutes } from './command-routes.ts'
import { answerEverything, clientErrorHandler, connectionsOf, needOneHost, requireNotRefused } from './connections.ts'
import { parseJson } from './json.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { logRequests, ProblemLog } from './log.ts'
import { Methods } from './methods.ts'
import { NAMED_SCHEMAS, OPENAPI, withOptionalBodies, withProblems } from './openapi.ts'
import { referenceRoutes } from './reference.ts'
import { sendError } from './respond.ts'
import { accountRoutes } from './routes/accounts.ts'
import { assetRoutes } from './routes/assets.ts'
import { batchRoutes } from './routes/batches.ts'
import { entryRoutes } from './routes/entries.ts'
import { healthRoutes } from './routes/health.ts'
import { holdRoutes } from './routes/holds.ts'
import { rateRoutes } from './routes/rates.ts'
import { statementRoutes } from './routes/statements.ts'
import { Exports } from './exports.ts'
import { errorOf } from './trouble.ts'
import { takeTurns } from './turns.ts'
import { Warnings } from './warnings.ts'

export interface HttpOptions {
  readonly limits?: Partial<HttpLimits>
  /** Default: silent. */
  readonly logger?: Logger
  /** Log one line per request in addition to problems. Default false. */
  readonly logRequests?: boolean
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
  const onError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = errorOf(thrown, request.raw)
    problems.write(request, error)
    return sendError(reply, error)
  }
  const app = Fastify({
    // The service has its own logging, because a child logger per request would cost more than most requests.
    logger: false,
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
    frameworkErrors: (error, request, reply) => void onError(error, request, reply),
    clientErrorHandler,
  })
  answerEverything(app.server)
  app.addHook('onRequest', needOneHost)
  acceptJson(app)
  app.setErrorHandler(onError)
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema)
  if (options.logRequests === true) logRequests(app, log)
  app.server.maxConnections = limits.connectionsMax
  takeTurns(app, limits)
  limitRequests(app, backend, limits, (request, error) => problems.write(request, error))
  endConnectionsOnClose(app, limits.shutdownMs)
  addRoutes(app, backend, {
    warnings: new Warnings(backend.store, limits, log),
    exports: new Exports(backend.reader, limits),
  })
  return app
}

function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ headers, raw }, body: Buffer, done) => {
    try {
      requireNotRefused(raw)
      refuseEncoded(headers['content-encoding'])
      done(null, body.length === 0 ? undefined : parseJson(body))
    } catch (error) {
      done(error as Error)
    }
  })
  app.setValidatorCompiler(() => () => true)
}

/** Compressed bodies are not supported: any Content-Encoding but identity is refused. */
function refuseEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return
  throw new LedgerError('unsupported_media_type', 'The body must be sent without a Content-Encoding.')
}

function addRoutes(
  app: FastifyInstance,
  backend: Backend,
  { warnings, exports }: { readonly warnings: Warnings; readonly exports: Exports },
): void {
  const reads = new LedgerReads(backend.reader, (thrown) => errorOf(thrown))
  const methods = new Methods()
  methods.watch(app)
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?', 1)[0]!
    const allowed = methods.of(path)
    if (allowed.length === 0) throw new LedgerError('route_not_found', `There is no route ${path}.`)
    const allow = allowed.join(', ')
    throw new LedgerError('method_not_allowed', `${path} supports ${allow}, not ${request.method}.`, {
      details: { allow },
    })
  })
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
  // The routes are in a plugin, so that the hook of the OpenAPI document sees them.
  void app.register(async (routes) => {
    healthRoutes(routes, backend, warnings)
    commandRoutes(routes, backend)
    batchRoutes(routes, backend)
    holdRoutes(routes, reads)
    accountRoutes(routes, reads)
    statementRoutes(routes, reads, exports)
    entryRoutes(routes, reads)
    assetRoutes(routes, reads)
    rateRoutes(routes, reads)
    await referenceRoutes(routes)
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
  app.addHook('onClose', (_, done) => {
    clearTimeout(deadline)
    done()
  })
}
