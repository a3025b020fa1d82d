/**
 * The rows of the memory store: one map per table, keyed as the tables of a database are. What readers need of them as a whole, holds as
 * they are now and postings one by one, has maps of its own.
 */
import type { KeyRecord } from '../../access/key.ts'
import { CREDIT, type Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Actor } from '../../domain/by.ts'
import type { EntryPlace, HoldChange } from '../../domain/changes.ts'
import type { HoldRecord } from '../../domain/hold-record.ts'
import { HOUSES_FROM_START, type HouseAccount } from '../../domain/house-account.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../../domain/ids.ts'
import type { PostingRecord } from '../../domain/journal.ts'
import type { Metadata } from '../../domain/metadata.ts'
import type { Rate } from '../../domain/rate.ts'
import type { RequestRecord } from '../../domain/snapshot.ts'
import type { StandingRecord } from '../../domain/standing.ts'
import type { ActorUse } from '../../engine/actor-book.ts'
import { Fault } from '../../engine/faults.ts'

/** What one commit posts to one balance, or a part of it. */
export interface Run {
  readonly balanceId: number
  readonly firstVersion: number
  readonly lastVersion: number
  /** The amounts after the last posting. */
  readonly available: bigint
  readonly held: bigint
  /** Of the versions from the first one on. */
  readonly postings: readonly PostingRecord[]
}

/** An API key and an address. */
export interface ActorRow extends Actor, ActorUse {
  readonly firstAt: Instant
}

export class Tables {
  /** Entries and holds in one table, so that a request id has one effect (law 4). A hold is as its last change left it. */
  readonly requests = new Map<RequestId, RequestRecord>()
  /** The id of each request by its running number, which is the primary key. */
  readonly requestIds = new Map<number, RequestId>()
  /** Each hold as it was opened, and each charge as it was made, by its running number. */
  readonly freezes = new Map<number, HoldRecord>()
  /** By `changeKey` (law 5). */
  readonly holdChanges = new Map<string, HoldChange>()
  /** By `balanceKey`. */
  readonly balances = new Map<string, BalanceRecord>()
  /** By the `postingKey` of the first posting (law 3). */
  readonly runs = new Map<string, Run>()
  /** The entries of each commit. */
  readonly feed: (readonly EntryPlace[])[] = []
  /** Those of all runs, by `postingKey`. */
  readonly postings = new Map<string, PostingRecord>()
  /** By number. */
  readonly actors = new Map<number, ActorRow>()
  readonly accounts = new Map<AccountName, Metadata>()
  readonly standings = new Map<AccountName, StandingRecord>()
  readonly assets = new Map<AssetCode, Asset>([[CREDIT.code, CREDIT]])
  readonly houses = new Map<AccountName, HouseAccount>(HOUSES_FROM_START.map((house) => [house.account, house]))

  /** Every rate of a pair by `rateKey`, the oldest first: its place is its version. */
  readonly rates = new Map<string, readonly Rate[]>()

  /** By name, in the order of their numbers. */
  readonly keys = new Map<string, KeyRecord>()

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
    put(backup.requestIds, this.requestIds)
    put(backup.freezes, this.freezes)
    put(backup.holdChanges, this.holdChanges)
    put(backup.balances, this.balances)
    put(backup.runs, this.runs)
    this.feed.splice(0, this.feed.length, ...backup.feed)
    put(backup.postings, this.postings)
    put(backup.actors, this.actors)
    put(backup.accounts, this.accounts)
    put(backup.standings, this.standings)
    put(backup.assets, this.assets)
    put(backup.houses, this.houses)
    put(backup.rates, this.rates)
    put(backup.keys, this.keys)
  }

  /** The request with this running number. */
  requestBySeq(seq: number): RequestRecord | null {
    return this.requests.get(this.requestIds.get(seq) ?? '') ?? null
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

/** @param holdSeq the running number of the hold's request */
export function changeKey(holdSeq: number, number: number): string {
  return `${holdSeq} ${number}`
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
