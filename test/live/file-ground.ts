/** A scratch file of SQLite. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ground } from './ground.ts'

/** How long the stranger waits for the lock that it wants to keep. */
const BUSY_MS = 2_000

export function openFileGround(): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-live-'))
  const file = join(folder, 'ledger.db')
  return {
    name: file,
    urls: [`sqlite:${file}`],
    protocol: null,
    addresses: [],
    query: async (sql) => {
      using database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS })
      const statement = database.prepare(sql)
      statement.setReadBigInts(true)
      return statement.all()
    },
    // SQLite has no server that could end another process's statement.
    end: async () => false,
    lockOut: (_, ms) => lockFile(file, ms),
    drop: async () => rmSync(folder, { recursive: true }),
    close: async () => undefined,
  }
}

/** SQLite has one lock for all rows. */
async function lockFile(file: string, ms: number): Promise<void> {
  using database = new DatabaseSync(file, { timeout: BUSY_MS })
  database.exec('BEGIN IMMEDIATE')
  await sleep(ms)
  database.exec('ROLLBACK')
}
