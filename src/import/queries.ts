/**
 * The SQL queries of the import, for every kind of old database. Names were checked before and are quoted here. Values are parameters,
 * written `?`. The condition of `--where` is the operator's own SQL; the connection can only read.
 */
import type { MappedColumns } from './columns.ts'
import { KeyReader, type Dialect } from './dialect.ts'
import type { Mapping } from './mapping.ts'
import type { OldFreeze, OldUser } from './old-rows.ts'

export interface Query {
  readonly text: string
  readonly values: readonly unknown[]
}

interface Names<Role extends string> {
  readonly table: string
  readonly column: Readonly<Record<Role, string>>
}

export class Queries {
  readonly #dialect: Dialect
  readonly #mapping: Mapping
  readonly #users: Names<'key' | 'kind' | 'balance' | 'frozen'>
  readonly #freezes: Names<'key' | 'requestId' | 'user' | 'kind' | 'amount' | 'status'>
  readonly #metadata: readonly string[]
  readonly userKey: KeyReader
  readonly userKind: KeyReader | null
  readonly freezeKey: KeyReader
  readonly freezeUser: KeyReader
  readonly freezeKind: KeyReader | null
  readonly requestId: KeyReader

  constructor(dialect: Dialect, columns: MappedColumns, mapping: Mapping) {
    const { users, freezes, coins, keyFormat, requestFormat } = mapping
    const { quote } = dialect
    const quoted = (name: string): string => `${quote}${name}${quote}`
    const tableName = (name: string): string => name.split('.').map(quoted).join('.')
    const user = (name: string): string => `u.${quoted(name)}`
    const freeze = (name: string): string => `f.${quoted(name)}`
    this.#dialect = dialect
    this.#mapping = mapping
    this.#users = {
      table: `${tableName(users.table)} u`,
      column: {
        key: user(users.key),
        kind: user(coins?.userColumn ?? ''),
        balance: user(users.balance),
        frozen: user(users.frozen),
      },
    }
    this.#freezes = {
      table: `${tableName(freezes.table)} f`,
      column: {
        key: freeze(freezes.key),
        requestId: freeze(freezes.requestId),
        user: freeze(freezes.user),
        kind: freeze(coins?.freezeColumn ?? ''),
        amount: freeze(freezes.amount),
        status: freeze(freezes.status),
      },
    }
    this.#metadata = mapping.metadataColumns.map(({ column }) => freeze(column))
    const reader = (column: MappedColumns['userKey'] | null): KeyReader | null =>
      column === null ? null : new KeyReader(dialect, column, null)
    this.userKey = new KeyReader(dialect, columns.userKey, keyFormat)
    this.userKind = reader(columns.userAsset)
    this.freezeKey = new KeyReader(dialect, columns.freezeKey, 'hex')
    this.freezeUser = new KeyReader(dialect, columns.freezeUser, keyFormat)
    this.freezeKind = reader(columns.freezeAsset)
    this.requestId = new KeyReader(dialect, columns.requestId, requestFormat)
  }

  usersCount(): Query {
    return this.#countUsers()
  }

  usersWithoutKeyCount(): Query {
    const { key, kind } = this.#users.column
    return this.#countUsers(this.userKind === null ? `${key} IS NULL` : `(${key} IS NULL OR ${kind} IS NULL)`)
  }

  /** Binary keys of another length than that of a UUID. */
  unlikeUuidCount(bytes: number): Query {
    return this.#countUsers(`${this.#dialect.bytesCount(this.#users.column.key)} <> ${bytes}`)
  }

  unlikeUuidFreezesCount(bytes: number, column: 'user' | 'requestId'): Query {
    const { table } = this.#freezes
    const isOther = `${this.#dialect.bytesCount(this.#freezes.column[column])} <> ${bytes}`
    return {
      text: `SELECT ${this.#count()} FROM ${table} WHERE ${this.#isOpen()} AND ${isOther}`,
      values: this.#mapping.openStatuses,
    }
  }

  /** A page of all users. */
  users(after: OldUser | null, limit: number): Query {
    const { key, kind } = this.#users.column
    const { conditions, values } = this.#present()
    if (after !== null) {
      const keyValue = this.userKey.valueOf(after.key)
      const isBeyond = `${key} > ${this.userKey.parameter}`
      if (this.userKind === null) {
        conditions.push(isBeyond)
        values.push(keyValue)
      } else {
        const isSame = `${key} = ${this.userKey.parameter} AND ${kind} > ${this.userKind.parameter}`
        conditions.push(`(${isBeyond} OR (${isSame}))`)
        values.push(keyValue, keyValue, this.userKind.valueOf(after.kind!))
      }
    }
    return { text: `${this.#selectUsers(conditions)} LIMIT ${limit}`, values }
  }

  /** The rows of chosen users. @param keys values of `userKey` */
  chosenUsers(keys: readonly unknown[]): Query {
    const { conditions, values } = this.#present()
    conditions.push(`${this.#users.column.key} IN (${placeholders(keys.length, this.userKey.parameter)})`)
    return { text: this.#selectUsers(conditions), values: [...values, ...keys] }
  }

  openFreezes(users: readonly unknown[], after: OldFreeze | null, limit: number): Query {
    const { key, user } = this.#freezes.column
    const { freezeUser, freezeKey } = this
    const [userParameter, keyParameter] = [freezeUser.parameter, freezeKey.parameter]
    const isBeyond = `(${user} > ${userParameter} OR (${user} = ${userParameter} AND ${key} > ${keyParameter}))`
    const userValue = after === null ? null : freezeUser.valueOf(after.user!)
    const position = after === null ? [] : [userValue, userValue, freezeKey.valueOf(after.key)]
    return {
      text: `SELECT ${this.#freezeColumns()} FROM ${this.#freezes.table}
        WHERE ${user} IN (${placeholders(users.length, userParameter)}) AND ${this.#isOpen()}${after === null ? '' : ` AND ${isBeyond}`}
        ORDER BY ${user}, ${key} LIMIT ${limit}`,
      values: [...users, ...this.#mapping.openStatuses, ...position],
    }
  }

  /** Open freezes whose user, or whose kind of coins, has no row. */
  orphans(after: string | null, limit: number): Query {
    const { key } = this.#freezes.column
    const isBeyond = after === null ? '' : ` AND ${key} > ${this.freezeKey.parameter}`
    return {
      text: `SELECT ${this.#freezeColumns()} FROM ${this.#freezes.table}
        WHERE ${this.#isOpen()} AND ${this.#isOrphan()}${isBeyond} ORDER BY ${key} LIMIT ${limit}`,
      values: [...this.#mapping.openStatuses, ...(after === null ? [] : [this.freezeKey.valueOf(after)])],
    }
  }

  /** Rows with the same key and kind of coins. */
  duplicateUsers(limit: number): Query {
    const { key, kind } = this.#users.column
    const { conditions, values } = this.#present()
    const group = this.userKind === null ? key : `${key}, ${kind}`
    const kindCell = this.userKind === null ? '' : `, MIN(${this.userKind.cell(kind)}) AS user_kind`
    return {
      text: `SELECT MIN(${this.userKey.cell(key)}) AS user_key${kindCell} FROM ${this.#users.table}
        WHERE ${conditions.join(' AND ')} GROUP BY ${group} HAVING COUNT(*) > 1 LIMIT ${limit}`,
      values,
    }
  }

  /** Keys that differ and that the database takes for equal. Null: the column has no collation. */
  mergedUsers(): Query | null {
    const { table, column } = this.#users
    return this.userKey.kind === 'text' ? this.#merged(table, column.key, this.#present()) : null
  }

  /** As `mergedUsers`, of the kinds of coins. */
  mergedKinds(): Query | null {
    const { table, column } = this.#users
    return this.userKind?.kind === 'text' ? this.#merged(table, column.kind, this.#present()) : null
  }

  duplicateRequestIds(limit: number): Query {
    const { requestId } = this.#freezes.column
    const isText = this.requestId.kind === 'text'
    const group = isText ? this.#dialect.exact(requestId) : requestId
    const cell = isText ? this.#dialect.exactBound('MIN', requestId) : `MIN(${this.requestId.cell(requestId)})`
    return {
      text: `SELECT ${cell} AS duplicate FROM ${this.#freezes.table}
        WHERE ${requestId} IS NOT NULL AND ${this.#isOpen()} GROUP BY ${group} HAVING COUNT(*) > 1 LIMIT ${limit}`,
      values: this.#mapping.openStatuses,
    }
  }

  statuses(limit: number): Query {
    const { status } = this.#freezes.column
    return {
      text: `SELECT ${this.#dialect.text(status)} AS status, ${this.#count()} FROM ${this.#freezes.table}
        GROUP BY ${status} ORDER BY COUNT(*) DESC LIMIT ${limit}`,
      values: [],
    }
  }

  #merged(table: string, column: string, { conditions, values }: Conditions): Query {
    const { exact, exactBound } = this.#dialect
    const bounds = [`${exactBound('MIN', column)} AS one`, `${exactBound('MAX', column)} AS other`]
    return {
      text: `SELECT ${bounds.join(', ')} FROM ${table} WHERE ${conditions.join(' AND ')}
        GROUP BY ${column} HAVING MIN(${exact(column)}) <> MAX(${exact(column)}) LIMIT 1`,
      values,
    }
  }

  #countUsers(condition: string | null = null): Query {
    const conditions = [...this.#filter(), ...(condition === null ? [] : [condition])]
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
    return { text: `SELECT ${this.#count()} FROM ${this.#users.table}${where}`, values: [] }
  }

  #count(): string {
    return `${this.#dialect.text('COUNT(*)')} AS rows_count`
  }

  /** On a line of its own, because it can end with a comment. */
  #filter(): readonly string[] {
    return this.#mapping.where === null ? [] : [`(${this.#mapping.where}\n)`]
  }

  #present(): Conditions {
    const { key, kind } = this.#users.column
    const isPresent = this.userKind === null ? [`${key} IS NOT NULL`] : [`${key} IS NOT NULL`, `${kind} IS NOT NULL`]
    return { conditions: [...this.#filter(), ...isPresent], values: [] }
  }

  #selectUsers(conditions: readonly string[]): string {
    const { key, kind, balance, frozen } = this.#users.column
    const kindCell = this.userKind === null ? '' : `, ${this.userKind.cell(kind)} AS user_kind`
    const order = this.userKind === null ? key : `${key}, ${kind}`
    const { text } = this.#dialect
    return `SELECT ${this.userKey.cell(key)} AS user_key${kindCell}, ${text(balance)} AS balance, ${text(frozen)} AS frozen
      FROM ${this.#users.table} WHERE ${conditions.join(' AND ')} ORDER BY ${order}`
  }

  #freezeColumns(): string {
    const { key, requestId, user, kind, amount } = this.#freezes.column
    const metadata = this.#metadata.map((column, index) => `${this.#dialect.text(column)} AS metadata_${index}`)
    return [
      `${this.freezeKey.cell(key)} AS freeze_key`,
      `${this.requestId.cell(requestId)} AS request_id`,
      `${this.freezeUser.cell(user)} AS user_key`,
      ...(this.freezeKind === null ? [] : [`${this.freezeKind.cell(kind)} AS user_kind`]),
      `${this.#dialect.text(amount)} AS amount`,
      ...metadata,
    ].join(', ')
  }

  /** Compared as text, because MySQL converts a word to 0 in a comparison with a number. */
  #isOpen(): string {
    const { openStatuses } = this.#mapping
    return `${this.#dialect.exact(this.#freezes.column.status)} IN (${placeholders(openStatuses.length, '?')})`
  }

  /** Only keys of the same bytes are equal, whatever the collations are. */
  #isOrphan(): string {
    const { exact: exactly, collated } = this.#dialect
    const { userKey, freezeUser, userKind, freezeKind } = this
    const [user, freeze] = [this.#users.column, this.#freezes.column]
    const kinds = userKind === null || freezeKind === null ? [] : ([[user.kind, freeze.kind]] as const)
    const isNull = [freeze.user, ...kinds.map(([, kind]) => kind)].map((column) => `${column} IS NULL`)
    if (userKey.kind !== freezeUser.kind) {
      // No index can serve such a comparison, so the database builds a list of all keys once.
      const pairs = [[user.key, freeze.user] as const, ...kinds]
      const wanted = pairs.map(([, column]) => exactly(column)).join(', ')
      const known = pairs.map(([column]) => exactly(column)).join(', ')
      const present = pairs.map(([column]) => `${column} IS NOT NULL`).join(' AND ')
      return `(${isNull.join(' OR ')} OR (${wanted}) NOT IN (SELECT ${known} FROM ${this.#users.table} WHERE ${present}))`
    }
    const isSame = kinds.map(([one, other]) => `${exactly(one)} = ${exactly(other)}`)
    if (userKey.kind === 'text') isSame.push(`${exactly(user.key)} = ${exactly(freeze.user)}`)
    const { collation } = userKey
    const wanted =
      collation === null || collation === freezeUser.collation ? freeze.user : collated(freeze.user, collation)
    const condition = [`${user.key} = ${wanted}`, ...isSame].join(' AND ')
    return `NOT EXISTS (SELECT 1 FROM ${this.#users.table} WHERE ${condition})`
  }
}

interface Conditions {
  readonly conditions: string[]
  readonly values: unknown[]
}

function placeholders(count: number, parameter: string): string {
  return Array.from({ length: count }, () => parameter).join(', ')
}
