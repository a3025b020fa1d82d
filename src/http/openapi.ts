/** The parts of the OpenAPI document besides the schemas: problems with examples, and the idempotency headers. */
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger'
import { Account } from '../api/account.ts'
import { Asset, Assets } from '../api/asset.ts'
import { Balance, BalancePage } from '../api/balance.ts'
import { SCOPES, type Scope } from '../access/scope.ts'
import { pathTemplate, type Contract } from '../api/contract.ts'
import { ALL_CONTRACTS, BODIES } from '../api/contracts.ts'
import { Entry, EntryLeg, FeedPage } from '../api/entry.ts'
import { Key, KeyBody, KeyPage, RotateBody, SecretKey } from '../api/key-schemas.ts'
import { HouseAccount } from '../api/house-account.ts'
import { Hold, HoldEvent, HoldEventPage, HoldPage } from '../api/hold.ts'
import { AppliedOutcome, Batch, Health, Problem, Readiness, RefusedOutcome } from '../api/outcome-schemas.ts'
import { OpenedAccount } from '../api/opened-account.ts'
import { Posting, PostingPage, StatementLine } from '../api/posting.ts'
import { exampleOf } from '../api/problem-examples.ts'
import type { ProblemCode } from '../api/problem.ts'
import { PROBLEMS } from '../api/problems.ts'
import { Rate, RatePage } from '../api/rate.ts'
import { reference, RequestId } from '../api/schema.ts'
import { Examination } from '../api/examination.ts'
import { Caller } from '../api/caller.ts'
import { AssetStats, StatsPage } from '../api/stats.ts'
import { AMOUNT_MAX } from '../domain/amount.ts'
import { VERSION } from '../version.ts'
import { Type, type TSchema } from '../api/typebox.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The problems that the route can answer with. */
    problems?: readonly ProblemCode[]
  }
}

/** The named schemas of the document. */
export const NAMED_SCHEMAS = [
  Balance,
  Account,
  OpenedAccount,
  Asset,
  Assets,
  HouseAccount,
  Hold,
  HoldPage,
  HoldEvent,
  HoldEventPage,
  Posting,
  StatementLine,
  PostingPage,
  Rate,
  RatePage,
  BalancePage,
  AssetStats,
  StatsPage,
  EntryLeg,
  Entry,
  FeedPage,
  Key,
  SecretKey,
  KeyPage,
  KeyBody,
  RotateBody,
  Caller,
  Examination,
  Problem,
  AppliedOutcome,
  RefusedOutcome,
  Batch,
  Health,
  Readiness,
  ...new Set(ALL_CONTRACTS.map(({ answered }) => answered.schema)),
  ...BODIES,
]

const FAULTS = [
  'overloaded',
  'rate_limited',
  'contention',
  'store_unavailable',
  'store_misconfigured',
  'clock_wrong',
  'commit_in_doubt',
  'shutting_down',
  'deadline_exceeded',
  'store_refused',
  'internal',
] as const satisfies readonly ProblemCode[]

export const WRITE_PROBLEMS: readonly ProblemCode[] = [
  'invalid_request',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'headers_too_large',
  'host_not_allowed',
  'origin_not_allowed',
  'read_only',
  ...FAULTS,
]
export const READ_PROBLEMS: readonly ProblemCode[] = [
  'invalid_request',
  'headers_too_large',
  'host_not_allowed',
  'origin_not_allowed',
  'overloaded',
  'rate_limited',
  'store_unavailable',
  'store_misconfigured',
  'internal',
]

const IDEMPOTENCY_KEY = {
  'Idempotency-Key': Type.Optional({
    ...RequestId,
    description: 'The request id, instead of `requestId` in the body. If both are given, they must be equal.',
  }),
}

const CONDITIONS = {
  ifVersion: 'the balance of `account` has one of these tags, instead of `ifVersion` in the body',
  ifSteps: 'the hold has one of these tags, instead of `ifSteps` in the body',
} as const

/** The headers of the route of a command. */
export function commandHeaders({ takesRequestId, condition }: Contract): { readonly headers?: TSchema } {
  const headers = {
    ...(takesRequestId ? IDEMPOTENCY_KEY : {}),
    ...(condition === null
      ? {}
      : {
          'If-Match': Type.Optional(
            Type.String({
              description:
                `Apply the command only if ${CONDITIONS[condition]}. A tag covers everything that the answer shows, so it also differs ` +
                'when a database that went back in time has reached the same number again. `*`: it exists. A weak tag matches nothing.',
              examples: ['"3-1x2y3z"'],
            }),
          ),
        }),
  }
  return Object.keys(headers).length === 0 ? {} : { headers: Type.Object(headers) }
}

/** The headers of a read whose answer has a tag. */
export const READ_CONDITIONS = Type.Object({
  'If-None-Match': Type.Optional(
    Type.String({ description: 'Tags of what the caller has. The answer is 304 if one of them is current.' }),
  ),
  'If-Match': Type.Optional(Type.String({ description: 'Tags that the caller expects. Another one is refused.' })),
})

const ETAG = { ETag: { type: 'string', description: 'The entity tag of the balance or hold, for `If-Match`.' } }

const REPLAYED = {
  'Idempotent-Replayed': {
    type: 'string',
    description:
      '`true` if the request is a repeat: the answer is the first one. Also if the service lost its connection to the database during ' +
      'the commit and found the effect afterwards.',
  },
}

/** The answer of a route, as a reference to a named schema. */
export function answers<Schema extends TSchema>(schema: Schema & { $id: string }): TSchema {
  return reference(schema)
}

/** The answers of a read that has a tag. */
export function taggedAnswers<Schema extends TSchema>(schema: Schema & { $id: string }) {
  return {
    200: { ...reference(schema), headers: ETAG },
    304: { type: 'null', description: 'It has not changed.', headers: ETAG },
  }
}

/** The answer of a command. */
export function commandAnswers({ answer, answered }: Contract): object {
  const headers = 'tag' in answer ? { ...REPLAYED, ...ETAG } : REPLAYED
  return { ...reference(answered.schema), headers }
}

export const OPENAPI = {
  openapi: '3.1.0' as const,
  info: {
    title: 'Holdfast',
    version: VERSION,
    description:
      'A credits ledger: freeze the maximum cost of a call, settle the actual cost, and the rest returns to the holder.\n\n' +
      `Amounts are whole minor units as decimal strings: of an asset with 2 decimal places, \`150\` is 1.50. The amount of a request is at most ${AMOUNT_MAX} and can also be a safe ` +
      'integer. Amounts in answers are within a signed 64-bit integer; only the balance of a house account can be outside. Instants are ' +
      'ISO 8601. Bodies are strict: unknown and duplicate fields are refused, and values are not converted.\n\n' +
      'A request id has one effect, forever. A request can be repeated with the same id any number of times: the response is the first ' +
      'answer, with `replayed: true` and `Idempotent-Replayed: true`; that of a freeze also shows the hold as it is now. Errors are ' +
      'problems (RFC 9457) with a stable `code`. If `retryable` is true, send the same request again, after `Retry-After` seconds if the ' +
      'header is present.\n\n' +
      'Every response has an `X-Request-Id`: the one of the request, or a new one. It names the HTTP call in the logs; unlike the request ' +
      'id of a command it has no effect. Reads of 2,048 characters and more are compressed with gzip for callers that accept it.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  components: {
    securitySchemes: {
      key: {
        type: 'http' as const,
        scheme: 'bearer',
        description:
          'A key (`hf_…`) with the scopes that the operation needs, or, for reads of one account, a token (`hft_…`) that was made with one. ' +
          'Needed as soon as the ledger has a key.',
      },
    },
  },
  servers: [{ url: '/', description: 'This service.' }],
  tags: [
    { name: 'holds', description: 'Set coins aside, then settle the actual cost: at once, in parts, or late.' },
    { name: 'movements', description: 'Deposits, charges and transfers.' },
    { name: 'batches', description: 'Several commands in one request.' },
    { name: 'accounts', description: 'Balances, floors and statements.' },
    { name: 'assets', description: 'Assets, and the rates between them.' },
    { name: 'keys', description: 'Keys of callers: who may do what.' },
    { name: 'service', description: 'Health of the service.' },
  ],
}

/** Fastify cannot declare a body as optional. */
export const withOptionalBodies: SwaggerTransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  const optional = ALL_CONTRACTS.filter(({ bodyIsOptional }) => bodyIsOptional).map(({ route }) => ({
    path: pathTemplate(route),
    method: route.method === 'POST' ? ('post' as const) : ('put' as const),
  }))
  for (const { path, method } of [...optional, { path: '/v1/keys/{name}/rotate', method: 'post' as const }]) {
    const body = openapiObject.paths?.[path]?.[method]?.requestBody
    if (body === undefined || !('required' in body)) throw new Error(`The document has no body for ${path}.`)
    body.required = false
  }
  return openapiObject
}

/** Adds the route's problems to its responses, one per status, with an example per code. */
export const withProblems: SwaggerTransform = ({ schema, url, route }) => {
  const { problems = [], scopes } = route.config ?? {}
  const codes = scopes === undefined ? problems : [...problems, ...ACCESS_CODES]
  if (codes.length === 0) return { schema, url }
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of codes) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const response: Record<string, unknown> = { ...(schema.response as Record<string, unknown>) }
  for (const [status, ofStatus] of [...byStatus].sort(([left], [right]) => left - right)) {
    response[status] = problemResponse(ofStatus)
  }
  return { schema: { ...schema, response, ...(scopes === undefined ? {} : securityOf(schema, scopes)) }, url }
}

const ACCESS_CODES = ['unauthenticated', 'forbidden'] as const satisfies readonly ProblemCode[]

/** The scopes of which one is enough, as alternatives; the description says them too, because few readers show them. */
function securityOf({ description }: { readonly description?: string }, scopes: readonly Scope[]): object {
  const isForAll = scopes.length === SCOPES.length
  const names = scopes.map((scope) => `\`${scope}\``).join(' or ')
  const ofScopes = isForAll ? 'Every key may read this.' : `Needs the scope ${names}.`
  const needed = scopes.length === 0 ? 'Needs the scope of each command.' : ofScopes
  return {
    description: description === undefined ? needed : `${description}\n\n${needed}`,
    security: scopes.length === 0 || isForAll ? [{ key: [] }] : scopes.map((scope) => ({ key: [scope] })),
  }
}

function problemResponse(codes: readonly ProblemCode[]): object {
  const examples = Object.fromEntries(
    codes.map((code) => [code, { summary: PROBLEMS[code].title, value: exampleOf(code).toJSON() }]),
  )
  const retryable = codes.some((code) => PROBLEMS[code].retryAfterMs !== null)
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].meaning}`).join('\n\n'),
    content: { 'application/problem+json': { schema: reference(Problem), examples } },
    ...(retryable
      ? {
          headers: {
            'Retry-After': { type: 'integer', minimum: 0, description: 'Seconds to wait before a repeat.' },
          },
        }
      : {}),
  }
}
