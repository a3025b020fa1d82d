/** Audits Holdfast's tables: every law that rows can prove, and every command was acknowledged. */
import { openStorage } from '../../src/stores/open.ts'
import { openDatabase } from '../databases/scratch.ts'
import type { Site } from '../strategies/strategy.ts'
import { compareCounts, type Tally } from './tally.ts'

export async function auditLedger(site: Site, tally: Tally): Promise<readonly string[]> {
  return [...(await brokenLaws(site)), ...(await miscounted(site, tally))]
}

/** Of the laws that rows can prove. */
export async function brokenLaws({ url }: Pick<Site, 'url'>): Promise<readonly string[]> {
  await using storage = await openStorage(url)
  const findings: string[] = []
  for (const check of storage.auditor.checks) {
    const [first] = await storage.auditor.run(check, 1)
    if (first !== undefined) findings.push(`${check.id}: ${check.title} Not so: ${JSON.stringify(first)}`)
  }
  return findings
}

/** A hold ends once, but refunds may follow. */
const COUNTS = `SELECT kind AS what, COUNT(*) AS requests FROM requests GROUP BY kind
  UNION ALL
  SELECT state, COUNT(DISTINCT hold_seq) FROM hold_changes GROUP BY state`

async function miscounted(site: Site, tally: Tally): Promise<readonly string[]> {
  const count = await counts(site)
  return [...holdCounts(count, tally), ...compareCounts('transfers', tally.transfers, count('transfer'), tally.unknown)]
}

/** Of a bridged ledger, in which old writes are transfers that no caller asked for. */
export async function miscountedHolds(site: Site, tally: Tally): Promise<readonly string[]> {
  return holdCounts(await counts(site), tally)
}

type Count = (what: string) => number

async function counts(site: Site): Promise<Count> {
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  const rows = await database.transaction((connection) => connection.select(COUNTS, []))
  return (what) => Number(rows.find((row) => row['what'] === what)?.['requests'] ?? 0)
}

function holdCounts(count: Count, tally: Tally): readonly string[] {
  return [
    ...compareCounts('freezes', tally.freezes, count('freeze'), tally.unknown),
    ...compareCounts('settles', tally.settles, count('settled'), tally.unknown),
    ...compareCounts('releases', tally.releases, count('released'), tally.unknown),
  ]
}
