/** A snapshot from the rows that were read for its footprint. */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import {
  companionsOf,
  footprintOfHold,
  footprintOfSuccessor,
  footprintOfWhole,
  type Footprint,
} from '../../domain/footprint.ts'
import type { HoldRecord } from '../../domain/hold-record.ts'
import type { HouseAccount } from '../../domain/house-account.ts'
import { isHouse, type AccountName, type AssetCode, type RequestId } from '../../domain/ids.ts'
import type { EntryRecord } from '../../domain/journal.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import type { RequestRecord, Snapshot } from '../../domain/snapshot.ts'
import { newStanding, type StandingRecord } from '../../domain/standing.ts'
import { assetOf } from './asset-row.ts'
import type { RunningNumbers } from '../../domain/running-numbers.ts'
import { balanceOf } from './balance-row.ts'
import { entryOf, postingPlacesOf, type PostingPlace } from './entry-row.ts'
import { holdOf } from './hold-row.ts'
import { houseOf } from './house-row.ts'
import { rateOf } from './rate-row.ts'
import { idOf } from './request-key.ts'
import { postingIn } from './run-row.ts'
import { standingOf } from './standing-row.ts'
import { whole, type Row } from './values.ts'

/** Balances by `balanceKey`. */
export type BalanceNames = Map<string, BalanceName>

/** Requests, as `request-select.ts` reads them, which decide what else has to be read. */
export interface FoundRequests {
  /** Charges too, whose entries are in `entries`. */
  readonly holds: readonly HoldRecord[]
  /** Still rows, because a record needs the postings. */
  readonly entries: readonly Row[]
}

export interface FoundRows extends FoundRequests {
  readonly balances: readonly Row[]
  readonly standings: readonly Row[]
  readonly assets: readonly Row[]
  readonly houses: readonly Row[]
  /** The newest of each pair. */
  readonly rates: readonly Row[]
  /** The runs of the postings of `entries`, joined with their balances. */
  readonly runs: readonly Row[]
}

export function requestsIn(rows: readonly Row[]): FoundRequests {
  return {
    holds: rows.filter(isHoldRow).map(holdOf),
    entries: rows.filter((row) => row['kind'] !== 'freeze'),
  }
}

/** Whether a row is read by `holdOf`. */
export function isHoldRow(row: Row): boolean {
  return row['kind'] === 'freeze' || row['kind'] === 'charge'
}

/** The balances of holds, of whole accounts and of successors that `names` lacks. */
export function missingNames(
  { holds, balances, standings }: Pick<FoundRows, 'holds' | 'balances' | 'standings'>,
  names: BalanceNames,
  footprint: Footprint,
): BalanceNames {
  const missing: BalanceNames = new Map()
  const add = (name: BalanceName): void => {
    const key = balanceKey(name.account, name.asset, name.stripe)
    if (names.has(key) || missing.has(key)) return
    missing.set(key, name)
    companionsOf(name, footprint).forEach(add)
  }
  for (const hold of holds) footprintOfHold(hold, footprint).forEach(add)
  if (footprint.wholes.size > 0) for (const row of standings) footprintOfWhole(standingOf(row), footprint).forEach(add)
  const addSuccessor = (closed: Pick<BalanceRecord, 'asset' | 'successor'>): void => {
    const name = footprintOfSuccessor(closed, footprint)
    if (name !== null) add(name)
  }
  for (const row of balances) if (row['successor'] !== null) addSuccessor(balanceOf(row))
  // Also for balances of closed accounts that have no row.
  for (const row of standings) {
    if (row['successor'] === null) continue
    const { account, successor } = standingOf(row)
    for (const name of [...names.values(), ...missing.values()]) {
      if (name.account === account) addSuccessor({ asset: name.asset, successor })
    }
  }
  return missing
}

/** `standings` with those of the balances in `missing`, which may be new. */
export function standingsOf(standings: ReadonlySet<AccountName>, missing: BalanceNames): ReadonlySet<AccountName> {
  if (missing.size === 0) return standings
  const accounts = new Set(standings)
  for (const { account } of missing.values()) if (!isHouse(account)) accounts.add(account)
  return accounts
}

/** Where the runs of the postings of entries are, each once. */
export function runPlacesIn({ entries }: Pick<FoundRequests, 'entries'>): readonly RunPlace[] {
  const places = new Map<string, RunPlace>()
  for (const place of entries.flatMap(postingPlacesOf)) places.set(nameOf(place), [place[0], place[2]])
  return [...places.values()]
}

/** The key of a run. */
export type RunPlace = readonly [balanceId: number, firstVersion: number]

/** What was read. */
export interface Asked {
  /** All balances of the snapshot. */
  readonly names: BalanceNames
  /** The accounts of all its standings. */
  readonly standings: ReadonlySet<AccountName>
}

/** @param ids gives their ids to balances without a row */
export function snapshotOf(
  footprint: Footprint,
  { names, standings: accounts }: Asked,
  found: FoundRows,
  ids: RunningNumbers,
): Snapshot {
  const standings = standingRecords(accounts, found.standings)
  return {
    requests: requestRecords(footprint, found),
    balances: balanceRecords(names, found.balances, { standings, ids }),
    standings,
    assets: assets(footprint, found.assets),
    houses: houses(footprint, found.houses),
    rates: rates(footprint, found.rates),
  }
}

/** @param runAt the run of a posting, joined with its balance; undefined when there is none */
export function entryWith(row: Row, runAt: (place: PostingPlace) => Row | undefined): EntryRecord {
  const id = idOf(row)
  const postings = postingPlacesOf(row).map((place) => postingIn(runAt(place), [place[0], place[1]], id))
  return entryOf(row, postings)
}

/** Entries with their postings. @param runs those at `runPlacesIn`, joined with their balances */
export function entriesWith(rows: readonly Row[], runs: readonly Row[]): readonly EntryRecord[] {
  const byPlace = new Map(runs.map((run) => [nameOf([whole(run['balance_id']), 0, whole(run['first_version'])]), run]))
  return rows.map((row) => entryWith(row, (place) => byPlace.get(nameOf(place))))
}

/** @throws Error for a row that nobody asked for: its id has the key of another one */
function requestRecords(
  { requests: asked }: Footprint,
  { holds, entries, runs }: FoundRows,
): Map<RequestId, RequestRecord | null> {
  const requests = new Map<RequestId, RequestRecord | null>()
  for (const id of asked) requests.set(id, null)
  const add = (record: RequestRecord): void => {
    if (!asked.has(record.id)) throw new Error(`Another request id has the key of "${record.id}".`)
    requests.set(record.id, record)
  }
  for (const hold of holds) add(hold)
  for (const entry of entriesWith(entries, runs)) {
    const charge = requests.get(entry.id)
    add(charge?.kind === 'freeze' ? { ...charge, charge: entry } : entry)
  }
  return requests
}

/** The name of a posting's run. */
function nameOf([balanceId, , firstVersion]: PostingPlace): string {
  return `${balanceId}/${firstVersion}`
}

function balanceRecords(
  names: BalanceNames,
  rows: readonly Row[],
  { standings, ids }: { readonly standings: ReadonlyMap<AccountName, StandingRecord>; readonly ids: RunningNumbers },
): Map<string, BalanceRecord> {
  const balances = new Map<string, BalanceRecord>()
  for (const row of rows) {
    const balance = balanceOf(row)
    balances.set(balanceKey(balance.account, balance.asset, balance.stripe), balance)
  }
  for (const [key, name] of names) {
    if (!balances.has(key)) balances.set(key, emptyBalance(ids.next(), name, standings.get(name.account)))
  }
  return balances
}

function standingRecords(accounts: Asked['standings'], rows: readonly Row[]): Map<AccountName, StandingRecord> {
  const found = new Map<AccountName, StandingRecord>()
  for (const account of accounts) found.set(account, newStanding(account))
  for (const standing of rows.map(standingOf)) found.set(standing.account, standing)
  return found
}

function assets({ assets: codes }: Footprint, rows: readonly Row[]): Map<AssetCode, Asset | null> {
  const found = new Map<AssetCode, Asset | null>()
  for (const code of codes) found.set(code, null)
  for (const asset of rows.map(assetOf)) found.set(asset.code, asset)
  return found
}

function houses({ houses: accounts }: Footprint, rows: readonly Row[]): Map<AccountName, HouseAccount | null> {
  const found = new Map<AccountName, HouseAccount | null>()
  for (const account of accounts) found.set(account, null)
  for (const house of rows.map(houseOf)) found.set(house.account, house)
  return found
}

function rates({ rates: pairs }: Footprint, rows: readonly Row[]): Map<string, Rate | null> {
  const found = new Map<string, Rate | null>()
  for (const key of pairs.keys()) found.set(key, null)
  for (const rate of rows.map(rateOf)) found.set(rateKey(rate.from, rate.to), rate)
  return found
}
