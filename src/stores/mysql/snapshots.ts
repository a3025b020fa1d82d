/** Reading the rows of a footprint, at one instant or under locks. */
import type { BalanceName } from '../../domain/balance.ts'
import type { Footprint } from '../../domain/footprint.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
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
import type { MysqlConnection } from './connection.ts'
import { compareLocks } from './lock-order.ts'
import { lockBalances, selectAssets, selectBalances, selectPostings, selectRates, selectRequests } from './reads.ts'
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
type Question = 'requests' | 'balances' | 'assets' | 'rates' | 'postings'

/**
 * Everything at one instant, in one round trip. When a request is a hold of other accounts, or an entry, everything is read a second
 * time together with their balances and postings.
 *
 * @throws MysqlFailure
 */
export async function readSnapshot(
  connection: MysqlConnection,
  footprint: Footprint,
  ids: BalanceIds,
): Promise<Snapshot> {
  const names: BalanceNames = new Map(footprint.balances)
  let postingKeys: readonly PostingKey[] = []
  const { isCluster } = connection.server
  const before = isCluster ? BEGIN_CLUSTER_SNAPSHOT : [BEGIN_SNAPSHOT]
  const after = isCluster ? [SAME_TRANSACTION, COMMIT, IS_PRIMARY] : [COMMIT, IS_PRIMARY]
  for (;;) {
    const questions = new Questions()
    if (names.size > 0) questions.ask('balances', selectBalances([...names.values()]))
    questions.askFor(footprint)
    if (postingKeys.length > 0) questions.ask('postings', selectPostings(postingKeys))
    const found = await questions.run(connection, before, after)
    const missing = missingNames(found.holds, names, footprint)
    const wanted = postingKeysIn(found)
    if (missing.size === 0 && wanted.length === postingKeys.length) return snapshotOf(footprint, names, found, ids)
    for (const [key, name] of missing) names.set(key, name)
    postingKeys = wanted
  }
}

/**
 * Begins a transaction, locks the footprint's balances in the order of locks, and reads the rows under the locks. The transaction
 * stays open, also when it throws.
 *
 * A hold of the footprint may belong to balances that only its row names. They are locked if they come after everything that is locked
 * already, as payees that are house accounts do; otherwise all locks are released and taken in order.
 *
 * @throws MysqlFailure
 */
export async function lockSnapshot(
  connection: MysqlConnection,
  footprint: Footprint,
  ids: BalanceIds,
): Promise<Snapshot> {
  const names: BalanceNames = new Map(footprint.balances)
  const locked: Row[] = []
  let toLock = [...names.values()]
  let before = BEGIN
  for (;;) {
    const questions = new Questions()
    for (const statement of lockBalances(toLock)) questions.ask('balances', statement)
    // Read after the locks, also rows that were read before: they may have changed until the locks were granted.
    questions.askFor(footprint)
    const found = await questions.run(connection, before, [])
    locked.push(...found.balances)
    const missing = missingNames(found.holds, names, footprint)
    if (missing.size === 0) {
      const postings = await readPostings(connection, postingKeysIn(found))
      return snapshotOf(footprint, names, { ...found, balances: locked, postings }, ids)
    }
    const comeLast = allAfter([...missing.values()], [...names.values()])
    for (const [key, name] of missing) names.set(key, name)
    toLock = comeLast ? [...missing.values()] : [...names.values()]
    before = comeLast ? [] : [ROLLBACK, ...BEGIN]
    if (!comeLast) locked.length = 0
  }
}

/** Postings never change, so a later round trip is as good as the same one. */
async function readPostings(connection: MysqlConnection, keys: readonly PostingKey[]): Promise<readonly Row[]> {
  if (keys.length === 0) return []
  const [reply] = await connection.run([selectPostings(keys)])
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

  askFor({ requests, assets, rates }: Footprint): void {
    if (requests.size > 0) this.ask('requests', selectRequests(requests))
    if (assets.size > 0) this.ask('assets', selectAssets(assets))
    if (rates.size > 0) this.ask('rates', selectRates(rates.values()))
  }

  async run(connection: MysqlConnection, before: readonly string[], after: readonly string[]): Promise<FoundRows> {
    const answers: Record<Question, Row[]> = {
      requests: [],
      balances: [],
      assets: [],
      rates: [],
      postings: [],
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
