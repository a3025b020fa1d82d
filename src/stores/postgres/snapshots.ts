/**
 * Reading a footprint: at one instant (`loadSnapshot`), or under the locks of its balances (`lockSnapshot`).
 *
 * The statements of a look are sent together, in one round trip. Which balances a hold touches is known only from its row: if one of
 * them was not read, everything is read again with it. A hold's balances never change, so the second look finds them all unless
 * further holds appear.
 */
import type { QueryConfig } from 'pg'
import type { BalanceName } from '../../domain/balance.ts'
import type { Footprint } from '../../domain/footprint.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import type { BalanceIds } from '../sql/balance-ids.ts'
import {
  missingNames,
  postingKeysIn,
  requestsIn,
  snapshotOf,
  type BalanceNames,
  type FoundRows,
} from '../sql/snapshot-rows.ts'
import type { Row } from '../sql/values.ts'
import type { LedgerClient } from './ledger-client.ts'
import { pipelined } from './pipelined.ts'
import { lockBalances, selectAssets, selectBalances, selectPostings, selectRates, selectRequests } from './reads.ts'
import { requirePrimary, SELECT_SERVER_STATE, waitForStandbys } from './standbys.ts'

/** Looks at one footprint. More than two are needed only when holds are opened between two looks. */
const LOOKS_MAX = 5

type Statement = QueryConfig<unknown[]>

interface Look extends Omit<FoundRows, 'postings'> {
  /** Whether commits wait for standbys. */
  readonly waits: boolean
}

export interface Found {
  readonly snapshot: Snapshot
  /** Whether it has requests that a crash of the primary could undo: no standby is known to have them. */
  readonly isUnconfirmed: boolean
}

/** Its requests are as durable as those of a commit. @throws the server's error; Fault `store_unavailable` */
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
 * @throws the server's error; Fault `store_unavailable`
 */
export async function lockSnapshot(client: LedgerClient, footprint: Footprint, ids: BalanceIds): Promise<Found> {
  // Further balances could be locked only out of order, so a second look starts with a new transaction.
  let before: readonly Statement[] = []
  return await read(client, footprint, ids, (names) => {
    const begin = [...before, { text: 'BEGIN' }, ...(names.length === 0 ? [] : [lockBalances(names)])]
    before = [{ text: 'ROLLBACK' }]
    // Separate statements, whose snapshots come after the locks: they see what was committed during the wait for the locks.
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
  return { balances: rowsOf(0), ...requestsIn(rowsOf(1)), assets: rowsOf(2), rates: rowsOf(3), waits }
}

async function read(
  client: LedgerClient,
  footprint: Footprint,
  ids: BalanceIds,
  lookAt: (names: readonly BalanceName[]) => Promise<Look>,
): Promise<Found> {
  const names: BalanceNames = new Map(footprint.balances)
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const { waits, ...look } = await lookAt([...names.values()])
    const missing = missingNames(look.holds, names, footprint)
    if (missing.size > 0) {
      for (const [key, name] of missing) names.set(key, name)
      continue
    }
    const found = { ...look, postings: await readPostings(client, postingKeysIn(look)) }
    const isUnconfirmed = waits && found.holds.length + found.entries.length > 0
    return { snapshot: snapshotOf(footprint, names, found, ids), isUnconfirmed }
  }
  throw new Fault('store_unavailable', `The holds of a batch did not stay the same for ${LOOKS_MAX} looks.`)
}

/** Postings never change, so any instant will do. */
async function readPostings(client: LedgerClient, keys: readonly PostingKey[]): Promise<readonly Row[]> {
  if (keys.length === 0) return []
  const { rows } = await client.query<Row, unknown[]>(selectPostings(keys))
  return rows
}
