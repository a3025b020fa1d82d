/** An account with its balances on the wire. */
import type { Static } from 'typebox'
import { BALANCE_EXAMPLE, Balance, balanceFromWire, balanceToWire } from './balance.ts'
import type { AccountView } from './ledger.ts'
import { AccountName, MetadataAnswer, named, nullableText, reference } from './schema.ts'
import { Type } from './typebox.ts'

export const Account = named(
  'Account',
  Type.Object(
    {
      account: AccountName,
      metadata: MetadataAnswer,
      balances: Type.Array(reference(Balance)),
      next: nullableText({ description: 'The cursor of the next page of balances; null on the last page.' }),
    },
    {
      description:
        'An account with a page of its balances, one per asset, sorted by asset. The balance of a house account is the sum of its stripes.',
      examples: [{ account: 'user:8', metadata: { plan: 'pro' }, balances: [BALANCE_EXAMPLE], next: null }],
    },
  ),
)

export type AccountWire = Static<typeof Account>

export function accountToWire(account: AccountView): AccountWire {
  const { account: name, metadata, balances, next } = account
  return { account: name, metadata, balances: balances.map(balanceToWire), next }
}

export function accountFromWire(wire: AccountWire): AccountView {
  const { account, metadata, balances, next } = wire
  // An older service has no pages: it sends all balances and no cursor.
  return { account, metadata, balances: balances.map(balanceFromWire), next: next ?? null }
}
