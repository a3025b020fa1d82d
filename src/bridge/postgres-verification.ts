/** What a verification of a bridge reads and repairs on PostgreSQL. */
import { VERIFY_PAGE_ROWS } from './differences.ts'
import { functionName } from './postgres-posting.ts'
import type { PostgresSession } from './postgres-session.ts'
import {
  accountNamed,
  coinCases,
  inMinorUnits,
  literal,
  literals,
  OldRow,
  openFreezesSql,
  quoted,
  textOf,
  valueOf,
  type OldTables,
} from './postgres-tables.ts'
import type { Verified } from './verification.ts'

export function postgresVerified(session: PostgresSession, tables: OldTables): Verified {
  return {
    ask: session.ask,
    begin: ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'],
    ledger: tables.ledger,
    users: tables.users.sql,
    row: new OldRow(tables, 'u'),
    page: (after) => pageSql(tables, after),
    openFreezes: sumsSql(tables),
    repair: async ({ account, asset }) => {
      const call = `SELECT ${functionName(tables, 'attach')}(${literals([account, asset, 'repair'])})`
      try {
        await session.transaction([call])
        return null
      } catch (error) {
        const refusal = session.refusalOf(error)
        if (refusal === null) throw error
        return refusal
      }
    },
  }
}

function pageSql(tables: OldTables, after: number): string {
  const { ledger, users, key, kind } = tables
  const row = new OldRow(tables, 'u')
  const isKind = kind === null ? '' : ` AND u.${kind.sql} = ${valueOf(kind, 'a.old_kind')}`
  return `SELECT a.account, a.asset, a.number, a.state, coalesce(a.reason, '') AS reason, (u.${key.sql} IS NOT NULL)::int AS has_row,
      (${row.available})::text AS old_available, (${row.frozen})::text AS old_frozen, b.available, b.held
    FROM (SELECT * FROM ${ledger}.bridge_accounts WHERE number > ${after} ORDER BY number LIMIT ${VERIFY_PAGE_ROWS}) a
    LEFT JOIN ${users.sql} u ON u.${key.sql} = ${valueOf(key, 'a.old_key')}${isKind}
    LEFT JOIN ${ledger}.balances b ON b.account = a.account AND b.asset = a.asset AND b.stripe = 0
    ORDER BY a.number`
}

function sumsSql(tables: OldTables): string {
  const { freezes, plan, columns } = tables
  const { kind, isOpen } = openFreezesSql(tables, 'f')
  return `SELECT ${accountNamed(plan, textOf(`f.${quoted(columns.freezeUser.name)}`))} AS account,
       ${coinCases(tables).byKind(kind, ({ asset }) => literal(asset))} AS asset,
       sum(${inMinorUnits(tables, `f.${quoted(columns.amount.name)}`, kind)})::text AS coins
     FROM ${freezes.sql} f WHERE ${isOpen} GROUP BY 1, 2`
}
