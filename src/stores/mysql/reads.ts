/** The reads that commits rest on, by key. */
import type { BalanceName } from '../../domain/balance.ts'
import { isHouse, type AccountName, type AssetCode, type RequestId } from '../../domain/ids.ts'
import type { RatePair } from '../../domain/rate.ts'
import { requestKey } from '../sql/request-key.ts'
import { REQUEST_COLUMNS } from '../sql/request-select.ts'
import type { RunPlace } from '../sql/snapshot-rows.ts'
import { literal, literals } from './literals.ts'

/**
 * By the keys, also when the statistics of a table that was just filled suggest another way. Without FORCE INDEX, MySQL reads a table
 * that it believes to be empty from its start to its end.
 *
 * The last change of a hold is the first one backwards: MAX reads all of them. Measured for a hold with 20,000 changes, ms, MariaDB
 * 10.11 / MySQL 9.7: MAX 2.7 / 15, this 0.7 / 0.7; without `hold_seq` in the order MySQL sorts them.
 */
const REQUEST_JOINS = `LEFT JOIN requests h FORCE INDEX (PRIMARY) ON h.seq = r.hold_seq
  LEFT JOIN balances b FORCE INDEX (PRIMARY) ON b.id = COALESCE(r.balance_id, h.balance_id)
  LEFT JOIN hold_changes c FORCE INDEX (PRIMARY) ON c.hold_seq = COALESCE(r.hold_seq, r.seq) AND c.number = COALESCE(r.hold_number, (
    SELECT m.number FROM hold_changes m FORCE INDEX (PRIMARY) WHERE m.hold_seq = r.seq ORDER BY m.hold_seq DESC, m.number DESC LIMIT 1
  ))
  LEFT JOIN hold_changes e FORCE INDEX (PRIMARY) ON e.hold_seq = c.hold_seq AND e.number = c.end_number`

/** As request-select.ts has them, with these joins. */
export function selectRequests(ids: Iterable<RequestId>): string {
  return `SELECT ${REQUEST_COLUMNS} FROM requests r FORCE INDEX (requests_id) ${REQUEST_JOINS}
    WHERE r.id IN (${literals([...ids].map(requestKey))})`
}

export function selectBalances(names: readonly BalanceName[]): string {
  const keys = names.map(({ account, asset, stripe }) => `(${literals([account, asset, stripe])})`)
  return `SELECT * FROM balances FORCE INDEX (balances_name) WHERE (account, asset, stripe) IN (${keys.join(',')})`
}

/**
 * Locks the rows of these balances in the order of lock-order.ts: a range scan reads its index upwards, users first and house accounts
 * after them. FORCE INDEX and the connection's `mrr=off` make it a range scan. A name without a row locks nothing, because READ
 * COMMITTED takes no gap locks; the second insert of it meets the unique key.
 *
 * Measured for 2, 20, 200 and 1,000 names, ms on a busy machine, MariaDB 10.11 / MySQL 9.7: this 0.6 / 0.5, 1.5 / 0.8,
 * 3.1 / 3.9, 13 / 16; one SELECT by key each, with UNION ALL between them, 0.7 / 0.6, 1.4 / 1.4, 14 / 19, 53 / 168.
 */
export function lockBalances(names: readonly BalanceName[]): readonly string[] {
  const people = names.filter(({ account }) => !isHouse(account))
  const houses = names.filter(({ account }) => isHouse(account))
  return [people, houses].filter((some) => some.length > 0).map((some) => `${selectBalances(some)} FOR UPDATE`)
}

export function selectAssets(codes: Iterable<AssetCode>): string {
  return `SELECT * FROM assets WHERE code IN (${literals([...codes])})`
}

export function selectHouses(accounts: Iterable<AccountName>): string {
  return `SELECT * FROM house_accounts WHERE account IN (${literals([...accounts])})`
}

export function selectStandings(accounts: Iterable<AccountName>): string {
  return `SELECT * FROM standings FORCE INDEX (PRIMARY) WHERE account IN (${literals([...accounts])})`
}

/** The newest rate of each pair. */
export function selectRates(pairs: Iterable<RatePair>): string {
  const newest = [...pairs].map(
    ({ from, to }) =>
      `(SELECT * FROM rates WHERE from_asset = ${literal(from)} AND to_asset = ${literal(to)} ORDER BY version DESC LIMIT 1)`,
  )
  return newest.join(' UNION ALL ')
}

export function selectRuns(places: readonly RunPlace[]): string {
  return `SELECT j.*, b.account, b.asset, b.stripe FROM journal j FORCE INDEX (PRIMARY)
    STRAIGHT_JOIN balances b ON b.id = j.balance_id
    WHERE (j.balance_id, j.first_version) IN (${places.map((place) => `(${literals(place)})`).join(',')})`
}
