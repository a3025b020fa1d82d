/** An empty scratch location on every real store: a file, or a database on a server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'

/** Removed when disposed. */
export interface Place extends AsyncDisposable {
  /** The store URL. */
  readonly url: string
}

export interface RealStore {
  readonly name: string
  /** Why it is skipped; false when it is not. */
  readonly skip: string | false
  readonly open: () => Promise<Place>
}

export function realStores(): readonly RealStore[] {
  const servers = mysqlServers().map(({ name, url, reason }) => ({
    name,
    skip: url === null && reason,
    open: () => mysqlPlace(url!),
  }))
  return [
    { name: 'sqlite', skip: false, open: filePlace },
    ...servers,
    { name: 'postgres', skip: WITHOUT_POSTGRES, open: postgresPlace },
  ]
}

async function filePlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-place-'))
  const url = `sqlite:${join(folder, 'ledger.db')}`
  return { url, [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) }
}

async function mysqlPlace(server: string): Promise<Place> {
  const database = await MysqlDatabase.create(server)
  return { url: database.url(), [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

async function postgresPlace(): Promise<Place> {
  const database = await PostgresDatabase.create()
  return { url: database.url(), [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}
