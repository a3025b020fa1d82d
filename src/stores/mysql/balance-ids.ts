/**
 * Ids for new balances, without asking anybody: the hour in the upper 20 bits and chance in the lower 33, a safe integer
 * until the year 2144.
 *
 * Chance, because any number of processes give ids out at once and a counter in the database would be one more hot row, one
 * more round trip, and ids burnt by every question about an account that does not exist. Two balances of the same hour get
 * the same id once in 8.6 · 10^9 pairs; the second then meets the primary key, its commit is stale, and the next attempt has
 * another id. The hour, because the journal is clustered by balance: the postings of new balances share the last pages of the
 * tree and do not split old ones.
 */
const HOUR_MS = 3_600_000
const EPOCH_MS = Date.UTC(2025, 0, 1)
const CHANCE = 2 ** 33

export function newBalanceId(nowMs: number = Date.now()): number {
  const hour = Math.max(0, Math.floor((nowMs - EPOCH_MS) / HOUR_MS))
  // Never 0 in an hour that is: an id is at least 1.
  return hour * CHANCE + Math.floor(Math.random() * (CHANCE - 1)) + 1
}
