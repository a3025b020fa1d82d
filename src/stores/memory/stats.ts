/** Assets in figures. */
import { isHouse, ISSUER, REVENUE, type AssetCode, type Instant } from '../../domain/ids.ts'
import { STATS_OVERDUE_MS, type AssetStats, type StatsQuery } from '../../engine/reader.ts'
import { boundariesOf, daysOf, type HouseTotals } from '../stats-days.ts'
import type { Tables } from './tables.ts'

export function statsOf(tables: Tables, asset: AssetCode, { now, days }: StatsQuery): AssetStats {
  const balances = [...tables.balances.values()].filter((balance) => balance.asset === asset)
  const people = balances.filter(({ account }) => !isHouse(account))
  const current = totalsAt(tables, asset, null)
  const past = boundariesOf(now, days).map((boundary) => totalsAt(tables, asset, boundary))
  return {
    asset,
    issued: -(current.get(`${ISSUER} ${asset}`) ?? 0n),
    accounts: {
      count: people.length,
      available: people.reduce((sum, { available }) => sum + available, 0n),
      held: people.reduce((sum, { held }) => sum + held, 0n),
    },
    holdsOpen: [...tables.requests.values()].filter(
      (hold) =>
        hold.kind === 'freeze' &&
        hold.asset === asset &&
        hold.state === 'open' &&
        hold.expiresAt >= now - STATS_OVERDUE_MS,
    ).length,
    days: daysOf(asset, now, [...past, current]),
  }
}

/** @param before only postings before this instant; null: all */
function totalsAt(tables: Tables, asset: AssetCode, before: Instant | null): HouseTotals {
  const totals = new Map<string, bigint>()
  for (const { balanceId, availableDelta, heldDelta, at } of tables.postings.values()) {
    if (before !== null && at >= before) continue
    const balance = tables.balanceById(balanceId)!
    if (balance.asset !== asset || (balance.account !== ISSUER && balance.account !== REVENUE)) continue
    const key = `${balance.account} ${asset}`
    totals.set(key, (totals.get(key) ?? 0n) + availableDelta + heldDelta)
  }
  return totals
}
