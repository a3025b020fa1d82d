import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Hold, HoldEventPage, holdEventToWire, HoldPage, holdToWire } from '../../api/hold.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { HoldsQuery, PageQuery } from '../../api/queries.ts'
import { pageToWire } from '../../api/resource.ts'
import { HoldId } from '../../api/schema.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound } from '../respond.ts'

interface ById {
  Params: { id: string }
}

const HOLD_PARAMS = Type.Object({ id: HoldId })
export function holdRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get(
    '/v1/holds',
    {
      schema: {
        operationId: 'listHolds',
        tags: ['holds'],
        summary: 'List holds',
        description:
          'With `account`: its holds, newest first. Without `account`: open holds by expiry, holds in another state by id.',
        querystring: HoldsQuery,
        response: { 200: answers(HoldPage) },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.holds(typedQuery(request.query))
      return sendFound(reply, pageToWire(page, holdToWire))
    },
  )
  app.get<ById>(
    '/v1/holds/:id',
    {
      schema: {
        operationId: 'getHold',
        tags: ['holds'],
        summary: 'Read a hold',
        params: HOLD_PARAMS,
        response: { 200: answers(Hold) },
      },
      config: { problems: ['hold_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      return sendFound(reply, holdToWire(await reads.hold(request.params.id)))
    },
  )
  app.get<ById>(
    '/v1/holds/:id/history',
    {
      schema: {
        operationId: 'getHoldHistory',
        tags: ['holds'],
        summary: 'Read the history of a hold, oldest event first',
        description: 'The freeze and every later change, each with the hold as it was after the event.',
        params: HOLD_PARAMS,
        querystring: PageQuery,
        response: { 200: answers(HoldEventPage) },
      },
      config: { problems: ['hold_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const page = await reads.holdHistory(request.params.id, typedQuery(request.query))
      return sendFound(reply, pageToWire(page, holdEventToWire))
    },
  )
}
