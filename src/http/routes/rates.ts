import type { FastifyInstance } from 'fastify'
import { SCOPES } from '../../access/scope.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { PageQuery } from '../../api/queries.ts'
import { RatePage, rateToWire } from '../../api/rate.ts'
import { pageToWire } from '../../api/resource.ts'
import { AssetCode } from '../../api/schema.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound } from '../respond.ts'
import { Type } from '../../api/typebox.ts'

interface ByPair {
  Params: { from: string; to: string }
}

const PAIR_PARAMS = Type.Object({ from: AssetCode, to: AssetCode })

export function rateRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get(
    '/v1/rates',
    {
      schema: {
        operationId: 'listRates',
        tags: ['assets'],
        summary: 'List the newest rate of every pair',
        querystring: PageQuery,
        response: { 200: answers(RatePage) },
      },
      config: { scopes: SCOPES, about: 'catalogue', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.rates(typedQuery(request.query))
      return sendFound(reply, pageToWire(page, rateToWire))
    },
  )
  app.get<ByPair>(
    '/v1/rates/:from/:to',
    {
      schema: {
        operationId: 'listRateHistory',
        tags: ['assets'],
        summary: 'List all rates of a pair, newest first',
        description: 'Empty if the pair has no rate.',
        params: PAIR_PARAMS,
        querystring: PageQuery,
        response: { 200: answers(RatePage) },
      },
      config: { scopes: SCOPES, about: 'catalogue', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const { from, to } = request.params
      const page = await reads.rateHistory(from, to, typedQuery(request.query))
      return sendFound(reply, pageToWire(page, rateToWire))
    },
  )
}
