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

async function miscounted(site: Site, tally: Tally): Promise<readonly string[]> {
  await using database = await openDatabase(site.url, site.dialect, { connectionsMax: 1, lockTimeoutMs: 50_000 })
  const rows = await database.transaction((connection) =>
    connection.select('SELECT kind, state, COUNT(*) AS requests FROM requests GROUP BY kind, state', []),
  )
  const count = (kind: string, state?: string): number =>
    rows
      .filter((row) => row['kind'] === kind && (state === undefined || row['state'] === state))
      .reduce((sum, row) => sum + Number(row['requests']), 0)
  return [
    ...compareCounts('freezes', tally.freezes, count('freeze'), tally.unknown),
    ...compareCounts('settles', tally.settles, count('freeze', 'settled'), tally.unknown),
    ...compareCounts('releases', tally.releases, count('freeze', 'released'), tally.unknown),
    ...compareCounts('transfers', tally.transfers, count('transfer'), tally.unknown),
  ]
}
