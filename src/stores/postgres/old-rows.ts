/**
 * The rows of an old system's table that a bridge joins with balances (src/bridge): every commit locks them before its balances, because
 * old code has them locked when a trigger of the bridge asks for a balance (docs/adr/0024-the-bridge-is-in-the-database.md).
 *
 * A commit that does not lock them is right too: the triggers write the old row. It can meet a deadlock, and is tried again. So it is enough
 * to look for a bridge from time to time.
 */
import { createHash } from 'node:crypto'
import type { QueryConfig } from 'pg'
import type { BalanceName } from '../../domain/balance.ts'
import { OldPlaces, type BridgedColumn, type BridgedNames, type OldPlace } from '../sql/bridged-names.ts'
import type { Query } from '../sql/dialect.ts'
import { whole, type Row } from '../sql/values.ts'

interface TypedColumn extends BridgedColumn {
  /** The type that a parameter needs, so that an index on the column is searched. */
  readonly type: 'bigint' | 'numeric' | 'text' | 'uuid'
  /** The collation of a text, as an SQL name; null for other types. */
  readonly collation: string | null
}

/** What `locks` in the table `bridge` says. */
type Locks = BridgedNames<TypedColumn>

/** The keys of old rows that a statement locks first. */
export interface OldLock {
  /** For the name of a prepared statement: another bridge, another text. */
  readonly name: string
  /** @param first the number of the first parameter */
  readonly sql: (first: number) => string
  readonly parameters: readonly (readonly string[])[]
}

/** A question for the server, and the keys of balances that its answer means. */
export interface OldLook {
  readonly statement: QueryConfig<unknown[]>
  readonly keysOf: (rows: readonly Row[]) => readonly string[]
}

/** A table of another service may have this name; that of a bridge has the column `locks`. */
const SELECT_BRIDGE_TABLE = `SELECT count(*) AS columns_count FROM pg_attribute WHERE attrelid = to_regclass('bridge') AND attname = 'locks'`
const SELECT_LOCKS = 'SELECT locks FROM bridge WHERE side = 1'

/** Null: there is no bridge. @throws Fault */
export async function readOldRows(query: Query): Promise<OldRows | null> {
  const [table] = await query(SELECT_BRIDGE_TABLE, [])
  if (Number(table!['columns_count']) === 0) return null
  const [row] = await query(SELECT_LOCKS, [])
  const text = row?.['locks']
  return typeof text === 'string' ? new OldRows(text) : null
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const INT64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n }

export class OldRows {
  readonly #locks: Locks
  readonly #places: OldPlaces
  readonly #name: string

  /** @param text `locks` of the table `bridge` */
  constructor(text: string) {
    this.#locks = JSON.parse(text) as Locks
    this.#places = new OldPlaces(this.#locks)
    this.#name = createHash('sha256').update(text).digest('hex').slice(0, 12)
  }

  /** Null: none of these balances has an old row. */
  lockOf(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): OldLock | null {
    const places = this.#placesOf(names)
    if (places.length === 0) return null
    return { name: this.#name, sql: (first) => this.#sql(first), parameters: this.#parametersOf(places) }
  }

  /** The same as a statement of a transaction; none when there is nothing to lock. */
  lock(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly QueryConfig<unknown[]>[] {
    const lock = this.lockOf(names)
    if (lock === null) return []
    return [
      {
        name: `holdfast_old_rows_${lock.name}`,
        text: `SELECT count(*) FROM (${lock.sql(1)}) l`,
        values: [...lock.parameters],
      },
    ]
  }

  /** Asks which old rows of these balances another transaction has locked; null when they have none. */
  lookAt(balances: ReadonlyMap<string, BalanceName>): OldLook | null {
    const places = this.#placesOf(balances.values())
    if (places.length === 0) return null
    const { table } = this.#locks
    const { arrays, names, isOne } = this.#sqlParts(1)
    const statement = {
      name: `holdfast_old_look_${this.#name}`,
      text: `SELECT k.place FROM unnest(${arrays}) WITH ORDINALITY AS k (${names}, place)
        WHERE EXISTS (SELECT FROM ${table} u WHERE ${isOne})
          AND NOT EXISTS (SELECT FROM ${table} u WHERE ${isOne} FOR NO KEY UPDATE SKIP LOCKED)`,
      values: [...this.#parametersOf(places)],
    }
    const keysOf = (rows: readonly Row[]): readonly string[] =>
      this.#places.keysAt(
        rows.map(({ place }) => places[whole(place) - 1]!),
        balances,
      )
    return { statement, keysOf }
  }

  #placesOf(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly OldPlace[] {
    return this.#places.of(names).filter(([each]) => isValue(this.#locks.key, each))
  }

  #parametersOf(places: readonly OldPlace[]): readonly (readonly string[])[] {
    const keys = places.map(([each]) => each)
    return this.#locks.kind === null ? [keys] : [keys, places.map(([, each]) => each!)]
  }

  #sqlParts(first: number): { readonly arrays: string; readonly names: string; readonly isOne: string } {
    const columns = this.#columns()
    return {
      arrays: columns.map(({ type }, place) => `$${first + place}::${type}[]`).join(', '),
      names: columns.map((_, place) => `k${place}`).join(', '),
      isOne: columns.map(({ sql }, place) => `u.${sql} = k.k${place}`).join(' AND '),
    }
  }

  #columns(): readonly TypedColumn[] {
    const { key, kind } = this.#locks
    return kind === null ? [key] : [key, kind]
  }

  /**
   * In the order of the column, whatever its collation says. Old code that only adds a row which refers to the user (FOR KEY SHARE) is not in
   * the way: this is the lock that an UPDATE takes.
   */
  #sql(first: number): string {
    const { arrays, names, isOne } = this.#sqlParts(first)
    const order = this.#columns().map(
      ({ collation }, place) => `k${place}${collation === null ? '' : ` COLLATE ${collation}`}`,
    )
    return `SELECT 1 FROM (SELECT ${names} FROM unnest(${arrays}) AS n (${names}) ORDER BY ${order.join(', ')} OFFSET 0) k
      CROSS JOIN LATERAL (SELECT 1 FROM ${this.#locks.table} u WHERE ${isOne} FOR NO KEY UPDATE) l`
  }
}

/** Whether a text is a value of the column as the server writes it; a parameter that is none would be an error. */
function isValue({ type }: TypedColumn, text: string): boolean {
  if (type === 'uuid') return UUID.test(text)
  if (type !== 'bigint') return true
  const number = BigInt(text)
  return number >= INT64.least && number <= INT64.most
}
