/**
 * Whether a replica has the rows that were read, where commits wait for one (semi-synchronous replication).
 *
 * A primary that crashed while a commit waited finds that commit in its binary log and completes it, although no replica may have
 * it. A repeat that is answered from such a row would be acknowledged, and lost by the next failover. A replica receives the
 * binary log in order, so one acknowledged commit proves that it has all earlier ones.
 *
 * A connection does not outlive its server. So one acknowledged commit per connection covers what the crash left, and later rows become
 * visible only after their own acknowledgement. A server that waits after the commit is visible (AFTER_COMMIT) needs one acknowledged
 * commit per load.
 */
import { DEFAULT_ASSET } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { MysqlConnection } from './connection.ts'
import { literal } from './literals.ts'
import { BEGIN, COMMIT, guard } from './transactions.ts'

export class Acknowledgements {
  readonly #connections = new WeakSet<MysqlConnection>()

  /** Whether the rows that this connection reads are known to be on a replica, where commits wait for one. */
  #has(connection: MysqlConnection): boolean {
    const { semiSync } = connection.server
    return semiSync === 'off' || (semiSync === 'afterwards' && this.#connections.has(connection))
  }

  /** A commit of this server was acknowledged after the connection was made. */
  add(connection: MysqlConnection): void {
    this.#connections.add(connection)
  }

  /** Resolves when the requests that the connection found are as durable as a commit. @throws MysqlFailure */
  async await(connection: MysqlConnection, { requests }: Snapshot): Promise<void> {
    const hasFound = [...requests.values()].some((record) => record !== null)
    if (!hasFound || this.#has(connection)) return
    await connection.run([...BEGIN, changeBy('+'), guard('ROW_COUNT() = 1'), changeBy('-'), COMMIT])
    this.add(connection)
  }
}

/**
 * Two changes that cancel each other: each is an event of the binary log. An update to the same value is none. Of an asset, because the
 * user of the store may not change a request, and the row of a balance may be locked by a commit. The guard fails if there is no such asset, which would change nothing.
 */
function changeBy(sign: '+' | '-'): string {
  return `UPDATE assets SET created_at = created_at ${sign} 1 WHERE code = ${literal(DEFAULT_ASSET)}`
}
