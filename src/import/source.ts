/** The reads of the old database: one consistent snapshot, page by page. */
import type { MappedColumns } from './columns.ts'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import { UUID_BYTES, type KeyFormat } from './key-format.ts'
import { MappingError } from './mapping-error.ts'
import type { Mapping } from './mapping.ts'
import { coinsKey, type OldFreeze, type OldUser, type StatusCount } from './old-rows.ts'
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
  readonly #mapping: Mapping
  readonly columns: MappedColumns

  constructor(connection: SourceConnection, columns: MappedColumns, mapping: Mapping) {
    this.#connection = connection
    this.#queries = new Queries(connection.dialect, columns, mapping)
    this.#mapping = mapping
    this.columns = columns
  }

  /**
   * Checks what the types of the key columns do not show.
   *
   * @throws MappingError if two keys are one for the database, or a binary key has another length than a UUID
   */
  async requireExactKeys(): Promise<void> {
    const { users, freezes, keyFormat, requestFormat } = this.#mapping
    const { userKey, userAsset, freezeUser, requestId } = this.columns
    for (const [query, column] of [
      [this.#queries.mergedUsers(), userKey],
      [this.#queries.mergedKinds(), userAsset],
    ] as const) {
      const [merged] = query === null ? [] : await this.#connection.query(query)
      if (merged === undefined) continue
      const pair = `${JSON.stringify(merged['one'])} and ${JSON.stringify(merged['other'])}`
      const collation = column!.collation === null ? '' : ` with the collation ${column!.collation}`
      throw new MappingError(
        `${users.table}.${column!.name} is ${column!.declared}${collation}, for which ${pair} are equal, so they cannot be read as two.`,
      )
    }
    const place = { user: `${freezes.table}.${freezeUser.name}`, requestId: `${freezes.table}.${requestId.name}` }
    if (isUuid(keyFormat)) {
      await this.#requireUuids(this.#queries.unlikeUuidCount(UUID_BYTES), `${users.table}.${userKey.name}`)
      await this.#requireUuids(this.#queries.unlikeUuidFreezesCount(UUID_BYTES, 'user'), place.user)
    }
    if (isUuid(requestFormat)) {
      await this.#requireUuids(this.#queries.unlikeUuidFreezesCount(UUID_BYTES, 'requestId'), place.requestId)
    }
  }

  async #requireUuids(unlike: Query, place: string): Promise<void> {
    const count = await this.#count(unlike)
    if (count === 0) return
    throw new MappingError(`${place}: ${count} values have another length than the ${UUID_BYTES} bytes of a UUID.`)
  }

  async usersCount(): Promise<number> {
    return await this.#count(this.#queries.usersCount())
  }

  async usersWithoutKeyCount(): Promise<number> {
    return await this.#count(this.#queries.usersWithoutKeyCount())
  }

  /** All users, sorted by key and kind of coins. @throws SourceError if a page does not end beyond the one before */
  async *userPages(): AsyncGenerator<readonly OldUser[]> {
    const countMax = await this.usersCount()
    let count = 0
    for (let after: OldUser | null = null; ;) {
      const users: readonly OldUser[] = await this.#users(this.#queries.users(after, PAGE_ROWS))
      const last = users.at(-1)
      count += users.length
      const isAgain: boolean = after !== null && last !== undefined && isSameUser(last, after)
      if (isAgain || count > countMax) throw standstill(this.#mapping.users.table)
      if (users.length > 0) yield users
      if (users.length < PAGE_ROWS) return
      after = last!
    }
  }

  /** The rows of chosen users. A user that does not exist has none. */
  async chosenUsers(keys: readonly string[]): Promise<readonly OldUser[]> {
    const values = keys.map((key) => this.#queries.userKey.valueOf(key)).filter((value) => value !== null)
    if (values.length === 0) return []
    const wanted = new Set(keys)
    // The database may compare keys without regard to case or to spaces at the end.
    return (await this.#users(this.#queries.chosenUsers(values))).filter(({ key }) => wanted.has(key))
  }

  /**
   * The open freezes of these users, by user and kind of coins (`coinsKey`). At most `FREEZES_PER_USER_MAX` + 1 are kept of each, which
   * shows that there are too many.
   */
  async freezesOf(keys: readonly string[]): Promise<ReadonlyMap<string, readonly OldFreeze[]>> {
    const byUser = new Map<string, OldFreeze[]>()
    const wanted = new Set(keys)
    const values = keys.map((key) => this.#queries.freezeUser.valueOf(key)).filter((value) => value !== null)
    if (values.length === 0) return byUser
    for (let after: OldFreeze | null = null; ;) {
      const freezes = await this.#freezes(this.#queries.openFreezes(values, after, PAGE_ROWS))
      for (const freeze of freezes) {
        // As in `chosenUsers`; what belongs to nobody is among the orphans.
        if (freeze.user === null || !wanted.has(freeze.user)) continue
        const key = coinsKey(freeze.user, freeze.kind)
        const known = byUser.get(key)
        if (known === undefined) byUser.set(key, [freeze])
        else if (known.length <= FREEZES_PER_USER_MAX) known.push(freeze)
      }
      if (freezes.length < PAGE_ROWS) return byUser
      after = this.#beyond(after, freezes)
    }
  }

  /** Open freezes without a user, or with a user or a kind of coins that does not exist. */
  async *orphanPages(): AsyncGenerator<readonly OldFreeze[]> {
    for (let after: OldFreeze | null = null; ;) {
      const freezes = await this.#freezes(this.#queries.orphans(after?.key ?? null, PAGE_ROWS))
      if (freezes.length > 0) yield freezes
      if (freezes.length < PAGE_ROWS) return
      after = this.#beyond(after, freezes)
    }
  }

  /** Rows of users that are there more than once, as `coinsKey`. */
  async duplicateUsers(): Promise<ReadonlySet<string>> {
    const rows = await this.#duplicates(this.#queries.duplicateUsers(DUPLICATES_MAX + 1), 'keys of users')
    return new Set(rows.map((row) => coinsKey(this.#userKeyIn(row), row['user_kind'] ?? null)))
  }

  /** Request ids of more than one open freeze. */
  async duplicateRequestIds(): Promise<ReadonlySet<string>> {
    const query = this.#queries.duplicateRequestIds(DUPLICATES_MAX + 1)
    const rows = await this.#duplicates(query, 'request ids of open freezes')
    return new Set(rows.map((row) => this.#queries.requestId.nameIn(row['duplicate']!)!))
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

  async #users(query: Query): Promise<readonly OldUser[]> {
    const rows = await this.#connection.query(query)
    return rows.map((row) => ({
      key: this.#userKeyIn(row),
      kind: row['user_kind'] ?? null,
      balance: row['balance']!,
      frozen: row['frozen']!,
    }))
  }

  async #freezes(query: Query): Promise<readonly OldFreeze[]> {
    const { freezeKey, freezeUser, requestId } = this.#queries
    const rows = await this.#connection.query(query)
    return rows.map((row) => ({
      key: freezeKey.nameIn(row['freeze_key']!)!,
      requestId: requestId.nameIn(row['request_id']!),
      user: freezeUser.nameIn(row['user_key']!),
      kind: row['user_kind'] ?? null,
      amount: row['amount']!,
      metadata: this.#metadataIn(row),
    }))
  }

  #userKeyIn(row: SourceRow): string {
    return this.#queries.userKey.nameIn(row['user_key']!)!
  }

  #metadataIn(row: SourceRow): OldFreeze['metadata'] {
    const cells = this.#mapping.metadataColumns.map(
      ({ key }, index) => [key, row[`metadata_${index}`] ?? null] as const,
    )
    return Object.fromEntries(cells.filter((cell): cell is readonly [string, string] => cell[1] !== null))
  }

  /** The end of a page. @throws SourceError if it is that of the page before */
  #beyond(after: OldFreeze | null, freezes: readonly OldFreeze[]): OldFreeze {
    const last = freezes.at(-1)!
    if (after !== null && after.key === last.key && after.user === last.user) {
      throw standstill(this.#mapping.freezes.table)
    }
    return last
  }

  async #duplicates(query: Query, what: string): Promise<readonly SourceRow[]> {
    const rows = await this.#connection.query(query)
    if (rows.length <= DUPLICATES_MAX) return rows
    throw new SourceError(`There are more than ${DUPLICATES_MAX} duplicate ${what}. Clean them up first.`)
  }
}

function isUuid(format: KeyFormat | null): boolean {
  return format !== null && format !== 'hex'
}

function isSameUser(one: OldUser, other: OldUser): boolean {
  return one.key === other.key && one.kind === other.kind
}

function standstill(table: string): SourceError {
  return new SourceError(
    `The old database: a page of ${table} does not end beyond the page before it, so its keys cannot be read in order.`,
  )
}
