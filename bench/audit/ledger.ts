/** Audits Holdfast's tables: every law that rows can prove, and every command was acknowledged. */
import { openStorage } from '../../src/stores/open.ts'
import { openDatabase } from '../databases/scratch.ts'
import type { Site } from '../strategies/strategy.ts'
import { compareCounts, type Tally } from './tally.ts'

export async function auditLedger(site: Site, tally: Tally): Promise<readonly string[]> {
  return [...(await brokenLaws(site)), ...(await miscounted(site, tally))]
}

async function brokenLaws({ url }: Site): Promise<readonly string[]> {
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
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  const rows = await database.transaction((connection) => connection.select(COUNTS, []))
  const count = (what: string): number => Number(rows.find((row) => row['what'] === what)?.['requests'] ?? 0)
  return [
    ...compareCounts('freezes', tally.freezes, count('freeze'), tally.unknown),
    ...compareCounts('settles', tally.settles, count('settled'), tally.unknown),
    ...compareCounts('releases', tally.releases, count('released'), tally.unknown),
    ...compareCounts('transfers', tally.transfers, count('transfer'), tally.unknown),
  ]
}
