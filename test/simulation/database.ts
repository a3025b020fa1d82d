/**
 * One database that several engines share: the memory store's tables with row locks, as on a server.
 *
 * A statement that arrives here is executed, even if its sender has died. The log has the commits in their order.
 */
import type { Snapshot } from '../../src/domain/snapshot.ts'
import type { Changes } from '../../src/domain/changes.ts'
import type { Footprint } from '../../src/domain/footprint.ts'
import { Fault } from '../../src/engine/faults.ts'
import type { CommitResult, Store } from '../../src/engine/store.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Tables } from '../../src/stores/memory/tables.ts'
import { WRITE_ORDERS } from '../../src/stores/memory/write-orders.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { ACTORS, useOf } from '../support/authors.ts'
import type { Chance } from './chance.ts'
import type { Era, Sender, Transaction } from './history.ts'
import { RowLocks } from './row-locks.ts'
import type { World } from './world.ts'

/** The database at one instant. */
export interface Backup {
  readonly log: readonly Transaction[]
  readonly tables: Tables
}

/** A process as the database's log identifies it. */
interface Committer extends Sender {
  /** The latest time that its clock has shown. */
  readonly latest: number
}

export interface DatabaseHabits {
  /** The store whose order of keys, guards and constraints this database follows. */
  readonly order: keyof typeof WRITE_ORDERS
  /** How long a transaction waits for locks before the database gives up. */
  readonly lockWaitMs: number
  /** How long the database keeps the transaction of a lost connection. */
  readonly orphanMs: number
}

export class Database {
  readonly tables = new Tables()
  readonly storage: Storage
  /** The commits, without those that a return to an earlier state lost. */
  log: Transaction[] = []
  /** One era per return to an earlier state. */
  readonly pastEras: Era[] = []
  /** The number of transactions in the log after the last return. */
  keptCount = 0
  readonly habits: DatabaseHabits
  readonly #world: World
  readonly #chance: Chance
  readonly #store: Store
  readonly #locks: RowLocks
  readonly #isPoison: (requestId: string) => boolean
  #run = 0
  #downUntil = 0
  #revokedUntil = 0
  #slowUntil = 0
  #slowFactor = 1

  constructor(world: World, habits: DatabaseHabits, isPoison: (requestId: string) => boolean) {
    this.#world = world
    this.#chance = world.chance.stream('database')
    this.habits = habits
    this.storage = openMemoryStorage(this.tables, WRITE_ORDERS[habits.order])
    this.#store = this.storage.store
    for (const actor of ACTORS) this.tables.actors.set(actor.number, { ...actor, ...useOf(actor), firstAt: 1 })
    this.#locks = new RowLocks(world)
    this.#isPoison = isPoison
  }

  /** The number of restarts. A caller that waits for an answer across a restart has lost its connection. */
  get run(): number {
    return this.#run
  }

  backUp(): Backup {
    return { log: [...this.log], tables: this.tables.copy() }
  }

  /** Discards everything after `backup` and rolls open transactions back. Connections stay unless the database goes down as well. */
  goBack(backup: Backup): void {
    const { log, keptCount } = this
    const fromTick = this.pastEras.at(-1)?.untilTick ?? 0
    this.pastEras.push({ fromTick, untilTick: this.#world.tick(), log, keptCount, tables: this.tables.copy() })
    this.log = [...backup.log]
    this.keptCount = backup.log.length
    this.tables.restore(backup.tables)
  }

  goDown(ms: number): void {
    this.#run++
    this.#downUntil = this.#world.now + ms
  }

  /** Forbids writes for a while. */
  revoke(ms: number): void {
    this.#revokedUntil = this.#world.now + ms
  }

  slowDown(ms: number, factor: number): void {
    this.#slowUntil = this.#world.now + ms
    this.#slowFactor = factor
  }

  recover(): void {
    this.#downUntil = 0
    this.#revokedUntil = 0
    this.#slowUntil = 0
  }

  /** Keeps the locks of an account for a process that is not an engine. */
  async lockOut(account: string, ms: number): Promise<void> {
    const rows = [...this.tables.balances].filter(([, balance]) => balance.account === account).map(([key]) => key)
    const locks = await this.#locks.acquire(rows, ms)
    await this.#world.sleep(ms)
    locks?.release()
  }

  /** @throws Fault `store_unavailable` while it is down */
  async load(footprint: Footprint): Promise<Snapshot> {
    await this.#work()
    this.#requireUp()
    return await this.#store.load(footprint)
  }

  /** @throws Fault `store_unavailable` while it is down */
  async read<Result>(ask: (storage: Storage) => Promise<Result>): Promise<Result> {
    await this.#work()
    this.#requireUp()
    return await ask(this.storage)
  }

  /**
   * Runs a whole transaction.
   *
   * @param stays how long the transaction stays open, and whether it ends with a commit
   * @throws Fault `store_unavailable` (nothing written), `store_misconfigured`, `store_refused`
   */
  async commit(sender: Committer, changes: Changes, stays = { ms: 0, ends: true }): Promise<CommitResult> {
    this.#requireUp()
    const transaction = await this.begin(changes.balances.map(({ after }) => rowOf(after)))
    if (transaction === null) return 'lock_timeout'
    try {
      await this.#work()
      if (stays.ms > 0) await this.#world.sleep(stays.ms)
      if (!stays.ends) throw new Fault('store_unavailable', 'The database rolled the transaction back.')
      return await transaction.write(sender, changes)
    } finally {
      transaction.release()
    }
  }

  /** Opens a transaction that has locked `rows`; null when the locks were not granted in time. */
  async begin(rows: Iterable<string>): Promise<OpenTransaction | null> {
    this.#requireUp()
    const run = this.#run
    const era = this.pastEras.length
    const locks = await this.#locks.acquire(rows, this.habits.lockWaitMs)
    if (locks === null) return null
    return {
      read: async (footprint) => {
        this.#requireUp(run)
        return await this.#store.load(footprint)
      },
      write: async (sender, changes) => {
        this.#requireUp(run)
        return era === this.pastEras.length ? await this.#write(sender, changes) : 'serialization'
      },
      release: locks.release,
    }
  }

  /** Those of the rows that a transaction has locked. @throws Fault `store_unavailable` while it is down */
  async lockedOf(rows: Iterable<string>): Promise<ReadonlySet<string>> {
    await this.#work()
    this.#requireUp()
    return this.#locks.lockedOf(rows)
  }

  /** The rows of every balance that a footprint names, directly or by a hold. */
  rowsOf(footprint: Footprint): readonly string[] {
    const rows = [...footprint.balances.keys()]
    for (const id of footprint.requests) {
      const request = this.tables.requests.get(id)
      if (request?.kind !== 'freeze') continue
      const { account, payee, asset } = request
      rows.push(rowOf({ account, asset, stripe: 0 }))
      rows.push(rowOf({ account: payee, asset, stripe: footprint.houseStripes.of(payee, asset) }))
    }
    return rows
  }

  async #write(sender: Committer, changes: Changes): Promise<CommitResult> {
    if (this.#world.now < this.#revokedUntil) {
      throw new Fault('store_misconfigured', 'The database does not allow INSERT on requests.')
    }
    const ids = [...changes.entries, ...changes.holdsOpened, ...changes.charges].map(({ id }) => id)
    const poison = ids.find(this.#isPoison)
    if (poison !== undefined) throw new Fault('store_refused', `A constraint says no to ${poison}.`)
    const result = await this.#store.commit(changes)
    const tick = this.#world.tick()
    this.#world.note(() => `database ${result} ${ids.join(' ')} of engine ${sender.engine}`)
    if (result === 'committed') this.log.push({ tick, at: this.#world.now, sender, changes, latest: sender.latest })
    return result
  }

  /** Waits as long as an operation of the database takes. */
  async #work(): Promise<void> {
    const factor = this.#world.now < this.#slowUntil ? this.#slowFactor : 1
    await this.#world.sleep((0.05 + this.#chance.exponential(0.3)) * factor)
  }

  #requireUp(run = this.#run): void {
    if (this.#world.now < this.#downUntil || run !== this.#run) {
      throw new Fault('store_unavailable', 'The database is down.')
    }
  }
}

export interface OpenTransaction {
  /** @throws Fault `store_unavailable` when the database went down after the transaction began */
  readonly read: (footprint: Footprint) => Promise<Snapshot>
  /** @throws Fault `store_unavailable` as `read`, `store_refused` */
  readonly write: (sender: Committer, changes: Changes) => Promise<CommitResult>
  readonly release: () => void
}

interface RowName {
  readonly account: string
  readonly asset: string
  readonly stripe: number
}

/** The lock name of a balance's row. */
function rowOf({ account, asset, stripe }: RowName): string {
  return stripe === 0 ? `${account} ${asset}` : `${account} ${asset} ${stripe}`
}
