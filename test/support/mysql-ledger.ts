/** A migrated scratch database with an open store, and a second connection for interfering with it. */
import type { Connection } from 'mysql2/promise'
import { openMysqlStorage, type MysqlOptions } from '../../src/stores/mysql/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { Books } from '../conformance/books.ts'
import { MysqlDatabase } from '../../harness/mysql-servers.ts'

const INNODB_CACHE_MS = 150

/** A transaction of a store or of a rival. */
export interface OpenTransaction {
  readonly connectionId: number
  /** What it executes now. */
  readonly statement: string
  /** For a row lock. */
  readonly isWaiting: boolean
  readonly rowsModified: number
}

export class MysqlLedger implements AsyncDisposable {
  readonly database: MysqlDatabase
  readonly storage: Storage
  readonly books: Books
  readonly #opened: { close(): Promise<unknown> }[] = []

  static async create(server: string, options: MysqlOptions = {}): Promise<MysqlLedger> {
    const database = await MysqlDatabase.create(server)
    try {
      const storage = await openMysqlStorage(database.url(), { lockTimeoutMs: 1_000, ...options, migrate: true })
      return new MysqlLedger(database, storage)
    } catch (error) {
      await database[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(database: MysqlDatabase, storage: Storage) {
    this.database = database
    this.storage = storage
    this.books = Books.ofToday(storage.store)
    this.#opened.push(storage)
  }

  /** Opens the same database again. */
  async open(url: string, options: MysqlOptions = {}): Promise<Storage> {
    const storage = await openMysqlStorage(url, { lockTimeoutMs: 1_000, ...options })
    this.#opened.push(storage)
    return storage
  }

  /** Opens another client with transactions of its own. */
  async rival(): Promise<Connection> {
    const rival = await this.database.connect()
    this.#opened.push({ close: () => rival.end() })
    return rival
  }

  /** Ids of the stores' connections to this database. */
  async connectionIds(): Promise<readonly number[]> {
    const rows = await this.database.query(
      `SELECT id AS id FROM information_schema.processlist
       WHERE db = '${this.database.name}' AND id <> CONNECTION_ID() ORDER BY id`,
    )
    return rows.map(({ id }) => Number(id))
  }

  /** The transactions in this database. InnoDB shows them as they were until nobody has asked for 100 ms. */
  async transactions(): Promise<readonly OpenTransaction[]> {
    await new Promise((resolve) => setTimeout(resolve, INNODB_CACHE_MS))
    const rows = await this.database.query(
      `SELECT p.id AS id, p.info AS info, t.trx_state AS state, t.trx_rows_modified AS modified
       FROM information_schema.processlist p JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
       WHERE p.db = '${this.database.name}'`,
    )
    return rows.map(({ id, info, state, modified }) => ({
      connectionId: Number(id),
      statement: String(info),
      isWaiting: state === 'LOCK WAIT',
      rowsModified: Number(modified),
    }))
  }

  /**
   * Resolves with the id of a connection whose statement, one that matches `statement`, waits for a row lock.
   * A statement is in the process list a moment before it waits, and a KILL QUERY at that moment has no effect.
   */
  async waiting(statement: RegExp): Promise<number> {
    let found: OpenTransaction | undefined
    await until(async () => {
      const open = await this.transactions()
      found = open.find((transaction) => transaction.isWaiting && statement.test(transaction.statement))
      return found !== undefined
    }, `a statement that matches ${statement} waits for a lock`)
    return found!.connectionId
  }

  async available(account: string): Promise<bigint | undefined> {
    return (await this.storage.reader.account(account))?.balances[0]?.available
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { close } of this.#opened.map((opened) => ({ close: () => opened.close() }))) {
      // Some tests destroy a connection; closing it again may fail.
      await close().catch(() => undefined)
    }
    await this.database[Symbol.asyncDispose]()
  }
}

/** Resolves when `condition` is true. @throws Error after `msMax` */
export async function until(condition: () => Promise<boolean>, what: string, msMax = 60_000): Promise<void> {
  const deadline = performance.now() + msMax
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain: ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
