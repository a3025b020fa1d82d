import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Entry, entryToWire } from '../../api/entry.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { sendFound } from '../respond.ts'

export function entryRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get<{ Params: { id: string } }>(
    '/v1/entries/:id',
    {
      schema: {
        operationId: 'getEntry',
        tags: ['accounts'],
        summary: 'Read an entry of the journal',
        params: Type.Object({
          id: Type.String({
            description:
              'The request id. The end of a hold has the id `HOLD~settle` or `HOLD~release`, a late settle `HOLD~late`.',
            examples: ['job-616~settle'],
          }),
        }),
        response: { 200: answers(Entry) },
      },
      config: { problems: ['entry_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      return sendFound(reply, entryToWire(await reads.entry(request.params.id)))
    },
  )
}
