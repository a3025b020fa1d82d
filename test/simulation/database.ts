/**
 * One database that several engines share: the memory store's tables behind row locks, as a server has them.
 *
 * What arrives here happens, whatever became of whoever sent it. The log tells what was committed, in the order in which it was.
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
import type { Chance } from './chance.ts'
import type { Era, Sender, Transaction } from './history.ts'
import { RowLocks } from './row-locks.ts'
import type { World } from './world.ts'

/** The database as it was at one moment. */
export interface Backup {
  readonly log: readonly Transaction[]
  readonly tables: Tables
}

/** A process as the database's log knows it. */
interface Committer extends Sender {
  /** The most that its clock has shown. */
  readonly latest: number
}

export interface DatabaseHabits {
  /** The store whose order of keys, guards and constraints it has. */
  readonly order: keyof typeof WRITE_ORDERS
  /** How long a transaction waits for locks before the database gives up. */
  readonly lockWaitMs: number
  /** How long the database keeps the transaction of a connection that is gone. */
  readonly orphanMs: number
}

export class Database {
  readonly tables = new Tables()
  readonly storage: Storage
  /** Without what was lost. */
  log: Transaction[] = []
  /** How it was each time before it went back. */
  readonly pastEras: Era[] = []
  /** So many transactions of the log were left when it last went back. */
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
    this.#locks = new RowLocks(world)
    this.#isPoison = isPoison
  }

  /** Another number after every time that it was down: whoever waits for an answer across that has lost its connection. */
  get run(): number {
    return this.#run
  }

  backUp(): Backup {
    return { log: [...this.log], tables: this.tables.copy() }
  }

  /** Forgets what came after `backup`; transactions that are open are rolled back. Connections stay unless it goes down as well. */
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

  /** Nothing may be written for a while. */
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

  /** Somebody who is no engine keeps the locks of an account. */
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
   * A whole transaction.
   *
   * @param stays how long it stays open before its end, and whether it ends with a commit
   * @throws Fault `store_unavailable` (nothing written), `store_misconfigured`, `store_refused`
   */
  async commit(sender: Committer, changes: Changes, stays = { ms: 0, ends: true }): Promise<CommitResult> {
    this.#requireUp()
    const transaction = await this.begin(changes.balances.map(({ after }) => rowOf(after)))
    if (transaction === null) return 'contended'
    try {
      await this.#work()
      if (stays.ms > 0) await this.#world.sleep(stays.ms)
      if (!stays.ends) throw new Fault('store_unavailable', 'The database rolled the transaction back.')
      return await transaction.write(sender, changes)
    } finally {
      transaction.release()
    }
  }

  /** A transaction that has locked `rows`; null when it could not get them in time. */
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
        return era === this.pastEras.length ? await this.#write(sender, changes) : 'contended'
      },
      release: locks.release,
    }
  }

  /** Every balance that a footprint names, also by the holds in it. */
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
    const ids = [...changes.entries, ...changes.holdsOpened].map(({ id }) => id)
    const poison = ids.find(this.#isPoison)
    if (poison !== undefined) throw new Fault('store_refused', `A constraint says no to ${poison}.`)
    const result = await this.#store.commit(changes)
    const tick = this.#world.tick()
    this.#world.note(() => `database ${result} ${ids.join(' ')} of engine ${sender.engine}`)
    if (result === 'committed') this.log.push({ tick, at: this.#world.now, sender, changes, latest: sender.latest })
    return result
  }

  /** The time that the database takes for something. */
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
  /** @throws Fault `store_unavailable` when the database went down since it began */
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

/** The name by which a balance's row is locked. */
function rowOf({ account, asset, stripe }: RowName): string {
  return stripe === 0 ? `${account} ${asset}` : `${account} ${asset} ${stripe}`
}
