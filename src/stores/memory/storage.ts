import type { Storage } from '../storage.ts'
import { MemoryAuditor } from './auditor.ts'
import { MemoryReader } from './reader.ts'
import { MemoryStore } from './store.ts'
import { Connection, Tables } from './tables.ts'

const WARNINGS = ['The memory store keeps nothing when the process ends.']

/**
 * A ledger in this process's memory. It is gone with the process, unless the caller keeps `tables` and opens them again;
 * several openings of the same tables are several writers of one database.
 */
export function openMemoryStorage(tables: Tables = new Tables()): Storage {
  const connection = new Connection(tables)
  const close = async (): Promise<void> => connection.close()
  return {
    kind: 'memory',
    store: new MemoryStore(connection),
    reader: new MemoryReader(connection),
    auditor: new MemoryAuditor(connection),
    warnings: WARNINGS,
    inspect: () => Promise.resolve(WARNINGS),
    close,
    [Symbol.asyncDispose]: close,
  }
}
