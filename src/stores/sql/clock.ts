/** The time by a database, in one statement: its server's clock, if it has one, and the newest rows. */
import { NEWEST_ROWS_MAX, type StoreClock } from '../../engine/store.ts'
import type { SqlDialect } from './dialect.ts'
import { whole, type Row } from './values.ts'

/** In milliseconds since 1970. SQLite uses the clock of this process. */
const SERVER_AT: Readonly<Record<SqlDialect, string>> = {
  sqlite: 'NULL',
  mysql: 'CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED)',
  postgres: 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS bigint)',
}

/**
 * No index covers the time of a run, but the last one of a balance is found by its key. The range of names is that of `isHouse`. With
 * a subquery per row, planners look up the keys instead of reading the journal.
 */
export function selectClock(dialect: SqlDialect): string {
  return `SELECT ${SERVER_AT[dialect]} AS server_at, max((
      SELECT j.at FROM journal AS j WHERE j.balance_id = house.id ORDER BY j.balance_id DESC, j.first_version DESC LIMIT 1
    )) AS newest_at
    FROM (
      SELECT id FROM balances WHERE account >= '@' AND account < 'A'
      ORDER BY account, asset, stripe LIMIT ${NEWEST_ROWS_MAX}
    ) AS house`
}

export function clockOf(row: Row): StoreClock {
  return { serverAt: instantOf(row['server_at']), newestAt: instantOf(row['newest_at']) }
}

function instantOf(value: unknown): number | null {
  return value === null ? null : whole(value)
}
