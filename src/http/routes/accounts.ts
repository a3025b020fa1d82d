import type { FastifyInstance } from 'fastify'
import { Account, accountToWire } from '../../api/account.ts'
import { Balance, BalancePage, balanceToWire } from '../../api/balance.ts'
import type { LedgerReads } from '../../api/ledger-reads.ts'
import { BalancesQuery } from '../../api/list-queries.ts'
import { AccountQuery } from '../../api/queries.ts'
import { pageToWire } from '../../api/resource.ts'
import type { LedgerError } from '../../api/error.ts'
import { errorOfRejection } from '../../api/rejection-error.ts'
import { AccountName, AssetCode } from '../../api/schema.ts'
import { balanceChanged, balanceTag } from '../../domain/precondition.ts'
import { maySee } from '../access.ts'
import { isKnown } from '../conditional.ts'
import { answers, READ_CONDITIONS, READ_PROBLEMS, taggedAnswers } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound, sendTagged } from '../respond.ts'
import { Type } from '../../api/typebox.ts'

interface ByName {
  Params: { account: string }
}

interface ByAsset {
  Params: { account: string; asset: string }
}

const ACCOUNT_PARAMS = Type.Object({ account: AccountName })
const BALANCE_PARAMS = Type.Object({ account: AccountName, asset: AssetCode })

export function accountRoutes(app: FastifyInstance, reads: LedgerReads): void {
  app.get(
    '/v1/accounts',
    {
      schema: {
        operationId: 'listAccounts',
        tags: ['accounts'],
        summary: 'List the balances of all accounts',
        description:
          'One row per account and asset; the stripes of a house account are added up. A balance must match all filters. By name, a page ' +
          'reads a bounded number of rows, so with filters it can be short or empty and have a next page.',
        querystring: BalancesQuery,
        response: { 200: answers(BalancePage) },
      },
      config: { scopes: ['accounts:read'], about: 'balances', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await reads.accounts(typedQuery(request.query))
      return sendFound(reply, pageToWire(page, balanceToWire))
    },
  )
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
      config: { scopes: ['accounts:read'], about: 'account', problems: ['account_not_found', ...READ_PROBLEMS] },
    },
    async (request, reply) => {
      const account = await reads.account(request.params.account, typedQuery(request.query))
      const balances = account.balances.filter(({ asset }) => maySee(request, account.account, asset))
      return sendFound(reply, accountToWire({ ...account, balances }))
    },
  )
  app.get<ByAsset>(
    '/v1/accounts/:account/balances/:asset',
    {
      schema: {
        operationId: 'getBalance',
        tags: ['accounts'],
        summary: 'Read one balance of an account',
        params: BALANCE_PARAMS,
        headers: READ_CONDITIONS,
        response: taggedAnswers(Balance),
      },
      config: {
        scopes: ['accounts:read'],
        about: 'account',
        problems: ['account_not_found', 'changed_meanwhile', ...READ_PROBLEMS],
      },
    },
    async (request, reply) => {
      const { account, asset } = request.params
      const balance = await reads.balance(account, asset)
      const tag = balanceTag(balance)
      const changed = (): LedgerError => errorOfRejection(balanceChanged(balance))
      return sendTagged(reply, balanceToWire(balance), { tag, isKnown: isKnown(request, tag, changed) })
    },
  )
}
