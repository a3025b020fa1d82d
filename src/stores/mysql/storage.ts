/** Opening a ledger in a MySQL or MariaDB database. */
import { format } from 'mysql2'
import type { AccountName } from '../../domain/ids.ts'
import type { ErasureProgress, ErasureReport } from '../erasure.ts'
import type { Query } from '../sql/dialect.ts'
import { erase } from '../sql/erasure.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import { SqlKeyStore, type KeyStatements } from '../sql/keys.ts'
import { migrate, requireMigrated, type MigrationReport } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import type { Bytes, Row, SqlValue } from '../sql/values.ts'
import type { Storage } from '../storage.ts'
import { MysqlActors } from './actors.ts'
import { messagesOf, type StoreWarning } from '../warning.ts'
import type { HostMove, HostSearch } from '../host-search.ts'
import { hostWarnings } from '../host-warnings.ts'
import { ConnectionPool } from './connection-pool.ts'
import { idleMsMax, type MysqlConnection, type Role } from './connection.ts'
import { Connections } from './connections.ts'
import { encryptionWarnings } from './encryption.ts'
import { faultOf, MysqlFailure } from './errors.ts'
import { moveCommits } from './feed.ts'
import { openOnHost, searchOf } from './host-look.ts'
import { literal } from './literals.ts'
import { mysqlMigrations, mysqlMigrationTarget, refuseInterrupted } from './migrations.ts'
import { readOldRows, type OldRows } from './old-rows.ts'
import {
  clusterWarnings,
  SELECT_SETTINGS,
  SELECT_STATE,
  serverWarningsOf,
  settingsOf,
  type ServerFacts,
} from './server.ts'
import { MysqlStore } from './store.ts'
import { IS_PRIMARY } from './transactions.ts'
import { parseMysqlUrl, type MysqlAddress, type MysqlTuning } from './url.ts'

export interface MysqlOptions extends Partial<MysqlTuning> {
  /** Whether to migrate the database to this version's tables first, which needs the privilege to make tables. Default false. */
  readonly migrate?: boolean
  /** Called when another server of a URL with several is used from now on. */
  readonly onHostMove?: (move: HostMove) => void
}

/** An audit reads whole tables. */
export const AUDIT_TIMEOUT_MS = 3_600_000

/**
 * Opens the database that `url` names (see url.ts). Any number of processes may have it open at once.
 *
 * @throws StoreUrlError
 * @throws MigrationError when the tables are not those of this version
 * @throws Fault `store_unavailable` when the server does not answer, `store_misconfigured` when it refuses the login, is too old,
 *   or is an engine that Holdfast does not know
 */
export async function openMysqlStorage(url: string, options: MysqlOptions = {}): Promise<Storage> {
  const { address, tuning } = parseMysqlUrl(url, options)
  const search = searchOf(address, tuning)
  const site: Site = { address, tuning, search }
  const { server, warnings, oldRows } = await prepare(site, options.migrate ?? false)
  const connections = new Connections(
    {
      writer: poolOf('writer', 1, site),
      ahead: poolOf('writer', 1, site),
      readers: poolOf('reader', tuning.poolSize, site),
      // One at a time: an audit must not take the connections of other reads.
      audits: poolOf('reader', 1, { ...site, tuning: { ...tuning, poolTimeoutMs: AUDIT_TIMEOUT_MS } }),
      keys: poolOf('keys', 1, site),
    },
    server.flavour,
  )
  search.onMove((move) => {
    connections.giveUp()
    options.onHostMove?.(move)
  })
  const close = (): Promise<void> => connections.close()
  return {
    kind: server.flavour,
    newFile: null,
    store: new MysqlStore({ connections, server, aheadRowsMin: tuning.aheadRowsMin, oldRows }),
    reader: new SqlReader(
      'mysql',
      (sql, parameters) => connections.read((connection) => readOfPrimary(connection, textOf(sql, parameters))),
      { move: () => connections.read(moveCommits) },
    ),
    actors: new MysqlActors(connections),
    auditor: new SqlAuditor('mysql', async (sql, parameters) => {
      const replies = await connections.audit((connection) =>
        connection.run([textOf(sql, parameters)], AUDIT_TIMEOUT_MS),
      )
      return replies[0]!.rows
    }),
    keys: new SqlKeyStore('mysql', keyStatements(connections)),
    warnings: [...warnings, ...messagesOf(encryptionWarnings(address))],
    inspect: async () => [
      ...(await connections.read(inspect)),
      ...messagesOf(encryptionWarnings(address)),
      ...(search.isSeveral
        ? messagesOf(await connections.read((connection) => inspectCluster(connection, search)))
        : []),
    ],
    gauges: () => ({ pools: connections.gauges(), logBytes: null }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** @throws as `openMysqlStorage` */
export async function migrateMysql(url: string): Promise<MigrationReport> {
  const { address, tuning } = parseMysqlUrl(url)
  const connection = await openOnHost(address, tuning, 'migrator')
  try {
    return await migrate(mysqlMigrationTarget(connection), mysqlMigrations())
  } catch (error) {
    throw error instanceof MysqlFailure ? faultOf(error) : error
  } finally {
    connection.destroy()
  }
}

/** Erases what requests say about a person; services may go on meanwhile. @throws as `openMysqlStorage` */
export async function eraseMysql(
  url: string,
  account: AccountName,
  onProgress: ErasureProgress,
): Promise<ErasureReport> {
  const { address, tuning } = parseMysqlUrl(url)
  const connection = await openOnHost(address, tuning, 'migrator')
  try {
    const target = mysqlMigrationTarget(connection)
    await refuseInterrupted(connection)
    await requireMigrated(target, mysqlMigrations())
    const run = async (sql: string): Promise<readonly Row[]> => (await connection.run([sql]))[0]!.rows
    return await erase({ run, quote: literal }, account, onProgress)
  } catch (error) {
    throw error instanceof MysqlFailure ? faultOf(error) : error
  } finally {
    connection.destroy()
  }
}

/** Where the connections of a ledger lead. */
export interface Site {
  readonly address: MysqlAddress
  readonly tuning: MysqlTuning
  readonly search: HostSearch
}

/** Migrates, or throws when migrations are pending. */
async function prepare(
  { address, tuning, search }: Site,
  mayMigrate: boolean,
): Promise<{ readonly server: ServerFacts; readonly warnings: readonly string[]; readonly oldRows: OldRows | null }> {
  const connection = await openOnHost(address, tuning, mayMigrate ? 'migrator' : 'writer', search)
  try {
    const target = mysqlMigrationTarget(connection)
    if (mayMigrate) {
      await migrate(target, mysqlMigrations())
    } else {
      await refuseInterrupted(connection)
      await requireMigrated(target, mysqlMigrations())
    }
    return { server: connection.server, warnings: await inspect(connection), oldRows: await readOldRows(connection) }
  } catch (error) {
    throw error instanceof MysqlFailure ? faultOf(error) : error
  } finally {
    connection.destroy()
  }
}

export function poolOf(role: Role, size: number, { address, tuning, search }: Site): ConnectionPool {
  return new ConnectionPool({
    open: () => openOnHost(address, tuning, role, search),
    onLost: () => search.doubt(),
    size,
    waitMsMax: tuning.poolTimeoutMs,
    idleMsMax: idleMsMax(role, tuning),
  })
}

export function textOf(sql: string, parameters: Parameters<Query>[1]): string {
  return format(sql, parameters as Exclude<SqlValue, Bytes>[])
}

/**
 * Rows that were those of the primary. A server that was read-only already when the connection was made is the one that the address
 * means, and may be read.
 */
async function readOfPrimary(connection: MysqlConnection, text: string): ReturnType<Query> {
  const replies = await connection.run(connection.server.isReadOnly ? [text] : [text, IS_PRIMARY])
  return replies[0]!.rows
}

function keyStatements(connections: Connections): KeyStatements {
  const write: Query = (sql, parameters) =>
    connections.keys(async (connection) => (await connection.run([textOf(sql, parameters)]))[0]!.rows)
  return {
    read: (sql, parameters) => connections.keys((connection) => readOfPrimary(connection, textOf(sql, parameters))),
    write,
    touch: write,
  }
}

async function inspect(connection: MysqlConnection): Promise<readonly string[]> {
  const replies = await connection.run([SELECT_SETTINGS, SELECT_STATE])
  return serverWarningsOf(
    connection.server.flavour,
    replies.flatMap(({ rows }) => rows),
  )
}

async function inspectCluster(connection: MysqlConnection, search: HostSearch): Promise<readonly StoreWarning[]> {
  const [reply] = await connection.run([SELECT_SETTINGS])
  return [...clusterWarnings(settingsOf(reply!.rows)), ...hostWarnings(await search.states())]
}
