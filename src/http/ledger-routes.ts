/**
 * The routes of a ledger with everything that belongs to them: reading of bodies, admission, turns, compression, problems. The service
 * has them at its root; `ledgerRoutes` mounts them in the application of somebody else.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { pino, type Logger } from 'pino'
import type { KeyRingLimits } from '../access/key-ring.ts'
import { LedgerError } from '../api/error.ts'
import { LedgerKeys } from '../api/ledger-keys.ts'
import { LedgerReads } from '../api/ledger-reads.ts'
import { challenge, requireKeys } from './access.ts'
import { limitRequests } from './admission.ts'
import { Checks } from './checks.ts'
import type { Authors, FindKey } from './author.ts'
import type { Backend, StoreFacts } from './backend.ts'
import { commandRoutes } from './command-routes.ts'
import { Comparisons } from './comparisons.ts'
import { compressReads } from './compression.ts'
import { requireNotRefused } from './connections.ts'
import { refuseEncoded } from './encoding.ts'
import { Exports } from './exports.ts'
import { parseJson } from './json.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { logRequests, ProblemLog } from './log.ts'
import { Methods } from './methods.ts'
import { CallerRates } from './rates.ts'
import { sendError } from './respond.ts'
import { accountRoutes } from './routes/accounts.ts'
import { assetRoutes } from './routes/assets.ts'
import { batchRoutes } from './routes/batches.ts'
import { checkRoutes } from './routes/checks.ts'
import { entryRoutes } from './routes/entries.ts'
import { healthRoutes } from './routes/health.ts'
import { holdRoutes } from './routes/holds.ts'
import { keyRoutes } from './routes/keys.ts'
import { rateRoutes } from './routes/rates.ts'
import { reconcileRoutes } from './routes/reconcile.ts'
import { statsRoutes } from './routes/stats.ts'
import { whoamiRoutes } from './routes/whoami.ts'
import { statementRoutes } from './routes/statements.ts'
import { refuseWrites, showLag } from './read-only.ts'
import { errorOf } from './trouble.ts'
import { takeTurns } from './turns.ts'
import { Warnings } from './warnings.ts'

export interface RoutesOptions {
  readonly limits: HttpLimits
  readonly log: Logger
  /** Log one line per request in addition to problems. */
  readonly logRequests: boolean
  /** Whether the service is still starting, so that `/readyz` says no. */
  readonly isStarting?: () => boolean
  readonly keyLimits?: Partial<KeyRingLimits> | undefined
}

/** Adds the routes to `app`, which must be a scope of its own: its parsers and its error handler are replaced. */
export function addLedgerRoutes(app: FastifyInstance, backend: Backend, options: RoutesOptions): void {
  const { limits, log } = options
  const problems = new ProblemLog(log)
  acceptJson(app, limits)
  app.setErrorHandler((thrown, request, reply) => answerError(thrown, { request, reply, problems }))
  app.addHook('onClose', async () => problems.flush())
  if (options.logRequests) logRequests(app, log)
  takeTurns(app, limits)
  const rates = new CallerRates(limits)
  const ring = requireKeys(app, { keys: backend.store.keys, limits: options.keyLimits })
  if (backend.isReadOnly === true) refuseWrites(app)
  if (backend.isReadOnly === true && backend.replica) showLag(app, backend.replica)
  limitRequests(app, backend, limits, rates, (request, error) => {
    if (error.code === 'rate_limited') problems.countRateLimited()
    problems.write(request, error)
  })
  compressReads(app, limits)
  const reads = new LedgerReads(backend.reader, (thrown) => errorOf(thrown))
  healthRoutes(app, backend, new Warnings(backend.store, limits, log), options.isStarting)
  commandRoutes(app, backend)
  batchRoutes(app, backend, { limits, rates })
  holdRoutes(app, reads)
  accountRoutes(app, reads)
  statementRoutes(app, reads, new Exports(backend.reader, limits))
  entryRoutes(app, reads)
  assetRoutes(app, reads)
  rateRoutes(app, reads)
  statsRoutes(app, reads)
  checkRoutes(app, new Checks(backend.store.auditor, backend.examine ?? null, limits))
  reconcileRoutes(app, new Comparisons(reads, limits), limits)
  whoamiRoutes(app)
  keyRoutes(app, new LedgerKeys(backend.store.keys, (thrown) => errorOf(thrown)), () => ring.forget())
}

interface Circumstances {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly problems: ProblemLog
}

export function answerError(thrown: unknown, { request, reply, problems }: Circumstances): FastifyReply {
  const error = errorOf(thrown, request.raw)
  problems.write(request, error)
  challenge(reply, error, request.headers.authorization !== undefined)
  return sendError(reply, error)
}

/** Unknown paths and methods are problems too, for the routes that are added to `app` from now on. */
export function refuseUnknownRoutes(app: FastifyInstance): void {
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
}

function acceptJson(app: FastifyInstance, { bodyBytesMax: bodyLimit }: HttpLimits): void {
  app.removeAllContentTypeParsers()
  const options = { parseAs: 'buffer', bodyLimit } as const
  app.addContentTypeParser('application/json', options, ({ headers, raw }, body: Buffer, done) => {
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

/** The parts of an `EmbeddedLedger` that the routes use. */
export interface MountableLedger
  extends Pick<Backend, 'engine' | 'sweeper' | 'tracing' | 'isReadOnly' | 'replica'>, Pick<Authors, 'actors'> {
  readonly storage: StoreFacts & Pick<Backend, 'reader'>
}

export interface LedgerRoutesOptions {
  /** The ledger in this process, from `openLedger`. Close it after the application. */
  readonly ledger: MountableLedger
  /** Those of connections are the application's own: they have no effect here. */
  readonly limits?: Partial<HttpLimits>
  /** How soon the routes notice that keys were made or revoked elsewhere. */
  readonly keyLimits?: Partial<KeyRingLimits>
  /** Default: silent. */
  readonly logger?: Logger
  /** Log one line per request in addition to problems. Default false. */
  readonly logRequests?: boolean
  /**
   * Finds the key by which the application has authenticated a call. It is recorded with every command of the call, together with
   * `request.ip` and the trace, and confines them. Default: the key of the ledger that the call was sent with.
   */
  readonly keyOf?: FindKey
}

/**
 * The routes of the service as a fastify plugin: `app.register(ledgerRoutes, { ledger, prefix: '/ledger' })`.
 *
 * As in the service, callers need a key as soon as the ledger has one; whoever makes none decides by other means who may call. Hooks of
 * the application, such as one that authenticates, run before those of the routes. Everything else stays inside: parsers of
 * bodies, the error handler, and the schemas, which are not in the application's OpenAPI document (`holdfast/openapi.json` has them).
 * With a prefix, unknown paths below it are answered with a problem.
 */
export const ledgerRoutes: FastifyPluginAsync<LedgerRoutesOptions> = async (app, options) => {
  const { engine, actors, storage, sweeper, tracing, isReadOnly = false, replica = null } = options.ledger
  // Schemas of the application may have the same names, and its compiler may not know JSON Schema.
  app.addHook('onRoute', (route) => {
    route.schema = { hide: true }
  })
  if (app.prefix !== '') refuseUnknownRoutes(app)
  addLedgerRoutes(
    app,
    {
      engine,
      reader: storage.reader,
      authors: { actors, keyOf: options.keyOf },
      store: storage,
      sweeper,
      tracing,
      isReadOnly,
      replica,
    },
    {
      limits: { ...HTTP_LIMITS, ...options.limits },
      log: options.logger ?? pino({ enabled: false }),
      logRequests: options.logRequests ?? false,
      keyLimits: options.keyLimits,
    },
  )
}
