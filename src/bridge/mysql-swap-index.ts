/**
 * MariaDB finds the row of a compare-and-swap by an index on the key and the version, where there is one. The swap then waits for the row with
 * the entry of that index; a commit of the ledger has the row, moves the version, and waits for the entry. MySQL takes the unique index. To
 * lock the entry first is no way out: a swap that waits for an entry also locks the gap before it, into which a commit of several users inserts.
 */
import { literal } from '../stores/mysql/literals.ts'
import type { MysqlSession } from './mysql-session.ts'
import { quoted, type OldTables } from './mysql-tables.ts'

/** What is wrong with such an index, and the remedy, as a sentence; null without one. */
export async function swapIndexOf(
  { flavour, ask }: Pick<MysqlSession, 'flavour' | 'ask'>,
  { plan, users, key, kind }: OldTables,
): Promise<string | null> {
  if (flavour !== 'mariadb') return null
  const { balance, frozen } = plan.mapping.users
  const keys = [key, ...(kind === null ? [] : [kind])].map(({ sql }) => sql)
  const written = [balance, frozen, ...(plan.versionColumn === null ? [] : [plan.versionColumn])].map(quoted)
  const rows = await ask(
    `SELECT INDEX_NAME AS name, COLUMN_NAME AS part FROM information_schema.STATISTICS
     WHERE TABLE_SCHEMA = ${literal(users.schema)} AND TABLE_NAME = ${literal(users.name)} ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
  )
  const indexes = Map.groupBy(rows, (row) => String(row['name']))
  for (const [name, parts] of indexes) {
    const columns = parts.map((row) => quoted(String(row['part'])).toLowerCase())
    const isByKey = keys.every((column, place) => columns[place] === column.toLowerCase())
    if (!isByKey || !written.some((column) => columns.includes(column.toLowerCase()))) continue
    return `The index ${name} of ${users.sql} has the key and a column that the bridge writes. MariaDB finds rows for compare-and-swap by it, which ends in deadlocks with the ledger; the unique index finds them as well. Remove it first: DROP INDEX ${quoted(name)} ON ${users.sql}`
  }
  return null
}
