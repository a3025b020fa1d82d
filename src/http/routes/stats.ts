import type { FastifyInstance } from 'fastify'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { StatsQuery } from '../../api/list-queries.ts'
import { pageToWire } from '../../api/resource.ts'
import { StatsPage, statsToWire } from '../../api/stats.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound } from '../respond.ts'

export function statsRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get(
    '/v1/stats',
    {
      schema: {
        operationId: 'getStats',
        tags: ['accounts'],
        summary: 'Read every asset in figures: accounts, coins, open holds, and the last days',
        querystring: StatsQuery,
        response: { 200: answers(StatsPage) },
      },
      config: { scopes: ['statements:read'], about: 'everything', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.stats(typedQuery(request.query))
      return sendFound(reply, pageToWire(page, statsToWire))
    },
  )
}
