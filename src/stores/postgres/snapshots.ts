/**
 * Reading a footprint: at one instant (`loadSnapshot`), or under the locks of its balances (`lockSnapshot`).
 *
 * The statements of a look are sent together, in one round trip. Which balances a hold touches is known only from its row, and so are
 * those of a whole account and of a successor: if one of them was not read, everything is read again with it. A hold's balances never
 * change, so the second look finds them all unless further holds appear; each successor of a successor needs one more.
 */
import type { QueryConfig } from 'pg'
import type { Footprint } from '../../domain/footprint.ts'
import type { AccountName } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'
import type { RunningNumbers } from '../../domain/running-numbers.ts'
import {
  missingNames,
  requestsIn,
  runPlacesIn,
  snapshotOf,
  standingsOf,
  type Asked,
  type BalanceNames,
  type FoundRows,
  type RunPlace,
} from '../sql/snapshot-rows.ts'
import type { Row } from '../sql/values.ts'
import type { LedgerClient } from './ledger-client.ts'
import type { OldRows } from './old-rows.ts'
import { pipelined } from './pipelined.ts'
import {
  lockBalances,
  selectAssets,
  selectBalances,
  selectHouses,
  selectRates,
  selectRequests,
  selectRuns,
  selectStandings,
} from './reads.ts'
import { requirePrimary, SELECT_SERVER_STATE, waitForStandbys } from './standbys.ts'

/** Looks at one footprint. More than two are needed only when holds are opened between two looks, and for a chain of closed accounts. */
const LOOKS_MAX = 20

type Statement = QueryConfig<unknown[]>

interface Look extends Omit<FoundRows, 'runs'> {
  /** Whether commits wait for standbys. */
  readonly waits: boolean
}

export interface Found {
  readonly snapshot: Snapshot
  /** Whether it has requests that a crash of the primary could undo: no standby is known to have them. */
  readonly isUnconfirmed: boolean
}

/** Its requests are as durable as those of a commit. @throws the server's error; Fault `store_unavailable` */
export async function loadSnapshot(client: LedgerClient, footprint: Footprint, ids: RunningNumbers): Promise<Snapshot> {
  const begin = [{ text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' }]
  const end = [{ text: 'COMMIT' }]
  const found = await read(client, footprint, ids, (asked) => look(client, footprint, asked, begin, end))
  if (found.isUnconfirmed) await waitForStandbys(client)
  return found.snapshot
}

/**
 * Leaves the transaction open, with the balances locked in the order of their ids, and their old rows before them.
 *
 * @throws the server's error; Fault `store_unavailable`
 */
export async function lockSnapshot(
  client: LedgerClient,
  footprint: Footprint,
  { ids, oldRows }: { readonly ids: RunningNumbers; readonly oldRows: OldRows | null },
): Promise<Found> {
  // Further balances could be locked only out of order, so a second look starts with a new transaction.
  let before: readonly Statement[] = []
  return await read(client, footprint, ids, (asked) => {
    const names = [...asked.names.values()]
    const locks = names.length === 0 ? [] : [...(oldRows?.lock(names) ?? []), lockBalances(names)]
    const begin = [...before, { text: 'BEGIN' }, ...locks]
    before = [{ text: 'ROLLBACK' }]
    // Separate statements, whose snapshots come after the locks: they see what was committed during the wait for the locks.
    return look(client, footprint, asked, begin, [])
  })
}

async function look(
  client: LedgerClient,
  { requests, assets, houses, rates }: Footprint,
  asked: Asked,
  begin: readonly Statement[],
  end: readonly Statement[],
): Promise<Look> {
  const names = [...asked.names.values()]
  const reads = [
    { keys: names.length, statement: () => selectBalances(names) },
    { keys: requests.size, statement: () => selectRequests(requests) },
    { keys: assets.size, statement: () => selectAssets(assets) },
    { keys: houses.size, statement: () => selectHouses(houses) },
    { keys: rates.size, statement: () => selectRates([...rates.values()]) },
    { keys: asked.standings.size, statement: () => selectStandings(asked.standings) },
  ]
  const wanted = reads.filter(({ keys }) => keys > 0)
  const statements = [SELECT_SERVER_STATE, ...wanted.map(({ statement }) => statement())]
  const answers = await pipelined(client, [...begin, ...statements, ...end])
  const [state, ...selected] = answers.slice(begin.length).map((answer) => answer.rows)
  const waits = requirePrimary(state![0]!)
  const rowsOf = (index: number): readonly Row[] => {
    const place = wanted.indexOf(reads[index]!)
    return place === -1 ? [] : selected[place]!
  }
  return {
    balances: rowsOf(0),
    ...requestsIn(rowsOf(1)),
    assets: rowsOf(2),
    houses: rowsOf(3),
    rates: rowsOf(4),
    standings: rowsOf(5),
    waits,
  }
}

async function read(
  client: LedgerClient,
  footprint: Footprint,
  ids: RunningNumbers,
  lookAt: (asked: Asked) => Promise<Look>,
): Promise<Found> {
  const names: BalanceNames = new Map(footprint.balances)
  let standings: ReadonlySet<AccountName> = footprint.standings
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const { waits, ...look } = await lookAt({ names, standings })
    const missing = missingNames(look, names, footprint)
    if (missing.size > 0) {
      for (const [key, name] of missing) names.set(key, name)
      standings = standingsOf(standings, missing)
      continue
    }
    const found = { ...look, runs: await readRuns(client, runPlacesIn(look)) }
    const isUnconfirmed = waits && found.holds.length + found.entries.length > 0
    return { snapshot: snapshotOf(footprint, { names, standings }, found, ids), isUnconfirmed }
  }
  throw new Fault('store_unavailable', `The holds of a batch did not stay the same for ${LOOKS_MAX} looks.`)
}

/** Runs never change, so any instant will do. */
async function readRuns(client: LedgerClient, places: readonly RunPlace[]): Promise<readonly Row[]> {
  if (places.length === 0) return []
  const { rows } = await client.query<Row, unknown[]>(selectRuns(places))
  return rows
}
