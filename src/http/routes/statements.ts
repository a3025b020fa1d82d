/** The journal of a balance: page by page, or as a file. */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
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

interface ByName {
  Params: { account: string }
}

const ACCOUNT_PARAMS = Type.Object({ account: AccountName })

const FILES = {
  description: 'The file, as it is being read.',
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
        summary: 'The journal of one balance with its running amounts, newest first, page by page',
        description:
          'All filters that are given must hold. The amounts of a line are those after it. A house account has stripes: they ' +
          'come one after another, and a running amount is that of the stripe alone. `from` and `until` are exact as far as ' +
          'the clocks of the processes that write agree.',
        params: ACCOUNT_PARAMS,
        querystring: PostingsQuery,
        response: { 200: answers(PostingPage) },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.postings(request.params.account, typedQuery(request.query))
      return sendFound(reply, pageToWire(page, lineToWire))
    },
  )
  app.get<ByName>(
    '/v1/accounts/:account/postings/export',
    {
      // A HEAD would read the whole journal to throw it away.
      exposeHeadRoute: false,
      schema: {
        operationId: 'exportPostings',
        tags: ['accounts'],
        summary: 'The same lines as a file',
        description:
          'CSV (RFC 4180) for spreadsheets: text that could be taken for a formula has an apostrophe before it. NDJSON for ' +
          'programs: one line of a page per line, every value as it is. The file is read page by page as the caller takes it. ' +
          'Lines that are written meanwhile are not in it, except in stripes of a house account that come later; with an ' +
          '`until` that is past, the same file comes every time. The last row is the end row, which counts the rows before it: ' +
          '`#end,COUNT` and empty fields in CSV, `{"end":true,"rows":COUNT}` in NDJSON. When reading fails in the middle, or the ' +
          'caller is too slow, the connection is reset: a file without its end row is not whole.',
        params: ACCOUNT_PARAMS,
        querystring: ExportQuery,
        response: { 200: FILES },
      },
      config: { problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const account = accountParameter(request.params.account, 'account')
      const { format, postings } = exportQueryOf(account, typedQuery(request.query))
      const content = await exports.open(format, postings)
      return sendFile(reply, { name: `postings.${format}`, type: STATEMENT_TYPES[format], content })
    },
  )
}
