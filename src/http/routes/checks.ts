/** The verification of the books and the examination of the database. */
import type { FastifyInstance } from 'fastify'
import { Examination } from '../../api/examination.ts'
import { fieldsIn } from '../../api/input.ts'
import type { Checks } from '../checks.ts'
import { answers, WRITE_PROBLEMS } from '../openapi.ts'
import { sendFound, sendLines } from '../respond.ts'

const NDJSON = 'application/x-ndjson'
const NO_FIELDS: ReadonlySet<string> = new Set()

const PROBLEMS = WRITE_PROBLEMS.filter((code) => code !== 'read_only')
const CONFIG = {
  scopes: ['checks:read'] as const,
  about: 'everything' as const,
  changesNothing: true,
  problems: PROBLEMS,
}

export function checkRoutes(app: FastifyInstance, checks: Checks): void {
  app.addHook('preClose', async () => checks.end())
  app.post(
    '/v1/verify',
    {
      schema: {
        operationId: 'verify',
        tags: ['service'],
        summary: 'Check every law of the books on the rows',
        description:
          'The answer is NDJSON, a line when a check begins, and every few seconds while it goes on (`"state":"running"`), and one with its ' +
          'result (`"state":"done"`), with the first rows that break the law in `violations`. The last line has `"end":true` and the number of ' +
          '`broken` checks, or a problem as `error`; an answer without one is truncated. Close the connection to cancel. A process runs one ' +
          'verification at a time; another one is `overloaded`.',
        response: {
          200: {
            description: 'The lines, as the checks end.',
            content: { [NDJSON]: { schema: { type: 'string' } } },
          },
        },
      },
      config: CONFIG,
    },
    (request, reply) => {
      if (request.body !== undefined) fieldsIn(request.body, NO_FIELDS)
      return sendLines(reply, checks.verify(), NDJSON)
    },
  )
  app.post(
    '/v1/doctor',
    {
      schema: {
        operationId: 'doctor',
        tags: ['service'],
        summary: 'Examine the database, with a remedy for each finding',
        description:
          'What `holdfast doctor` prints. It changes nothing. It can show statements of other programs, so its scope is for operators. ' +
          'Close the connection to cancel. A process runs one examination at a time; another one is `overloaded`. A process that has its ' +
          'ledger in memory, and one that mounts the routes in an application of its own, answers `route_not_found`.',
        response: { 200: answers(Examination) },
      },
      config: { ...CONFIG, problems: ['route_not_found', ...PROBLEMS] },
    },
    async (request, reply) => {
      if (request.body !== undefined) fieldsIn(request.body, NO_FIELDS)
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const findings = await checks.examine(gone.signal)
      return sendFound(reply, { worst: findings[0]?.severity ?? 'fine', findings })
    },
  )
}
