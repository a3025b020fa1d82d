/** A migrated scratch database with some coins, and a second connection for interfering with the ledger. */
import { Books } from '../conformance/books.ts'
import { migratePostgres, openPostgresStorage } from '../../src/stores/postgres/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { deposit } from './commands.ts'
import { PostgresDatabase } from '../../harness/postgres-database.ts'

export class PostgresLedger implements AsyncDisposable {
  readonly database: PostgresDatabase
  readonly #opened: Storage[] = []

  private constructor(database: PostgresDatabase) {
    this.database = database
  }

  /** `user:1` and `user:2` have 1,000 coins each; the id of the first is the smaller one. */
  static async create(): Promise<PostgresLedger> {
    const database = await PostgresDatabase.create()
    await migratePostgres(database.url())
    await using storage = await openPostgresStorage(database.url())
    const books = Books.ofToday(storage.store)
    await books.apply(deposit('d1', 'user:1', 1_000n))
    await books.apply(deposit('d2', 'user:2', 1_000n))
    return new PostgresLedger(database)
  }

  async open(
    options: Readonly<Record<string, string | number>> = {},
    by: { readonly port?: number; readonly user?: string } = {},
  ): Promise<Storage> {
    const storage = await openPostgresStorage(this.database.url(options, by))
    this.#opened.push(storage)
    return storage
  }

  /** Holds a lock on the row while `action` runs. */
  async whileLocked<Result>(account: string, action: () => Promise<Result>): Promise<Result> {
    const { client } = this.database
    await client.query('BEGIN')
    try {
      await client.query('SELECT FROM balances WHERE account = $1 FOR UPDATE', [account])
      return await action()
    } finally {
      await client.query('ROLLBACK')
    }
  }

  /** Waits until `count` server processes of Holdfast wait for a lock; returns their ids. */
  async waiting(count: number): Promise<readonly number[]> {
    for (let attempt = 0; attempt < 500; attempt++) {
      const pids = await this.#pids(`wait_event_type = 'Lock'`)
      if (pids.length >= count) return pids
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error(`Fewer than ${count} waited for the lock.`)
  }

  /** Terminates some or all of Holdfast's connections, as an administrator would. */
  async terminate(pids: readonly number[] | null = null): Promise<number> {
    const all = pids ?? (await this.#pids('true'))
    for (const pid of all) await this.database.client.query('SELECT pg_terminate_backend($1, 5000)', [pid])
    return all.length
  }

  /** Makes every insert of a posting fail with this SQLSTATE. */
  async fail(state: string): Promise<void> {
    await this.database.client.query(`
      CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'provoked' USING ERRCODE = '${state}'; END $$;
      CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON journal EXECUTE FUNCTION fail()`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of this.#opened) await storage.close()
    await this.database[Symbol.asyncDispose]()
  }

  async #pids(condition: string): Promise<readonly number[]> {
    // Within a transaction, pg_stat_activity shows the snapshot of the first query.
    await this.database.client.query('SELECT pg_stat_clear_snapshot()')
    const { rows } = await this.database.client.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'holdfast' AND ${condition}`,
    )
    return rows.map(({ pid }) => pid)
  }
}
