/**
 * The SQL queries of the import, for MySQL, MariaDB and PostgreSQL. Names were checked before and are quoted here. Values are
 * parameters, written `?`.
 */
import type { Mapping } from './mapping.ts'
import type { OldFreeze } from './old-rows.ts'

export interface Query {
  readonly text: string
  readonly values: readonly unknown[]
}

export interface Dialect {
  /** The quote around a name. Checked names do not contain it. */
  readonly quote: '"' | '`'
  /** The type to which any value can be cast. */
  readonly textType: 'CHAR' | 'text'
  /** Converts a key for a comparison with its column. MySQL would compare a number with a text as doubles. */
  readonly userKey: (key: string) => unknown
  readonly freezeUser: (key: string) => unknown
  readonly freezeKey: (key: string) => unknown
}

export class Queries {
  readonly #dialect: Dialect
  readonly #mapping: Mapping
  readonly #users: string
  readonly #freezes: string
  readonly #user: Readonly<Record<'key' | 'balance' | 'frozen', string>>
  readonly #freeze: Readonly<Record<'key' | 'requestId' | 'user' | 'amount' | 'status', string>>

  constructor(dialect: Dialect, mapping: Mapping) {
    const { users, freezes } = mapping
    const quoted = (name: string): string => `${dialect.quote}${name}${dialect.quote}`
    const tableName = (name: string): string => name.split('.').map(quoted).join('.')
    const user = (name: string): string => `u.${quoted(name)}`
    const freeze = (name: string): string => `f.${quoted(name)}`
    this.#dialect = dialect
    this.#mapping = mapping
    this.#users = `${tableName(users.table)} u`
    this.#freezes = `${tableName(freezes.table)} f`
    this.#user = { key: user(users.key), balance: user(users.balance), frozen: user(users.frozen) }
    this.#freeze = {
      key: freeze(freezes.key),
      requestId: freeze(freezes.requestId),
      user: freeze(freezes.user),
      amount: freeze(freezes.amount),
      status: freeze(freezes.status),
    }
  }

  usersCount(): Query {
    return { text: `SELECT ${this.#asText('COUNT(*)')} AS rows_count FROM ${this.#users}`, values: [] }
  }

  usersWithoutKeyCount(): Query {
    const { text, values } = this.usersCount()
    return { text: `${text} WHERE ${this.#user.key} IS NULL`, values }
  }

  users(after: string | null, limit: number): Query {
    const { key, balance, frozen } = this.#user
    const beyond = after === null ? `${key} IS NOT NULL` : `${key} > ?`
    return {
      text: `SELECT ${this.#asText(key)} AS user_key, ${this.#asText(balance)} AS balance, ${this.#asText(frozen)} AS frozen
        FROM ${this.#users} WHERE ${beyond} ORDER BY ${key} LIMIT ${limit}`,
      values: after === null ? [] : [this.#dialect.userKey(after)],
    }
  }

  openFreezes(users: readonly string[], after: OldFreeze | null, limit: number): Query {
    const { key, user } = this.#freeze
    const beyond = after === null ? '' : ` AND (${user} > ? OR (${user} = ? AND ${key} > ?))`
    const { freezeUser, freezeKey } = this.#dialect
    const position = after === null ? [] : [freezeUser(after.user!), freezeUser(after.user!), freezeKey(after.key)]
    return {
      text: `SELECT ${this.#freezeColumns()} FROM ${this.#freezes}
        WHERE ${user} IN (${placeholders(users.length)}) AND ${this.#isOpen()}${beyond} ORDER BY ${user}, ${key} LIMIT ${limit}`,
      values: [...users.map((name) => freezeUser(name)), ...this.#mapping.openStatuses, ...position],
    }
  }

  orphans(after: string | null, limit: number): Query {
    const { key, user } = this.#freeze
    const isKnown = `EXISTS (SELECT 1 FROM ${this.#users} WHERE ${this.#user.key} = ${user})`
    return {
      text: `SELECT ${this.#freezeColumns()} FROM ${this.#freezes}
        WHERE ${this.#isOpen()} AND NOT ${isKnown}${after === null ? '' : ` AND ${key} > ?`} ORDER BY ${key} LIMIT ${limit}`,
      values: [...this.#mapping.openStatuses, ...(after === null ? [] : [this.#dialect.freezeKey(after)])],
    }
  }

  duplicateUsers(limit: number): Query {
    const { key } = this.#user
    return {
      text: `SELECT ${this.#asText(key)} AS duplicate FROM ${this.#users}
        WHERE ${key} IS NOT NULL GROUP BY ${key} HAVING COUNT(*) > 1 LIMIT ${limit}`,
      values: [],
    }
  }

  duplicateRequestIds(limit: number): Query {
    const { requestId } = this.#freeze
    return {
      text: `SELECT ${this.#asText(requestId)} AS duplicate FROM ${this.#freezes}
        WHERE ${requestId} IS NOT NULL AND ${this.#isOpen()} GROUP BY ${requestId} HAVING COUNT(*) > 1 LIMIT ${limit}`,
      values: this.#mapping.openStatuses,
    }
  }

  statuses(limit: number): Query {
    const { status } = this.#freeze
    return {
      text: `SELECT ${this.#asText(status)} AS status, ${this.#asText('COUNT(*)')} AS rows_count FROM ${this.#freezes}
        GROUP BY ${status} ORDER BY COUNT(*) DESC LIMIT ${limit}`,
      values: [],
    }
  }

  #freezeColumns(): string {
    const { key, requestId, user, amount } = this.#freeze
    return `${this.#asText(key)} AS freeze_key, ${this.#asText(requestId)} AS request_id, ${this.#asText(user)} AS user_key,
      ${this.#asText(amount)} AS amount`
  }

  /** Compared as text, because MySQL converts a word to 0 in a comparison with a number. */
  #isOpen(): string {
    return `${this.#asText(this.#freeze.status)} IN (${placeholders(this.#mapping.openStatuses.length)})`
  }

  #asText(expression: string): string {
    return `CAST(${expression} AS ${this.#dialect.textType})`
  }
}

function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ')
}
