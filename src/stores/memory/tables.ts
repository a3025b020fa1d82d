/** The rows of the memory store: one map per table, keyed as the tables of a database are. */
import { CREDIT, type Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { AccountName, AssetCode, RequestId } from '../../domain/ids.ts'
import type { PostingRecord } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import type { Rate } from '../../domain/rate.ts'
import type { RequestRecord } from '../../domain/snapshot.ts'
import { Fault } from '../../engine/faults.ts'

export class Tables {
  /** Entries and holds in one table, so that a request id has one effect (law 4). */
  readonly requests = new Map<RequestId, RequestRecord>()
  /** By `balanceKey`. */
  readonly balances = new Map<string, BalanceRecord>()
  /** By `postingKey` (law 3). */
  readonly postings = new Map<string, PostingRecord>()
  /** The entry of each step, by `stepKey` (law 5). */
  readonly holdSteps = new Map<string, string>()
  readonly accounts = new Map<AccountName, Metadata>()
  readonly assets = new Map<AssetCode, Asset>([[CREDIT.code, CREDIT]])

  /** Every rate of a pair by `rateKey`, the oldest first: its place is its version. */
  readonly rates = new Map<string, readonly Rate[]>()

  #balanceIds = 0
  #lastTurn: Promise<unknown> = Promise.resolve()

  /** An id that no balance had before. An unused id leaves a gap. */
  nextBalanceId(): number {
    return ++this.#balanceIds
  }

  /** A copy of the rows. */
  copy(): Tables {
    const copy = new Tables()
    copy.restore(this)
    return copy
  }

  /** Replaces all rows by those of `backup`. Balance ids that were given out since are not given out again. */
  restore(backup: Tables): void {
    put(backup.requests, this.requests)
    put(backup.balances, this.balances)
    put(backup.postings, this.postings)
    put(backup.holdSteps, this.holdSteps)
    put(backup.accounts, this.accounts)
    put(backup.assets, this.assets)
    put(backup.rates, this.rates)
  }

  balanceById(id: number): BalanceRecord | null {
    for (const balance of this.balances.values()) if (balance.id === id) return balance
    return null
  }

  /** Runs `work` after every earlier turn has ended, also one that failed. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#lastTurn.then(work)
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }
}

function put<Key, Row>(rows: ReadonlyMap<Key, Row>, table: Map<Key, Row>): void {
  table.clear()
  for (const [key, row] of rows) table.set(key, row)
}

export function postingKey(balanceId: number, version: number): string {
  return `${balanceId} ${version}`
}

export function stepKey(hold: RequestId, number: number): string {
  return `${hold} ${number}`
}

/** One opening of the tables: what a connection is to a database. */
export class Connection {
  readonly #tables: Tables
  #closed = false

  constructor(tables: Tables) {
    this.#tables = tables
  }

  /** Answers asynchronously, as a database does: never within the caller's own turn. */
  async tables(): Promise<Tables> {
    await Promise.resolve()
    if (this.#closed) throw new Fault('store_unavailable', 'The memory store is closed.')
    return this.#tables
  }

  close(): void {
    this.#closed = true
  }
}
