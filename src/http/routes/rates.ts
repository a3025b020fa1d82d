import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { RateBody } from '../../api/bodies.ts'
import { PageQuery } from '../../api/query-schemas.ts'
import { rateOf } from '../../api/commands.ts'
import { assetParameter, pageQueryOf } from '../../api/queries.ts'
import { AssetCode, Rate, RatePage, reference } from '../../api/schemas.ts'
import { rateToWire } from '../../api/wire.ts'
import type { Rate as RateRecord } from '../../domain/rate.ts'
import type { Page } from '../../engine/reader.ts'
import type { Backend } from '../backend.ts'
import { answers, READ_PROBLEMS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { readPage, typedQuery } from '../page.ts'
import { sendFound, sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

interface ByPair {
  Params: { from: string; to: string }
}

const PAIR_PARAMS = Type.Object({ from: AssetCode, to: AssetCode })

export function rateRoutes(app: FastifyInstance, backend: Backend): void {
  app.put<ByPair>(
    '/v1/rates/:from/:to',
    {
      schema: {
        operationId: 'declareRate',
        tags: ['assets'],
        summary: 'Declare what coins of one asset come to in another',
        description:
          'It counts from here on, in every process; entries keep the rate that they were made at. Declaring the newest rate again ' +
          'changes nothing.',
        params: PAIR_PARAMS,
        body: reference(RateBody),
        response: { 200: repeatableAnswers(Rate) },
      },
      config: { problems: ['unknown_asset', ...WRITE_PROBLEMS] },
    },
    async (request, reply) => {
      const command = rateOf(request.params.from, request.params.to, request.body)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
  addReads(app, backend)
}

function addReads(app: FastifyInstance, backend: Backend): void {
  app.get(
    '/v1/rates',
    {
      schema: {
        operationId: 'listRates',
        tags: ['assets'],
        summary: 'The newest rate of every pair, page by page',
        querystring: PageQuery,
        response: { 200: answers(RatePage) },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const query = pageQueryOf(typedQuery(request.query))
      return sendFound(reply, pageToWire(await readPage(backend.reader.rates(query))))
    },
  )
  app.get<ByPair>(
    '/v1/rates/:from/:to',
    {
      schema: {
        operationId: 'listRateHistory',
        tags: ['assets'],
        summary: 'Every rate that a pair had, newest first, page by page',
        description: 'Empty when none was ever declared.',
        params: PAIR_PARAMS,
        querystring: PageQuery,
        response: { 200: answers(RatePage) },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const pair = { from: assetParameter(request.params.from, 'from'), to: assetParameter(request.params.to, 'to') }
      const query = { ...pair, ...pageQueryOf(typedQuery(request.query)) }
      return sendFound(reply, pageToWire(await readPage(backend.reader.rateHistory(query))))
    },
  )
}

function pageToWire({ items, next }: Page<RateRecord>) {
  return { items: items.map(rateToWire), next }
}
