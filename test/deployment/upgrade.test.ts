/**
 * Two versions on one database: what happens to a process of the older one when the tables of the newer one arrive.
 *
 * A migration that only adds columns with defaults and tables is applied under load. One that takes a column away shows the other case.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connectTo, type ServerClient } from '../../harness/server-client.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { serverUnderTest } from '../../harness/stores.ts'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import { errorOf } from '../support/ledger-errors.ts'

interface Scratch extends AsyncDisposable {
  readonly url: string
  readonly database: Pick<ServerClient, 'query'>
}

async function scratch(name: string): Promise<Scratch> {
  if (name === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-upgrade-'))
    const path = join(folder, 'ledger.db')
    await runHoldfast(['migrate', '--store', `sqlite:${path}`])
    const database = new DatabaseSync(path, { timeout: 10_000 })
    return {
      url: `sqlite:${path}`,
      database: { query: (sql) => Promise.resolve(database.exec(sql)) },
      async [Symbol.asyncDispose]() {
        database.close()
        rmSync(folder, { recursive: true })
      },
    }
  }
  const server = new URL(serverUnderTest(name).url!)
  const database = `holdfast_upgrade_${randomUUID().replaceAll('-', '')}`
  const admin = await connectTo(server.href)
  await admin.query(`CREATE DATABASE ${database}`)
  server.pathname = database
  await runHoldfast(['migrate', '--store', server.href])
  const client = await connectTo(server.href)
  return {
    url: server.href,
    database: client,
    async [Symbol.asyncDispose]() {
      await client.end()
      await admin.query(`DROP DATABASE ${database}`)
      await admin.end()
    },
  }
}

const ADDITIVE = [
  'ALTER TABLE requests ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE hold_changes ADD COLUMN of_tomorrow BIGINT DEFAULT 7',
  'ALTER TABLE balances ADD COLUMN of_tomorrow BIGINT DEFAULT 0 NOT NULL',
  'ALTER TABLE journal ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE assets ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE accounts ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE standings ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE house_accounts ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE rates ADD COLUMN of_tomorrow VARCHAR(20)',
  'ALTER TABLE feed ADD COLUMN of_tomorrow VARCHAR(20)',
  'CREATE TABLE tomorrow (id BIGINT PRIMARY KEY)',
]

/** SQLite's tables are strict, with types of their own. */
function inDialect(name: string, sql: string): string {
  return name === 'sqlite' ? sql.replace('VARCHAR(20)', 'TEXT').replace('BIGINT', 'INTEGER') : sql
}

/** The row that the migrator of the newer version would write. MySQL and MariaDB also count the statements. */
function applied(name: string): string {
  const counts = name === 'mysql' || name === 'mariadb' ? ['statements_begun', 'statements_done'] : []
  const columns = ['number', 'name', 'checksum', 'applied_at', ...counts].join(', ')
  return `INSERT INTO migrations (${columns}) VALUES (99, '0099_of_tomorrow', 'x', 0${', 11'.repeat(counts.length)})`
}

/** Every kind of command and read once. The accounts are new, so every table gets rows. */
async function liveOnce(ledger: Ledger): Promise<void> {
  const id = randomUUID().slice(0, 8)
  const [user, other] = [`user:${id}`, `other:${id}`]
  await ledger.declare({ asset: `gem_${id}`, decimals: 2 })
  await ledger.rate({ from: 'credit', to: `gem_${id}`, numerator: 1n, denominator: 1n })
  await ledger.house({ account: `@promo-${id}` })
  await ledger.open({ account: user, floor: -5n, metadata: { id } })
  await ledger.deposit({ account: user, amount: 1_000n, memo: 'hello' })
  const hold = await ledger.freeze({ account: user, amount: 100n, metadata: { id } })
  await ledger.settle(hold.id, { amount: 10n, final: false })
  await ledger.amend(hold.id, { by: 10n })
  await ledger.settle(hold.id, { amount: 20n })
  await ledger.refund(hold.id, { amount: 5n })
  await ledger.transfer({ legs: [{ from: user, to: other, amount: 3n, toAsset: `gem_${id}` }] })
  await ledger.block({ account: user })
  await ledger.unblock({ account: user })
  await ledger.merge({ account: other, into: user })
  assert.equal((await ledger.balance(user)).available, 972n)
  assert.equal((await ledger.holdHistory(hold.id)).items.length, 5)
  assert.ok((await ledger.postings(user)).items.length > 4)
  assert.equal((await ledger.account(user)).metadata?.['id'], id)
  await Promise.all([
    ledger.accounts({ prefix: user }),
    ledger.holds(),
    ledger.stats(),
    ledger.entries(),
    ledger.rates(),
  ])
}

for (const name of ['sqlite', 'mariadb', 'mysql', 'postgres']) {
  const { url: server, reason } = serverUnderTest(name)
  const isThere = name === 'sqlite' || server !== null
  describe(`an upgrade on ${name}`, { skip: isThere ? false : reason }, () => {
    test('a running process goes on while a migration adds columns and tables, and after it; it cannot start again', async () => {
      await using made = await scratch(name)
      await using service = await ServiceProcess.start(made.url)
      await using ledger = connect(service.url)
      await liveOnce(ledger)
      let isMigrating = true
      let lives = 0
      const load = (async () => {
        for (; isMigrating || lives === 0; lives += 1) await liveOnce(ledger)
      })()
      try {
        for (const sql of ADDITIVE) await made.database.query(inDialect(name, sql))
        await made.database.query(applied(name))
      } finally {
        isMigrating = false
        await load
      }
      await liveOnce(ledger)
      assert.equal((await fetch(`${service.url}/readyz`)).status, 200)
      const refused = await runHoldfast(['serve', '--port', '0', '--store', made.url])
      assert.equal(refused.exitCode, 3)
      assert.match(
        refused.stderr,
        /has migration 0099_of_tomorrow, which this version of Holdfast does not know\. Use a newer/,
      )
      assert.equal(await service.stop(), 0)
    })

    test('a running process whose column was taken away answers with a fault, which has no effect', async () => {
      await using made = await scratch(name)
      await using service = await ServiceProcess.start(made.url)
      await using ledger = connect(service.url, { limits: { attemptsMax: 1 } })
      await liveOnce(ledger)
      await made.database.query('ALTER TABLE hold_changes RENAME COLUMN shortfall TO of_tomorrow')
      await ledger.deposit({ account: 'user:8', amount: 10n })
      const hold = await ledger.freeze({ account: 'user:8', amount: 5n })
      const error = await errorOf(ledger.settle(hold.id, { amount: 1n }))
      assert.deepEqual(
        [error.applied, error.code],
        ['no', name === 'sqlite' ? 'store_unavailable' : 'store_misconfigured'],
      )
    })
  })
}
