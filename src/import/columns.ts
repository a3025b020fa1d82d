/** The declared types of the old columns, and what each column of the mapping must be, so that every value is read exactly. */
import type { KeyFormat } from './key-format.ts'
import { MappingError } from './mapping-error.ts'
import type { Mapping } from './mapping.ts'

/**
 * - `whole`: whole numbers.
 * - `decimal`: exact numbers with decimal places.
 * - `binary`: bytes.
 * - `float`: numbers that are not exact.
 * - `other`: booleans, dates, documents and everything else.
 */
export type ColumnKind = 'whole' | 'decimal' | 'text' | 'uuid' | 'binary' | 'float' | 'other'

export interface Column {
  readonly name: string
  /** The type, as the database shows it. */
  readonly declared: string
  readonly kind: ColumnKind
  /** The smallest and the largest value of a whole number; null if it is not an integer of the machine. */
  readonly range: WholeRange | null
  /** The collation of a text, as an SQL name; null for other types. */
  readonly collation: string | null
}

export interface WholeRange {
  readonly least: bigint
  readonly most: bigint
}

export const INT64: WholeRange = { least: -(2n ** 63n), most: 2n ** 63n - 1n }
export const UINT64: WholeRange = { least: 0n, most: 2n ** 64n - 1n }

export interface Table {
  readonly columns: ReadonlyMap<string, Column>
  /** Why a transaction does not read the table as of one instant; null if it does. */
  readonly unsteady: string | null
}

/** The columns of a mapping with their types. */
export interface MappedColumns {
  readonly userKey: Column
  readonly userAsset: Column | null
  readonly balance: Column
  readonly frozen: Column
  readonly freezeKey: Column
  readonly freezeUser: Column
  readonly freezeAsset: Column | null
  readonly requestId: Column
  readonly amount: Column
  readonly status: Column
  readonly metadata: readonly Column[]
}

/** @throws MappingError */
export function mappedColumns(
  tables: { readonly users: Table; readonly freezes: Table },
  mapping: Mapping,
): MappedColumns {
  const { users, freezes, coins, metadataColumns, keyFormat, requestFormat } = mapping
  const find = (table: 'users' | 'freezes', name: string, check: (column: Column, place: string) => void): Column => {
    const path = mapping[table].table
    const column = tables[table].columns.get(name.toLowerCase())
    if (column === undefined) {
      const names = [...tables[table].columns.values()].map(({ name }) => name)
      throw new MappingError(`There is no column ${path}.${name}; the columns are ${names.join(', ')}.`)
    }
    check(column, `${path}.${name} is ${column.declared}`)
    return column
  }
  requireSteady(tables, mapping)
  const key = keyCheck('--key-format', keyFormat)
  const columns: MappedColumns = {
    userKey: find('users', users.key, key),
    userAsset: coins === null ? null : find('users', coins.userColumn, requireName),
    balance: find('users', users.balance, requireAmount),
    frozen: find('users', users.frozen, requireAmount),
    freezeKey: find('freezes', freezes.key, requireOrdered),
    freezeUser: find('freezes', freezes.user, key),
    freezeAsset: coins === null ? null : find('freezes', coins.freezeColumn, requireName),
    requestId: find('freezes', freezes.requestId, keyCheck('--request-format', requestFormat)),
    amount: find('freezes', freezes.amount, requireAmount),
    status: find('freezes', freezes.status, requireReadable),
    metadata: metadataColumns.map(({ column }) => find('freezes', column, requireReadable)),
  }
  const { userKey, freezeUser } = columns
  if ((userKey.kind === 'binary') !== (freezeUser.kind === 'binary')) {
    const [one, other] = [`${users.table}.${userKey.name}`, `${freezes.table}.${freezeUser.name}`]
    throw new MappingError(
      `${one} is ${userKey.declared} and ${other} is ${freezeUser.declared}: both must be binary, or none.`,
    )
  }
  return columns
}

function requireSteady({ users, freezes }: { readonly users: Table; readonly freezes: Table }, mapping: Mapping): void {
  if (mapping.allowUnsteady) return
  for (const [path, { unsteady }] of [
    [mapping.users.table, users],
    [mapping.freezes.table, freezes],
  ] as const) {
    if (unsteady === null) continue
    throw new MappingError(
      `${path} ${unsteady}, so it cannot be read as of one instant: a user could be read before a change and the freezes after it. ` +
        'Stop everything that writes it, then add --without-snapshot.',
    )
  }
}

function keyCheck(option: string, format: KeyFormat | null): (column: Column, place: string) => void {
  return ({ kind }, place) => {
    if (kind === 'binary' && format === null) {
      throw new MappingError(`${place}: say how its bytes become a name, with ${option} hex, uuid or uuid-swapped.`)
    }
    if (kind !== 'binary' && format !== null) throw new MappingError(`${place}, but ${option} is for binary columns.`)
    if (kind !== 'binary') requireName({ kind }, place)
  }
}

function requireName({ kind }: Pick<Column, 'kind'>, place: string): void {
  if (kind === 'whole' || kind === 'text' || kind === 'uuid') return
  throw new MappingError(`${place}: only whole numbers, texts and UUIDs can be read exactly as a name.`)
}

/** The key of a freeze is only compared and shown. */
function requireOrdered(column: Column, place: string): void {
  if (column.kind !== 'binary') requireName(column, place)
}

function requireAmount({ kind }: Column, place: string): void {
  if (kind === 'whole' || kind === 'decimal' || kind === 'text') return
  const reason = kind === 'float' ? ': floating-point amounts are not exact' : ''
  throw new MappingError(`${place}${reason}: an amount must be a whole number, a decimal or its digits as text.`)
}

function requireReadable({ kind }: Column, place: string): void {
  if (kind === 'binary') throw new MappingError(`${place}: bytes cannot be read as text.`)
}
