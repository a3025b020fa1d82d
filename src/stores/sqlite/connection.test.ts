import assert from 'node:assert/strict'
import { mkdtempDisposableSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openConnection } from './connection.ts'
import { migrateSqlite } from './storage.ts'

const SYNCHRONOUS_FULL = 2n

function pragmas(path: string): readonly unknown[] {
  using database = openConnection(path, { busyTimeoutMs: 1_000 })
  const value = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]
  return [value('journal_mode'), value('synchronous'), value('page_size')]
}

test('a commit is on disk when it returns, and pages are small', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'holdfast-pages-'))
  const path = join(folder.path, 'ledger.db')
  await migrateSqlite(path)
  assert.deepEqual(pragmas(path), ['wal', SYNCHRONOUS_FULL, 2048n])
})

test('a file that has other pages keeps them', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'holdfast-pages-'))
  const path = join(folder.path, 'ledger.db')
  using file = new DatabaseSync(path)
  file.exec('PRAGMA page_size = 8192; CREATE TABLE mine (id INTEGER); DROP TABLE mine')
  await migrateSqlite(path)
  assert.deepEqual(pragmas(path), ['wal', SYNCHRONOUS_FULL, 8192n])
})
