/** Opening a ledger in a PostgreSQL database. */
import type { Client, Pool } from 'pg'
import { Fault } from '../../engine/faults.ts'
import { SqlAuditor } from '../sql/auditor.ts'
import type { Query } from '../sql/dialect.ts'
import { migrate, MigrationError, requireMigrated, type MigrationReport } from '../sql/migrator.ts'
import { SqlReader } from '../sql/reader.ts'
import type { Row } from '../sql/rows.ts'
import type { Storage } from '../storage.ts'
import { CommitLine } from './commit-line.ts'
import { connect, openPool } from './connection.ts'
import { unavailable } from './errors.ts'
import { postgresMigrations, postgresMigrationTarget } from './migrations.ts'
import { readSettings, requireUsable, warningsOf, type ServerSettings } from './server.ts'
import { PostgresStore } from './store.ts'
import { parsePostgresUrl, type PostgresUrl } from './url.ts'

export interface PostgresOptions {
  /** Brings the database to this version's tables first. Default false: that takes more rights than serving does. */
  readonly migrate?: boolean
}

/** An engine loads and locks with one at a time; the third is for one that the server has not given up yet. */
const WRITE_POOL_SIZE = 3

const CLOSE_WATCH_MS = 1_000

/**
 * Opens the database at `url`, see url.ts. Any number of processes may have it open at once.
 *
 * @throws StoreUrlError
 * @throws MigrationError when the database's tables are not those of this version
 * @throws Fault `store_unavailable` when it cannot be reached, or is not one that Holdfast can use
 */
export async function openPostgresStorage(url: string, options: PostgresOptions = {}): Promise<Storage> {
  const parsed = parsePostgresUrl(url)
  const warnings = await withClient(parsed, async (client, settings) => {
    const target = postgresMigrationTarget(client, parsed.schema)
    if (options.migrate === true) await migrate(target, postgresMigrations())
    else await requireMigrated(target, postgresMigrations())
    return warningsOf(settings)
  })
  const store = new PostgresStore(
    new CommitLine(() => connect(parsed, 'write')),
    openPool(parsed, 'write', WRITE_POOL_SIZE),
  )
  const reads = openPool(parsed, 'read', parsed.poolSize)
  const read = queryOf(reads)
  const audits = openPool(parsed, 'audit', 1)
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    closing ??= whileAlive(Promise.all([store.close(), reads.end(), audits.end()]))
    await closing
  }
  return {
    kind: 'postgres',
    store,
    reader: new SqlReader('postgres', read),
    auditor: new SqlAuditor('postgres', queryOf(audits)),
    warnings,
    inspect: async () => warningsOf(await readSettings(read)),
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

/** A connection for whatever stands before the ledger's work. */
async function withClient<Result>(
  url: PostgresUrl,
  action: (client: Client, settings: ServerSettings) => Promise<Result>,
): Promise<Result> {
  let client: Client | null = null
  try {
    // Migrations may rebuild tables, and take the time for it.
    client = await connect(url, 'audit')
    const settings = await readSettings(queryOf(client))
    requireUsable(settings)
    return await action(client, settings)
  } catch (error) {
    throw error instanceof MigrationError ? error : unavailable(error)
  } finally {
    await client?.end()
  }
}

/** Idle connections do not keep a process from ending, but their goodbyes are waited for. */
async function whileAlive(work: Promise<unknown>): Promise<void> {
  const timer = setInterval(() => undefined, CLOSE_WATCH_MS)
  await work.finally(() => clearInterval(timer))
}

function queryOf(client: Client | Pool): Query {
  return async (sql, parameters) => {
    if ('ending' in client && client.ending) throw new Fault('store_unavailable', 'The ledger is closed.')
    try {
      const { rows } = await client.query<Row, unknown[]>(sql, [...parameters])
      return rows
    } catch (error) {
      throw unavailable(error)
    }
  }
}
