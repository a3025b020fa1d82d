import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { DeclareBody } from '../../api/bodies.ts'
import { declareOf } from '../../api/commands.ts'
import { AssetsQuery } from '../../api/query-schemas.ts'
import { assetParameter, assetsQueryOf } from '../../api/queries.ts'
import { Asset, AssetCode, Assets, reference } from '../../api/schemas.ts'
import { assetToWire } from '../../api/wire.ts'
import type { Backend } from '../backend.ts'
import { answers, READ_PROBLEMS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { readPage, typedQuery } from '../page.ts'
import { sendFound, sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

export function assetRoutes(app: FastifyInstance, backend: Backend): void {
  app.put<{ Params: { code: string } }>(
    '/v1/assets/:code',
    {
      schema: {
        operationId: 'declare',
        tags: ['assets'],
        summary: 'Declare an asset, or give it another name',
        description: 'Idempotent by its code. The number of decimals never changes.',
        params: Type.Object({ code: AssetCode }),
        body: reference(DeclareBody),
        response: { 200: repeatableAnswers(Asset) },
      },
      config: { problems: ['asset_conflict', ...WRITE_PROBLEMS] },
    },
    async (request, reply) => {
      const command = declareOf(assetParameter(request.params.code, 'code'), request.body)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
  app.get(
    '/v1/assets',
    {
      schema: {
        operationId: 'listAssets',
        tags: ['assets'],
        summary: 'Every asset, page by page',
        querystring: AssetsQuery,
        response: { 200: answers(Assets) },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const { items, next } = await readPage(backend.reader.assets(assetsQueryOf(typedQuery(request.query))))
      return sendFound(reply, { items: items.map(assetToWire), next })
    },
  )
}
