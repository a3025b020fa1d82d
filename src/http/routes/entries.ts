import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { LedgerError } from '../../api/error.ts'
import { entryParameter } from '../../api/queries.ts'
import { Entry } from '../../api/schemas.ts'
import { entryToWire } from '../../api/wire.ts'
import type { Backend } from '../backend.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { sendFound } from '../respond.ts'

export function entryRoutes(app: FastifyInstance, backend: Backend): void {
  app.get<{ Params: { id: string } }>(
    '/v1/entries/:id',
    {
      schema: {
        operationId: 'getEntry',
        tags: ['accounts'],
        summary: 'One entry of the journal',
        params: Type.Object({
          id: Type.String({
            description:
              'The request id; `HOLD~settle` or `HOLD~release` for the end of a hold, `HOLD~late` for its late settle.',
            examples: ['job-616~settle'],
          }),
        }),
        response: { 200: answers(Entry) },
      },
      config: { problems: ['entry_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const id = entryParameter(request.params.id, 'id')
      const entry = await backend.reader.entry(id)
      if (entry === null) throw LedgerError.entryNotFound(id)
      return sendFound(reply, entryToWire(entry))
    },
  )
}
