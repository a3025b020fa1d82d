/** Opening a ledger in a MySQL or MariaDB database. */
import { format } from 'mysql2'
import type { Query } from '../sql/dialect.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { migrate, requireMigrated, type MigrationReport } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import type { SqlValue } from '../sql/rows.ts'
import type { Storage } from '../storage.ts'
import { ConnectionPool } from './connection-pool.ts'
import { idleMsMax, MysqlConnection, type Role } from './connection.ts'
import { MysqlFailure, unavailable } from './errors.ts'
import { mysqlMigrations, mysqlMigrationTarget, refuseInterrupted } from './migrations.ts'
import { SELECT_SERVER_FACTS, serverFactsOf, type ServerFacts } from './server.ts'
import { MysqlStore } from './store.ts'
import { isLocal, parseMysqlUrl, type MysqlAddress, type MysqlTuning } from './url.ts'

export interface MysqlOptions extends Partial<MysqlTuning> {
  /** Brings the database to this version's tables first, which needs the privilege to make tables. Default false. */
  readonly migrate?: boolean
}

/** An audit reads whole tables. */
const AUDIT_TIMEOUT_MS = 3_600_000

/**
 * Opens the database that `url` names (see url.ts). Any number of processes may have it open at once.
 *
 * @throws StoreUrlError
 * @throws MigrationError when the tables are not those of this version
 * @throws Fault `store_unavailable` when the server does not answer, refuses the login, or is too old
 */
export async function openMysqlStorage(url: string, options: MysqlOptions = {}): Promise<Storage> {
  const { address, tuning } = parseMysqlUrl(url, options)
  const server = await prepare(address, tuning, options.migrate ?? false)
  const writer = poolOf('writer', 1, address, tuning)
  const readers = poolOf('reader', tuning.poolSize, address, tuning)
  // One at a time: an audit must not take the connections of those who want to know a balance.
  const audits = poolOf('reader', 1, address, { ...tuning, poolTimeoutMs: AUDIT_TIMEOUT_MS })
  const read = queryThrough(readers, tuning.statementTimeoutMs)
  const close = async (): Promise<void> => {
    await Promise.all([writer.close(), readers.close(), audits.close()])
  }
  return {
    kind: server.flavour,
    store: new MysqlStore({ writer, readers, server }),
    reader: new SqlReader('mysql', read),
    auditor: new SqlAuditor('mysql', queryThrough(audits, AUDIT_TIMEOUT_MS)),
    warnings: [...server.warnings, ...warningsOf(address)],
    inspect: async () => {
      const [row] = await read(SELECT_SERVER_FACTS, [])
      return [...serverFactsOf(row!).warnings, ...warningsOf(address)]
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws as `openMysqlStorage` */
export async function migrateMysql(url: string): Promise<MigrationReport> {
  const { address, tuning } = parseMysqlUrl(url)
  const connection = await MysqlConnection.open(address, tuning, 'migrator')
  try {
    return await migrate(mysqlMigrationTarget(connection), mysqlMigrations())
  } catch (error) {
    throw error instanceof MysqlFailure ? unavailable(error) : error
  } finally {
    connection.destroy()
  }
}

/** Migrates, or makes sure that it was done. */
async function prepare(address: MysqlAddress, tuning: MysqlTuning, mayMigrate: boolean): Promise<ServerFacts> {
  const connection = await MysqlConnection.open(address, tuning, mayMigrate ? 'migrator' : 'writer')
  try {
    const target = mysqlMigrationTarget(connection)
    if (mayMigrate) {
      await migrate(target, mysqlMigrations())
    } else {
      await refuseInterrupted(connection)
      await requireMigrated(target, mysqlMigrations())
    }
    return connection.server
  } catch (error) {
    throw error instanceof MysqlFailure ? unavailable(error) : error
  } finally {
    connection.destroy()
  }
}

function poolOf(role: Role, size: number, address: MysqlAddress, tuning: MysqlTuning): ConnectionPool {
  return new ConnectionPool({
    open: () => MysqlConnection.open(address, tuning, role),
    size,
    waitMsMax: tuning.poolTimeoutMs,
    idleMsMax: idleMsMax(role, tuning),
  })
}

function queryThrough(pool: ConnectionPool, statementTimeoutMs: number): Query {
  return async (sql, parameters) => {
    try {
      const replies = await pool.use((connection) =>
        connection.run([format(sql, parameters as SqlValue[])], statementTimeoutMs),
      )
      return replies[0]!.rows
    } catch (error) {
      throw error instanceof MysqlFailure ? unavailable(error) : error
    }
  }
}

function* warningsOf(address: MysqlAddress): Iterable<string> {
  if (address.tls === null && !isLocal(address)) {
    yield `The connection to ${address.host} is not encrypted. Add ssl-mode=VERIFY_IDENTITY to the store URL.`
  }
}
