/**
 * Reading a footprint: at one instant (`loadSnapshot`), or under the locks of its balances (`lockSnapshot`).
 *
 * The statements of a look go out together, in one round trip. Which balances a hold touches is known only when its row is
 * there: if one of them was not asked for, everything is read again with it. A hold's balances never change, so the
 * second look finds them all unless further holds appear.
 */
import type { ClientBase, QueryConfig, QueryResult } from 'pg'
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import type { Posting } from '../../domain/journal.ts'
import { footprintOfHold, type Footprint, type RequestRecord, type Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import { assetOf, balanceOf, entryOf, holdOf, postingKeysOf, postingOf, whole, type Row } from '../sql/rows.ts'
import type { BalanceIds } from './balance-ids.ts'
import { pipelined } from './pipelined.ts'
import { lockBalances, selectAssets, selectBalances, selectPostings, selectRequests } from './reads.ts'

/** Looks at one footprint. More than two take holds that are opened between one look and the next. */
const LOOKS_MAX = 5

interface Look {
  readonly balances: readonly Row[]
  readonly requests: readonly Row[]
  readonly assets: readonly Row[]
}

/** @throws what the server says */
export async function loadSnapshot(client: ClientBase, footprint: Footprint, ids: BalanceIds): Promise<Snapshot> {
  return await read(client, footprint, ids, async (names) => {
    const [, balances, requests, assets] = await pipelined(client, [
      { text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' },
      selectBalances(names),
      selectRequests(footprint.requests),
      selectAssets(footprint.assets),
      { text: 'COMMIT' },
    ])
    return lookOf(balances!, requests!, assets!)
  })
}

/** Leaves the transaction open, with the balances locked in the order of their ids. @throws what the server says */
export async function lockSnapshot(client: ClientBase, footprint: Footprint, ids: BalanceIds): Promise<Snapshot> {
  let looks = 0
  return await read(client, footprint, ids, async (names) => {
    // Further balances cannot be locked now without leaving the order.
    const again: readonly QueryConfig[] = looks++ === 0 ? [] : [{ text: 'ROLLBACK' }]
    const results = await pipelined(client, [
      ...again,
      { text: 'BEGIN' },
      lockBalances(names),
      // Statements of their own, whose instants come after the locks: what was committed while those were waited for is seen.
      selectBalances(names),
      selectRequests(footprint.requests),
      selectAssets(footprint.assets),
    ])
    const [balances, requests, assets] = results.slice(-3)
    return lookOf(balances!, requests!, assets!)
  })
}

function lookOf(balances: QueryResult<Row>, requests: QueryResult<Row>, assets: QueryResult<Row>): Look {
  return { balances: balances.rows, requests: requests.rows, assets: assets.rows }
}

async function read(
  client: ClientBase,
  footprint: Footprint,
  ids: BalanceIds,
  look: (names: readonly BalanceName[]) => Promise<Look>,
): Promise<Snapshot> {
  const names = new Map(footprint.balances)
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const { balances, requests, assets } = await look([...names.values()])
    const known = names.size
    for (const row of requests) if (row['kind'] === 'freeze') addNames(names, row, footprint.houseStripe)
    if (names.size > known) continue
    return {
      requests: requestsOf(footprint, requests, await postingsOf(client, requests)),
      balances: balancesOf(names, balances, ids),
      assets: assetsOf(footprint, assets),
    }
  }
  throw new Fault('store_unavailable', `The holds of a batch did not stay the same for ${LOOKS_MAX} looks.`)
}

function addNames(names: Map<string, BalanceName>, row: Row, houseStripe: number): void {
  for (const name of footprintOfHold(holdOf(row), houseStripe)) {
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
  rows: readonly Row[],
  postings: ReadonlyMap<string, Posting>,
): Map<string, RequestRecord | null> {
  const requests = new Map<string, RequestRecord | null>()
  for (const id of footprint.requests) requests.set(id, null)
  for (const row of rows) {
    const record =
      row['kind'] === 'freeze'
        ? holdOf(row)
        : entryOf(
            row,
            postingKeysOf(row).map((key) => postings.get(key.join(' '))!),
          )
    requests.set(record.id, record)
  }
  return requests
}

/** The postings of the entries among `requests`. They never change, so any moment will do. */
async function postingsOf(client: ClientBase, requests: readonly Row[]): Promise<ReadonlyMap<string, Posting>> {
  const keys = requests.filter((row) => row['kind'] !== 'freeze').flatMap(postingKeysOf)
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
