/**
 * The write port over MySQL and MariaDB.
 *
 * Commits take effect in the order of the calls, each in one round trip over the writer's connection. Reads have connections of their own,
 * so that a load never waits for a commit.
 *
 * A large commit that is called while another one is under way runs ahead of its turn, over a second connection: its rows of requests and
 * of changes of holds are written while the other one commits, and its balances and its journal follow in a second round trip. When the
 * other one fails, it is rolled back and is stale. No process can wait for these rows while it has a balance, unless it writes the same
 * request or the same change of a hold; then InnoDB breaks the deadlock, and one of the two is decided again
 * (docs/adr/0012-rows-are-only-added.md).
 */
import type { BalanceName } from '../../domain/balance.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Changes } from '../../domain/changes.ts'
import type { Footprint } from '../../domain/footprint.ts'
import type { CommitResult, Store, StoreClock } from '../../engine/store.ts'
import { newBalanceIds } from '../sql/balance-ids.ts'
import { balancesOf, BRIDGE_LOOK_MS } from '../sql/bridged-names.ts'
import { clockOf, selectClock } from '../sql/clock.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { MysqlConnection } from './connection.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { Connections } from './connections.ts'
import { classify, faultOf, inDoubt, isRolledBackAtCommit, MysqlFailure, notPrimary, refused } from './errors.ts'
import { lockedBalances } from './locked-balances.ts'
import { readOldRows, type OldRows } from './old-rows.ts'
import { chunkingFor, packetsOf, surelyFits } from './packets.ts'
import type { ServerFacts } from './server.ts'
import { lockSnapshot, readSnapshot } from './snapshots.ts'
import { inOrder, writeStatements, type WriteStatements } from './writes.ts'
import {
  BEGIN,
  committingTextOf,
  IS_PRIMARY,
  PROBE,
  ROLLBACK,
  SAME_TRANSACTION,
  selectArrival,
  textOf,
} from './transactions.ts'

/** A commit under way. */
interface UnderWay {
  readonly pool: ConnectionPool
  readonly isCommitted: Promise<boolean>
}

export interface MysqlStoreParts {
  readonly connections: Connections
  readonly server: ServerFacts
  readonly aheadRowsMin: number
  /** Null: there is no bridge to an old system. */
  readonly oldRows: OldRows | null
}

export class MysqlStore implements Store {
  readonly #connections: Connections
  readonly #server: ServerFacts
  readonly #aheadRowsMin: number
  readonly #ids = newBalanceIds()
  readonly #acknowledgements = new Acknowledgements()
  #commitsCount = 0
  #oldRows: OldRows | null
  /** When to look for a bridge again, on the clock of `performance`. */
  #lookAgainAt = performance.now() + BRIDGE_LOOK_MS
  /** The last commit that was called, while it is under way. */
  #last: UnderWay | null = null

  constructor({ connections, server, aheadRowsMin, oldRows }: MysqlStoreParts) {
    this.#oldRows = oldRows
    this.#aheadRowsMin = aheadRowsMin
    this.#connections = connections
    this.#server = server
  }

  get connectionsLost(): number {
    return this.#connections.lostCount
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    return await this.#connections.read(async (connection) => {
      const snapshot = await readSnapshot(connection, footprint, this.#ids)
      await this.#acknowledgements.await(connection, snapshot)
      return snapshot
    })
  }

  async commit(changes: Changes): Promise<CommitResult> {
    // Before its turn: the text is made while the previous commit is under way.
    this.#lookForBridge()
    const oldRows = this.#oldRows?.lock(balancesOf(changes)) ?? []
    const statements = writeStatements(changes, this.#server.flavour, { oldRows })
    const packets = this.#packetsOf(changes, inOrder(statements), oldRows)
    if (packets.length === 0) return 'committed'
    const { writer, ahead } = this.#connections
    const before = this.#last
    // With old rows nothing is written before they are locked.
    const isLarge = oldRows.length === 0 && rowCountOf(changes) >= this.#aheadRowsMin
    const runsAhead = before !== null && packets.length === 1 && isLarge
    const pool = runsAhead ? (before.pool === writer ? ahead : writer) : (before?.pool ?? writer)
    const result = pool.use((connection) =>
      runsAhead ? this.#writeAhead(connection, statements, before) : this.#write(connection, BEGIN, packets),
    )
    const underWay: UnderWay = {
      pool,
      isCommitted: result.then(
        (end) => end === 'committed',
        () => false,
      ),
    }
    this.#last = underWay
    try {
      return await result
    } finally {
      if (this.#last === underWay) this.#last = null
    }
  }

  /** Writes what no other commit waits for, and the rest when the commit before has ended well. */
  async #writeAhead(
    connection: MysqlConnection,
    { balances, requests, others }: WriteStatements,
    before: UnderWay,
  ): Promise<CommitResult> {
    try {
      await connection.run(textOf(this.#server.flavour, [...BEGIN, ...requests]))
    } catch (error) {
      if (!(error instanceof MysqlFailure)) throw error
      return await this.#afterFailure(connection, error)
    }
    if (await before.isCommitted) return await this.#write(connection, [], [[...balances, ...others]])
    await rollBack(connection)
    return 'stale'
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    this.#lookForBridge()
    return await this.#connections.writer.use(async (connection) => {
      let snapshot: Snapshot
      try {
        snapshot = await lockSnapshot(connection, footprint, { ids: this.#ids, oldRows: this.#oldRows })
      } catch (error) {
        if (!(error instanceof MysqlFailure)) {
          await rollBack(connection)
          throw error
        }
        return await this.#afterFailure(connection, error)
      }
      let packets: readonly (readonly string[])[]
      try {
        const changes = plan(snapshot)
        packets = this.#packetsOf(changes, inOrder(writeStatements(changes, this.#server.flavour)), [])
      } catch (error) {
        await rollBack(connection)
        throw error
      }
      if (packets.length > 0) return await this.#write(connection, [], packets)
      return await this.#endWithoutWrites(connection, snapshot)
    })
  }

  async locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    if (balances.size === 0) return new Set()
    return await this.#connections.read(async (connection) => {
      try {
        return await lockedBalances(connection, balances, this.#oldRows)
      } catch (error) {
        await rollBack(connection)
        throw error
      }
    })
  }

  async ping(): Promise<void> {
    await this.#connections.probe(PROBE)
  }

  async clock(): Promise<StoreClock> {
    return await this.#connections.read(async (connection) => {
      const [reply] = await connection.run([selectClock('mysql')])
      return clockOf(reply!.rows[0]!)
    })
  }

  /** One packet, unless the text is longer than the server allows. */
  #packetsOf(changes: Changes, writes: readonly string[], oldRows: readonly string[]): readonly (readonly string[])[] {
    const { flavour, packetBytesMax } = this.#server
    if (writes.length === 0) return []
    if (surelyFits(writes, packetBytesMax)) return [writes]
    const options = { chunking: chunkingFor(packetBytesMax), oldRows }
    return packetsOf(inOrder(writeStatements(changes, flavour, options)), packetBytesMax)
  }

  /** Looks in the background; what comes of it counts from the next commit on. */
  #lookForBridge(): void {
    const now = performance.now()
    if (now < this.#lookAgainAt) return
    this.#lookAgainAt = now + BRIDGE_LOOK_MS
    this.#connections.read(readOldRows).then(
      (oldRows) => (this.#oldRows = oldRows),
      // A server in trouble is noticed by the commit.
      () => undefined,
    )
  }

  /** @param before the statements that the first packet begins with */
  async #write(
    connection: MysqlConnection,
    before: readonly string[],
    packets: readonly (readonly string[])[],
  ): Promise<CommitResult> {
    const { flavour } = this.#server
    const number = ++this.#commitsCount
    const last = packets.length - 1
    for (const [index, writes] of packets.entries()) {
      const statements = index === 0 ? [...before, ...writes] : writes
      try {
        if (index < last) await connection.run(textOf(flavour, statements))
        else await connection.run(committingTextOf(flavour, statements, number))
      } catch (error) {
        if (!(error instanceof MysqlFailure)) throw error
        if (index < last || !error.sent) return await this.#afterFailure(connection, error)
        return await this.#afterCommitText(connection, error, number)
      }
    }
    this.#acknowledgements.add(connection)
    return 'committed'
  }

  /** Releases the locks. The rows that were read under them were true at one instant if the locks were held until now. */
  async #endWithoutWrites(connection: MysqlConnection, snapshot: Snapshot): Promise<CommitResult> {
    try {
      await connection.run([SAME_TRANSACTION, IS_PRIMARY, ROLLBACK])
    } catch (error) {
      if (!(error instanceof MysqlFailure)) throw error
      return await this.#afterFailure(connection, error, 'demoted')
    }
    try {
      await this.#acknowledgements.await(connection, snapshot)
    } catch (error) {
      if (!(error instanceof MysqlFailure)) throw error
      return await this.#afterFailure(connection, error)
    }
    return 'committed'
  }

  /** A text that ends with COMMIT failed: the session knows whether it reached the COMMIT. */
  async #afterCommitText(connection: MysqlConnection, failure: MysqlFailure, number: number): Promise<CommitResult> {
    const arrival = failure.reported ? await arrivalOf(connection, number) : 'unknown'
    if (arrival === 'none' || (arrival === 'commit' && isRolledBackAtCommit(failure, this.#server.flavour))) {
      return await this.#afterFailure(connection, failure)
    }
    if (arrival === 'read-only') return await this.#afterFailure(connection, failure, 'demoted')
    connection.destroy()
    throw inDoubt(failure)
  }

  /** Nothing was written, and nothing will be. @param guarded what a failed guard means */
  async #afterFailure(
    connection: MysqlConnection,
    failure: MysqlFailure,
    guarded: 'stale' | 'demoted' = 'stale',
  ): Promise<CommitResult> {
    const meaning = classify(failure, this.#server.flavour)
    if (meaning === 'demoted' || (meaning === 'stale' && guarded === 'demoted')) {
      this.#connections.giveUp()
      connection.destroy()
      throw notPrimary(failure)
    }
    if (meaning === 'unavailable' || meaning === 'misconfigured') {
      connection.destroy()
      throw faultOf(failure)
    }
    await rollBack(connection)
    if (meaning === 'refused') throw refused(failure)
    return meaning
  }
}

/** How far a text that ends with COMMIT came: not to the COMMIT, not to it because the server is read-only, to it, or unknown. */
type Arrival = 'none' | 'read-only' | 'commit' | 'unknown'

async function arrivalOf(connection: MysqlConnection, number: number): Promise<Arrival> {
  try {
    const [reply] = await connection.run([selectArrival(number), ROLLBACK])
    const row = reply!.rows[0]!
    if (Number(row['arrived']) === 1) return 'commit'
    return Number(row['read_only']) === 1 ? 'read-only' : 'none'
  } catch {
    return 'unknown'
  }
}

function rowCountOf({ holdsOpened, entries, holdChanges }: Changes): number {
  return holdsOpened.length + entries.length + holdChanges.length
}

async function rollBack(connection: MysqlConnection): Promise<void> {
  try {
    await connection.run([ROLLBACK])
  } catch {
    // The server rolls back the transaction of a lost connection.
    connection.destroy()
  }
}
