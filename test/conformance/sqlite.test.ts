import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { Store } from '../../src/engine/store.ts'
import { openSqliteStorage } from '../../src/stores/sqlite/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import type { Damage, Harness, LostAt } from './harness.ts'
import { describeStore } from './suite.ts'

class SqliteHarness implements Harness {
  readonly #directory = mkdtempSync(join(tmpdir(), 'holdfast-conformance-'))
  readonly #path = join(this.#directory, 'ledger.db')
  readonly #opened: Storage[] = []

  async open(): Promise<Storage> {
    const storage = await openSqliteStorage(this.#path)
    this.#opened.push(storage)
    return storage
  }

  async plant(damage: Damage): Promise<void> {
    const database = new DatabaseSync(this.#path)
    try {
      database.exec('PRAGMA ignore_check_constraints = ON')
      const { sql, values } = statementOf(damage)
      const { changes } = database.prepare(sql).run(...values)
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

interface Statement {
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

function statementOf(damage: Damage): Statement {
  const { where, values } = keyOf(damage)
  if ('remove' in damage) return { sql: `DELETE FROM ${damage.remove}s WHERE ${where}`, values }
  const table = damage.alter === 'hold' ? 'requests' : `${damage.alter}s`
  const set: Readonly<Record<string, SQLInputValue>> = damage.set
  const columns = Object.keys(set).map((field) => `${snakeCase(field)} = ?`)
  return {
    sql: `UPDATE ${table} SET ${columns.join(', ')} WHERE ${where}`,
    values: [...Object.values(set), ...values],
  }
}

function keyOf(damage: Damage): { where: string; values: (string | number)[] } {
  if ('balanceId' in damage) {
    return { where: 'balance_id = ? AND version = ?', values: [damage.balanceId, damage.version] }
  }
  return { where: 'id = ?', values: [damage.id] }
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

describeStore('sqlite', async () => new SqliteHarness())
