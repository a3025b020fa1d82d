/** Two processes that write the same balance without pause: two engines on one database. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'

const ROUNDS = 60
const CALLS = 20

async function freezeWithoutPause(ledger: EmbeddedLedger): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: CALLS }, () => ledger.freeze({ account: 'user:8', amount: 1n })))
  }
}

function describeTwoWriters(url: string): void {
  test('one that commits and one that locks first never meet in a deadlock', async () => {
    await using books = await MysqlLedger.create(url)
    await using one = await openLedger(books.database.url(), { houseStripe: 1 })
    await using other = await openLedger(books.database.url(), { houseStripe: 2 })
    await one.deposit({ account: 'user:8', amount: 1_000_000n })
    await Promise.all([one, other].map(freezeWithoutPause))
    const { balances } = await one.account('user:8')
    assert.equal(balances[0]?.held, BigInt(2 * ROUNDS * CALLS))
    // The writers did conflict, and the later one noticed it by the version.
    assert.ok(one.engine.stats.stale + other.engine.stats.stale > 0)
    assert.deepEqual([one.engine.stats.contended, other.engine.stats.contended], [0, 0])
  })
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`two writers on ${name}`, { skip: reason }, () => {})
  else describe(`two writers on ${name}`, () => describeTwoWriters(url))
}
