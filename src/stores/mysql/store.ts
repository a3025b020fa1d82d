/**
 * The write port over MySQL and MariaDB.
 *
 * Commits go through one connection, one after another in the order of the calls, each in one round trip. Reads have
 * connections of their own, so that a load never waits for a commit.
 */
import type { Changes, Footprint, Snapshot } from '../../domain/snapshot.ts'
import type { CommitResult, Store } from '../../engine/store.ts'
import { BalanceIds } from '../sql/balance-ids.ts'
import type { ConnectionPool } from './connection-pool.ts'
import type { MysqlConnection } from './connection.ts'
import { classify, inDoubt, isRolledBackAtCommit, MysqlFailure, refused, unavailable } from './errors.ts'
import { chunkingFor, packetsOf, surelyFits } from './packets.ts'
import type { ServerFacts } from './server.ts'
import { lockSnapshot, readSnapshot } from './snapshots.ts'
import { BEGIN, COMMIT, PROBE, ROLLBACK, writesOf, type Write } from './statements.ts'

export interface MysqlStoreParts {
  /** Of one connection. */
  readonly writer: ConnectionPool
  readonly readers: ConnectionPool
  readonly server: ServerFacts
}

export class MysqlStore implements Store {
  readonly connectionsLost = 0
  readonly #writer: ConnectionPool
  readonly #readers: ConnectionPool
  readonly #server: ServerFacts
  readonly #ids = new BalanceIds()

  constructor({ writer, readers, server }: MysqlStoreParts) {
    this.#writer = writer
    this.#readers = readers
    this.#server = server
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    try {
      return await this.#readers.use((connection) => readSnapshot(connection, footprint, this.#ids))
    } catch (error) {
      throw error instanceof MysqlFailure ? unavailable(error) : error
    }
  }

  async commit(changes: Changes): Promise<CommitResult> {
    // Before its turn: the text is made while the commit before is under way.
    const packets = this.#packetsOf(changes)
    if (packets.length === 0) return 'committed'
    return await this.#writer.use((connection) => this.#write(connection, [BEGIN], packets))
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    return await this.#writer.use(async (connection) => {
      let snapshot: Snapshot
      try {
        snapshot = await lockSnapshot(connection, footprint, this.#ids)
      } catch (error) {
        if (!(error instanceof MysqlFailure)) {
          await rollBack(connection)
          throw error
        }
        return await this.#afterFailure(connection, error)
      }
      let packets: readonly (readonly Write[])[]
      try {
        packets = this.#packetsOf(plan(snapshot))
      } catch (error) {
        await rollBack(connection)
        throw error
      }
      if (packets.length > 0) return await this.#write(connection, [], packets)
      await rollBack(connection)
      return 'committed'
    })
  }

  /** On a connection for reads, so that it does not wait behind commits that wait for a lock. */
  async ping(): Promise<void> {
    try {
      await this.#readers.use((connection) => connection.run([PROBE]))
    } catch (error) {
      throw error instanceof MysqlFailure ? unavailable(error) : error
    }
  }

  /** One, unless the text would be longer than the server allows. */
  #packetsOf(changes: Changes): readonly (readonly Write[])[] {
    const { flavour, packetBytesMax } = this.#server
    const writes = writesOf(changes, flavour)
    if (writes.length === 0) return []
    if (surelyFits(writes, packetBytesMax)) return [writes]
    return packetsOf(writesOf(changes, flavour, chunkingFor(packetBytesMax)), packetBytesMax)
  }

  /** @param before what the first packet begins with */
  async #write(
    connection: MysqlConnection,
    before: readonly string[],
    packets: readonly (readonly Write[])[],
  ): Promise<CommitResult> {
    for (const [index, writes] of packets.entries()) {
      const opening = index === 0 ? before : []
      const isLast = index === packets.length - 1
      const statements = [...opening, ...writes.map(({ sql }) => sql), ...(isLast ? [COMMIT] : [])]
      try {
        const replies = await connection.run(statements)
        assertFound(writes, replies.slice(opening.length))
      } catch (error) {
        if (!(error instanceof MysqlFailure)) throw error
        if (isLast && error.sent) return await this.#afterCommitText(connection, error, statements.length)
        return await this.#afterFailure(connection, error)
      }
    }
    return 'committed'
  }

  /** A text that ends with COMMIT failed: where in it says whether the COMMIT can have been made. */
  async #afterCommitText(
    connection: MysqlConnection,
    failure: MysqlFailure,
    statementCount: number,
  ): Promise<CommitResult> {
    const cameToCommit = failure.finishedCount >= statementCount - 1
    if (failure.reported && (!cameToCommit || isRolledBackAtCommit(failure, this.#server.flavour))) {
      return await this.#afterFailure(connection, failure)
    }
    connection.destroy()
    throw inDoubt(failure)
  }

  /** Nothing was written, and nothing will be. */
  async #afterFailure(connection: MysqlConnection, failure: MysqlFailure): Promise<CommitResult> {
    const meaning = classify(failure, this.#server.flavour)
    if (meaning === 'unavailable') {
      // After a failover the old connection stays read-only for ever; a new one may find the new primary.
      connection.destroy()
      throw unavailable(failure)
    }
    await rollBack(connection)
    if (meaning === 'refused') throw refused(failure)
    return meaning
  }
}

async function rollBack(connection: MysqlConnection): Promise<void> {
  try {
    await connection.run([ROLLBACK])
  } catch {
    // The server rolls back what a lost connection left.
    connection.destroy()
  }
}

/** What the guards have proven already; should it ever be otherwise, nobody is told that it was committed. */
function assertFound(writes: readonly Write[], replies: readonly { readonly affectedRows: number }[]): void {
  for (const [index, { sql, rowCount }] of writes.entries()) {
    const found = replies[index]?.affectedRows
    if (rowCount === null || found === rowCount) continue
    throw new Error(`${found} rows in place of ${rowCount} were changed by: ${sql.slice(0, 60)}`)
  }
}
