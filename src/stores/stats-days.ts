/** Days in UTC, and what house accounts gained in them. */
import { ISSUER, REVENUE, type AssetCode, type Instant } from '../domain/ids.ts'
import type { DayStats } from '../engine/reader.ts'

const DAY_MS = 86_400_000

/** What house accounts have, by account and asset with a space between them. */
export type HouseTotals = ReadonlyMap<string, bigint>

/** The beginnings of the last `days` days, the day of `now` included; the oldest first. */
export function boundariesOf(now: Instant, days: number): readonly Instant[] {
  const today = now - (now % DAY_MS)
  return Array.from({ length: days }, (_, index) => today - (days - 1 - index) * DAY_MS)
}

/** @param totals at the beginning of each day, and now */
export function daysOf(asset: AssetCode, now: Instant, totals: readonly HouseTotals[]): readonly DayStats[] {
  const gained = (account: string, index: number): bigint => {
    const key = `${account} ${asset}`
    return (totals[index + 1]!.get(key) ?? 0n) - (totals[index]!.get(key) ?? 0n)
  }
  return boundariesOf(now, totals.length - 1).map((from, index) => ({
    from,
    issued: -gained(ISSUER, index),
    earned: gained(REVENUE, index),
  }))
}
