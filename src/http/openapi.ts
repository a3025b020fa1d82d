/** The parts of the OpenAPI document besides the schemas: problems with examples, and the idempotency headers. */
import { Type, type TSchema } from 'typebox'
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger'
import { Account } from '../api/account.ts'
import { Asset, Assets } from '../api/asset.ts'
import { Balance } from '../api/balance.ts'
import { pathTemplate } from '../api/contract.ts'
import { ALL_CONTRACTS, BODIES } from '../api/contracts.ts'
import { Entry, EntryLeg } from '../api/entry.ts'
import { Hold, HoldEvent, HoldEventPage, HoldPage } from '../api/hold.ts'
import { AppliedOutcome, Batch, Health, Problem, Readiness, RefusedOutcome } from '../api/outcome-schemas.ts'
import { Posting, PostingPage, StatementLine } from '../api/posting.ts'
import { problemOfError } from '../api/problem-details.ts'
import { exampleOf } from '../api/problem-examples.ts'
import type { ProblemCode } from '../api/problem.ts'
import { PROBLEMS } from '../api/problems.ts'
import { Rate, RatePage } from '../api/rate.ts'
import { reference, RequestId } from '../api/schema.ts'
import { AMOUNT_MAX } from '../domain/amount.ts'

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
  Asset,
  Assets,
  Hold,
  HoldPage,
  HoldEvent,
  HoldEventPage,
  Posting,
  StatementLine,
  PostingPage,
  Rate,
  RatePage,
  EntryLeg,
  Entry,
  Problem,
  AppliedOutcome,
  RefusedOutcome,
  Batch,
  Health,
  Readiness,
  ...BODIES,
]

const FAULTS = [
  'overloaded',
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
  ...FAULTS,
]
export const READ_PROBLEMS: readonly ProblemCode[] = [
  'invalid_request',
  'headers_too_large',
  'overloaded',
  'store_unavailable',
  'store_misconfigured',
  'internal',
]

export const IDEMPOTENCY_HEADERS = Type.Object({
  'Idempotency-Key': Type.Optional({
    ...RequestId,
    description: 'The request id, instead of `requestId` in the body. If both are given, they must be equal.',
  }),
})

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

export function repeatableAnswers<Schema extends TSchema>(schema: Schema & { $id: string }): TSchema {
  return { ...reference(schema), headers: REPLAYED }
}

export const OPENAPI = {
  openapi: '3.1.0' as const,
  info: {
    title: 'Holdfast',
    version: '1.0.0',
    description:
      'A credits ledger: freeze the maximum cost of a call, settle the actual cost, and the rest returns to the holder.\n\n' +
      `Amounts are whole minor units as decimal strings. The amount of a request is at most ${AMOUNT_MAX} and can also be a safe ` +
      'integer. Amounts in answers are within a signed 64-bit integer; only the balance of a house account can be outside. Instants are ' +
      'ISO 8601. Bodies are strict: unknown and duplicate fields are refused, and values are not converted.\n\n' +
      'A request id has one effect, forever. A request can be repeated with the same id any number of times: the response is the first ' +
      'answer, with `Idempotent-Replayed: true`. Errors are problems (RFC 9457) with a stable `code`. If `retryable` is true, send the ' +
      'same request again, after `Retry-After` seconds if the header is present.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'This service.' }],
  tags: [
    { name: 'holds', description: 'Set coins aside, then settle the actual cost: at once, in parts, or late.' },
    { name: 'movements', description: 'Deposits, charges and transfers.' },
    { name: 'batches', description: 'Several commands in one request.' },
    { name: 'accounts', description: 'Balances, floors and statements.' },
    { name: 'assets', description: 'Assets, and the rates between them.' },
    { name: 'service', description: 'Health of the service.' },
  ],
}

/** Fastify cannot declare a body as optional. */
export const withOptionalBodies: SwaggerTransformObject = (document) => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  for (const { route, bodyIsOptional } of ALL_CONTRACTS) {
    if (!bodyIsOptional) continue
    const path = pathTemplate(route)
    const body = openapiObject.paths?.[path]?.[route.method === 'POST' ? 'post' : 'put']?.requestBody
    if (body === undefined || !('required' in body)) throw new Error(`The document has no body for ${path}.`)
    body.required = false
  }
  return openapiObject
}

/** Adds the route's problems to its responses, one per status, with an example per code. */
export const withProblems: SwaggerTransform = ({ schema, url, route }) => {
  const codes = route.config?.problems ?? []
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
  return { schema: { ...schema, response }, url }
}

function problemResponse(codes: readonly ProblemCode[]): object {
  const examples = Object.fromEntries(
    codes.map((code) => [code, { summary: PROBLEMS[code].title, value: problemOfError(exampleOf(code)) }]),
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
