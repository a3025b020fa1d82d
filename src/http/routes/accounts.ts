import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Account, accountToWire } from '../../api/account.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { AccountQuery } from '../../api/queries.ts'
import { AccountName } from '../../api/schema.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound } from '../respond.ts'

interface ByName {
  Params: { account: string }
}

const ACCOUNT_PARAMS = Type.Object({ account: AccountName })

export function accountRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get<ByName>(
    '/v1/accounts/:account',
    {
      schema: {
        operationId: 'getAccount',
        tags: ['accounts'],
        summary: 'Read an account and its balances, now or as of an instant',
        params: ACCOUNT_PARAMS,
        querystring: AccountQuery,
        response: { 200: answers(Account) },
      },
      config: { problems: ['account_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const account = await reads.account(request.params.account, typedQuery(request.query))
      return sendFound(reply, accountToWire(account))
    },
  )
}
