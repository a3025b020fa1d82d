import type { FastifyInstance } from 'fastify'
import { TransferBody } from '../../api/bodies.ts'
import { transferOf } from '../../api/commands.ts'
import { Entry, reference } from '../../api/schemas.ts'
import type { Backend } from '../backend.ts'
import { readCommand } from '../idempotency.ts'
import { IDEMPOTENCY_HEADERS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

export function transferRoutes(app: FastifyInstance, backend: Backend): void {
  app.post(
    '/v1/transfers',
    {
      schema: {
        operationId: 'transfer',
        tags: ['movements'],
        summary: 'Coins move between accounts, all legs or none',
        description:
          'A leg with `toAsset` arrives in another asset, at the newest declared rate, by way of `@exchange`. The entry tells what each ' +
          'leg came to, at which rate, and what rounding left over.',
        headers: IDEMPOTENCY_HEADERS,
        body: reference(TransferBody),
        response: { 201: repeatableAnswers(Entry) },
      },
      config: {
        problems: [
          'request_id_reused',
          'unknown_asset',
          'same_account',
          'unknown_rate',
          'rounds_to_nothing',
          'outside_tolerance',
          'exchange_out_of_range',
          'insufficient_funds',
          'balance_overflow',
          ...WRITE_PROBLEMS,
        ],
      },
    },
    async (request, reply) => {
      const command = readCommand(request, transferOf)
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
}
