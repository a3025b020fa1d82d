/**
 * The rows of an old system's table that a bridge joins with balances (src/bridge): every commit locks them before its balances, because
 * old code has them locked when a trigger of the bridge asks for a balance (docs/adr/0024-the-bridge-is-in-the-database.md).
 *
 * A commit that does not lock them is right too: the triggers write the old row. It can meet a deadlock, and is tried again. So it is enough
 * to look for a bridge from time to time.
 */
import type { BalanceName } from '../../domain/balance.ts'
import type { Changes } from '../../domain/changes.ts'
import type { MysqlConnection } from './connection.ts'
import { literal } from './literals.ts'

/** How long a process may not know that a bridge was installed or removed. */
export const BRIDGE_LOOK_MS = 5_000

/** Rows locked by one statement. */
const KEYS_PER_STATEMENT = 1_000

interface KeyColumn {
  /** Quoted. */
  readonly sql: string
  /** Whether the column has whole numbers; otherwise texts. */
  readonly isWhole: boolean
}

/** What `locks` in the table `bridge` says. */
interface Locks {
  /** With its schema, quoted, as is the index. */
  readonly table: string
  readonly index: string
  readonly key: KeyColumn
  /** The column that says which coins a row counts; null where every row is of one asset. */
  readonly kind: KeyColumn | null
  /** What names of accounts have around the key. */
  readonly before: string
  readonly after: string
  /** By asset; the kind is null as above. */
  readonly kinds: readonly (readonly [asset: string, kind: string | null])[]
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

const WHOLE = /^(?:0|-?[1-9][0-9]{0,37})$/

export class OldRows {
  readonly #locks: Locks
  readonly #kinds: ReadonlyMap<string, string | null>

  /** @param text `locks` of the table `bridge` */
  constructor(text: string) {
    this.#locks = JSON.parse(text) as Locks
    this.#kinds = new Map(this.#locks.kinds)
  }

  /** Whether the balance has an old row. */
  isOf({ account, asset }: Pick<BalanceName, 'account' | 'asset'>): boolean {
    return this.#keyOf(account) !== null && this.#kinds.has(asset)
  }

  /** Statements that lock the old rows of these balances, in the order of their keys; none when they have none. */
  lock(names: Iterable<Pick<BalanceName, 'account' | 'asset'>>): readonly string[] {
    const { table, index, key, kind } = this.#locks
    const places = new Map<string, readonly [key: string, kind: string | null]>()
    for (const { account, asset } of names) {
      const found = this.#keyOf(account)
      const ofAsset = this.#kinds.get(asset)
      if (found !== null && ofAsset !== undefined) places.set(`${found} ${asset}`, [found, ofAsset])
    }
    const sorted = [...places.values()].toSorted((left, right) => this.#compare(left, right))
    const statements: string[] = []
    for (let start = 0; start < sorted.length; start += KEYS_PER_STATEMENT) {
      const some = sorted.slice(start, start + KEYS_PER_STATEMENT)
      const isOne =
        kind === null
          ? `${key.sql} IN (${some.map(([each]) => valueOf(key, each)).join(',')})`
          : `(${key.sql}, ${kind.sql}) IN (${some.map(([each, of]) => `(${valueOf(key, each)},${valueOf(kind, of!)})`).join(',')})`
      // A range scan of the index locks in its order. Aggregated, so that the reply is one row, and into a variable, so that it is none.
      statements.push(
        `SELECT COUNT(*) INTO @holdfast_locked FROM ${table} FORCE INDEX (${index}) WHERE ${isOne} FOR UPDATE`,
      )
    }
    return statements
  }

  #keyOf(account: string): string | null {
    const { before, after, key } = this.#locks
    if (!account.startsWith(before) || !account.endsWith(after)) return null
    const text = account.slice(before.length, account.length - after.length)
    if (text === '' || before.length + after.length >= account.length) return null
    return key.isWhole && !WHOLE.test(text) ? null : text
  }

  #compare(
    [left, leftKind]: readonly [string, string | null],
    [right, rightKind]: readonly [string, string | null],
  ): number {
    const { key, kind } = this.#locks
    const byKey = compareValues(key, left, right)
    return byKey !== 0 || kind === null ? byKey : compareValues(kind, leftKind!, rightKind!)
  }
}

/** The accounts and assets of all balances that a commit writes. */
export function* balancesOf({ balances }: Pick<Changes, 'balances'>): Iterable<Pick<BalanceName, 'account' | 'asset'>> {
  for (const { after } of balances) if (after.stripe === 0) yield after
}

function valueOf({ isWhole }: KeyColumn, text: string): string {
  return isWhole ? text : literal(text)
}

function compareValues({ isWhole }: KeyColumn, left: string, right: string): number {
  if (!isWhole) return left < right ? -1 : Number(left > right)
  const difference = BigInt(left) - BigInt(right)
  return difference < 0n ? -1 : Number(difference > 0n)
}
