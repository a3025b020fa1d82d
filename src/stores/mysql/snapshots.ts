/** Reading the rows of a footprint, at one instant or under locks. */
import type { BalanceName } from '../../domain/balance.ts'
import type { Footprint } from '../../domain/footprint.ts'
import type { AccountName } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { RunningNumbers } from '../../domain/running-numbers.ts'
import {
  missingNames,
  requestsIn,
  runPlacesIn,
  snapshotOf,
  standingsOf,
  type BalanceNames,
  type FoundRows,
  type RunPlace,
} from '../sql/snapshot-rows.ts'
import type { Row } from '../sql/values.ts'
import type { MysqlConnection } from './connection.ts'
import { compareLocks } from './lock-order.ts'
import type { OldRows } from './old-rows.ts'
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
import {
  BEGIN,
  BEGIN_CLUSTER_SNAPSHOT,
  BEGIN_SNAPSHOT,
  COMMIT,
  IS_PRIMARY,
  ROLLBACK,
  SAME_TRANSACTION,
} from './transactions.ts'

/** What a statement reads. */
type Question = 'requests' | 'balances' | 'standings' | 'assets' | 'houses' | 'rates' | 'runs'

/**
 * Everything at one instant, in one round trip. When a row names other balances (of a hold, of a whole account, of a successor), or a
 * request is an entry, everything is read again together with those balances and its runs.
 *
 * @throws MysqlFailure
 */
export async function readSnapshot(
  connection: MysqlConnection,
  footprint: Footprint,
  ids: RunningNumbers,
): Promise<Snapshot> {
  const names: BalanceNames = new Map(footprint.balances)
  let standings: ReadonlySet<AccountName> = footprint.standings
  let places: readonly RunPlace[] = []
  const { isCluster } = connection.server
  const before = isCluster ? BEGIN_CLUSTER_SNAPSHOT : [BEGIN_SNAPSHOT]
  const after = isCluster ? [SAME_TRANSACTION, COMMIT, IS_PRIMARY] : [COMMIT, IS_PRIMARY]
  for (;;) {
    const questions = new Questions()
    if (names.size > 0) questions.ask('balances', selectBalances([...names.values()]))
    questions.askFor(footprint, standings)
    if (places.length > 0) questions.ask('runs', selectRuns(places))
    const found = await questions.run(connection, before, after)
    const missing = missingNames(found, names, footprint)
    const wanted = runPlacesIn(found)
    if (missing.size === 0 && wanted.length === places.length) {
      return snapshotOf(footprint, { names, standings }, found, ids)
    }
    for (const [key, name] of missing) names.set(key, name)
    standings = standingsOf(standings, missing)
    places = wanted
  }
}

/**
 * Begins a transaction, locks the footprint's balances in the order of locks, and reads the rows under the locks. The transaction
 * stays open, also when it throws. Rows of an old system are locked before all balances.
 *
 * A row of the footprint may name further balances: those of a hold, of a whole account, of a successor. They are locked if they come after everything that is locked
 * already, as payees that are house accounts do; otherwise all locks are released and taken in order.
 *
 * @throws MysqlFailure
 */
export async function lockSnapshot(
  connection: MysqlConnection,
  footprint: Footprint,
  { ids, oldRows }: { readonly ids: RunningNumbers; readonly oldRows: OldRows | null },
): Promise<Snapshot> {
  const names: BalanceNames = new Map(footprint.balances)
  let standings: ReadonlySet<AccountName> = footprint.standings
  const locked: Row[] = []
  let toLock = [...names.values()]
  let before: readonly string[] = BEGIN
  for (;;) {
    const questions = new Questions()
    const begun = [...before, ...(oldRows?.lock(toLock) ?? [])]
    for (const statement of lockBalances(toLock)) questions.ask('balances', statement)
    // Read after the locks, also rows that were read before: they may have changed until the locks were granted.
    questions.askFor(footprint, standings)
    const found = await questions.run(connection, begun, [])
    locked.push(...found.balances)
    const missing = missingNames({ ...found, balances: locked }, names, footprint)
    if (missing.size === 0) {
      const runs = await readRuns(connection, runPlacesIn(found))
      return snapshotOf(footprint, { names, standings }, { ...found, balances: locked, runs }, ids)
    }
    const isOld = oldRows !== null && [...missing.values()].some((name) => oldRows.isOf(name))
    const comeLast = !isOld && allAfter([...missing.values()], [...names.values()])
    for (const [key, name] of missing) names.set(key, name)
    standings = standingsOf(standings, missing)
    toLock = comeLast ? [...missing.values()] : [...names.values()]
    before = comeLast ? [] : [ROLLBACK, ...BEGIN]
    if (!comeLast) locked.length = 0
  }
}

/** Runs never change, so a later round trip is as good as the same one. */
async function readRuns(connection: MysqlConnection, places: readonly RunPlace[]): Promise<readonly Row[]> {
  if (places.length === 0) return []
  const [reply] = await connection.run([selectRuns(places)])
  return reply!.rows
}

/** The statements of one text, and what each of its replies answers. */
class Questions {
  readonly #asked: Question[] = []
  readonly #statements: string[] = []

  ask(what: Question, statement: string): void {
    this.#asked.push(what)
    this.#statements.push(statement)
  }

  askFor({ requests, assets, houses, rates }: Footprint, standings: ReadonlySet<AccountName>): void {
    if (requests.size > 0) this.ask('requests', selectRequests(requests))
    if (standings.size > 0) this.ask('standings', selectStandings(standings))
    if (assets.size > 0) this.ask('assets', selectAssets(assets))
    if (houses.size > 0) this.ask('houses', selectHouses(houses))
    if (rates.size > 0) this.ask('rates', selectRates(rates.values()))
  }

  async run(connection: MysqlConnection, before: readonly string[], after: readonly string[]): Promise<FoundRows> {
    const answers: Record<Question, Row[]> = {
      requests: [],
      balances: [],
      standings: [],
      assets: [],
      houses: [],
      rates: [],
      runs: [],
    }
    const statements = [...before, ...this.#statements, ...after]
    const replies = statements.length === 0 ? [] : await connection.run(statements)
    for (const [index, what] of this.#asked.entries()) answers[what].push(...replies[before.length + index]!.rows)
    return { ...answers, ...requestsIn(answers.requests) }
  }
}

function allAfter(later: readonly BalanceName[], earlier: readonly BalanceName[]): boolean {
  const last = earlier.toSorted(compareLocks).at(-1)
  return last === undefined || later.every((name) => compareLocks(last, name) < 0)
}
