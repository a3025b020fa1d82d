/** Compares every bridged user, and the sum of every user's open freezes, on one snapshot; repairs by entries. */
import type { Row } from '../stores/sql/values.ts'
import type { Difference, VerifyReport } from './bridge.ts'
import { differencesOf, DIFFERENCES_MAX, isForAnEntry, nameOf, VERIFY_PAGE_ROWS, withoutLink } from './differences.ts'

/** What a kind of database reads and repairs. The rows have the columns that differences.ts names. */
export interface Verified {
  readonly ask: (sql: string) => Promise<readonly Row[]>
  /** Statements after which everything is read as of one instant. */
  readonly begin: readonly string[]
  /** The schema of the ledger, as SQL. */
  readonly ledger: string
  /** The table of users, as SQL. */
  readonly users: string
  /** The account and the asset of a row `u` of it, as expressions; NULL for one that makes none. */
  readonly row: { readonly account: string; readonly asset: string }
  /** The next `VERIFY_PAGE_ROWS` links by `number`, with both sides of each. */
  page(after: number): string
  /** `coins` of the log's open freezes by `account` and `asset`, in minor units. */
  readonly openFreezes: string
  /** @returns why the ledger refuses it; null when it is repaired */
  repair(difference: Difference): Promise<string | null>
}

export async function verifyBridge(
  verified: Verified,
  mayRepair: boolean,
  progress: (done: number, total: number) => void,
): Promise<VerifyReport> {
  const { ask, begin } = verified
  for (const statement of begin) await ask(statement)
  let report: VerifyReport
  try {
    report = await compare(verified, progress)
  } finally {
    await ask('ROLLBACK')
  }
  if (!mayRepair) return report
  const differences: Difference[] = []
  for (const difference of report.differences) {
    const repair = isForAnEntry(difference) ? ((await verified.repair(difference)) ?? 'repaired') : null
    differences.push({ ...difference, repair })
  }
  return { ...report, differences }
}

async function compare(verified: Verified, progress: (done: number, total: number) => void): Promise<VerifyReport> {
  const { ask, ledger, users, row } = verified
  const differences: Difference[] = []
  const freezes = await ask(verified.openFreezes)
  const openFreezes = new Map(freezes.map((row) => [nameOf(row), String(row['coins'])]))
  const [count] = await ask(`SELECT COUNT(*) AS total FROM ${ledger}.bridge_accounts`)
  const total = Number(count!['total'])
  let accountsCount = 0
  for (let last = -1; ;) {
    const page = await ask(verified.page(last))
    if (page.length === 0) break
    for (const link of page) differences.push(...differencesOf(link, openFreezes))
    if (differences.length > DIFFERENCES_MAX) break
    last = Number(page.at(-1)!['number'])
    accountsCount += page.length
    progress(accountsCount, total)
  }
  const unlinked = await ask(
    `SELECT n.account, n.asset FROM (SELECT ${row.account} AS account, ${row.asset} AS asset FROM ${users} u) n
     LEFT JOIN ${ledger}.bridge_accounts a ON a.account = n.account AND a.asset = n.asset
     WHERE n.account IS NOT NULL AND n.asset IS NOT NULL AND a.account IS NULL LIMIT ${VERIFY_PAGE_ROWS}`,
  )
  differences.push(...unlinked.map(withoutLink))
  return { accountsCount, differences: differences.slice(0, DIFFERENCES_MAX) }
}
