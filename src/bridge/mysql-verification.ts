/** Compares every bridged user, and the sum of every user's open freezes, on one snapshot; repairs by entries. */
import { literal, literals } from '../stores/mysql/literals.ts'
import { isDuplicate, MysqlFailure } from '../stores/mysql/errors.ts'
import type { Difference, VerifyReport } from './bridge.ts'
import { differencesOf, DIFFERENCES_MAX, isForAnEntry, nameOf, VERIFY_PAGE_ROWS, withoutLink } from './differences.ts'
import { routineName } from './mysql-posting.ts'
import type { MysqlSession } from './mysql-session.ts'
import { accountNamed, byKind, OldRow, quoted, textOf, type OldTables } from './mysql-tables.ts'

export class MysqlVerification {
  readonly #session: MysqlSession
  readonly #tables: OldTables
  readonly #progress: (done: number, total: number) => void

  constructor(session: MysqlSession, tables: OldTables, progress: (done: number, total: number) => void) {
    this.#session = session
    this.#tables = tables
    this.#progress = progress
  }

  async run(mayRepair: boolean): Promise<VerifyReport> {
    const { ask } = this.#session
    await ask('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await ask('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
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
    const [count] = await ask(`SELECT COUNT(*) AS total FROM ${ledger}.bridge_accounts`)
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
    differences.push(...(await this.#withoutLink()))
    return { accountsCount, differences: differences.slice(0, DIFFERENCES_MAX) }
  }

  #pageSql(after: number): string {
    const { ledger, users, key, kind } = this.#tables
    const row = new OldRow(this.#tables, 'u')
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

  /** By account and asset, in minor units. */
  async #openFreezes(): Promise<ReadonlyMap<string, string>> {
    const { freezes, plan } = this.#tables
    const { freezes: columns, coins, openStatuses } = plan.mapping
    const kind = coins === null ? `''` : textOf(`f.${quoted(coins.freezeColumn)}`)
    const units = byKind(this.#tables, kind, ({ scale }) => String(10n ** BigInt(scale)))
    const rows = await this.#session.ask(
      `SELECT ${accountNamed(plan, textOf(`f.${quoted(columns.user)}`))} AS account,
         ${byKind(this.#tables, kind, ({ asset }) => literal(asset))} AS asset,
         CAST(SUM(CAST(f.${quoted(columns.amount)} AS DECIMAL(47, 18)) * ${units}) AS CHAR) AS coins
       FROM ${freezes.sql} f WHERE ${textOf(`f.${quoted(columns.status)}`)} IN (${literals(openStatuses)}) GROUP BY 1, 2`,
    )
    return new Map(rows.map((row) => [nameOf(row), String(row['coins'])]))
  }

  /** Old rows that make an account and have no link: written while the triggers were gone. */
  async #withoutLink(): Promise<readonly Difference[]> {
    const { ledger, users } = this.#tables
    const row = new OldRow(this.#tables, 'u')
    const rows = await this.#session.ask(
      `SELECT n.account, n.asset FROM (SELECT ${row.account} AS account, ${row.asset} AS asset FROM ${users.sql} u) n
       LEFT JOIN ${ledger}.bridge_accounts a ON a.account = n.account AND a.asset = n.asset
       WHERE n.account IS NOT NULL AND n.asset IS NOT NULL AND a.account IS NULL LIMIT ${VERIFY_PAGE_ROWS}`,
    )
    return rows.map(withoutLink)
  }

  async #repair(difference: Difference): Promise<string | null> {
    if (!isForAnEntry(difference)) return null
    const { account, asset } = difference
    try {
      await this.#session.transaction([
        `CALL ${routineName(this.#tables, 'attach')}(${literals([account, asset, 'repair'])})`,
      ])
      return 'repaired'
    } catch (error) {
      if (!(error instanceof MysqlFailure) || isDuplicate(error)) throw error
      return error.message
    }
  }
}
