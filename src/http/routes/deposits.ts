import type { FastifyInstance } from 'fastify'
import { DepositBody } from '../../api/bodies.ts'
import { depositOf } from '../../api/commands.ts'
import { Entry, reference } from '../../api/schemas.ts'
import type { Backend } from '../backend.ts'
import { readCommand } from '../idempotency.ts'
import { IDEMPOTENCY_HEADERS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

export function depositRoutes(app: FastifyInstance, backend: Backend): void {
  app.post(
    '/v1/deposits',
    {
      schema: {
        operationId: 'deposit',
        tags: ['movements'],
        summary: 'Coins enter from `@issuer`',
        headers: IDEMPOTENCY_HEADERS,
        body: reference(DepositBody),
        response: { 201: repeatableAnswers(Entry) },
      },
      config: {
        problems: ['request_id_reused', 'unknown_asset', 'house_account', 'balance_overflow', ...WRITE_PROBLEMS],
      },
    },
    async (request, reply) => {
      const command = readCommand(request, depositOf)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
}
