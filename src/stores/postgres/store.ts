/** The write port over PostgreSQL. */
import type { BalanceName } from '../../domain/balance.ts'
import { type Snapshot } from '../../domain/snapshot.ts'
import { isEmpty, type Changes } from '../../domain/changes.ts'
import { type Footprint } from '../../domain/footprint.ts'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult, Store, StoreClock } from '../../engine/store.ts'
import { newBalanceIds } from '../sql/balance-ids.ts'
import { balancesOf, BRIDGE_LOOK_MS } from '../sql/bridged-names.ts'
import { clockOf, selectClock } from '../sql/clock.ts'
import { whole, type Row } from '../sql/values.ts'
import type { PooledClient } from './connection-pool.ts'
import type { Connections } from './connections.ts'
import { faultOf, ReadOnlyFault, resultOf } from './errors.ts'
import { ExclusiveTransaction } from './exclusive-transaction.ts'
import { readOldRows, type OldRows } from './old-rows.ts'
import { pipelined } from './pipelined.ts'
import { selectLocked } from './reads.ts'
import { requireRights, SELECT_RIGHTS } from './rights.ts'
import { loadSnapshot } from './snapshots.ts'
import { requirePrimary } from './standbys.ts'
import { writeStatement } from './writes.ts'

export class PostgresStore implements Store {
  readonly #connections: Connections
  readonly #ids = newBalanceIds()
  #oldRows: OldRows | null
  /** When to look for a bridge again, on the clock of `performance`. */
  #lookAgainAt = performance.now() + BRIDGE_LOOK_MS

  /** @param oldRows null: there is no bridge to an old system */
  constructor(connections: Connections, oldRows: OldRows | null) {
    this.#connections = connections
    this.#oldRows = oldRows
  }

  get connectionsLost(): number {
    return this.#connections.lostCount
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    return await this.#withClient((client) => loadSnapshot(client, footprint, this.#ids))
  }

  async commit(changes: Changes): Promise<CommitResult> {
    if (isEmpty(changes)) return 'committed'
    this.#lookForBridge()
    const lock = this.#oldRows?.lockOf(balancesOf(changes)) ?? null
    return await this.#onPrimary(async () => {
      try {
        await this.#connections.line.send(writeStatement(changes, lock))
        return 'committed'
      } catch (error) {
        if (error instanceof Fault) throw error
        return resultOf(error)
      }
    })
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    this.#lookForBridge()
    return await this.#onPrimary(async () => {
      const transaction = new ExclusiveTransaction(await this.#connections.writes.take(), this.#oldRows)
      try {
        return await transaction.run(footprint, this.#ids, plan)
      } finally {
        await transaction.end()
      }
    })
  }

  async locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    if (balances.size === 0) return new Set()
    const keys = [...balances.keys()]
    const old = this.#oldRows?.lookAt(balances) ?? null
    return await this.#withClient(async (client) => {
      const [own, of] = await pipelined(client, [selectLocked(balances), ...(old === null ? [] : [old.statement])])
      const locked = new Set(own!.rows.map(({ place }) => keys[whole(place) - 1]!))
      if (old !== null) for (const key of old.keysOf(of!.rows)) locked.add(key)
      return locked
    })
  }

  async ping(): Promise<void> {
    await this.#onPrimary(async () => {
      try {
        const { rows } = await this.#connections.line.send(SELECT_RIGHTS)
        requirePrimary(rows[0]!)
        requireRights(rows[0]!)
      } catch (error) {
        // Nothing is written, so nothing can be in doubt.
        throw error instanceof Fault && error.code !== 'commit_in_doubt' ? error : faultOf(causeOf(error))
      }
    })
  }

  async clock(): Promise<StoreClock> {
    return await this.#withClient(async (client) => {
      const { rows } = await client.query<Row>({ name: 'holdfast_clock', text: selectClock('postgres') })
      return clockOf(rows[0]!)
    })
  }

  /** Lends a connection for a question that writes nothing. @throws Fault */
  async #withClient<Answer>(ask: (client: PooledClient) => Promise<Answer>): Promise<Answer> {
    return await this.#onPrimary(async () => {
      const client = await this.#connections.writes.take()
      let isClean = false
      try {
        const answer = await ask(client)
        isClean = true
        return answer
      } catch (error) {
        throw faultOf(error)
      } finally {
        client.release(!isClean)
      }
    })
  }

  /** Looks in the background; what comes of it counts from the next commit on. */
  #lookForBridge(): void {
    const now = performance.now()
    if (now < this.#lookAgainAt) return
    this.#lookAgainAt = now + BRIDGE_LOOK_MS
    readOldRows(this.#connections.read).then(
      (oldRows) => (this.#oldRows = oldRows),
      // A server in trouble is noticed by the commit.
      () => undefined,
    )
  }

  /** The server may have become the standby of another one: then no connection to it is used again. */
  async #onPrimary<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action()
    } catch (error) {
      if (error instanceof ReadOnlyFault) this.#connections.giveUp()
      throw error
    }
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Fault ? error.cause : error
}
