/** The mapping: the names of the old tables and columns, the meaning of their values, and their conversion. */
import { LedgerError } from '../api/error.ts'
import { isAccountName, isAssetCode, type AccountName, type AssetCode, type RequestId } from '../domain/ids.ts'

/** Names in the old database. A table can have its schema as a prefix: `shop.users`. */
export interface UsersTable {
  readonly table: string
  /** Unique; the order of the pages. */
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

/** Whether the old balance includes the frozen coins (`total`: available is balance − frozen) or not. */
export type BalanceMeaning = 'total' | 'available'

export interface Mapping {
  readonly users: UsersTable
  readonly freezes: FreezesTable
  /** The statuses of open freezes, as text. */
  readonly openStatuses: readonly string[]
  readonly balanceMeans: BalanceMeaning
  /** The template of the account name. `{id}` is replaced by the key of the user. */
  readonly account: string
  readonly asset: AssetCode
  /** Old amounts are multiplied by 10 to this power: with 2, 1.50 becomes 150. */
  readonly scale: number
  /** The prefix of the request ids of deposits and corrections. Each old system needs a prefix of its own. */
  readonly prefix: string
  /** The lifetime of the holds. */
  readonly holdExpiresInMs: number
}

/** The tables of a service with `users.balance`, `users.frozen_balance` and a log of freezes. */
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
/** Followed by an asset, an account, a version and an amount, the longest prefix fits into the 128 characters of a request id. */
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
  refuseUnless(mapping.openStatuses.length > 0, 'open-status', 'Give at least one open status.')
  refuseUnless(
    isTemplate(mapping.account),
    'account',
    `The account must be a name that contains ${PLACE} once: user:{id}.`,
  )
  refuseUnless(isAssetCode(mapping.asset), 'asset', `"${mapping.asset}" is not a valid asset code.`)
  refuseUnless(PREFIX.test(mapping.prefix), 'prefix', 'The prefix must be 1 to 8 characters of A-Z a-z 0-9 _ -.')
  refuseUnless(mapping.scale <= SCALE_MAX, 'scale', `The scale must be from 0 to ${SCALE_MAX}.`)
  return mapping
}

/** The account of a user, or null if the key does not result in a valid name. */
export function accountOf({ account }: Mapping, key: string): AccountName | null {
  // A function, because `$&` and similar have a meaning in a replacement text.
  const name = account.replace(PLACE, () => key)
  return isAccountName(name) && !name.startsWith('@') ? name : null
}

/** The request id of the deposit of a user's opening balance. It is always the same. */
export function depositId({ prefix, asset }: Mapping, account: AccountName): RequestId {
  return `${prefix}/${asset}/${account}`
}

/**
 * The request id of a correction. It contains the version of the account and the observed total, so that two imports with the same
 * observation make one correction, and a total that occurs again later is corrected again.
 */
export function correctionId(mapping: Mapping, account: AccountName, version: number, total: bigint): RequestId {
  return `${depositId(mapping, account)}@${version}=${total}`
}

/** Whether an entry was made by an import. */
export function isImported({ prefix, asset }: Mapping, account: AccountName, entryId: string): boolean {
  const id = `${prefix}/${asset}/${account}`
  return entryId === id || entryId.startsWith(`${id}@`)
}

function isTemplate(account: string): boolean {
  const parts = account.split(PLACE)
  return parts.length === 2 && !account.startsWith('@') && isAccountName(account.replace(PLACE, '1'))
}

function notAName(what: string, name: string): LedgerError {
  return LedgerError.invalidParameter(what, `The ${what} "${name}" must consist of letters, digits, _ and $.`)
}

function refuseUnless(isRight: boolean, parameter: string, message: string): void {
  if (!isRight) throw LedgerError.invalidParameter(parameter, message)
}
