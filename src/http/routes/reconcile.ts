/** The comparison of a list with the ledger. */
import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { LedgerError } from '../../api/error.ts'
import { LIST_FORMATS, ReconcileQuery, reconcileTermsOf, type ListType } from '../../api/reconciliation.ts'
import { tooLarge, type Comparisons, type SentList } from '../comparisons.ts'
import { requireNotRefused } from '../connections.ts'
import { refuseEncoded } from '../encoding.ts'
import type { HttpLimits } from '../limits.ts'
import { WRITE_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendLines } from '../respond.ts'

const NDJSON = 'application/x-ndjson'
const TYPES = Object.keys(LIST_FORMATS) as readonly ListType[]
const LIST = { schema: { type: 'string', description: 'UTF-8; CSV with a header row, or one JSON object per line.' } }

export function reconcileRoutes(app: FastifyInstance, comparisons: Comparisons, limits: HttpLimits): void {
  app.addHook('preClose', async () => comparisons.end())
  // In a scope of its own, because its bodies are lists.
  void app.register(async (scope) => {
    acceptLists(scope, limits)
    scope.post(
      '/v1/reconcile',
      {
        schema: {
          operationId: 'reconcile',
          tags: ['service'],
          summary: 'Compare a list of another system with the ledger',
          description:
            'What `holdfast reconcile` does without `--fix`: nothing is changed. The body is the list. The answer is NDJSON: the lines of ' +
            '`holdfast reconcile --json`, and about once a second what is being done (`"type":"progress"`). The last line is the summary ' +
            '(`"type":"summary"`), or has a problem as `error`, also for a list that cannot be read; an answer without one is truncated. ' +
            `Beyond ${limits.comparisonFindingsMax} findings, they are only counted. A list has at most ${limits.listBytesMax} bytes. ` +
            'Close the connection to cancel. A process runs one comparison at a time; another one is `overloaded`.',
          querystring: ReconcileQuery,
          body: { content: Object.fromEntries(TYPES.map((type) => [type, LIST])) },
          response: {
            200: {
              description: 'The lines, as they are found.',
              content: { [NDJSON]: { schema: { type: 'string' } } },
            },
          },
        },
        config: {
          scopes: ['checks:read'],
          about: 'everything',
          changesNothing: true,
          streamsBody: true,
          problems: WRITE_PROBLEMS.filter((code) => code !== 'read_only'),
        },
      },
      async (request, reply) => {
        const terms = reconcileTermsOf(typedQuery(request.query))
        if (request.body === undefined) throw LedgerError.invalid('', 'The body must be the list.')
        return sendLines(reply, await comparisons.compare(request.body as SentList, terms), NDJSON)
      },
    )
  })
}

function acceptLists(scope: FastifyInstance, { listBytesMax }: HttpLimits): void {
  scope.removeAllContentTypeParsers()
  for (const type of TYPES) {
    scope.addContentTypeParser(type, ({ headers, raw }, content: Readable, done) => {
      try {
        requireNotRefused(raw)
        refuseEncoded(headers['content-encoding'])
        if (Number(headers['content-length'] ?? 0) > listBytesMax) throw tooLarge(listBytesMax)
        done(null, { content, type } satisfies SentList)
      } catch (error) {
        done(error as Error)
      }
    })
  }
  scope.addContentTypeParser('*', (_, __, done) => {
    done(new LedgerError('unsupported_media_type', `The body must be a list: ${TYPES.join(' or ')}.`))
  })
}
