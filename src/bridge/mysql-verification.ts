/** What a verification of a bridge reads and repairs on MySQL and MariaDB. */
import { literal, literals } from '../stores/mysql/literals.ts'
import { isDuplicate, MysqlFailure } from '../stores/mysql/errors.ts'
import { VERIFY_PAGE_ROWS } from './differences.ts'
import { routineName } from './mysql-posting.ts'
import type { MysqlSession } from './mysql-session.ts'
import { accountNamed, byKind, OldRow, quoted, textOf, type OldTables } from './mysql-tables.ts'
import type { Verified } from './verification.ts'

export function mysqlVerified(session: MysqlSession, tables: OldTables): Verified {
  return {
    ask: session.ask,
    begin: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'],
    ledger: tables.ledger,
    users: tables.users.sql,
    row: new OldRow(tables, 'u'),
    page: (after) => pageSql(tables, after),
    openFreezes: openFreezesSql(tables),
    repair: async ({ account, asset }) => {
      const call = `CALL ${routineName(tables, 'attach')}(${literals([account, asset, 'repair'])})`
      try {
        await session.transaction([call])
        return null
      } catch (error) {
        if (!(error instanceof MysqlFailure) || isDuplicate(error)) throw error
        return error.message
      }
    },
  }
}

function pageSql(tables: OldTables, after: number): string {
  const { ledger, users, key, kind } = tables
  const row = new OldRow(tables, 'u')
  const typed = key.isWhole ? 'CAST(a.old_key AS DECIMAL(65, 0))' : 'a.old_key'
  const isKind = kind === null ? '' : ` AND ${textOf(`u.${kind.sql}`)} = a.old_kind`
  return `SELECT a.account, a.asset, a.number, a.state, COALESCE(a.reason, '') AS reason, u.${key.sql} IS NOT NULL AS has_row,
      CAST(${row.available} AS CHAR) AS old_available, CAST(${row.frozen} AS CHAR) AS old_frozen,
      b.available, b.held
    FROM (SELECT * FROM ${ledger}.bridge_accounts WHERE number > ${after} ORDER BY number LIMIT ${VERIFY_PAGE_ROWS}) a
    LEFT JOIN ${users.sql} u ON u.${key.sql} = ${typed}${isKind}
    LEFT JOIN ${ledger}.balances b ON b.account = a.account AND b.asset = a.asset AND b.stripe = 0
    ORDER BY a.number`
}

function openFreezesSql(tables: OldTables): string {
  const { freezes, plan } = tables
  const { freezes: columns, coins, openStatuses } = plan.mapping
  const kind = coins === null ? `''` : textOf(`f.${quoted(coins.freezeColumn)}`)
  const units = byKind(tables, kind, ({ scale }) => String(10n ** BigInt(scale)))
  return `SELECT ${accountNamed(plan, textOf(`f.${quoted(columns.user)}`))} AS account,
       ${byKind(tables, kind, ({ asset }) => literal(asset))} AS asset,
       CAST(SUM(CAST(f.${quoted(columns.amount)} AS DECIMAL(47, 18)) * ${units}) AS CHAR) AS coins
     FROM ${freezes.sql} f WHERE ${textOf(`f.${quoted(columns.status)}`)} IN (${literals(openStatuses)}) GROUP BY 1, 2`
}
