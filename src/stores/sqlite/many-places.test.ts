/** The count of open holds where there are as many places of expiries as are looked at. */
import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { STATS_PLACES_MAX } from '../../engine/reader.ts'
import { openLedger } from '../../ledger.ts'

test('open holds are counted among fewer places than the limit, and are unknown from it on', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-many-places-'))
  const file = join(folder.path, 'ledger.db')
  await using ledger = await openLedger(`sqlite:${file}`, { sweep: false })
  await ledger.deposit({ account: 'user:8', amount: 100n })
  await ledger.freeze({ requestId: 'job-1', account: 'user:8', amount: 1n })
  using database = new DatabaseSync(file)
  const copies = STATS_PLACES_MAX - 2
  // Copies of the freeze, each a little later.
  database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${copies})
    INSERT INTO requests (seq, id, kind, at, fingerprint, balance_id, opened_version, payee, amount, expires_at)
    SELECT r.seq + i, randomblob(16), r.kind, r.at, r.fingerprint, r.balance_id, r.opened_version, r.payee, r.amount, r.expires_at + i
    FROM requests r, n WHERE r.kind = 'freeze'`)
  const openCount = async (): Promise<number | null> => (await ledger.stats()).items[0]!.holdsOpen
  assert.equal(await openCount(), STATS_PLACES_MAX - 1)
  await ledger.freeze({ requestId: 'job-2', account: 'user:8', amount: 1n, expiresInMs: 3_600_000 })
  assert.equal(await openCount(), null)
})
