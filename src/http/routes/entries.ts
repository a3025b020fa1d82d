import type { FastifyInstance } from 'fastify'
import { Entry, entryToWire, FeedPage, feedPageToWire } from '../../api/entry.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { LedgerError } from '../../api/error.ts'
import { FeedQuery } from '../../api/list-queries.ts'
import { maySee } from '../access.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound } from '../respond.ts'
import { Type } from '../../api/typebox.ts'

export function entryRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get(
    '/v1/entries',
    {
      schema: {
        operationId: 'listEntries',
        tags: ['accounts'],
        summary: 'Follow the feed of all entries',
        description:
          'Every entry of the ledger, the ends of holds included, in an order in which nothing is ever inserted before what was read. Whoever ' +
          'goes on from `next` sees each entry once. Entries of one balance come in the order of its versions.',
        querystring: FeedQuery,
        response: { 200: answers(FeedPage) },
      },
      config: { scopes: ['statements:read'], about: 'everything', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      return sendFound(reply, feedPageToWire(await reads.entries(typedQuery(request.query))))
    },
  )
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
      config: { scopes: ['statements:read'], about: 'entry', problems: ['entry_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const entry = await reads.entry(request.params.id)
      const isSeen = entry.postings.every(({ account, asset }) => maySee(request, account, asset))
      if (!isSeen) throw LedgerError.entryNotFound(request.params.id)
      return sendFound(reply, entryToWire(entry))
    },
  )
}
