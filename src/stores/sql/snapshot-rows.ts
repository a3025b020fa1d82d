/** A snapshot from the rows that were read for its footprint. */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import { footprintOfHold, type Footprint } from '../../domain/footprint.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { AssetCode, RequestId } from '../../domain/ids.ts'
import type { EntryRecord } from '../../domain/journal.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type { RequestRecord, Snapshot } from '../../domain/snapshot.ts'
import { assetOf } from './asset-row.ts'
import type { BalanceIds } from './balance-ids.ts'
import { balanceOf } from './balance-row.ts'
import { entryOf, postingKeysOf } from './entry-row.ts'
import { holdOf } from './hold-row.ts'
import { postingOf } from './posting-row.ts'
import { rateOf } from './rate-row.ts'
import { whole, type Row } from './values.ts'

/** Balances by `balanceKey`. */
export type BalanceNames = Map<string, BalanceName>

/** Rows of `requests`, which decide what else has to be read. */
export interface FoundRequests {
  readonly holds: readonly HoldRecord[]
  /** Still rows, because a record needs the postings. */
  readonly entries: readonly Row[]
}

export interface FoundRows extends FoundRequests {
  readonly balances: readonly Row[]
  readonly assets: readonly Row[]
  /** The newest of each pair. */
  readonly rates: readonly Row[]
  /** The postings of `entries`, joined with their balances. */
  readonly postings: readonly Row[]
}

export function requestsIn(rows: readonly Row[]): FoundRequests {
  return {
    holds: rows.filter((row) => row['kind'] === 'freeze').map(holdOf),
    entries: rows.filter((row) => row['kind'] !== 'freeze'),
  }
}

/** The balances of holds that `names` lacks. */
export function missingNames(holds: readonly HoldRecord[], names: BalanceNames, footprint: Footprint): BalanceNames {
  const missing: BalanceNames = new Map()
  for (const hold of holds) {
    for (const name of footprintOfHold(hold, footprint)) {
      const key = balanceKey(name.account, name.asset, name.stripe)
      if (!names.has(key)) missing.set(key, name)
    }
  }
  return missing
}

export function postingKeysIn({ entries }: FoundRequests): readonly PostingKey[] {
  return entries.flatMap(postingKeysOf)
}

/** @param names all balances of the snapshot. @param ids gives their ids to those without a row */
export function snapshotOf(footprint: Footprint, names: BalanceNames, found: FoundRows, ids: BalanceIds): Snapshot {
  return {
    requests: requestRecords(footprint, found),
    balances: balanceRecords(names, found.balances, ids),
    assets: assets(footprint, found.assets),
    rates: rates(footprint, found.rates),
  }
}

/** @param postingAt the row of a posting, joined with its balance; undefined when there is none */
export function entryWith(row: Row, postingAt: (key: PostingKey) => Row | undefined): EntryRecord {
  const postings = postingKeysOf(row).map((key) => {
    const posting = postingAt(key)
    if (posting === undefined) throw new Error(`The posting ${nameOf(key)} is gone.`)
    return postingOf(posting)
  })
  return entryOf(row, postings)
}

function requestRecords(
  footprint: Footprint,
  { holds, entries, postings }: FoundRows,
): Map<RequestId, RequestRecord | null> {
  const requests = new Map<RequestId, RequestRecord | null>()
  for (const id of footprint.requests) requests.set(id, null)
  for (const hold of holds) requests.set(hold.id, hold)
  const byName = new Map(postings.map((row) => [nameOf([whole(row['balance_id']), whole(row['version'])]), row]))
  for (const row of entries) {
    const entry = entryWith(row, (key) => byName.get(nameOf(key)))
    requests.set(entry.id, entry)
  }
  return requests
}

function nameOf([balanceId, version]: PostingKey): string {
  return `${balanceId}/${version}`
}

function balanceRecords(names: BalanceNames, rows: readonly Row[], ids: BalanceIds): Map<string, BalanceRecord> {
  const balances = new Map<string, BalanceRecord>()
  for (const row of rows) {
    const balance = balanceOf(row)
    balances.set(balanceKey(balance.account, balance.asset, balance.stripe), balance)
  }
  for (const [key, name] of names) if (!balances.has(key)) balances.set(key, emptyBalance(ids.next(), name))
  return balances
}

function assets({ assets: codes }: Footprint, rows: readonly Row[]): Map<AssetCode, Asset | null> {
  const found = new Map<AssetCode, Asset | null>()
  for (const code of codes) found.set(code, null)
  for (const asset of rows.map(assetOf)) found.set(asset.code, asset)
  return found
}

function rates({ rates: pairs }: Footprint, rows: readonly Row[]): Map<string, Rate | null> {
  const found = new Map<string, Rate | null>()
  for (const key of pairs.keys()) found.set(key, null)
  for (const rate of rows.map(rateOf)) found.set(rateKey(rate.from, rate.to), rate)
  return found
}
