/** An account with its balances on the wire. */
import { STANDINGS } from '../domain/standing.ts'
import { BALANCE, BALANCE_EXAMPLE, Balance, balanceFromWire, balanceToWire } from './balance.ts'
import { jsonForm } from './json-form.ts'
import type { AccountView } from './ledger.ts'
import { AccountName, MetadataAnswer, named, nullableText, reference, words } from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const Account = named(
  'Account',
  Type.Object(
    {
      account: AccountName,
      metadata: MetadataAnswer,
      standing: words(STANDINGS, {
        description:
          'As it is now. `active`; `blocked`: nothing can be frozen, charged or transferred from it; `closed`: it was merged into `successor`.',
      }),
      successor: nullableText({ description: 'The account that a closed one was merged into; null for others.' }),
      balances: Type.Array(reference(Balance)),
      next: nullableText({ description: 'The cursor of the next page of balances; null on the last page.' }),
    },
    {
      description:
        'An account with a page of its balances, one per asset, sorted by asset. The balance of a house account is the sum of its stripes.',
      examples: [
        {
          account: 'user:8',
          metadata: { plan: 'pro' },
          standing: 'active',
          successor: null,
          balances: [BALANCE_EXAMPLE],
          next: null,
        },
      ],
    },
  ),
)

export type AccountWire = Static<typeof Account>

export function accountToWire(account: AccountView): AccountWire {
  const { account: name, metadata, standing, successor, balances, next } = account
  return { account: name, metadata, standing, successor, balances: balances.map(balanceToWire), next }
}

export function accountFromWire(wire: AccountWire): AccountView {
  const { account, metadata, standing, successor, balances, next } = wire
  // An older service has no pages: it sends all balances and no cursor.
  return { account, metadata, standing, successor, balances: balances.map(balanceFromWire), next: next ?? null }
}

const ownJson = jsonForm(accountToWire)

export function accountWithJson(account: AccountView): AccountView {
  account.balances.forEach(BALANCE.withJson)
  return ownJson(account)
}
