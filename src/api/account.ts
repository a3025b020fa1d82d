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
      next: nullableText({ description: 'The cursor of the next balances; null when these are the last.' }),
    },
    {
      description:
        'An account with its balances, one per asset, by asset; as many as a page has. The stripes of a house account are added up.',
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
  // A service from before there were pages sends all of them.
  return { account, metadata, balances: balances.map(balanceFromWire), next: next ?? null }
}
