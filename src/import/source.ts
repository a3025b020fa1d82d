/** The reads of the old database: one consistent snapshot, page by page. */
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import type { Mapping } from './mapping.ts'
import type { OldFreeze, OldUser, StatusCount } from './old-rows.ts'
import { Queries, type Query } from './queries.ts'

/** Rows per page. */
const PAGE_ROWS = 1_000
/** The largest number of duplicates. A table with more must be cleaned up first. */
const DUPLICATES_MAX = 10_000
/** The largest number of open freezes of one user. */
export const FREEZES_PER_USER_MAX = 100_000
const STATUSES_MAX = 100

export class Source implements AsyncDisposable {
  readonly #connection: SourceConnection
  readonly #queries: Queries

  constructor(connection: SourceConnection, mapping: Mapping) {
    this.#connection = connection
    this.#queries = new Queries(connection.dialect, mapping)
  }

  async usersCount(): Promise<number> {
    return await this.#count(this.#queries.usersCount())
  }

  async usersWithoutKeyCount(): Promise<number> {
    return await this.#count(this.#queries.usersWithoutKeyCount())
  }

  /** All users, sorted by key. */
  async *userPages(): AsyncGenerator<readonly OldUser[]> {
    for (let after: string | null = null; ;) {
      const rows = await this.#connection.query(this.#queries.users(after, PAGE_ROWS))
      const users = rows.map((row) => ({ key: row['user_key']!, balance: row['balance']!, frozen: row['frozen']! }))
      if (users.length > 0) yield users
      if (users.length < PAGE_ROWS) return
      after = users.at(-1)!.key
    }
  }

  /**
   * The open freezes of these users, by user. At most `FREEZES_PER_USER_MAX` + 1 per user are kept, which shows that there are too many.
   */
  async freezesOf(keys: readonly string[]): Promise<ReadonlyMap<string, readonly OldFreeze[]>> {
    const byUser = new Map<string, OldFreeze[]>()
    for (let after: OldFreeze | null = null; ;) {
      const rows = await this.#connection.query(this.#queries.openFreezes(keys, after, PAGE_ROWS))
      const freezes = rows.map(freezeOf)
      for (const freeze of freezes) {
        const known = byUser.get(freeze.user!)
        if (known === undefined) byUser.set(freeze.user!, [freeze])
        else if (known.length <= FREEZES_PER_USER_MAX) known.push(freeze)
      }
      if (freezes.length < PAGE_ROWS) return byUser
      after = freezes.at(-1)!
    }
  }

  /** Open freezes without a user, or with a user that does not exist. */
  async *orphanPages(): AsyncGenerator<readonly OldFreeze[]> {
    for (let after: string | null = null; ;) {
      const rows = await this.#connection.query(this.#queries.orphans(after, PAGE_ROWS))
      const freezes = rows.map(freezeOf)
      if (freezes.length > 0) yield freezes
      if (freezes.length < PAGE_ROWS) return
      after = freezes.at(-1)!.key
    }
  }

  /** Keys of more than one user. */
  async duplicateUsers(): Promise<ReadonlySet<string>> {
    return await this.#duplicates(this.#queries.duplicateUsers(DUPLICATES_MAX + 1), 'keys of users')
  }

  /** Request ids of more than one open freeze. */
  async duplicateRequestIds(): Promise<ReadonlySet<string>> {
    return await this.#duplicates(this.#queries.duplicateRequestIds(DUPLICATES_MAX + 1), 'request ids of open freezes')
  }

  /** The number of freezes by status. */
  async statuses(): Promise<readonly StatusCount[]> {
    const rows = await this.#connection.query(this.#queries.statuses(STATUSES_MAX))
    return rows.map((row) => ({ status: row['status']!, count: Number(row['rows_count']) }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  async #count(query: Query): Promise<number> {
    const [row] = await this.#connection.query(query)
    return Number(row!['rows_count'])
  }

  async #duplicates(query: Query, what: string): Promise<ReadonlySet<string>> {
    const rows = await this.#connection.query(query)
    if (rows.length > DUPLICATES_MAX) {
      throw new SourceError(`There are more than ${DUPLICATES_MAX} duplicate ${what}. Clean them up first.`)
    }
    return new Set(rows.map((row) => row['duplicate']!))
  }
}

function freezeOf(row: SourceRow): OldFreeze {
  return { key: row['freeze_key']!, requestId: row['request_id']!, user: row['user_key']!, amount: row['amount']! }
}
