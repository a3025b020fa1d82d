/** The mapping: the names of the old tables and columns, the meaning of their values, and their conversion. */
import { createHash } from 'node:crypto'
import { LedgerError } from '../api/error.ts'
import { isAccountName, isAssetCode, type AccountName, type AssetCode, type RequestId } from '../domain/ids.ts'
import { METADATA_KEY_LENGTH_MAX, METADATA_KEYS_MAX } from '../domain/metadata.ts'
import type { KeyFormat } from './key-format.ts'
import type { Cell } from './old-rows.ts'

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

/** An asset, and the decimal places of its old amounts: with a scale of 2, 1.50 becomes 150. */
export interface Coin {
  readonly asset: AssetCode
  readonly scale: number
}

/** For a table with one row per user and kind of coins. */
export interface Coins {
  /** The column of the users' table, and of the freezes' table, that has the kind. */
  readonly userColumn: string
  readonly freezeColumn: string
  readonly byKind: ReadonlyMap<string, Coin>
}

export interface MetadataColumn {
  /** In the table of freezes. */
  readonly column: string
  /** In the metadata of the hold. */
  readonly key: string
}

export interface Mapping {
  readonly users: UsersTable
  readonly freezes: FreezesTable
  /** The statuses of open freezes, as text. */
  readonly openStatuses: readonly string[]
  readonly balanceMeans: BalanceMeaning
  /** The template of the account name. `{id}` is replaced by the key of the user. */
  readonly account: string
  /** The coins of a table without kinds. */
  readonly asset: AssetCode
  readonly scale: number
  /** Null: every row is of `asset`. */
  readonly coins: Coins | null
  /** What the bytes of binary keys of users, and of binary request ids, mean. Null: they are not binary. */
  readonly keyFormat: KeyFormat | null
  readonly requestFormat: KeyFormat | null
  readonly metadataColumns: readonly MetadataColumn[]
  /** An SQL condition on the table of users; null: all of them. */
  readonly where: string | null
  /** Whether a balance below 0 is imported, with a floor at it. */
  readonly allowNegative: boolean
  /** Whether tables are read whose engine has no snapshots. */
  readonly allowUnsteady: boolean
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
  coins: null,
  keyFormat: null,
  requestFormat: null,
  metadataColumns: [],
  where: null,
  allowNegative: false,
  allowUnsteady: false,
  prefix: 'import',
  holdExpiresInMs: 7 * 24 * 60 * 60_000,
} as const satisfies Mapping

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,63}$/
/** Followed by an asset, an account, a version and an amount, the longest prefix fits into the 128 characters of a request id. */
const PREFIX = /^[A-Za-z0-9_-]{1,8}$/
const SCALE_MAX = 18
const PLACE = '{id}'

/** The columns that the import reads. */
export function columnNames(mapping: Mapping): {
  readonly users: readonly string[]
  readonly freezes: readonly string[]
} {
  const { coins, metadataColumns } = mapping
  const { table: _users, ...users } = mapping.users
  const { table: _freezes, ...freezes } = mapping.freezes
  return {
    users: [...Object.values(users), ...(coins === null ? [] : [coins.userColumn])],
    freezes: [
      ...Object.values(freezes),
      ...(coins === null ? [] : [coins.freezeColumn]),
      ...metadataColumns.map(({ column }) => column),
    ],
  }
}

/** @throws LedgerError `invalid_request` */
export function checkMapping(mapping: Mapping): Mapping {
  for (const [name, path] of Object.entries({ users: mapping.users.table, freezes: mapping.freezes.table })) {
    const parts = path.split('.')
    if (parts.length > 2 || !parts.every((part) => IDENTIFIER.test(part))) throw notAName(`${name} table`, path)
  }
  for (const [table, columns] of Object.entries(columnNames(mapping))) {
    for (const column of columns) if (!IDENTIFIER.test(column)) throw notAName(`${table} column`, column)
  }
  refuseUnless(mapping.openStatuses.length > 0, 'open-status', 'Give at least one open status.')
  refuseUnless(
    isTemplate(mapping.account),
    'account',
    `The account must be a name that contains ${PLACE} once: user:{id}.`,
  )
  refuseUnless(PREFIX.test(mapping.prefix), 'prefix', 'The prefix must be 1 to 8 characters of A-Z a-z 0-9 _ -.')
  for (const { asset, scale } of coinsOf(mapping)) {
    refuseUnless(isAssetCode(asset), 'asset', `"${asset}" is not a valid asset code.`)
    refuseUnless(scale <= SCALE_MAX, 'scale', `The scale must be from 0 to ${SCALE_MAX}.`)
  }
  checkMetadata(mapping)
  return mapping
}

/** Every asset of the import. */
export function coinsOf({ asset, scale, coins }: Mapping): readonly Coin[] {
  return coins === null ? [{ asset, scale }] : [...coins.byKind.values()]
}

/** The coins of a kind; null for a kind that is not mapped. */
export function coinOf({ asset, scale, coins }: Mapping, kind: Cell): Coin | null {
  return coins === null ? { asset, scale } : (coins.byKind.get(kind ?? '') ?? null)
}

function checkMetadata({ metadataColumns }: Mapping): void {
  const keys = new Set(metadataColumns.map(({ key }) => key))
  refuseUnless(
    metadataColumns.length < METADATA_KEYS_MAX && keys.size === metadataColumns.length && !keys.has(MARK),
    'metadata-columns',
    `Give at most ${METADATA_KEYS_MAX - 1} metadata columns, each with a key of its own and none with ${MARK}.`,
  )
  for (const key of keys) {
    refuseUnless(
      key !== '' && key.length <= METADATA_KEY_LENGTH_MAX,
      'metadata-columns',
      `The metadata key "${key}" must have 1 to ${METADATA_KEY_LENGTH_MAX} characters.`,
    )
  }
}

/** The metadata key that identifies the holds of an import. */
export const MARK = 'importedBy'

/** The account of a user, or null if the key does not result in a valid name. */
export function accountOf({ account }: Mapping, key: string): AccountName | null {
  // A function, because `$&` and similar have a meaning in a replacement text.
  const name = account.replace(PLACE, () => key)
  return isAccountName(name) && !name.startsWith('@') ? name : null
}

/** An account of an import in one asset. */
export interface Place {
  readonly account: AccountName
  readonly asset: AssetCode
}

/** The request id of the deposit of a user's opening balance, or of the charge of a debt. It is always the same. */
export function openingId({ prefix }: Mapping, { account, asset }: Place): RequestId {
  return `${prefix}/${asset}/${nameInId(account)}`
}

/** `@` separates a correction from the name. */
const ESCAPED_IN_ID = /[^A-Za-z0-9:_./-]/g
/** With the longest prefix, asset, version and total, a correction's id has at most 127 characters. */
const NAME_IN_ID_LENGTH_MAX = 64

/** An account name in a request id, whose alphabet is smaller: `=40` stands for `@`. A longer text is replaced by its digest, after `==`. */
function nameInId(account: AccountName): string {
  const text = account.replace(ESCAPED_IN_ID, (character) => `=${character.charCodeAt(0).toString(16).toUpperCase()}`)
  if (text.length <= NAME_IN_ID_LENGTH_MAX) return text
  return `==${createHash('sha256').update(account).digest('base64url')}`
}

/** The request id of the floor of a user in debt. */
export function floorId(mapping: Mapping, place: Place, floor: bigint): RequestId {
  return `${openingId(mapping, place)}@floor=${floor}`
}

/**
 * The request id of a correction. It contains the version of the account and the observed total, so that two imports with the same
 * observation make one correction, and a total that occurs again later is corrected again.
 */
export function correctionId(
  mapping: Mapping,
  place: Place,
  seen: { readonly version: number; readonly total: bigint },
): RequestId {
  return `${openingId(mapping, place)}@${seen.version}=${seen.total}`
}

/** Whether an entry was made by an import. */
export function isImported(mapping: Mapping, place: Place, entryId: string): boolean {
  const id = openingId(mapping, place)
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
