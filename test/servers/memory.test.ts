/** The rows of a server that a process caches, when others change them or the database is restored to an earlier state. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { PostgresLedger } from '../support/postgres-ledger.ts'

const TABLES = [
  'requests',
  'journal',
  'balances',
  'hold_changes',
  'accounts',
  'standings',
  'assets',
  'house_accounts',
  'rates',
  'actors',
]
const USER = 'user:8'

/** A migrated database with an administrator's connection. */
interface Site extends AsyncDisposable {
  readonly url: string
  run(sql: string): Promise<unknown>
  /** Ends every connection of Holdfast. */
  cut(): Promise<unknown>
}

async function mysqlSite(server: string): Promise<Site> {
  const books = await MysqlLedger.create(server)
  return {
    url: books.database.url(),
    run: (sql) => books.database.query(sql),
    cut: async () => {
      for (const id of await books.connectionIds()) await books.database.query(`KILL ${id}`).catch(() => undefined)
    },
    [Symbol.asyncDispose]: () => books[Symbol.asyncDispose](),
  }
}

async function postgresSite(): Promise<Site> {
  const books = await PostgresLedger.create()
  return {
    url: books.database.url(),
    run: (sql) => books.database.client.query(sql),
    cut: () => books.terminate(),
    [Symbol.asyncDispose]: () => books[Symbol.asyncDispose](),
  }
}

/** Copies the rows, like a backup. */
async function keep(site: Site): Promise<void> {
  for (const table of TABLES) await site.run(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)
}

/** Restores the copied rows, like a restored backup or a promoted standby that lacks the last commits. */
async function goBack(site: Site): Promise<void> {
  await site.run('BEGIN')
  for (const table of TABLES) {
    await site.run(`DELETE FROM ${table}`)
    await site.run(`INSERT INTO ${table} SELECT * FROM kept_${table}`)
  }
  await site.run('COMMIT')
}

async function creditOf(ledger: EmbeddedLedger): Promise<readonly bigint[]> {
  const [balance] = (await ledger.account(USER)).balances
  return [balance!.available, balance!.held]
}

function describeMemory(open: () => Promise<Site>): void {
  for (const [how, isCut] of [
    ['and every connection with it', true],
    ['under open connections', false],
  ] as const) {
    test(`after the database went back in time, ${how}, what was lost is done again under its ids, once`, async () => {
      await using site = await open()
      await using ledger = await openLedger(site.url, { sweep: false })
      await ledger.deposit({ requestId: 'kept', account: USER, amount: 1_000n })
      await keep(site)
      const lost = async (): Promise<void> => {
        await ledger.deposit({ requestId: 'lost', account: USER, amount: 500n })
        await ledger.freeze({ requestId: 'h2', account: USER, amount: 200n })
        await ledger.settle('h2', { amount: 150n })
      }
      await lost()
      await goBack(site)
      if (isCut) await site.cut()
      // A call whose connection was cut may need a retry.
      for (let attempt = 0; attempt < 3; attempt++)
        await lost().catch((error: { retryable: boolean }) => assert.ok(error.retryable))
      await lost()
      assert.deepEqual(await creditOf(ledger), [1_350n, 0n])
      assert.equal((await ledger.hold('h2')).settled, 150n)
      assert.equal((await ledger.entry('lost')).id, 'lost')
    })
  }

  test('nothing is refused by what the database has lost', async () => {
    await using site = await open()
    await using ledger = await openLedger(site.url, { sweep: false })
    await ledger.deposit({ requestId: 'kept', account: USER, amount: 1_000n })
    await keep(site)
    await ledger.freeze({ requestId: 'h', account: USER, amount: 900n })
    await ledger.release('h')
    await goBack(site)
    assert.equal((await errorOf(ledger.settle('h', { amount: 1n }))).code, 'hold_not_found')
    const hold = await ledger.freeze({ requestId: 'h', account: USER, amount: 1_000n, payee: 'user:9' })
    assert.equal(hold.payee, 'user:9')
  })

  test('a hold that another process ended or lowered is not stuck at the process that opened it', async () => {
    await using site = await open()
    await using one = await openLedger(site.url, { houseStripe: 1, sweep: false })
    await using other = await openLedger(site.url, { houseStripe: 2, sweep: false })
    await one.deposit({ account: USER, amount: 1_000n })
    await one.freeze({ requestId: 'ended', account: USER, amount: 600n })
    const first = await other.settle('ended', { amount: 200n })
    await one.deposit({ account: USER, amount: 1n })
    for (let repeat = 0; repeat < 2; repeat++) {
      assert.deepEqual(await one.settle('ended', { amount: 200n }), { ...first, replayed: true })
    }
    await one.freeze({ requestId: 'lowered', account: USER, amount: 600n })
    await other.amend('lowered', { requestId: 'less', amount: 300n })
    await one.deposit({ account: USER, amount: 1n })
    assert.equal((await one.settle('lowered', { amount: 200n })).released, 100n)
    assert.deepEqual(await creditOf(one), [602n, 0n])
  })
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`what is remembered of ${name}`, { skip: reason }, () => {})
  else describe(`what is remembered of ${name}`, () => describeMemory(() => mysqlSite(url)))
}

if (WITHOUT_POSTGRES === false) describe('what is remembered of postgres', () => describeMemory(postgresSite))
else test('what is remembered of postgres', { skip: WITHOUT_POSTGRES }, () => {})
