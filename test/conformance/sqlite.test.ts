import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStorage } from '../../src/stores/sqlite/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import { damaging } from './damaged-rows.ts'
import type { Damage, Harness, LostAt } from './harness.ts'
import { describeStore } from './suite.ts'

class SqliteHarness implements Harness {
  readonly order = 'sqlite'
  readonly #directory = mkdtempSync(join(tmpdir(), 'holdfast-conformance-'))
  readonly #path = join(this.#directory, 'ledger.db')
  readonly #opened: Storage[] = []

  async open(): Promise<Storage> {
    const storage = await openSqliteStorage(this.#path, { reads: 'caller' })
    this.#opened.push(storage)
    return storage
  }

  async plant(damage: Damage): Promise<void> {
    const database = new DatabaseSync(this.#path)
    try {
      database.exec('PRAGMA ignore_check_constraints = ON')
      const sql = await damaging(damage, async (question) => database.prepare(question).all())
      const { changes } = database.prepare(sql).run()
      if (Number(changes) !== 1) throw new Error('There is no such row to damage.')
    } finally {
      database.close()
    }
  }

  doubtful(storage: Storage, lostAt: LostAt): Store {
    const store = new FaultyStore(storage.store)
    store.script.push(lostAt === 'before' ? 'doubt-lost' : 'doubt-applied')
    return store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of this.#opened) await storage.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

describeStore('sqlite', async () => new SqliteHarness())
