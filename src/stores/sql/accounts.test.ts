import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { HOUSE_STRIPES } from '../../domain/house-stripes.ts'
import { openSqliteStorage } from '../sqlite/storage.ts'
import { SqlReader } from './reader.ts'

test('a house account that has more stripes of an asset than engines begin with is shown with all of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-stripes-'))
  try {
    const path = join(folder, 'ledger.db')
    await using storage = await openSqliteStorage(path, { reads: 'caller' })
    const stripes = HOUSE_STRIPES + 76
    using database = new DatabaseSync(path)
    const insert = database.prepare(
      `INSERT INTO balances (id, account, asset, stripe, available, held, debt, version) VALUES (?, '@issuer', 'credit', ?, -1, 0, 0, 1)`,
    )
    database.exec('BEGIN')
    for (let stripe = 0; stripe < stripes; stripe++) insert.run(stripe + 10, stripe)
    database.exec('COMMIT')
    const account = await storage.reader.account('@issuer')
    assert.deepEqual([account?.balances.map(({ available }) => available), account?.next], [[BigInt(-stripes)], null])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('an account whose first balance is opened while it is read is shown as it was before or is after', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-opened-'))
  try {
    const path = join(folder, 'ledger.db')
    await (await openSqliteStorage(path)).close()
    using database = new DatabaseSync(path)
    let statements = 0
    const reader = new SqlReader('sqlite', async (sql, parameters) => {
      if (++statements === 2) {
        database.exec(`BEGIN;
          INSERT INTO standings (account, standing, assets, version) VALUES ('user:8', 1, 'credit', 1);
          INSERT INTO balances (id, account, asset, stripe, available, held, floor, debt, standing, version)
            VALUES (10, 'user:8', 'credit', 0, 5, 0, 0, 0, 1, 1);
          COMMIT`)
      }
      return database.prepare(sql).all(...(parameters as (string | number)[]))
    })
    const account = await reader.account('user:8')
    assert.deepEqual([account?.standing, account?.balances.map(({ available }) => available)], ['blocked', [5n]])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
