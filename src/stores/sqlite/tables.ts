/**
 * The ledger's tables in one SQLite file: synchronous reads and transactions.
 *
 * The three verbs of the write port, without promises; store.ts gives them their threads.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import type { EntryRecord } from '../../domain/journal.ts'
import { type RequestRecord, type Snapshot } from '../../domain/snapshot.ts'
import { footprintOfHold, type Footprint } from '../../domain/footprint.ts'
import type { Rate } from '../../domain/rate.ts'
import type { CommitResult, StoreClock } from '../../engine/store.ts'
import { clockOf } from '../sql/clock.ts'
import { assetOf, balanceOf, entryOf, holdOf, postingKeysOf, postingOf, whole, type Row } from '../sql/rows.ts'
import { rateOf } from '../sql/rates.ts'
import { classify, inDoubt, isSqliteError, refused, unusable } from './errors.ts'
import type { FlatChanges } from './flat-changes.ts'
import { prepareStatements, type Statements } from './statements.ts'

/** Rows that are looked up in one go. They took some 5 ms. */
const LOOKUPS_PER_TURN = 500

/** The last balance id given out by a process, so that two balances that both have no row yet get different ids. */
export class LastBalanceId {
  value = 0
}

export class SqliteTables {
  readonly #database: DatabaseSync
  readonly #statements: Statements
  readonly #lastBalanceId: LastBalanceId

  /** @param lastBalanceId shared by all tables of a process that load */
  constructor(database: DatabaseSync, lastBalanceId = new LastBalanceId()) {
    this.#database = database
    this.#statements = prepareStatements(database)
    this.#lastBalanceId = lastBalanceId
  }

  get isOpen(): boolean {
    return this.#database.isOpen
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  load(footprint: Footprint): Snapshot {
    try {
      this.#statements.begin.run()
      const snapshot = this.#read(footprint)
      this.#statements.commit.run()
      return snapshot
    } catch (error) {
      this.#rollBack()
      throw unusable(error)
    }
  }

  /** As `load`, with turns of the event loop for others in between. Nothing else may be done with the connection meanwhile. */
  async loadInTurns(footprint: Footprint): Promise<Snapshot> {
    try {
      this.#statements.begin.run()
      const reading = this.#reading(footprint)
      let step = reading.next()
      while (step.done !== true) {
        await new Promise((resolve) => setImmediate(resolve))
        step = reading.next()
      }
      this.#statements.commit.run()
      return step.value
    } catch (error) {
      this.#rollBack()
      throw unusable(error)
    }
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured`, `store_refused`, `commit_in_doubt` */
  commit(changes: FlatChanges): CommitResult {
    return this.#transaction(() => this.#write(changes))
  }

  /**
   * Takes SQLite's one write lock, which locks every balance, and reads. `end` must follow, whatever happens.
   *
   * @throws Fault as `commit`; null when another connection has the lock
   */
  beginExclusive(footprint: Footprint): Snapshot | null {
    try {
      this.#statements.beginImmediate.run()
      return this.#read(footprint)
    } catch (error) {
      this.#rollBack()
      if (isSqliteError(error) && classify(error) === 'contended') return null
      throw unusable(error)
    }
  }

  /** Ends what `beginExclusive` began: writes and commits. @throws as `commit` */
  endExclusive(changes: FlatChanges): CommitResult {
    return this.#finish(() => this.#write(changes))
  }

  /** Ends what `beginExclusive` began without a trace. */
  abortExclusive(): void {
    this.#rollBack()
  }

  /** Takes the write lock and gives it back: fails where no commit could succeed. @throws Fault `store_unavailable`, `store_misconfigured` */
  ping(): 'free' | 'contended' {
    try {
      this.#statements.beginImmediate.run()
      this.#statements.probe.run()
      this.#statements.rollback.run()
      return 'free'
    } catch (error) {
      this.#rollBack()
      if (isSqliteError(error) && classify(error) === 'contended') return 'contended'
      throw unusable(error)
    }
  }

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  clock(): StoreClock {
    try {
      return clockOf(this.#statements.selectClock.get()!)
    } catch (error) {
      throw unusable(error)
    }
  }

  #transaction(write: () => 'written' | 'stale'): CommitResult {
    return this.#finish(() => {
      this.#statements.beginImmediate.run()
      return write()
    })
  }

  #finish(write: () => 'written' | 'stale'): CommitResult {
    try {
      if (write() === 'stale') {
        this.#rollBack()
        return 'stale'
      }
    } catch (error) {
      this.#rollBack()
      // Anything else is a value that SQLite cannot be given, such as an integer beyond int64.
      if (!isSqliteError(error)) throw refused(error)
      switch (classify(error)) {
        case 'stale':
          return 'stale'
        case 'contended':
          return 'contended'
        case 'refused':
          throw refused(error)
        case 'misconfigured':
        case 'unavailable':
          throw unusable(error)
      }
    }
    try {
      this.#statements.commit.run()
      return 'committed'
    } catch (error) {
      this.#rollBack()
      throw inDoubt(error)
    }
  }

  #rollBack(): void {
    if (this.#database.isTransaction) this.#statements.rollback.run()
  }

  #read(footprint: Footprint): Snapshot {
    const reading = this.#reading(footprint)
    for (;;) {
      const step = reading.next()
      if (step.done === true) return step.value
    }
  }

  /** Pauses after every `LOOKUPS_PER_TURN` rows. */
  *#reading(footprint: Footprint): Generator<void, Snapshot, void> {
    let lookups = 0
    const requests = new Map<string, RequestRecord | null>()
    const names = new Map<string, BalanceName>(footprint.balances)
    for (const id of footprint.requests) {
      const request = this.#request(id)
      requests.set(id, request)
      lookups += 1 + (request?.kind === 'freeze' ? 0 : (request?.postings.length ?? 0))
      if (lookups >= LOOKUPS_PER_TURN) {
        yield
        lookups = 0
      }
      if (request?.kind !== 'freeze') continue
      for (const name of footprintOfHold(request, footprint)) {
        names.set(balanceKey(name.account, name.asset, name.stripe), name)
      }
    }
    const balances = new Map<string, BalanceRecord>()
    for (const [key, name] of names) {
      balances.set(key, this.#balance(name))
      if (++lookups < LOOKUPS_PER_TURN) continue
      yield
      lookups = 0
    }
    const assets = new Map<string, Asset | null>()
    for (const code of footprint.assets) {
      const row = this.#statements.selectAsset.get(code) as Row | undefined
      assets.set(code, row === undefined ? null : assetOf(row))
    }
    const rates = new Map<string, Rate | null>()
    for (const [key, { from, to }] of footprint.rates) {
      const row = this.#statements.selectRate.get(from, to) as Row | undefined
      rates.set(key, row === undefined ? null : rateOf(row))
    }
    return { requests, balances, assets, rates }
  }

  #request(id: string): HoldRecord | EntryRecord | null {
    const row = this.#statements.selectRequest.get(id) as Row | undefined
    if (row === undefined) return null
    if (row['kind'] === 'freeze') return holdOf(row)
    const postings = postingKeysOf(row).map(([balanceId, version]) =>
      postingOf(this.#statements.selectPosting.get(balanceId, version) as Row),
    )
    return entryOf(row, postings)
  }

  #balance(name: BalanceName): BalanceRecord {
    const row = this.#statements.selectBalance.get(name.account, name.asset, name.stripe) as Row | undefined
    if (row !== undefined) return balanceOf(row)
    const last = whole((this.#statements.selectLastBalanceId.get() as Row)['id'] ?? 0)
    this.#lastBalanceId.value = Math.max(this.#lastBalanceId.value, last) + 1
    return emptyBalance(this.#lastBalanceId.value, name)
  }

  /** Inserts before updates; everything stops at the first row that is not as expected. */
  #write(changes: FlatChanges): 'written' | 'stale' {
    const statements = this.#statements
    // Before a rate of this batch takes the place of the one that others of the batch rest on.
    if (!statements.ratesUsed.holds(changes.ratesUsed)) return 'stale'
    statements.rates.insert(changes.rates)
    statements.holdsOpened.insert(changes.holdsOpened)
    statements.holdsOpenedStepped.insert(changes.holdsOpenedStepped)
    statements.entries.insert(changes.entries)
    statements.stepEntries.insert(changes.stepEntries)
    statements.holdSteps.insert(changes.holdSteps)
    statements.postings.insert(changes.postings)
    statements.balancesOpened.insert(changes.balancesOpened)
    const changed =
      statements.holdsChanged.change(changes.holdsChanged) &&
      statements.holdsStepped.change(changes.holdsStepped) &&
      statements.assets.change(changes.assets) &&
      statements.accounts.change(changes.accounts) &&
      statements.balancesChanged.change(changes.balancesChanged)
    return changed ? 'written' : 'stale'
  }
}
