/**
 * Writes rows with the statements of Holdfast's own stores, one transaction per batch.
 *
 * On MySQL and MariaDB the guards of a commit are separate statements, and omitted. In PostgreSQL they are part of the one commit
 * statement, and in SQLite a comparison in the program: their cost is negligible, and they stay.
 */
import type { Changes } from '../../src/domain/changes.ts'
import type { Store } from '../../src/engine/store.ts'
import { MysqlConnection } from '../../src/stores/mysql/connection.ts'
import { writeStatements } from '../../src/stores/mysql/writes.ts'
import { BEGIN, COMMIT } from '../../src/stores/mysql/transactions.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { DatabaseFailure } from '../databases/database.ts'

export interface RawWriter extends AsyncDisposable {
  /** Resolves when everything is durable; calls take effect in order. @throws DatabaseFailure */
  write(changes: Changes): Promise<void>
}

/** @param store of the same database; not closed here */
export async function openRawWriter(url: string, store: Store): Promise<RawWriter> {
  return /^(?:mysql|mariadb):/.test(url) ? await unguardedWriter(url) : storeWriter(store)
}

function storeWriter(store: Store): RawWriter {
  return {
    async write(changes) {
      const result = await store.commit(changes).catch((error: unknown) => {
        throw new DatabaseFailure('database', error)
      })
      if (result !== 'committed') throw new DatabaseFailure('database', `The commit was ${result}.`)
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function unguardedWriter(url: string): Promise<RawWriter> {
  const { address, tuning } = parseMysqlUrl(url)
  const connection = await MysqlConnection.open(address, tuning, 'writer')
  const { flavour } = connection.server
  let turn: Promise<unknown> = Promise.resolve()
  return {
    async write(changes) {
      const rows = writeStatements(changes, flavour).filter((sql) => !sql.startsWith('SET '))
      const text = [...BEGIN, ...rows, COMMIT]
      const written = turn.then(() => connection.run(text))
      turn = written.catch(() => undefined)
      try {
        await written
      } catch (error) {
        throw new DatabaseFailure('database', error)
      }
    },
    async [Symbol.asyncDispose]() {
      connection.destroy()
    },
  }
}
