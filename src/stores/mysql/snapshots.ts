/** Reading a footprint's rows: which statements ask for them, and what their rows say. */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import type { AssetCode, RequestId } from '../../domain/ids.ts'
import type { Posting } from '../../domain/journal.ts'
import { rateKey, type Rate } from '../../domain/rate.ts'
import { type RequestRecord, type Snapshot } from '../../domain/snapshot.ts'
import { footprintOfHold, type Footprint } from '../../domain/footprint.ts'
import type { BalanceIds } from '../sql/balance-ids.ts'
import { rateOf } from '../sql/rates.ts'
import { assetOf, balanceOf, entryOf, holdOf, postingKeysOf, postingOf, type Row } from '../sql/rows.ts'
import type { MysqlConnection } from './connection.ts'
import { compareLocks } from './lock-order.ts'
import {
  lockBalances,
  selectAssets,
  selectBalances,
  selectPostings,
  selectRates,
  selectRequests,
} from './statements.ts'
import {
  BEGIN,
  BEGIN_CLUSTER_SNAPSHOT,
  BEGIN_SNAPSHOT,
  COMMIT,
  IS_PRIMARY,
  ROLLBACK,
  SAME_TRANSACTION,
} from './transactions.ts'

type Names = Map<string, BalanceName>
type PostingKeys = readonly (readonly [balanceId: number, version: number])[]

/** Rows by the question that they answer. */
interface Answers {
  readonly requests: readonly Row[]
  readonly balances: readonly Row[]
  readonly assets: readonly Row[]
  readonly rates: readonly Row[]
  readonly postings: readonly Row[]
}

/**
 * All of it at one instant, in one round trip. Only when a request turns out to be a hold of other accounts, or an entry,
 * is everything read a second time together with their balances and postings.
 *
 * @throws MysqlFailure
 */
export async function readSnapshot(
  connection: MysqlConnection,
  footprint: Footprint,
  ids: BalanceIds,
): Promise<Snapshot> {
  const names: Names = new Map(footprint.balances)
  let postingKeys: PostingKeys = []
  const { isCluster } = connection.server
  const before = isCluster ? BEGIN_CLUSTER_SNAPSHOT : [BEGIN_SNAPSHOT]
  const after = isCluster ? [SAME_TRANSACTION, COMMIT, IS_PRIMARY] : [COMMIT, IS_PRIMARY]
  for (;;) {
    const questions = new Questions()
    if (names.size > 0) questions.ask('balances', selectBalances([...names.values()]))
    questions.askFor(footprint)
    if (postingKeys.length > 0) questions.ask('postings', selectPostings(postingKeys))
    const answers = await questions.run(connection, before, after)
    const missing = missingNames(answers.requests, names, footprint)
    const wanted = postingKeysIn(answers.requests)
    if (missing.size === 0 && wanted.length === postingKeys.length)
      return snapshotOf(footprint, { names, answers, ids })
    for (const [key, name] of missing) names.set(key, name)
    postingKeys = wanted
  }
}

/**
 * Begins a transaction, locks the footprint's balances in the order of locks, and reads what there is behind them. The
 * transaction stays open, also when it throws.
 *
 * A hold of the footprint may belong to balances that only its row names. They are locked when they come after everything that is
 * locked already, which payees that are house accounts do; otherwise the locks are given back and taken in order.
 *
 * @throws MysqlFailure
 */
export async function lockSnapshot(
  connection: MysqlConnection,
  footprint: Footprint,
  ids: BalanceIds,
): Promise<Snapshot> {
  const names: Names = new Map(footprint.balances)
  const locked: Row[] = []
  let toLock = [...names.values()]
  let before = BEGIN
  for (;;) {
    const questions = new Questions()
    for (const statement of lockBalances(toLock)) questions.ask('balances', statement)
    // Behind the locks, also those that were read before: what they say may have changed until the lock was there.
    questions.askFor(footprint)
    const answers = await questions.run(connection, before, [])
    locked.push(...answers.balances)
    const missing = missingNames(answers.requests, names, footprint)
    if (missing.size === 0) {
      const postings = await readPostings(connection, postingKeysIn(answers.requests))
      return snapshotOf(footprint, { names, answers: { ...answers, balances: locked, postings }, ids })
    }
    const comeLast = allAfter([...missing.values()], [...names.values()])
    for (const [key, name] of missing) names.set(key, name)
    toLock = comeLast ? [...missing.values()] : [...names.values()]
    before = comeLast ? [] : [ROLLBACK, ...BEGIN]
    if (!comeLast) locked.length = 0
  }
}

/** They never change, so a round trip of their own sees what the one before saw. */
async function readPostings(connection: MysqlConnection, keys: PostingKeys): Promise<readonly Row[]> {
  if (keys.length === 0) return []
  const [reply] = await connection.run([selectPostings(keys)])
  return reply!.rows
}

/** The statements of one text, and which of its replies answers what. */
class Questions {
  readonly #asked: (keyof Answers)[] = []
  readonly #statements: string[] = []

  ask(what: keyof Answers, statement: string): void {
    this.#asked.push(what)
    this.#statements.push(statement)
  }

  askFor({ requests, assets, rates }: Footprint): void {
    if (requests.size > 0) this.ask('requests', selectRequests(requests))
    if (assets.size > 0) this.ask('assets', selectAssets(assets))
    if (rates.size > 0) this.ask('rates', selectRates(rates.values()))
  }

  async run(connection: MysqlConnection, before: readonly string[], after: readonly string[]): Promise<Answers> {
    const answers: Record<keyof Answers, readonly Row[]> = {
      requests: [],
      balances: [],
      assets: [],
      rates: [],
      postings: [],
    }
    const statements = [...before, ...this.#statements, ...after]
    if (statements.length === 0) return answers
    const replies = await connection.run(statements)
    for (const [index, what] of this.#asked.entries()) {
      answers[what] = [...answers[what], ...replies[before.length + index]!.rows]
    }
    return answers
  }
}

function allAfter(later: readonly BalanceName[], earlier: readonly BalanceName[]): boolean {
  const last = earlier.toSorted(compareLocks).at(-1)
  return last === undefined || later.every((name) => compareLocks(last, name) < 0)
}

/** The balances of the holds among the rows that `names` lacks. */
function missingNames(requests: readonly Row[], names: Names, footprint: Footprint): Names {
  const missing: Names = new Map()
  for (const row of requests) {
    if (row['kind'] !== 'freeze') continue
    for (const name of footprintOfHold(holdOf(row), footprint)) {
      const key = balanceKey(name.account, name.asset, name.stripe)
      if (!names.has(key)) missing.set(key, name)
    }
  }
  return missing
}

function postingKeysIn(requests: readonly Row[]): PostingKeys {
  return requests.filter((row) => row['kind'] !== 'freeze').flatMap(postingKeysOf)
}

interface Read {
  readonly names: Names
  readonly answers: Answers
  readonly ids: BalanceIds
}

function snapshotOf(footprint: Footprint, { names, answers, ids }: Read): Snapshot {
  const requests = new Map<RequestId, RequestRecord | null>()
  for (const id of footprint.requests) requests.set(id, null)
  const postings = new Map(
    answers.postings.map((row) => [`${Number(row['balance_id'])}/${Number(row['version'])}`, postingOf(row)]),
  )
  for (const row of answers.requests) requests.set(row['id'] as string, requestOf(row, postings))

  const balances = new Map<string, BalanceRecord>()
  for (const row of answers.balances) {
    const balance = balanceOf(row)
    balances.set(balanceKey(balance.account, balance.asset, balance.stripe), balance)
  }
  for (const [key, name] of names) if (!balances.has(key)) balances.set(key, emptyBalance(ids.next(), name))

  const assets = new Map<AssetCode, Asset | null>()
  for (const code of footprint.assets) assets.set(code, null)
  for (const row of answers.assets) assets.set(row['code'] as string, assetOf(row))

  const rates = new Map<string, Rate | null>()
  for (const key of footprint.rates.keys()) rates.set(key, null)
  for (const rate of answers.rates.map(rateOf)) rates.set(rateKey(rate.from, rate.to), rate)
  return { requests, balances, assets, rates }
}

function requestOf(row: Row, postings: ReadonlyMap<string, Posting>): RequestRecord {
  if (row['kind'] === 'freeze') return holdOf(row)
  const own = postingKeysOf(row).map(([balanceId, version]) => {
    const posting = postings.get(`${balanceId}/${version}`)
    if (posting === undefined) throw new Error(`The posting ${balanceId}/${version} is gone.`)
    return posting
  })
  return entryOf(row, own)
}
