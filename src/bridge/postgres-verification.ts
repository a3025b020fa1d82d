/** Compares every bridged user, and the sum of every user's open freezes, on one snapshot; repairs by entries. */
import type { Difference, VerifyReport } from './bridge.ts'
import { differencesOf, DIFFERENCES_MAX, isForAnEntry, nameOf, VERIFY_PAGE_ROWS, withoutLink } from './differences.ts'
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

export class PostgresVerification {
  readonly #session: PostgresSession
  readonly #tables: OldTables
  readonly #progress: (done: number, total: number) => void

  constructor(session: PostgresSession, tables: OldTables, progress: (done: number, total: number) => void) {
    this.#session = session
    this.#tables = tables
    this.#progress = progress
  }

  async run(mayRepair: boolean): Promise<VerifyReport> {
    const { ask } = this.#session
    await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    let report: VerifyReport
    try {
      report = await this.#compare()
    } finally {
      await ask('ROLLBACK')
    }
    if (!mayRepair) return report
    const differences: Difference[] = []
    for (const difference of report.differences) {
      differences.push({ ...difference, repair: await this.#repair(difference) })
    }
    return { ...report, differences }
  }

  async #compare(): Promise<VerifyReport> {
    const { ask } = this.#session
    const { ledger } = this.#tables
    const differences: Difference[] = []
    const frozen = await this.#openFreezes()
    const [count] = await ask(`SELECT count(*) AS total FROM ${ledger}.bridge_accounts`)
    const total = Number(count!['total'])
    let accountsCount = 0
    for (let last = -1; ;) {
      const page = await ask(this.#pageSql(last))
      if (page.length === 0) break
      for (const row of page) differences.push(...differencesOf(row, frozen))
      if (differences.length > DIFFERENCES_MAX) break
      last = Number(page.at(-1)!['number'])
      accountsCount += page.length
      this.#progress(accountsCount, total)
    }
    const rows = await ask(this.#withoutLinkSql())
    differences.push(...rows.map(withoutLink))
    return { accountsCount, differences: differences.slice(0, DIFFERENCES_MAX) }
  }

  #pageSql(after: number): string {
    const { ledger, users, key, kind } = this.#tables
    const row = new OldRow(this.#tables, 'u')
    const isKind = kind === null ? '' : ` AND u.${kind.sql} = ${valueOf(kind, 'a.old_kind')}`
    return `SELECT a.account, a.asset, a.number, a.state, coalesce(a.reason, '') AS reason, (u.${key.sql} IS NOT NULL)::int AS has_row,
        (${row.available})::text AS old_available, (${row.frozen})::text AS old_frozen, b.available, b.held
      FROM (SELECT * FROM ${ledger}.bridge_accounts WHERE number > ${after} ORDER BY number LIMIT ${VERIFY_PAGE_ROWS}) a
      LEFT JOIN ${users.sql} u ON u.${key.sql} = ${valueOf(key, 'a.old_key')}${isKind}
      LEFT JOIN ${ledger}.balances b ON b.account = a.account AND b.asset = a.asset AND b.stripe = 0
      ORDER BY a.number`
  }

  /** By account and asset, in minor units. */
  async #openFreezes(): Promise<ReadonlyMap<string, string>> {
    const { freezes, plan, columns } = this.#tables
    const { kind, isOpen } = openFreezesSql(this.#tables, 'f')
    const rows = await this.#session.ask(
      `SELECT ${accountNamed(plan, textOf(`f.${quoted(columns.freezeUser.name)}`))} AS account,
         ${coinCases(this.#tables).byKind(kind, ({ asset }) => literal(asset))} AS asset,
         sum(${inMinorUnits(this.#tables, `f.${quoted(columns.amount.name)}`, kind)})::text AS coins
       FROM ${freezes.sql} f WHERE ${isOpen} GROUP BY 1, 2`,
    )
    return new Map(rows.map((row) => [nameOf(row), String(row['coins'])]))
  }

  #withoutLinkSql(): string {
    const { ledger, users } = this.#tables
    const row = new OldRow(this.#tables, 'u')
    return `SELECT n.account, n.asset FROM (SELECT ${row.account} AS account, ${row.asset} AS asset FROM ${users.sql} u) n
       LEFT JOIN ${ledger}.bridge_accounts a ON a.account = n.account AND a.asset = n.asset
       WHERE n.account IS NOT NULL AND n.asset IS NOT NULL AND a.account IS NULL LIMIT ${VERIFY_PAGE_ROWS}`
  }

  async #repair(difference: Difference): Promise<string | null> {
    if (!isForAnEntry(difference)) return null
    const { account, asset } = difference
    const call = `SELECT ${functionName(this.#tables, 'attach')}(${literals([account, asset, 'repair'])})`
    try {
      await this.#session.transaction([call])
      return 'repaired'
    } catch (error) {
      const refusal = this.#session.refusalOf(error)
      if (refusal === null) throw error
      return refusal
    }
  }
}
