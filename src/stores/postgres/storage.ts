/** Opening a ledger in a PostgreSQL database. */
import { escapeLiteral } from 'pg'
import type { AccountName } from '../../domain/ids.ts'
import type { ErasureProgress, ErasureReport } from '../erasure.ts'
import type { HostMove, Purpose } from '../host-search.ts'
import { hostWarnings } from '../host-warnings.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import type { Query } from '../sql/dialect.ts'
import { erase } from '../sql/erasure.ts'
import { SqlKeyStore } from '../sql/keys.ts'
import { migrate, MigrationError, requireMigrated, type MigrationReport } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import type { Row } from '../sql/values.ts'
import type { Storage } from '../storage.ts'
import { PostgresActors } from './actors.ts'
import { connectToHost, Connections, searchOf } from './connections.ts'
import { faultOf } from './errors.ts'
import { moveCommits } from './feed.ts'
import type { LedgerClient } from './ledger-client.ts'
import { postgresMigrations, postgresMigrationTarget } from './migrations.ts'
import { messagesOf } from '../warning.ts'
import { clusterWarnings, readSettings, requireUsable, warningsOf, type ServerSettings } from './server.ts'
import { readOldRows } from './old-rows.ts'
import { PostgresStore } from './store.ts'
import { parsePostgresUrl, type PostgresUrl } from './url.ts'

export interface PostgresOptions {
  /** Whether to migrate the database to this version's tables first. Default false: that needs more rights than serving. */
  readonly migrate?: boolean
  /** Called when another server of a URL with several is used from now on. */
  readonly onHostMove?: (move: HostMove) => void
}

const CLOSE_WATCH_MS = 1_000

/**
 * Opens the database at `url`, see url.ts. Any number of processes may have it open at once.
 *
 * @throws StoreUrlError
 * @throws MigrationError when the database's tables are not those of this version
 * @throws Fault `store_unavailable` when it cannot be reached, `store_misconfigured` when it refuses the login, or is not one that
 *   Holdfast can use
 */
export async function openPostgresStorage(url: string, options: PostgresOptions = {}): Promise<Storage> {
  const parsed = parsePostgresUrl(url)
  const { warnings, oldRows } = await withClient(parsed, async (client, settings) => {
    const target = postgresMigrationTarget(client, parsed.schema)
    if (options.migrate === true) await migrate(target, postgresMigrations())
    else await requireMigrated(target, postgresMigrations())
    return { warnings: warningsOf(settings), oldRows: await readOldRows(queryOf(client)) }
  })
  const connections = new Connections(parsed)
  connections.search.onMove((move) => {
    connections.giveUp()
    options.onHostMove?.(move)
  })
  const { readKeys: read, writeKeys: write } = connections
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    closing ??= whileAlive(connections.close())
    await closing
  }
  return {
    kind: 'postgres',
    newFile: null,
    store: new PostgresStore(connections, oldRows),
    reader: new SqlReader('postgres', connections.read, { move: moveCommits(connections.read) }),
    actors: new PostgresActors(connections),
    auditor: new SqlAuditor('postgres', connections.audit),
    keys: new SqlKeyStore('postgres', { read, write, touch: write }),
    warnings,
    inspect: async () => {
      const settings = await readSettings(connections.read)
      if (!connections.search.isSeveral) return warningsOf(settings)
      const ofCluster = [...clusterWarnings(settings), ...hostWarnings(await connections.search.states())]
      return [...warningsOf(settings), ...messagesOf(ofCluster)]
    },
    gauges: () => ({ pools: connections.gauges(), logBytes: null }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Brings the database at `url` to this version's tables. @throws as `openPostgresStorage` */
export async function migratePostgres(url: string): Promise<MigrationReport> {
  const parsed = parsePostgresUrl(url)
  return await withClient(parsed, (client) =>
    migrate(postgresMigrationTarget(client, parsed.schema), postgresMigrations()),
  )
}

/** Erases what requests say about a person; services may go on meanwhile. @throws as `openPostgresStorage` */
export async function erasePostgres(
  url: string,
  account: AccountName,
  onProgress: ErasureProgress,
): Promise<ErasureReport> {
  const parsed = parsePostgresUrl(url)
  return await withClient(parsed, async (client) => {
    await requireMigrated(postgresMigrationTarget(client, parsed.schema), postgresMigrations())
    const query = queryOf(client)
    return await erase({ run: (sql) => query(sql, []), quote: escapeLiteral }, account, onProgress)
  })
}

/** A connection for checks and migrations before the ledger's work. */
export async function withClient<Result>(
  url: PostgresUrl,
  action: (client: LedgerClient, settings: ServerSettings) => Promise<Result>,
  purpose: Purpose = 'write',
): Promise<Result> {
  let client: LedgerClient | null = null
  try {
    // Migrations may rebuild tables, which can take long.
    client = await connectToHost(url, 'audit', searchOf(url, purpose))
    const settings = await readSettings(queryOf(client))
    requireUsable(settings)
    return await action(client, settings)
  } catch (error) {
    throw error instanceof MigrationError ? error : faultOf(error)
  } finally {
    await client?.end()
  }
}

/** Idle connections do not keep a process alive; closing them is awaited. */
export async function whileAlive(work: Promise<unknown>): Promise<void> {
  const timer = setInterval(() => undefined, CLOSE_WATCH_MS)
  await work.finally(() => clearInterval(timer))
}

function queryOf(client: LedgerClient): Query {
  return async (sql, parameters) => (await client.query<Row, unknown[]>(sql, [...parameters])).rows
}
