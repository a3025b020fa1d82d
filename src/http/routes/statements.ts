/** The statement of a balance: page by page, or as a file. */
import type { FastifyInstance } from 'fastify'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { lineToWire, PostingPage } from '../../api/posting.ts'
import { accountParameter, ExportQuery, exportQueryOf, PostingsQuery, STATEMENT_FORMATS } from '../../api/queries.ts'
import { pageToWire } from '../../api/resource.ts'
import { AccountName } from '../../api/schema.ts'
import { STATEMENT_TYPES } from '../../api/statement.ts'
import type { Exports } from '../exports.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFile, sendFound } from '../respond.ts'
import { Type } from '../../api/typebox.ts'

interface ByName {
  Params: { account: string }
}

const ACCOUNT_PARAMS = Type.Object({ account: AccountName })

const FILES = {
  description: 'The file. It is generated while it is downloaded.',
  content: Object.fromEntries(
    STATEMENT_FORMATS.map((format) => [STATEMENT_TYPES[format], { schema: { type: 'string' } }]),
  ),
}

export function statementRoutes(app: FastifyInstance, reads: LedgerReads, exports: Exports): void {
  app.get<ByName>(
    '/v1/accounts/:account/postings',
    {
      schema: {
        operationId: 'listPostings',
        tags: ['accounts'],
        summary: 'Read the statement of a balance, newest line first',
        description:
          'A line must match all filters. It has the amounts after the posting. The lines of a house account come one stripe after ' +
          'another, with the running amounts of their stripe. `from` and `until` are as exact as the clocks of the writing processes agree.',
        params: ACCOUNT_PARAMS,
        querystring: PostingsQuery,
        response: { 200: answers(PostingPage) },
      },
      config: { scopes: ['statements:read'], about: 'statement', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.postings(request.params.account, typedQuery(request.query))
      return sendFound(reply, pageToWire(page, lineToWire))
    },
  )
  app.get<ByName>(
    '/v1/accounts/:account/postings/export',
    {
      // A HEAD request would read the whole statement in vain.
      exposeHeadRoute: false,
      schema: {
        operationId: 'exportPostings',
        tags: ['accounts'],
        summary: 'Download a statement as a file',
        description:
          'CSV (RFC 4180) for spreadsheets: a text that a spreadsheet could read as a formula, or that begins with an apostrophe, has an ' +
          'apostrophe before it. NDJSON for programs: one statement line per line, with every value unchanged. The file is generated while it is downloaded. Lines that ' +
          'are written during the download are left out, except in later stripes of a house account. With an `until` in the past, every ' +
          'download is the same. The last row is the end row, with the number of rows before it: `#end,COUNT` and empty fields in CSV, ' +
          '`{"end":true,"rows":COUNT}` in NDJSON. If a read fails or the caller is too slow, the connection is reset. A file without an ' +
          'end row is truncated.',
        params: ACCOUNT_PARAMS,
        querystring: ExportQuery,
        response: { 200: FILES },
      },
      config: { scopes: ['statements:read'], about: 'statement', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const account = accountParameter(request.params.account, 'account')
      const { format, postings } = exportQueryOf(account, typedQuery(request.query))
      const content = await exports.open(format, postings)
      return sendFile(reply, { name: `postings.${format}`, type: STATEMENT_TYPES[format], content })
    },
  )
}
