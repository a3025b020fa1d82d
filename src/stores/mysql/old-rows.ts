/**
 * The rows of an old system's table that a bridge joins with balances (src/bridge): every commit locks them before its balances, because
 * old code has them locked when a trigger of the bridge asks for a balance (docs/adr/0024-the-bridge-is-in-the-database.md).
 *
 * A commit that does not lock them is right too: the triggers write the old row. It can meet a deadlock, and is tried again. So it is enough
 * to look for a bridge from time to time.
 */
import type { BalanceName } from '../../domain/balance.ts'
import { OldPlaces, type BridgedColumn, type BridgedNames, type OldPlace } from '../sql/bridged-names.ts'
import type { MysqlConnection } from './connection.ts'
import { literal } from './literals.ts'

/** Rows locked by one statement. */
const KEYS_PER_STATEMENT = 1_000

/** What `locks` in the table `bridge` says. */
interface Locks extends BridgedNames {
  /** Quoted: rows are locked in its order. */
  readonly index: string
  /**
   * A column outside of that index, quoted; none in a bridge that an earlier version installed. What the index alone can answer, both
   * servers answer for a small table by a scan of all of it, which waits for rows of others.
   */
  readonly beside?: string
}

const SELECT_BRIDGE_TABLE = `SELECT COUNT(*) AS tables_count FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'bridge'`
const SELECT_LOCKS = 'SELECT locks FROM bridge WHERE side = 1'

/** Null: there is no bridge. @throws MysqlFailure */
export async function readOldRows(connection: MysqlConnection): Promise<OldRows | null> {
  const [table] = await connection.run([SELECT_BRIDGE_TABLE])
  if (Number(table!.rows[0]!['tables_count']) === 0) return null
  const [locks] = await connection.run([SELECT_LOCKS])
  const text = locks!.rows[0]?.['locks']
  return typeof text === 'string' ? new OldRows(text) : null
}

export class OldRows {
  readonly #locks: Locks
  readonly #places: OldPlaces

  /** @param text `locks` of the table `bridge` */
  constructor(text: string) {
    this.#locks = JSON.parse(text) as Locks
    this.#places = new OldPlaces(this.#locks)
  }

  /** Whether the balance has an old row. */
  isOf(name: Pick<BalanceName, 'account' | 'asset'>): boolean {
    return this.#places.isOf(name)
  }

  /** Statements that lock the old rows of these balances, in the order of their keys; none when they have none. */
  lock(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly string[] {
    // Aggregated, so that the reply is one row, and into a variable, so that it is none.
    return this.#selects(`COUNT(${this.#locks.beside ?? '*'}) INTO @holdfast_locked`, names).map(
      (select) => `${select} FOR UPDATE`,
    )
  }

  /** Statements that read where the old rows of these balances are, as `place_key` and `place_kind`; none when they have none. */
  selectPlaces(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly string[] {
    const { key, kind, beside = '0' } = this.#locks
    return this.#selects(`${key.sql} AS place_key, ${kind?.sql ?? 'NULL'} AS place_kind, ${beside} AS beside`, names)
  }

  /** The keys of the balances whose old rows are at these places. */
  keysAt(places: readonly OldPlace[], balances: ReadonlyMap<string, BalanceName>): readonly string[] {
    return this.#places.keysAt(places, balances)
  }

  /** Each is a range scan of the index, so that it locks in the order of the index. */
  #selects(what: string, names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly string[] {
    const { table, index, key, kind } = this.#locks
    const sorted = this.#places.of(names)
    const statements: string[] = []
    for (let start = 0; start < sorted.length; start += KEYS_PER_STATEMENT) {
      const some = sorted.slice(start, start + KEYS_PER_STATEMENT)
      const isOne =
        kind === null
          ? `${key.sql} IN (${some.map(([each]) => valueOf(key, each)).join(',')})`
          : `(${key.sql}, ${kind.sql}) IN (${some.map(([each, of]) => `(${valueOf(key, each)},${valueOf(kind, of!)})`).join(',')})`
      statements.push(`SELECT ${what} FROM ${table} FORCE INDEX (${index}) WHERE ${isOne}`)
    }
    return statements
  }
}

function valueOf({ isWhole }: BridgedColumn, text: string): string {
  return isWhole ? text : literal(text)
}
