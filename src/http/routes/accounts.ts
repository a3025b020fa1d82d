import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { OpenBody } from '../../api/bodies.ts'
import { AccountQuery } from '../../api/query-schemas.ts'
import { openOf } from '../../api/commands.ts'
import { LedgerError } from '../../api/error.ts'
import { accountParameter, accountQueryOf } from '../../api/queries.ts'
import { Account, AccountName, Balance, reference } from '../../api/schemas.ts'
import { accountToWire } from '../../api/wire.ts'
import type { Backend } from '../backend.ts'
import { readCommand } from '../idempotency.ts'
import { answers, IDEMPOTENCY_HEADERS, READ_PROBLEMS, repeatableAnswers, WRITE_PROBLEMS } from '../openapi.ts'
import { readPage, typedQuery } from '../page.ts'
import { sendFound, sendOutcome } from '../respond.ts'
import { submitCommand } from '../submit.ts'

interface ByName {
  Params: { account: string }
}

const ACCOUNT_PARAMS = Type.Object({ account: AccountName })

export function accountRoutes(app: FastifyInstance, backend: Backend): void {
  addOpen(app, backend)
  addReads(app, backend)
}

function addOpen(app: FastifyInstance, backend: Backend): void {
  app.put<ByName>(
    '/v1/accounts/:account',
    {
      schema: {
        operationId: 'open',
        tags: ['accounts'],
        summary: 'Set a floor and metadata',
        description:
          'The floor is that of one asset; a negative one is a credit limit. Not needed before the first coin.',
        headers: IDEMPOTENCY_HEADERS,
        params: ACCOUNT_PARAMS,
        body: reference(OpenBody),
        response: { 200: repeatableAnswers(Balance) },
      },
      config: {
        problems: ['request_id_reused', 'unknown_asset', 'house_account', 'floor_above_available', ...WRITE_PROBLEMS],
      },
    },
    async (request, reply) => {
      const account = accountParameter(request.params.account, 'account')
      const command = readCommand(request, (input, newRequestId) => openOf(account, input, newRequestId))
      return sendOutcome(reply, command, await submitCommand(backend, request, command))
    },
  )
}

function addReads(app: FastifyInstance, backend: Backend): void {
  app.get<ByName>(
    '/v1/accounts/:account',
    {
      schema: {
        operationId: 'getAccount',
        tags: ['accounts'],
        summary: 'Balances, one per asset, now or as of a moment, page by page where there are many',
        params: ACCOUNT_PARAMS,
        querystring: AccountQuery,
        response: { 200: answers(Account) },
      },
      config: { problems: ['account_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const name = accountParameter(request.params.account, 'account')
      const { at, ...page } = accountQueryOf(typedQuery(request.query))
      const { reader } = backend
      const account = await readPage(at === null ? reader.account(name, page) : reader.accountAt(name, at, page))
      if (account === null) throw LedgerError.accountNotFound(name)
      return sendFound(reply, accountToWire(account))
    },
  )
}
