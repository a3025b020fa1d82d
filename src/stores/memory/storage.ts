import { NO_GAUGES } from '../gauges.ts'
import type { Storage } from '../storage.ts'
import { MemoryActors } from './actors.ts'
import { MemoryAuditor } from './auditor.ts'
import { MemoryKeyStore } from './keys.ts'
import { MemoryReader } from './reader.ts'
import { MemoryStore } from './store.ts'
import { Connection, Tables } from './tables.ts'
import { WRITE_ORDERS, type WriteOrder } from './write-orders.ts'

const WARNINGS = ['The memory store keeps nothing when the process ends.']

/**
 * A ledger in this process's memory, lost when the process ends. A caller that keeps `tables` can open them again; several openings of
 * the same tables are several writers of one database.
 *
 * @param order that of the store whose failures it models; by default the order with the most constraints before keys and guards
 */
export function openMemoryStorage(tables: Tables = new Tables(), order: WriteOrder = WRITE_ORDERS.mysql): Storage {
  const connection = new Connection(tables)
  const close = async (): Promise<void> => connection.close()
  return {
    kind: 'memory',
    newFile: null,
    store: new MemoryStore(connection, order),
    reader: new MemoryReader(connection),
    actors: new MemoryActors(connection),
    auditor: new MemoryAuditor(connection),
    keys: new MemoryKeyStore(connection),
    warnings: WARNINGS,
    inspect: () => Promise.resolve(WARNINGS),
    gauges: () => NO_GAUGES,
    close,
    [Symbol.asyncDispose]: close,
  }
}
