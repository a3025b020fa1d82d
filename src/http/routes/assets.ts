import type { FastifyInstance } from 'fastify'
import { Assets, assetToWire } from '../../api/asset.ts'
import { SCOPES } from '../../access/scope.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { AssetsQuery } from '../../api/queries.ts'
import { pageToWire } from '../../api/resource.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound } from '../respond.ts'

export function assetRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get(
    '/v1/assets',
    {
      schema: {
        operationId: 'listAssets',
        tags: ['assets'],
        summary: 'List assets',
        querystring: AssetsQuery,
        response: { 200: answers(Assets) },
      },
      config: { scopes: SCOPES, about: 'catalogue', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.assetPage(typedQuery(request.query))
      return sendFound(reply, pageToWire(page, assetToWire))
    },
  )
}
