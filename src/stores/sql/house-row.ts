/** Declared house accounts as rows of `house_accounts`. */
import type { HouseAccount } from '../../domain/house-account.ts'
import type { AccountName } from '../../domain/ids.ts'
import { rowKind } from './row-kind.ts'
import { whole, type Row } from './values.ts'

export function houseRow({ account, declaredAt }: HouseAccount) {
  return { account, declared_at: declaredAt }
}

export function houseOf(row: Row): HouseAccount {
  return { account: row['account'] as string, declaredAt: whole(row['declared_at']) }
}

export const HOUSE = rowKind('house_accounts', houseRow, { account: '@promo', declaredAt: 1 })
/** What a batch rests on: the declaration exists. */
export const HOUSE_USED = rowKind('house_accounts', (account: AccountName) => ({ account }), '@promo')
