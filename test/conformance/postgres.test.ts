import { after, describe } from 'node:test'
import type { Store } from '../../src/engine/store.ts'
import { WRITE_NAME } from '../../src/stores/postgres/writes.ts'
import { openPostgresStorage } from '../../src/stores/postgres/storage.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { PostgresDatabase, TRANSACTION_ENDED, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { damaging } from './damaged-rows.ts'
import type { Damage, Harness, LostAt } from './harness.ts'
import { describeStore } from './suite.ts'

/** A separate schema in the database of this file, reached through a proxy. */
class PostgresHarness implements Harness {
  readonly order = 'postgres'
  readonly #database: PostgresDatabase
  readonly #proxy: CuttingProxy
  readonly #schema: string
  readonly #opened: Storage[] = []

  constructor(database: PostgresDatabase, proxy: CuttingProxy, schema: string) {
    this.#database = database
    this.#proxy = proxy
    this.#schema = schema
  }

  async open(): Promise<Storage> {
    const url = this.#database.url({ schema: this.#schema }, { port: this.#proxy.port })
    const storage = await openPostgresStorage(url, { migrate: true })
    this.#opened.push(storage)
    return storage
  }

  async plant(damage: Damage): Promise<void> {
    const { client } = this.#database
    await client.query(`SET search_path = ${this.#schema}`)
    const { rows } = await client.query<{ table: string; name: string }>(
      `SELECT conrelid::regclass::text AS table, conname AS name FROM pg_constraint
       WHERE contype = 'c' AND connamespace = $1::regnamespace`,
      [this.#schema],
    )
    for (const { table, name } of rows) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`)
    const text = await damaging(damage, async (question) => (await client.query<Row>(question)).rows)
    const { rowCount } = await client.query(text)
    if (rowCount !== 1) throw new Error('There is no such row to damage.')
  }

  doubtful(storage: Storage, lostAt: LostAt): Store {
    this.#proxy.cutNext({ sent: WRITE_NAME, answered: lostAt === 'before' ? null : TRANSACTION_ENDED })
    return storage.store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of this.#opened) await storage.close()
    await this.#proxy[Symbol.asyncDispose]()
    await this.#database.client.query(`DROP SCHEMA IF EXISTS ${this.#schema} CASCADE`)
  }
}

let schemas = 0
let opening: Promise<PostgresDatabase> | null = null

async function openHarness(): Promise<Harness> {
  opening ??= PostgresDatabase.create()
  const database = await opening
  return new PostgresHarness(database, await CuttingProxy.open(database.address), `ledger_${++schemas}`)
}

describe('on a server', { skip: WITHOUT_POSTGRES }, () => {
  after(async () => {
    await (await opening)?.[Symbol.asyncDispose]()
  })
  describeStore('postgres', openHarness)
})
