import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Hold, HoldEventPage, holdEventToWire, HoldPage, holdToWire } from '../../api/hold.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { HoldsQuery, PageQuery } from '../../api/queries.ts'
import { pageToWire } from '../../api/resource.ts'
import { HoldId } from '../../api/schema.ts'
import type { LedgerError } from '../../api/error.ts'
import { errorOfRejection } from '../../api/rejection-error.ts'
import type { Hold as HoldValue } from '../../domain/hold.ts'
import { holdChanged, holdTag } from '../../domain/precondition.ts'
import { callerKeyOf, maySee } from '../access.ts'
import { isKnown } from '../conditional.ts'
import { answers, READ_CONDITIONS, READ_PROBLEMS, taggedAnswers } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound, sendTagged } from '../respond.ts'
import { Type } from '../../api/typebox.ts'

interface ById {
  Params: { id: string }
}

/** A hold that the caller may not see is not there for it. */
function seen(request: FastifyRequest, hold: HoldValue): HoldValue {
  if (maySee(request, hold.account, hold.asset)) return hold
  throw errorOfRejection({ code: 'hold_not_found', hold: hold.id })
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
          'With `account`: its holds, newest first. Without `account`: open holds by expiry, others nearly in the order of their freezes.',
        querystring: HoldsQuery,
        response: { 200: answers(HoldPage) },
      },
      config: { scopes: ['accounts:read'], about: 'holds', problems: READ_PROBLEMS },
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
        headers: READ_CONDITIONS,
        response: taggedAnswers(Hold),
      },
      config: {
        scopes: ['accounts:read'],
        about: 'answer',
        problems: ['hold_not_found', 'changed_meanwhile', ...READ_PROBLEMS],
      },
    },
    async (request, reply) => {
      const hold = seen(request, await reads.hold(request.params.id))
      const tag = holdTag(hold)
      const changed = (): LedgerError => errorOfRejection(holdChanged(hold))
      return sendTagged(reply, holdToWire(hold), { tag, isKnown: isKnown(request, tag, changed) })
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
      config: { scopes: ['accounts:read'], about: 'answer', problems: ['hold_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const page = await reads.holdHistory(request.params.id, typedQuery(request.query))
      if (callerKeyOf(request) !== null) seen(request, await reads.hold(request.params.id))
      return sendFound(reply, pageToWire(page, holdEventToWire))
    },
  )
}
