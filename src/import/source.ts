/** The old database as the import reads it: one consistent moment, page by page. */
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import type { Mapping } from './mapping.ts'
import type { OldFreeze, OldUser, StatusCount } from './old-rows.ts'
import { Statements, type Statement } from './statements.ts'

/** Rows of one page. */
const PAGE_ROWS = 1_000
/** Duplicates that are remembered; more are a table to clean up first. */
const DUPLICATES_MAX = 10_000
/** Open freezes of one user that are taken together. */
export const FREEZES_PER_USER_MAX = 100_000
const STATUSES_MAX = 100

export class Source implements AsyncDisposable {
  readonly #connection: SourceConnection
  readonly #statements: Statements

  constructor(connection: SourceConnection, mapping: Mapping) {
    this.#connection = connection
    this.#statements = new Statements(connection.dialect, mapping)
  }

  async usersCount(): Promise<number> {
    return await this.#count(this.#statements.usersCount())
  }

  async usersWithoutKeyCount(): Promise<number> {
    return await this.#count(this.#statements.usersWithoutKeyCount())
  }

  /** All users, by key. */
  async *userPages(): AsyncGenerator<readonly OldUser[]> {
    for (let after: string | null = null; ;) {
      const rows = await this.#connection.query(this.#statements.users(after, PAGE_ROWS))
      const users = rows.map((row) => ({ key: row['user_key']!, balance: row['balance']!, frozen: row['frozen']! }))
      if (users.length > 0) yield users
      if (users.length < PAGE_ROWS) return
      after = users.at(-1)!.key
    }
  }

  /**
   * The open freezes of these users, by user. Of one user at most `FREEZES_PER_USER_MAX` + 1 are kept, which is enough to see
   * that there are too many.
   */
  async freezesOf(keys: readonly string[]): Promise<ReadonlyMap<string, readonly OldFreeze[]>> {
    const byUser = new Map<string, OldFreeze[]>()
    for (let after: OldFreeze | null = null; ;) {
      const rows = await this.#connection.query(this.#statements.openFreezes(keys, after, PAGE_ROWS))
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

  /** Open freezes of nobody: without a user, or with one who is not there. */
  async *orphanPages(): AsyncGenerator<readonly OldFreeze[]> {
    for (let after: string | null = null; ;) {
      const rows = await this.#connection.query(this.#statements.orphans(after, PAGE_ROWS))
      const freezes = rows.map(freezeOf)
      if (freezes.length > 0) yield freezes
      if (freezes.length < PAGE_ROWS) return
      after = freezes.at(-1)!.key
    }
  }

  /** Keys that several users have. */
  async duplicateUsers(): Promise<ReadonlySet<string>> {
    return await this.#duplicates(this.#statements.duplicateUsers(DUPLICATES_MAX + 1), 'keys of users')
  }

  /** Request ids that several open freezes have. */
  async duplicateRequestIds(): Promise<ReadonlySet<string>> {
    return await this.#duplicates(
      this.#statements.duplicateRequestIds(DUPLICATES_MAX + 1),
      'request ids of open freezes',
    )
  }

  /** How many freezes there are of each status. */
  async statuses(): Promise<readonly StatusCount[]> {
    const rows = await this.#connection.query(this.#statements.statuses(STATUSES_MAX))
    return rows.map((row) => ({ status: row['status']!, count: Number(row['rows_count']) }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  async #count(statement: Statement): Promise<number> {
    const [row] = await this.#connection.query(statement)
    return Number(row!['rows_count'])
  }

  async #duplicates(statement: Statement, what: string): Promise<ReadonlySet<string>> {
    const rows = await this.#connection.query(statement)
    if (rows.length > DUPLICATES_MAX) {
      throw new SourceError(`There are more than ${DUPLICATES_MAX} duplicate ${what}. Clean them up first.`)
    }
    return new Set(rows.map((row) => row['duplicate']!))
  }
}

function freezeOf(row: SourceRow): OldFreeze {
  return { key: row['freeze_key']!, requestId: row['request_id']!, user: row['user_key']!, amount: row['amount']! }
}
