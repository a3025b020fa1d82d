/** A migrated scratch database with an open store, and a second connection for interfering with it. */
import type { Connection } from 'mysql2/promise'
import { openMysqlStorage, type MysqlOptions } from '../../src/stores/mysql/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { Books } from '../conformance/books.ts'
import { MysqlDatabase } from '../../harness/mysql-servers.ts'

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

  /** Ids of the stores' connections to this database: all of them, or those that execute a statement with this text in it. */
  async connectionIds(executing: RegExp | null = null): Promise<readonly number[]> {
    const rows = await this.database.query(
      `SELECT id, command, info FROM information_schema.processlist
       WHERE db = '${this.database.name}' AND id <> CONNECTION_ID() ORDER BY id`,
    )
    const executes = (row: (typeof rows)[number]): boolean =>
      executing === null || executing.test(String(row['info'] ?? row['INFO']))
    return rows.filter(executes).map((row) => Number(row['id'] ?? row['ID']))
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
