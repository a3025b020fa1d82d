import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { HOUSE_STRIPES } from '../../domain/house-stripes.ts'
import { openSqliteStorage } from '../sqlite/storage.ts'

test('a house account that has more stripes of an asset than engines begin with is shown with all of them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-stripes-'))
  try {
    const path = join(folder, 'ledger.db')
    await using storage = await openSqliteStorage(path, { reads: 'caller' })
    const stripes = HOUSE_STRIPES + 76
    using database = new DatabaseSync(path)
    const insert = database.prepare(
      `INSERT INTO balances (id, account, asset, stripe, available, held, version) VALUES (?, '@issuer', 'credit', ?, -1, 0, 1)`,
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
