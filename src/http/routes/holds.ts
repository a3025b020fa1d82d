import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { FreezeBody, ReleaseBody, SettleBody } from '../../api/bodies.ts'
import { HoldsQuery } from '../../api/query-schemas.ts'
import { freezeOf, releaseOf, settleOf } from '../../api/commands.ts'
import { LedgerError } from '../../api/error.ts'
import type { ProblemCode } from '../../api/problem.ts'
import { holdsQueryOf, requestIdParameter } from '../../api/queries.ts'
import { Hold, HoldId, HoldPage, reference } from '../../api/schemas.ts'
import { holdToWire } from '../../api/wire.ts'
import type { Backend } from '../backend.ts'
import { readCommand } from '../idempotency.ts'
import { answers, IDEMPOTENCY_HEADERS, READ_PROBLEMS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { readPage, typedQuery } from '../page.ts'
import { sendFound, sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

interface ById {
  Params: { id: string }
}

const HOLD_PARAMS = Type.Object({ id: HoldId })
const END_PROBLEMS: readonly ProblemCode[] = ['hold_not_found', 'hold_not_open', ...WRITE_PROBLEMS]

export function holdRoutes(app: FastifyInstance, backend: Backend): void {
  addFreeze(app, backend)
  addEnds(app, backend)
  addReads(app, backend)
}

function addFreeze(app: FastifyInstance, backend: Backend): void {
  app.post(
    '/v1/holds',
    {
      schema: {
        operationId: 'freeze',
        tags: ['holds'],
        summary: 'Set coins aside',
        description: 'The request id becomes the id of the hold.',
        headers: IDEMPOTENCY_HEADERS,
        body: reference(FreezeBody),
        response: { 201: repeatableAnswers(Hold) },
      },
      config: {
        problems: [
          'request_id_reused',
          'unknown_asset',
          'house_account',
          'same_account',
          'expiry_out_of_range',
          'insufficient_funds',
          'balance_overflow',
          ...WRITE_PROBLEMS,
        ],
      },
    },
    async (request, reply) => {
      const command = readCommand(request, freezeOf)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
}

/** The id of the hold makes both of them idempotent, so neither takes a request id. */
function addEnds(app: FastifyInstance, backend: Backend): void {
  app.post<ById>(
    '/v1/holds/:id/settle',
    {
      schema: {
        operationId: 'settle',
        tags: ['holds'],
        summary: 'Take the actual cost, give the rest back',
        params: HOLD_PARAMS,
        body: reference(SettleBody),
        response: { 200: repeatableAnswers(Hold) },
      },
      config: { problems: ['settle_above_hold', 'balance_overflow', ...END_PROBLEMS] },
    },
    async (request, reply) => {
      const command = settleOf(requestIdParameter(request.params.id, 'id'), request.body)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
  app.post<ById>(
    '/v1/holds/:id/release',
    {
      schema: {
        operationId: 'release',
        tags: ['holds'],
        summary: 'Give everything back',
        params: HOLD_PARAMS,
        body: reference(ReleaseBody),
        response: { 200: repeatableAnswers(Hold) },
      },
      config: { problems: END_PROBLEMS },
    },
    async (request, reply) => {
      const command = releaseOf(requestIdParameter(request.params.id, 'id'), request.body)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
}

function addReads(app: FastifyInstance, backend: Backend): void {
  app.get(
    '/v1/holds',
    {
      schema: {
        operationId: 'listHolds',
        tags: ['holds'],
        summary: 'Holds, page by page',
        description:
          'With an account: its holds, newest first. Without: open holds by expiry, holds in another state by id.',
        querystring: HoldsQuery,
        response: { 200: answers(HoldPage) },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await readPage(backend.reader.holds(holdsQueryOf(typedQuery(request.query))))
      return sendFound(reply, { items: page.items.map(holdToWire), next: page.next })
    },
  )
  app.get<ById>(
    '/v1/holds/:id',
    {
      schema: {
        operationId: 'getHold',
        tags: ['holds'],
        summary: 'One hold',
        params: HOLD_PARAMS,
        response: { 200: answers(Hold) },
      },
      config: { problems: ['hold_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const id = requestIdParameter(request.params.id, 'id')
      const hold = await backend.reader.hold(id)
      if (hold === null) throw LedgerError.holdNotFound(id)
      return sendFound(reply, holdToWire(hold))
    },
  )
}
