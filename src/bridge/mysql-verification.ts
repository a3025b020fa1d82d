/** Compares every bridged user, and the sum of every user's open freezes, on one snapshot; repairs by entries. */
import { literal, literals } from '../stores/mysql/literals.ts'
import { isDuplicate, MysqlFailure } from '../stores/mysql/errors.ts'
import type { Row } from '../stores/sql/values.ts'
import type { Difference, DifferenceCode, VerifyReport } from './bridge.ts'
import { routineName } from './mysql-posting.ts'
import type { MysqlSession } from './mysql-session.ts'
import { accountNamed, byKind, OldRow, quoted, textOf, type OldTables } from './mysql-tables.ts'

const PAGE_ROWS = 1_000
/** Differences that are kept; more are only counted in the text of the last one. */
const DIFFERENCES_MAX = 10_000

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
      FROM (SELECT * FROM ${ledger}.bridge_accounts WHERE number > ${after} ORDER BY number LIMIT ${PAGE_ROWS}) a
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
    return new Map(rows.map((row) => [`${String(row['account'])} ${String(row['asset'])}`, String(row['coins'])]))
  }

  /** Old rows that make an account and have no link: written while the triggers were gone. */
  async #withoutLink(): Promise<readonly Difference[]> {
    const { ledger, users } = this.#tables
    const row = new OldRow(this.#tables, 'u')
    const rows = await this.#session.ask(
      `SELECT n.account, n.asset FROM (SELECT ${row.account} AS account, ${row.asset} AS asset FROM ${users.sql} u) n
       LEFT JOIN ${ledger}.bridge_accounts a ON a.account = n.account AND a.asset = n.asset
       WHERE n.account IS NOT NULL AND n.asset IS NOT NULL AND a.account IS NULL LIMIT ${PAGE_ROWS}`,
    )
    return rows.map((each) =>
      differenceOf(
        'no_link',
        each,
        `has an old row that the bridge does not know: run "holdfast bridge install" again`,
      ),
    )
  }

  async #repair({ code, account, asset }: Difference): Promise<string | null> {
    if (code !== 'available_differs' && code !== 'not_attached') return null
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

function differencesOf(row: Row, openFreezes: ReadonlyMap<string, string>): readonly Difference[] {
  const name = `${String(row['account'])} ${String(row['asset'])}`
  const [state, reason] = [String(row['state']), String(row['reason'])]
  const hasRow = Number(row['has_row']) === 1
  if (state !== 'attached')
    return [differenceOf('not_attached', row, `is ${state}${reason === '' ? '' : `: ${reason}`}`)]
  const [available, held] = [textOrZero(row['available']), textOrZero(row['held'])]
  if (!hasRow) {
    return available === '0' && held === '0'
      ? []
      : [differenceOf('no_old_row', row, `has ${available} available and ${held} held, and no old row`)]
  }
  const found: Difference[] = []
  const old = wholeText(row['old_available'])
  if (old !== available) {
    found.push(differenceOf('available_differs', row, `has ${available} available, and the old row says ${old}`))
  }
  const [frozen, open] = [wholeText(row['old_frozen']), wholeText(openFreezes.get(name) ?? '0')]
  if (frozen !== sumText(open, held)) {
    const parts = `the old row has ${frozen} frozen; its open freezes have ${open}, and the holds in the ledger ${held}`
    found.push(differenceOf('frozen_differs', row, parts))
  }
  return found
}

function differenceOf(code: DifferenceCode, row: Row, message: string): Difference {
  const [account, asset] = [String(row['account']), String(row['asset'])]
  return { code, account, asset, message: `${account} ${message}.`, repair: null }
}

/** An amount of a balance that may have no row. */
function textOrZero(value: Row[string]): string {
  return typeof value === 'string' ? value : '0'
}

/** A whole number without its zeros behind the point; any other one as it is. */
function wholeText(value: unknown): string {
  return String(value).replace(/\.0*$/, '')
}

function sumText(left: string, right: string): string {
  return /^-?[0-9]+$/.test(left) ? String(BigInt(left) + BigInt(right)) : `${left} + ${right}`
}
