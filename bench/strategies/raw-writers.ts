/**
 * Writes rows with the statements of Holdfast's own stores, one transaction per batch.
 *
 * On MySQL and MariaDB the guards of a commit are separate statements, and omitted. In PostgreSQL they are part of the one commit
 * statement, and in SQLite a comparison in the program: their cost is negligible, and they stay.
 */
import type { Changes } from '../../src/domain/changes.ts'
import type { Store } from '../../src/engine/store.ts'
import { writeStatements } from '../../src/stores/mysql/writes.ts'
import { BEGIN, COMMIT } from '../../src/stores/mysql/transactions.ts'
import { DatabaseFailure } from '../databases/database.ts'
import { TwoConnections } from './two-connections.ts'

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

/** As the store does, a batch writes its requests ahead of its turn, over a second connection. */
async function unguardedWriter(url: string): Promise<RawWriter> {
  const connections = await TwoConnections.open(url)
  const unguarded = (statements: readonly string[]): readonly string[] =>
    statements.filter((sql) => !sql.startsWith('SET '))
  return {
    async write(changes) {
      const { balances, requests, others } = writeStatements(changes, connections.flavour)
      await connections.write({
        alone: [...BEGIN, ...unguarded([...balances, ...requests, ...others]), COMMIT],
        ahead: [...BEGIN, ...unguarded(requests)],
        inTurn: [...unguarded([...balances, ...others]), COMMIT],
      })
    },
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  }
}
