/** Opening a ledger in a MySQL or MariaDB database for reading only: on a read-only replica, or on a primary. */
import { nameOfHost } from '../hosts.ts'
import type { HostMove } from '../host-search.ts'
import type { ReadStorage } from '../read-storage.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import type { Query } from '../sql/dialect.ts'
import { SqlKeyStore } from '../sql/keys.ts'
import { requireMigrated } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import { messagesOf } from '../warning.ts'
import type { MysqlConnection } from './connection.ts'
import { Connections } from './connections.ts'
import { encryptionWarnings } from './encryption.ts'
import { faultOf, MysqlFailure } from './errors.ts'
import { openOnHost, searchOf } from './host-look.ts'
import { mysqlMigrations, mysqlMigrationTarget, refuseInterrupted } from './migrations.ts'
import { replicaStateOf } from './replica.ts'
import { AUDIT_TIMEOUT_MS, poolOf, textOf, type Site } from './storage.ts'
import type { ServerFacts } from './server.ts'
import { parseMysqlUrl } from './url.ts'

/**
 * Opens the database at `url` for reading only. Of several servers, the first that answers is used; a user with the right to SELECT is enough.
 *
 * @throws as `openMysqlStorage`
 */
export async function openMysqlReading(
  url: string,
  { onHostMove }: { readonly onHostMove?: (move: HostMove) => void },
): Promise<ReadStorage> {
  const { address, tuning } = parseMysqlUrl(url)
  const site: Site = { address, tuning, search: searchOf(address, tuning, 'read') }
  const { flavour } = await requireReadable(site)
  const connections = new Connections(
    {
      writer: poolOf('reader', 1, site),
      ahead: poolOf('reader', 1, site),
      readers: poolOf('reader', tuning.poolSize, site),
      audits: poolOf('reader', 1, { ...site, tuning: { ...tuning, poolTimeoutMs: AUDIT_TIMEOUT_MS } }),
      keys: poolOf('keys', 1, site),
    },
    flavour,
  )
  site.search.onMove((move) => {
    connections.giveUp()
    onHostMove?.(move)
  })
  const rowsOf = async (connection: MysqlConnection, ...[sql, parameters]: Parameters<Query>): ReturnType<Query> =>
    (await connection.run([textOf(sql, parameters)]))[0]!.rows
  const readKeys: Query = (...query) => connections.keys((connection) => rowsOf(connection, ...query))
  const warnings = messagesOf(encryptionWarnings(address))
  const close = (): Promise<void> => connections.close()
  return {
    kind: flavour,
    reader: new SqlReader('mysql', (...query) => connections.read((connection) => rowsOf(connection, ...query)), {
      move: () => Promise.resolve(0),
    }),
    place: () => nameOfHost(site.search.current),
    auditor: new SqlAuditor('mysql', async (sql, parameters) => {
      const run = (connection: MysqlConnection) => connection.run([textOf(sql, parameters)], AUDIT_TIMEOUT_MS)
      return (await connections.audit(run))[0]!.rows
    }),
    keys: new SqlKeyStore('mysql', { read: readKeys, write: readKeys, touch: readKeys }),
    // Whether commits are durable is a matter of those who commit.
    warnings,
    inspect: () => Promise.resolve(warnings),
    replicaState: () => connections.keys(replicaStateOf),
    gauges: () => ({ pools: connections.gauges(), logBytes: null }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function requireReadable({ address, tuning, search }: Site): Promise<ServerFacts> {
  const connection = await openOnHost(address, tuning, 'keys', search)
  try {
    await refuseInterrupted(connection)
    await requireMigrated(mysqlMigrationTarget(connection), mysqlMigrations())
    return connection.server
  } catch (error) {
    throw error instanceof MysqlFailure ? faultOf(error) : error
  } finally {
    connection.destroy()
  }
}
