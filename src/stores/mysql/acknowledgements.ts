/**
 * Whether a replica has what is found, where commits wait for one (semi-synchronous replication).
 *
 * A primary that crashed while a commit waited finds that commit in its binary log and completes it, although no replica may have
 * it. A repeat that is answered from such a row would be acknowledged and lost with the next failover. A replica receives the
 * binary log in order, so one commit that it has acknowledged stands for all that were before it.
 *
 * A connection does not outlive its server. So one such commit proves for each connection what the crash left, and
 * what comes later becomes visible after its own acknowledgement; unless the server waits after the commit is visible (AFTER_COMMIT):
 * then each finding needs its own.
 */
import type { RequestId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { MysqlConnection } from './connection.ts'
import { literal } from './literals.ts'
import { BEGIN, COMMIT } from './transactions.ts'

export class Acknowledgements {
  readonly #connections = new WeakSet<MysqlConnection>()

  /** Whether what this connection finds is known to be on a replica, as far as commits wait for one. */
  #has(connection: MysqlConnection): boolean {
    const { semiSync } = connection.server
    return semiSync === 'off' || (semiSync === 'afterwards' && this.#connections.has(connection))
  }

  /** A commit of this server was acknowledged after the connection was made. */
  add(connection: MysqlConnection): void {
    this.#connections.add(connection)
  }

  /** Resolves when the requests that the connection found are as durable as a commit. @throws MysqlFailure */
  async await(connection: MysqlConnection, snapshot: Snapshot): Promise<void> {
    const found = foundIn(snapshot)
    if (found === null || this.#has(connection)) return
    // Two changes that are none together: each is an event of the binary log, which a change to the same value is not.
    const change = (by: string): string => `UPDATE requests SET at = at ${by} 1 WHERE id = ${literal(found)}`
    await connection.run([...BEGIN, change('+'), change('-'), COMMIT])
    this.add(connection)
  }
}

/** A request among those that were asked for, if there is one. */
function foundIn({ requests }: Snapshot): RequestId | null {
  for (const [id, record] of requests) if (record !== null) return id
  return null
}
