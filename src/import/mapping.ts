/** What the old system's tables and columns are called, what their values mean, and what becomes of them here. */
import { LedgerError } from '../api/error.ts'
import { isAccountName, isAssetCode, type AccountName, type AssetCode, type RequestId } from '../domain/ids.ts'

/** Names as they stand in the old database; a table may have its schema in front: `shop.users`. */
export interface UsersTable {
  readonly table: string
  /** Unique; pages go by it. */
  readonly key: string
  readonly balance: string
  readonly frozen: string
}

export interface FreezesTable {
  readonly table: string
  readonly key: string
  readonly requestId: string
  /** The user's key. */
  readonly user: string
  readonly amount: string
  readonly status: string
}

/** Whether the old balance counts what is frozen (`total`: what can be spent is balance − frozen) or not. */
export type BalanceMeaning = 'total' | 'available'

export interface Mapping {
  readonly users: UsersTable
  readonly freezes: FreezesTable
  /** Values of the status column, as text, with which a freeze still holds its coins. */
  readonly openStatuses: readonly string[]
  readonly balanceMeans: BalanceMeaning
  /** The account's name, with `{id}` where the user's key goes. */
  readonly account: string
  readonly asset: AssetCode
  /** Old amounts are multiplied by 10 to this power: 2 where the old column says 1.50 and the ledger 150. */
  readonly scale: number
  /** In front of the request ids of deposits and corrections; another old system needs another one. */
  readonly prefix: string
  /** Life of the holds. */
  readonly holdExpiresInMs: number
}

/** The tables of a service that counts `users.balance` and `users.frozen_balance` and logs its freezes. */
export const MAPPING_DEFAULT = {
  users: { table: 'users', key: 'id', balance: 'balance', frozen: 'frozen_balance' },
  freezes: {
    table: 'compute_freeze_logs',
    key: 'id',
    requestId: 'request_id',
    user: 'user_id',
    amount: 'amount',
    status: 'status',
  },
  openStatuses: ['frozen'],
  balanceMeans: 'total',
  account: 'user:{id}',
  asset: 'credit',
  scale: 0,
  prefix: 'import',
  holdExpiresInMs: 7 * 24 * 60 * 60_000,
} as const satisfies Mapping

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,63}$/
/** With an asset, an account, a version and an amount behind it, the longest stays within a request id's 128 characters. */
const PREFIX = /^[A-Za-z0-9_-]{1,8}$/
const SCALE_MAX = 18
const PLACE = '{id}'

/** @throws LedgerError `invalid_request` */
export function checkMapping(mapping: Mapping): Mapping {
  for (const [name, path] of Object.entries({ users: mapping.users.table, freezes: mapping.freezes.table })) {
    const parts = path.split('.')
    if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part))) throw notAName(`${name} table`, path)
  }
  for (const { table: _, ...columns } of [mapping.users, mapping.freezes]) {
    for (const [name, column] of Object.entries(columns)) {
      if (!IDENTIFIER.test(column)) throw notAName(`${name} column`, column)
    }
  }
  refuseUnless(mapping.openStatuses.length > 0, 'open-status', 'At least one status must mean open.')
  refuseUnless(
    isTemplate(mapping.account),
    'account',
    `The account must be a name with ${PLACE} in it once: user:{id}.`,
  )
  refuseUnless(isAssetCode(mapping.asset), 'asset', `"${mapping.asset}" is no code of an asset.`)
  refuseUnless(PREFIX.test(mapping.prefix), 'prefix', 'The prefix must be 1 to 8 characters of A-Z a-z 0-9 _ -.')
  refuseUnless(mapping.scale <= SCALE_MAX, 'scale', `The scale must be from 0 to ${SCALE_MAX}.`)
  return mapping
}

/** The account of a user, or null when the key makes no name of one. */
export function accountOf({ account }: Mapping, key: string): AccountName | null {
  // As a function: in a replacing text, `$&` and its like would have a meaning.
  const name = account.replace(PLACE, () => key)
  return isAccountName(name) && !name.startsWith('@') ? name : null
}

/** The request id of the deposit that brings a user's opening balance: always the same one. */
export function depositId({ prefix, asset }: Mapping, account: AccountName): RequestId {
  return `${prefix}/${asset}/${account}`
}

/**
 * The request id of a correction. It names the state of the account that was found wrong and the value that is right, so that
 * two imports that found the same make one correction, and a value that comes back is corrected again.
 */
export function correctionId(mapping: Mapping, account: AccountName, version: number, total: bigint): RequestId {
  return `${depositId(mapping, account)}@${version}=${total}`
}

/** Whether an entry is one that an import made. */
export function isImported({ prefix, asset }: Mapping, account: AccountName, entryId: string): boolean {
  const id = `${prefix}/${asset}/${account}`
  return entryId === id || entryId.startsWith(`${id}@`)
}

function isTemplate(account: string): boolean {
  const parts = account.split(PLACE)
  return parts.length === 2 && !account.startsWith('@') && isAccountName(account.replace(PLACE, '1'))
}

function notAName(what: string, name: string): LedgerError {
  return LedgerError.invalidParameter(what, `The ${what} "${name}" is no name of letters, digits, _ and $.`)
}

function refuseUnless(isRight: boolean, parameter: string, message: string): void {
  if (!isRight) throw LedgerError.invalidParameter(parameter, message)
}
