import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { amendOf, freezeOf, refundOf, releaseOf, settleOf } from '../../api/commands.ts'
import { LedgerError } from '../../api/error.ts'
import { AmendBody, FreezeBody, RefundBody, ReleaseBody, SettleBody } from '../../api/hold-bodies.ts'
import { Hold, HoldEventPage, HoldPage } from '../../api/hold-schemas.ts'
import type { ProblemCode } from '../../api/problem.ts'
import { holdsQueryOf, pageQueryOf, requestIdParameter } from '../../api/queries.ts'
import { HoldsQuery, PageQuery } from '../../api/query-schemas.ts'
import { HoldId, reference } from '../../api/schemas.ts'
import { holdEventToWire, holdToWire } from '../../api/wire.ts'
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
  addSteps(app, backend)
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

/** The id of the hold makes an end idempotent; only a part that is settled takes a request id. */
function addEnds(app: FastifyInstance, backend: Backend): void {
  app.post<ById>(
    '/v1/holds/:id/settle',
    {
      schema: {
        operationId: 'settle',
        tags: ['holds'],
        summary: 'Take the actual cost and give the rest back, or take a part of it',
        description:
          'With `final: false` it settles a part under a request id of its own, and the hold stays open. Otherwise it ends the hold, ' +
          'whose id makes it idempotent: an `Idempotency-Key` does nothing to it. With `late: true` also after the expiry.',
        headers: IDEMPOTENCY_HEADERS,
        params: HOLD_PARAMS,
        body: reference(SettleBody),
        response: { 200: repeatableAnswers(Hold) },
      },
      config: {
        problems: [
          'request_id_reused',
          'same_account',
          'payee_fixed',
          'settle_above_hold',
          'balance_overflow',
          ...END_PROBLEMS,
        ],
      },
    },
    commandOnHold(backend, settleOf),
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

/** What happens to a hold under a request id of its own. */
function addSteps(app: FastifyInstance, backend: Backend): void {
  app.post<ById>(
    '/v1/holds/:id/amend',
    {
      schema: {
        operationId: 'amend',
        tags: ['holds'],
        summary: 'Raise or lower what is frozen, move the expiry',
        description:
          'Only while the hold is open, also when its expiry has passed and it has not been ended yet. `amount` is the new total; ' +
          'what it adds is taken from `available`, what it takes away goes back. The expiry counts from now.',
        headers: IDEMPOTENCY_HEADERS,
        params: HOLD_PARAMS,
        body: reference(AmendBody),
        response: { 200: repeatableAnswers(Hold) },
      },
      config: {
        problems: [
          'request_id_reused',
          'expiry_out_of_range',
          'amend_below_settled',
          'insufficient_funds',
          'balance_overflow',
          ...END_PROBLEMS,
        ],
      },
    },
    commandOnHold(backend, amendOf),
  )
  app.post<ById>(
    '/v1/holds/:id/refund',
    {
      schema: {
        operationId: 'refund',
        tags: ['holds'],
        summary: 'Give back what was settled',
        description:
          "From the payee's `available` to the account's, whatever state the hold is in. All refunds of a hold together are at " +
          'most what was settled of it.',
        headers: IDEMPOTENCY_HEADERS,
        params: HOLD_PARAMS,
        body: reference(RefundBody),
        response: { 200: repeatableAnswers(Hold) },
      },
      config: {
        problems: [
          'request_id_reused',
          'hold_not_found',
          'refund_above_settled',
          'insufficient_funds',
          'balance_overflow',
          ...WRITE_PROBLEMS,
        ],
      },
    },
    commandOnHold(backend, refundOf),
  )
}

/** Answers a command about the hold of the path, under a request id of the header or the body. */
function commandOnHold(backend: Backend, read: typeof settleOf | typeof amendOf | typeof refundOf) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = requestIdParameter(request.params.id, 'id')
    const command = readCommand(request, (input, newRequestId) => read(id, input, newRequestId))
    return sendOutcome(reply, command, await submitCommand(backend, request, command))
  }
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
  app.get<ById>(
    '/v1/holds/:id/history',
    {
      schema: {
        operationId: 'getHoldHistory',
        tags: ['holds'],
        summary: 'What happened to a hold, oldest first, page by page',
        description: 'The freeze, and everything that changed the hold since; each with the hold as it was after it.',
        params: HOLD_PARAMS,
        querystring: PageQuery,
        response: { 200: answers(HoldEventPage) },
      },
      config: { problems: ['hold_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const hold = requestIdParameter(request.params.id, 'id')
      const query = { hold, ...pageQueryOf(typedQuery(request.query)) }
      const page = await readPage(backend.reader.holdHistory(query))
      if (page === null) throw LedgerError.holdNotFound(hold)
      return sendFound(reply, { items: page.items.map(holdEventToWire), next: page.next })
    },
  )
}
