/** Accounts that have metadata, as rows of `accounts`. */
import type { AccountChange } from '../../domain/changes.ts'
import { rowKind } from './row-kind.ts'

export function accountRow({ account, metadata }: AccountChange) {
  return { account, metadata: JSON.stringify(metadata) }
}

export const ACCOUNT = rowKind('accounts', accountRow, { account: 'user:8', metadata: {} })
