import { after, describe, test } from 'node:test'
import type { Store } from '../../src/engine/store.ts'
import { openMysqlStorage } from '../../src/stores/mysql/storage.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { MysqlProxy } from '../support/mysql-proxy.ts'
import { MysqlDatabase, mysqlServers, type MysqlServer } from '../../harness/mysql-servers.ts'
import { damaging } from './damaged-rows.ts'
import type { Damage, Harness, LostAt } from './harness.ts'
import { describeStore } from './suite.ts'

/** Deletes every row except the asset of a new ledger. Actors are numbered from 1 again. */
const EMPTY = `START TRANSACTION; DELETE FROM requests; DELETE FROM hold_changes; DELETE FROM journal; DELETE FROM balances; DELETE FROM accounts; DELETE FROM standings; DELETE FROM rates; DELETE FROM assets; DELETE FROM commits; DELETE FROM feed; DELETE FROM actors; DELETE FROM api_keys;
  INSERT INTO assets (code, decimals, name, created_at) VALUES ('credit', 0, 'Credit', 0); COMMIT; ALTER TABLE actors AUTO_INCREMENT = 1`

/** Databases with tables and without rows: emptying one takes a tenth of the time of creating one. */
class EmptyDatabases implements AsyncDisposable {
  readonly #server: string
  readonly #free: MysqlDatabase[] = []

  constructor(server: string) {
    this.#server = server
  }

  async take(): Promise<MysqlDatabase> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    const made = await MysqlDatabase.create(this.#server)
    const storage = await openMysqlStorage(made.url(), { migrate: true })
    await storage.close()
    return made
  }

  async giveBack(database: MysqlDatabase): Promise<void> {
    await database.query(EMPTY)
    this.#free.push(database)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const database of this.#free) await database[Symbol.asyncDispose]()
  }
}

class MysqlHarness implements Harness {
  readonly order = 'mysql'
  readonly #name: MysqlServer['name']
  readonly #databases: EmptyDatabases
  readonly #database: MysqlDatabase
  readonly #proxy: MysqlProxy
  readonly #opened: Storage[] = []
  /** False once constraints were dropped; such a database is not reused. */
  #isWhole = true

  static async create(name: MysqlServer['name'], databases: EmptyDatabases): Promise<MysqlHarness> {
    const database = await databases.take()
    return new MysqlHarness(name, { databases, database, proxy: await MysqlProxy.start(database.address) })
  }

  private constructor(
    name: MysqlServer['name'],
    parts: { databases: EmptyDatabases; database: MysqlDatabase; proxy: MysqlProxy },
  ) {
    this.#name = name
    this.#databases = parts.databases
    this.#database = parts.database
    this.#proxy = parts.proxy
  }

  async open(): Promise<Storage> {
    const storage = await openMysqlStorage(this.#database.url({ port: this.#proxy.port }))
    this.#opened.push(storage)
    return storage
  }

  async plant(damage: Damage): Promise<void> {
    await this.#liftConstraints()
    const query = (sql: string): Promise<readonly Row[]> => this.#database.query(sql)
    // LINES is a reserved word.
    const rows = await this.#change(await damaging(damage, query))
    if (rows !== 1) throw new Error(`The damage met ${rows} rows.`)
  }

  /** A real connection is lost: the store's traffic passes a proxy that cuts it. */
  doubtful(storage: Storage, lostAt: LostAt): Store {
    this.#proxy.cutNextCommit(lostAt)
    return storage.store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of this.#opened) await storage.close()
    await this.#proxy[Symbol.asyncDispose]()
    if (this.#isWhole) await this.#databases.giveBack(this.#database)
    else await this.#database[Symbol.asyncDispose]()
  }

  async #change(statement: string): Promise<number> {
    const [counted] = await this.#database
      .query(`${statement}; SELECT ROW_COUNT() AS changed`)
      .then((results) => results.at(-1) as unknown as { changed: number }[])
    return counted!.changed
  }

  async #liftConstraints(): Promise<void> {
    this.#isWhole = false
    if (this.#name === 'mariadb') {
      await this.#database.query('SET SESSION check_constraint_checks = 0')
      return
    }
    for (const name of ['held', 'floor', 'debt', 'version']) {
      await this.#database.query(`ALTER TABLE balances ALTER CHECK balances_${name} NOT ENFORCED`)
    }
    for (const name of ['version', 'fraction', 'tolerance']) {
      await this.#database.query(`ALTER TABLE rates ALTER CHECK rates_${name} NOT ENFORCED`)
    }
    await this.#database.query('ALTER TABLE requests ALTER CHECK requests_amount NOT ENFORCED')
    for (const name of ['number', 'held', 'sum', 'refunded', 'late', 'open']) {
      await this.#database.query(`ALTER TABLE hold_changes ALTER CHECK hold_changes_${name} NOT ENFORCED`)
    }
  }
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) {
    test(`the ${name} store`, { skip: reason }, () => {})
  } else {
    describe(name, () => {
      const databases = new EmptyDatabases(url)
      after(() => databases[Symbol.asyncDispose]())
      describeStore(name, () => MysqlHarness.create(name, databases))
    })
  }
}
