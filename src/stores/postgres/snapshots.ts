/**
 * Reading a footprint: at one instant (`loadSnapshot`), or under the locks of its balances (`lockSnapshot`).
 *
 * The statements of a look go out together, in one round trip. Which balances a hold touches is known only when its row is
 * there: if one of them was not asked for, everything is read again with it. A hold's balances never change, so the
 * second look finds them all unless further holds appear.
 */
import type { QueryConfig } from 'pg'
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import type { Posting } from '../../domain/journal.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import { type RequestRecord, type Snapshot } from '../../domain/snapshot.ts'
import { footprintOfHold, type Footprint } from '../../domain/footprint.ts'
import { Fault } from '../../engine/faults.ts'
import { assetOf, balanceOf, entryOf, holdOf, postingKeysOf, postingOf, whole, type Row } from '../sql/rows.ts'
import { rateOf } from '../sql/rates.ts'
import type { BalanceIds } from '../sql/balance-ids.ts'
import type { LedgerClient } from './ledger-client.ts'
import { pipelined } from './pipelined.ts'
import { lockBalances, selectAssets, selectBalances, selectPostings, selectRates, selectRequests } from './reads.ts'
import { requirePrimary, SELECT_SERVER_STATE, waitForStandbys } from './standbys.ts'

/** Looks at one footprint. More than two take holds that are opened between one look and the next. */
const LOOKS_MAX = 5

type Statement = QueryConfig<unknown[]>

interface Look {
  readonly balances: readonly Row[]
  readonly holds: readonly HoldRecord[]
  readonly entries: readonly Row[]
  readonly assets: readonly Row[]
  readonly rates: readonly Row[]
  /** Whether commits wait for standbys. */
  readonly waits: boolean
}

export interface Found {
  readonly snapshot: Snapshot
  /** Whether it has requests that a crash of the primary could take back: they were seen before a standby was known to have them. */
  readonly isUnconfirmed: boolean
}

/** Requests in it are as durable as those of a commit. @throws what the server says; Fault `store_unavailable` */
export async function loadSnapshot(client: LedgerClient, footprint: Footprint, ids: BalanceIds): Promise<Snapshot> {
  const begin = [{ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' }]
  const end = [{ text: 'COMMIT' }]
  const found = await read(client, footprint, ids, (names) => look(client, footprint, names, begin, end))
  if (found.isUnconfirmed) await waitForStandbys(client)
  return found.snapshot
}

/**
 * Leaves the transaction open, with the balances locked in the order of their ids.
 *
 * @throws what the server says; Fault `store_unavailable`
 */
export async function lockSnapshot(client: LedgerClient, footprint: Footprint, ids: BalanceIds): Promise<Found> {
  // Further balances could be locked now only out of order, so a second look begins anew.
  let before: readonly Statement[] = []
  return await read(client, footprint, ids, (names) => {
    const begin = [...before, { text: 'BEGIN' }, ...(names.length === 0 ? [] : [lockBalances(names)])]
    before = [{ text: 'ROLLBACK' }]
    // Reads of their own, whose instants come after the locks: they see what was committed while those were waited for.
    return look(client, footprint, names, begin, [])
  })
}

async function look(
  client: LedgerClient,
  { requests, assets, rates }: Footprint,
  names: readonly BalanceName[],
  begin: readonly Statement[],
  end: readonly Statement[],
): Promise<Look> {
  const reads = [
    { keys: names.length, statement: () => selectBalances(names) },
    { keys: requests.size, statement: () => selectRequests(requests) },
    { keys: assets.size, statement: () => selectAssets(assets) },
    { keys: rates.size, statement: () => selectRates([...rates.values()]) },
  ]
  const asked = reads.filter(({ keys }) => keys > 0)
  const statements = [SELECT_SERVER_STATE, ...asked.map(({ statement }) => statement())]
  const answers = await pipelined(client, [...begin, ...statements, ...end])
  const [state, ...selected] = answers.slice(begin.length).map((answer) => answer.rows)
  const waits = requirePrimary(state![0]!)
  const rowsOf = (index: number): readonly Row[] => {
    const place = asked.indexOf(reads[index]!)
    return place === -1 ? [] : selected[place]!
  }
  const rows = rowsOf(1)
  return {
    balances: rowsOf(0),
    holds: rows.filter((row) => row['kind'] === 'freeze').map(holdOf),
    entries: rows.filter((row) => row['kind'] !== 'freeze'),
    assets: rowsOf(2),
    rates: rowsOf(3),
    waits,
  }
}

async function read(
  client: LedgerClient,
  footprint: Footprint,
  ids: BalanceIds,
  lookAt: (names: readonly BalanceName[]) => Promise<Look>,
): Promise<Found> {
  const names = new Map(footprint.balances)
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const { balances, holds, entries, assets, rates, waits } = await lookAt([...names.values()])
    const known = names.size
    for (const hold of holds) addNames(names, hold, footprint)
    if (names.size > known) continue
    const snapshot = {
      requests: requestsOf(footprint, holds, entries, await postingsOf(client, entries)),
      balances: balancesOf(names, balances, ids),
      assets: assetsOf(footprint, assets),
      rates: ratesOf(footprint, rates),
    }
    return { snapshot, isUnconfirmed: waits && holds.length + entries.length > 0 }
  }
  throw new Fault('store_unavailable', `The holds of a batch did not stay the same for ${LOOKS_MAX} looks.`)
}

function addNames(names: Map<string, BalanceName>, hold: HoldRecord, footprint: Footprint): void {
  for (const name of footprintOfHold(hold, footprint)) {
    names.set(balanceKey(name.account, name.asset, name.stripe), name)
  }
}

function balancesOf(
  names: ReadonlyMap<string, BalanceName>,
  rows: readonly Row[],
  ids: BalanceIds,
): Map<string, BalanceRecord> {
  const balances = new Map<string, BalanceRecord>()
  for (const row of rows) {
    const balance = balanceOf(row)
    balances.set(balanceKey(balance.account, balance.asset, balance.stripe), balance)
  }
  for (const [key, name] of names) if (!balances.has(key)) balances.set(key, emptyBalance(ids.next(), name))
  return balances
}

function requestsOf(
  footprint: Footprint,
  holds: readonly HoldRecord[],
  entries: readonly Row[],
  postings: ReadonlyMap<string, Posting>,
): Map<string, RequestRecord | null> {
  const requests = new Map<string, RequestRecord | null>()
  for (const id of footprint.requests) requests.set(id, null)
  for (const hold of holds) requests.set(hold.id, hold)
  for (const row of entries) {
    const itsPostings = postingKeysOf(row).map((key) => postings.get(key.join(' '))!)
    const entry = entryOf(row, itsPostings)
    requests.set(entry.id, entry)
  }
  return requests
}

/** The postings of entries. They never change, so any moment will do. */
async function postingsOf(client: LedgerClient, entries: readonly Row[]): Promise<ReadonlyMap<string, Posting>> {
  const keys = entries.flatMap(postingKeysOf)
  const postings = new Map<string, Posting>()
  if (keys.length === 0) return postings
  const { rows } = await client.query<Row, unknown[]>(selectPostings(keys))
  for (const row of rows) postings.set(`${whole(row['balance_id'])} ${whole(row['version'])}`, postingOf(row))
  return postings
}

function assetsOf(footprint: Footprint, rows: readonly Row[]): Map<string, Asset | null> {
  const assets = new Map<string, Asset | null>()
  for (const code of footprint.assets) assets.set(code, null)
  for (const row of rows) assets.set(row['code'] as string, assetOf(row))
  return assets
}

function ratesOf(footprint: Footprint, rows: readonly Row[]): Map<string, Rate | null> {
  const rates = new Map<string, Rate | null>()
  for (const key of footprint.rates.keys()) rates.set(key, null)
  for (const rate of rows.map(rateOf)) rates.set(rateKey(rate.from, rate.to), rate)
  return rates
}
