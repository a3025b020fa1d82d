import type { FastifyInstance } from 'fastify'
import { ChargeBody } from '../../api/bodies.ts'
import { chargeOf } from '../../api/commands.ts'
import { Entry, reference } from '../../api/schemas.ts'
import type { Backend } from '../backend.ts'
import { readCommand } from '../idempotency.ts'
import { IDEMPOTENCY_HEADERS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

export function chargeRoutes(app: FastifyInstance, backend: Backend): void {
  app.post(
    '/v1/charges',
    {
      schema: {
        operationId: 'charge',
        tags: ['movements'],
        summary: 'Coins leave without a hold',
        headers: IDEMPOTENCY_HEADERS,
        body: reference(ChargeBody),
        response: { 201: repeatableAnswers(Entry) },
      },
      config: {
        problems: [
          'request_id_reused',
          'unknown_asset',
          'house_account',
          'same_account',
          'insufficient_funds',
          'balance_overflow',
          ...WRITE_PROBLEMS,
        ],
      },
    },
    async (request, reply) => {
      const command = readCommand(request, chargeOf)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
}
