/** The store port of an engine, over a network that loses and delays messages and cuts connections. */
import type { BalanceName } from '../../src/domain/balance.ts'
import { type Snapshot } from '../../src/domain/snapshot.ts'
import { isEmpty, type Changes } from '../../src/domain/changes.ts'
import { type Footprint } from '../../src/domain/footprint.ts'
import { Fault } from '../../src/engine/faults.ts'
import { isContended, type CommitResult, type Store, type StoreClock } from '../../src/engine/store.ts'
import type { Storage } from '../../src/stores/storage.ts'
import type { Chance } from './chance.ts'
import type { Database, OpenTransaction } from './database.ts'
import type { Mishap } from './faults.ts'
import type { Life } from './life.ts'
import { EPOCH, type World } from './world.ts'

/** The scheduled mishaps of one engine's calls. They outlive a process. */
export interface Mishaps {
  readonly read: Mishap[]
  readonly write: Mishap[]
  partitionedUntil: number
  /** The number of partitions so far. */
  partitions: number
  /** The rows that connections to a former primary show; null while there are no such connections. */
  behind: Behind | null
  /** The number of times that the engine gave up connections to a former primary. */
  demotions: number
  readonly onHit: (what: Mishap | 'partition') => void
}

export interface Behind {
  readonly storage: Storage
  /** The tick at which it was last the primary. */
  readonly tick: number
}

/** Performs a write at the database after the transaction stayed open for `ms`. Ends with a commit or a rollback. */
type Perform = (stays: { readonly ms: number; readonly ends: boolean }) => Promise<CommitResult>

const AT_ONCE = { ms: 0, ends: true }

export class Connection implements Store {
  readonly #world: World
  readonly #database: Database
  readonly #life: Life
  readonly #mishaps: Mishaps
  readonly #chance: Chance
  /** Whether all commits keep the order of their calls, or only those that share rows. */
  readonly #isOrdered: boolean
  #line: Promise<unknown> = Promise.resolve()
  /** The number of connections that were lost during a commit. */
  #cut = 0

  constructor(
    world: World,
    database: Database,
    life: Life,
    { mishaps, isOrdered }: { mishaps: Mishaps; isOrdered: boolean },
  ) {
    this.#world = world
    this.#database = database
    this.#life = life
    this.#mishaps = mishaps
    this.#chance = world.chance.stream(`connection ${life.engine} ${life.life}`)
    this.#isOrdered = isOrdered
  }

  /**
   * The number of lost connections: all end when the database goes down or becomes unreachable, and the operating system reports it at
   * once.
   */
  get connectionsLost(): number {
    return this.#database.run + this.#mishaps.partitions + this.#mishaps.demotions + this.#cut
  }

  load(footprint: Footprint): Promise<Snapshot> {
    return this.#call('load', () => this.#read('load', () => this.#database.load(footprint)))
  }

  /** Sends a question to the readers. */
  ask<Rows>(question: (storage: Storage) => Promise<Rows>): Promise<Rows> {
    return this.#call('read', () => {
      const { behind } = this.#mishaps
      const ask = behind === null ? () => this.#database.read(question) : () => question(behind.storage)
      return this.#read('read', ask)
    })
  }

  async ping(): Promise<void> {
    await this.#call('ping', () => this.#read('ping', () => this.#database.read(({ store }) => store.ping())))
  }

  locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    return this.#call('locked', async () => {
      const locked = await this.#read('load', () => this.#database.lockedOf(balances.keys()))
      if (locked.size > 0) this.#life.troubles.lockedAt.push(this.#world.now)
      return locked
    })
  }

  /** The database server's clock is the time of the world. */
  clock(): Promise<StoreClock> {
    const look = async ({ store }: Storage): Promise<StoreClock> => {
      const serverAt = Math.floor(EPOCH + this.#world.now)
      return { ...(await store.clock()), serverAt }
    }
    return this.#call('clock', () => this.#read('read', () => this.#database.read(look)))
  }

  commit(changes: Changes): Promise<CommitResult> {
    return this.#call('commit', async () => {
      const connected = this.#connect()
      const { run } = this.#database
      const before = this.#line
      const perform: Perform = async (stays) => {
        await this.#travel()
        if (this.#isOrdered) await before
        // A request that the server had not read before it went down is lost.
        if (this.#database.run !== run) throw unavailable('The connection ended before the commit arrived.')
        return await this.#database.commit(this.#life, changes, stays)
      }
      const done = this.#deliver(this.#next('write'), perform, connected)
      this.#line = done.catch(() => undefined)
      return await done
    })
  }

  exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    return this.#call('exclusive', async () => {
      const connected = this.#connect()
      const mishap = this.#next('write')
      if (mishap === 'stale' || mishap === 'contended' || mishap === 'unavailable' || mishap === 'unforeseen') {
        return await this.#deliver(mishap, async () => 'committed', connected)
      }
      await this.#travel()
      const transaction = await this.#database.begin(this.#database.rowsOf(footprint))
      if (transaction === null) return 'lock_timeout'
      const changes = await this.#decide(transaction, { footprint, plan, connected })
      if (isEmpty(changes)) {
        await this.#travel()
        transaction.release()
        return 'committed'
      }
      const perform: Perform = async ({ ms, ends }) => {
        try {
          await this.#travel()
          await this.#world.sleep(ms)
          if (!ends) throw unavailable('The database rolled the transaction back.')
          return await transaction.write(this.#life, changes)
        } finally {
          transaction.release()
        }
      }
      return await this.#deliver(mishap, perform, connected)
    })
  }

  /** The first half of an `exclusive`. Ends the transaction when there are no changes to write. */
  async #decide(
    transaction: OpenTransaction,
    ask: { footprint: Footprint; plan: (snapshot: Snapshot) => Changes; connected: () => boolean },
  ): Promise<Changes> {
    try {
      const snapshot = await transaction.read(ask.footprint)
      await this.#travel()
      if (!this.#life.crosses() || !ask.connected()) {
        // The database notices a lost connection only after a while.
        await this.#world.sleep(this.#database.habits.orphanMs)
        throw unavailable('The connection was lost before anything was decided.')
      }
      return ask.plan(snapshot)
    } catch (error) {
      transaction.release()
      throw error
    }
  }

  /** Delivers a write with its mishap. The result is what the engine sees. */
  async #deliver(mishap: Mishap | null, perform: Perform, connected: () => boolean): Promise<CommitResult> {
    switch (mishap) {
      case 'stale':
        await this.#travel()
        return mishap
      case 'contended':
        await this.#travel()
        return 'deadlock'
      case 'unavailable':
        await this.#world.sleep(this.#chance.pick([0, 1, 30]))
        throw unavailable('The database does not answer.')
      case 'unforeseen':
        await this.#travel()
        throw new TypeError('Something unforeseen.')
      case 'unforeseen_applied':
        await settle(perform(AT_ONCE))
        throw new TypeError('Something unforeseen.')
      case 'doubt_lost':
        void settle(perform({ ms: this.#database.habits.orphanMs, ends: false }))
        await this.#travel()
        throw inDoubt()
      case 'doubt_applied':
        await settle(perform(AT_ONCE))
        throw inDoubt()
      case 'doubt_open':
        void settle(perform({ ms: this.#chance.between(5, 800), ends: this.#chance.likely(0.6) }))
        await this.#world.sleep(this.#chance.pick([0, 2, 20]))
        throw inDoubt()
      case 'doubt_late':
        void settle(this.#world.sleep(this.#chance.between(5, 1_500)).then(() => perform(AT_ONCE)))
        await this.#world.sleep(this.#chance.pick([0, 2, 20]))
        throw inDoubt()
      case 'conflict_at_commit':
        await settle(perform({ ms: 0, ends: false }))
        await this.#travel()
        return this.#chance.pick(['deadlock', 'stale'])
      case 'slow':
        await this.#world.sleep(this.#chance.between(50, 3_000))
        break
      case null:
    }
    let result: CommitResult
    try {
      result = await perform(AT_ONCE)
    } catch (error) {
      if (!connected()) throw inDoubt()
      throw error
    }
    await this.#travel()
    if (!connected()) throw inDoubt()
    return result
  }

  async #read<Rows>(call: 'load' | 'read' | 'ping', read: () => Promise<Rows>): Promise<Rows> {
    const connected = this.#connect(call === 'read' ? 'read' : 'other')
    const mishap = this.#next('read')
    await this.#travel()
    if (mishap === 'unavailable' || (mishap === 'unforeseen' && call !== 'load')) {
      throw unavailable('The database does not answer.')
    }
    if (mishap === 'unforeseen') throw new TypeError('Something unforeseen.')
    if (mishap === 'slow') await this.#world.sleep(this.#chance.between(50, 3_000))
    const rows = await read()
    await this.#travel()
    if (!connected()) throw unavailable('The connection was lost.')
    return rows
  }

  /**
   * Uses the current connection. The returned function says whether that connection still exists.
   *
   * @throws Fault `store_unavailable` while the engine cannot reach the database, and when it learns that its server is no longer the
   * primary
   */
  #connect(call: 'read' | 'other' = 'other'): () => boolean {
    const { run } = this.#database
    const { partitions, partitionedUntil } = this.#mishaps
    if (call === 'other' && this.#mishaps.behind !== null) {
      this.#mishaps.behind = null
      this.#mishaps.demotions++
      throw unavailable('The server is not the primary any more.')
    }
    if (this.#world.now < partitionedUntil) {
      this.#mishaps.onHit('partition')
      throw unavailable('The database cannot be reached.')
    }
    return () => this.#database.run === run && this.#mishaps.partitions === partitions
  }

  #next(call: 'read' | 'write'): Mishap | null {
    const mishap = this.#mishaps[call].shift() ?? null
    if (mishap !== null) this.#mishaps.onHit(mishap)
    return mishap
  }

  /** Runs one call across the port and counts both crossings: the request and its result. */
  #call<Value>(name: string, run: () => Promise<Value>): Promise<Value> {
    if (!this.#life.crosses()) return new Promise(() => {})
    const who = `engine ${this.#life.engine}.${this.#life.life}`
    this.#world.note(() => `${who} ${name}`)
    return this.#life.until(
      run().then(
        (value) => {
          if (typeof value === 'string' && (value === 'stale' || isContended(value))) this.#countAttempt('conflicts')
          this.#world.note(() => `${who} ${name} answered ${typeof value === 'string' ? value : 'rows'}`)
          return value
        },
        (error: unknown) => {
          this.#count(error)
          this.#world.note(() => `${who} ${name} failed: ${String(error)}`)
          throw error
        },
      ),
    )
  }

  #count(error: unknown): void {
    const { troubles } = this.#life
    if (!(error instanceof Fault)) troubles.unforeseen++
    else if (error.code === 'store_unavailable') troubles.unavailable++
    else if (error.code === 'commit_in_doubt') {
      troubles.doubts++
      this.#cut++
    } else if (error.code === 'store_misconfigured') troubles.misconfigured++
    else if (error.code === 'store_refused') this.#countAttempt('refusals')
  }

  #countAttempt(trouble: 'conflicts' | 'refusals'): void {
    const { troubles } = this.#life
    troubles[trouble]++
    troubles.attemptTicks.push(this.#world.tick())
  }

  #travel(): Promise<void> {
    return this.#world.sleep(0.02 + this.#chance.exponential(0.2))
  }
}

async function settle(promise: Promise<unknown>): Promise<void> {
  try {
    await promise
  } catch {
    // The sender never receives the result.
  }
}

function unavailable(message: string): Fault {
  return new Fault('store_unavailable', message)
}

function inDoubt(): Fault {
  return new Fault('commit_in_doubt', 'The connection was lost while committing.', { applied: 'unknown' })
}
