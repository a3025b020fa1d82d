import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Books } from '../../../test/conformance/books.ts'
import { runChild } from '../../../harness/children.ts'
import {
  charge,
  declare,
  deposit,
  freeze,
  leg,
  open,
  settle,
  settlePart,
  transfer,
} from '../../../test/support/commands.ts'
import { CuttingProxy } from '../../../test/support/cutting-proxy.ts'
import { TRANSACTION_ENDED, WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { PostgresLedger } from '../../../test/support/postgres-ledger.ts'
import { balanceKey } from '../../domain/balance.ts'
import type { Work } from '../../domain/command.ts'
import type { Snapshot } from '../../domain/snapshot.ts'
import type { Changes } from '../../domain/changes.ts'
import { newBalanceIds } from '../sql/balance-ids.ts'
import { connect } from './connection.ts'
import { loadSnapshot, lockSnapshot } from './snapshots.ts'
import { WRITE_NAME, writeStatement } from './writes.ts'
import { atHost, parsePostgresUrl } from './url.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const IN_DOUBT = { name: 'Fault', code: 'commit_in_doubt', applied: 'unknown' }

/** Consecutive changes, each decided on the rows that the previous ones will leave. */
async function chain(books: Books, batches: readonly (readonly Work[])[]): Promise<readonly Changes[]> {
  const snapshot = await books.store.load(books.footprint(...batches.flat()))
  const requests = new Map(snapshot.requests)
  const balances = new Map(snapshot.balances)
  const later: Snapshot = { ...snapshot, requests, balances }
  return batches.map((work) => {
    const { changes } = books.decide(work, later)
    const holds = [...changes.holdsOpened, ...changes.holdChanges.map(({ after }) => after)]
    for (const record of [...changes.entries, ...holds]) requests.set(record.id, record)
    for (const { after } of changes.balances) balances.set(balanceKey(after.account, after.asset, after.stripe), after)
    return changes
  })
}

describe('on a server', { skip: WITHOUT_POSTGRES, concurrency: 3 }, () => {
  test('commits that are sent without waiting take effect in the order of the calls', async () => {
    await using ledger = await PostgresLedger.create()
    const { store, reader } = await ledger.open()
    const batches = Array.from({ length: 20 }, (_, index) => [
      freeze(`h${index}`, 'user:1', 1n),
      ...(index === 0 ? [] : [settle(`h${index - 1}`, 1n)]),
    ])
    const changes = await chain(new Books(store), batches)
    // These are the first calls, so they wait for the connection too.
    assert.deepEqual(await Promise.all(changes.map((one) => store.commit(one))), Array(20).fill('committed'))
    const [balance] = (await reader.account('user:1'))!.balances
    assert.deepEqual([balance?.available, balance?.held, balance?.version], [980n, 1n, 40])
  })

  test('after one that is stale, those that rest on it are stale too, and one that does not is committed', async () => {
    await using ledger = await PostgresLedger.create()
    const { store, reader } = await ledger.open()
    const books = new Books(store)
    const changes = await chain(
      books,
      [1, 2, 3].map((index) => [charge(`c${index}`, 'user:1', 1n)]),
    )
    const other = await books.plan(open('o', 'user:2', -5n))
    await new Books(store, 1).apply(deposit('d', 'user:1', 1n))
    const results = [...changes, other.changes].map((one) => store.commit(one))
    assert.deepEqual(await Promise.all(results), ['stale', 'stale', 'stale', 'committed'])
    assert.equal((await reader.account('user:1'))?.balances[0]?.available, 1_001n)
  })

  test('a commit that is late finds out before it has written a row', async () => {
    await using ledger = await PostgresLedger.create()
    const { store } = await ledger.open()
    const books = new Books(store)
    const { changes } = await books.plan(
      ...Array.from({ length: 500 }, (_, index) => freeze(`h${index}`, 'user:1', 1n)),
    )
    await books.apply(charge('c', 'user:1', 1n))
    const pages = async (): Promise<unknown> => {
      const { rows } = await ledger.database.client.query(
        `SELECT pg_relation_size('requests') AS requests, pg_relation_size('journal') AS journal`,
      )
      return rows[0]
    }
    const before = await pages()
    for (let attempt = 0; attempt < 3; attempt++) assert.equal(await store.commit(changes), 'stale')
    assert.deepEqual(await pages(), before)
  })

  test('every row is looked up by its key, however small the tables were when the statements were prepared', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open()
    const books = new Books(storage.store)
    await books.apply(freeze('h1', 'user:1', 5n), freeze('h2', 'user:1', 5n), settlePart('p1', 'h2', 1n))
    await ledger.database.client.query('ANALYZE')
    const work = [
      settle('h1', 5n),
      settlePart('p2', 'h2', 1n),
      deposit('d', 'user:3', 5n),
      freeze('h3', 'user:2', 1n),
      declare('gem'),
    ]
    const { changes } = await books.plan(...work)
    const client = await connect(parsePostgresUrl(ledger.database.url()), 'write')
    const plans: string[] = []
    client.on('notice', ({ message }) => plans.push(message ?? ''))
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET client_min_messages = log`)
    const repeats = [deposit('d1', 'user:1', 1_000n), settlePart('p1', 'h2', 1n)]
    await loadSnapshot(client, books.footprint(...work, ...repeats), newBalanceIds())
    await lockSnapshot(client, books.footprint(...work), { ids: newBalanceIds(), oldRows: null })
    await client.query(writeStatement(changes))
    await client.end()
    const all = plans.join('\n')
    assert.ok(all.includes('Tid Scan on balances t'), all)
    const keys = ['balances_name', 'requests_id', 'requests_pkey', 'hold_changes_pkey', 'journal_pkey', 'assets_pkey']
    for (const key of keys) assert.match(all, new RegExp(`using ${key}\\b`), all)
    assert.doesNotMatch(all, /Seq Scan|Hash Join|Merge Join|Bitmap|requests_expiry/)
    // A scan of an index has no condition; a look-up by key has one.
    assert.equal(all.match(/Index (?:Only )?Scan (?:Backward )?using/g)?.length, all.match(/Index Cond:/g)?.length, all)
  })

  test('an exclusive locks what a hold touches, also when only its row says so', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ lock_timeout_ms: 50 })
    const books = new Books(storage.store)
    await books.apply(freeze('h', 'user:1', 5n, { payee: 'user:2' }))
    const keys = books.footprint(settle('h', 5n))
    assert.equal(keys.balances.size, 0)
    const settleIt = (): Promise<string> =>
      storage.store.exclusive(keys, (snapshot) => books.decide([settle('h', 5n)], snapshot).changes)
    for (const account of ['user:1', 'user:2'])
      await ledger.whileLocked(account, async () => assert.equal(await settleIt(), 'lock_timeout'))
    assert.equal(await settleIt(), 'committed')
    assert.equal((await storage.reader.account('user:2'))?.balances[0]?.available, 1_005n)
  })

  test('a thousand balances that appear at once have ids of their own', async () => {
    await using ledger = await PostgresLedger.create()
    const { store } = await ledger.open()
    const legs = Array.from({ length: 1_000 }, (_, index) => leg('user:1', `new:${index}`, 1n))
    await new Books(store).apply(transfer('t', legs))
    const { rows } = await ledger.database.client.query(
      `SELECT count(DISTINCT id) FROM balances WHERE account LIKE 'new:%'`,
    )
    assert.deepEqual(rows, [{ count: '1000' }])
  })

  test('connections that an administrator ended are replaced, and nobody notices', async () => {
    await using ledger = await PostgresLedger.create()
    const { store, reader } = await ledger.open()
    const books = new Books(store)
    await books.apply(charge('c1', 'user:1', 1n))
    await reader.account('user:1')
    assert.ok((await ledger.terminate()) >= 3)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await books.apply(charge('c2', 'user:1', 1n))
    await books.exclusive(charge('c3', 'user:1', 1n))
    assert.equal((await reader.account('user:1'))?.balances[0]?.available, 997n)
  })

  test('a connection that is cut before, during and after a commit', async () => {
    await using ledger = await PostgresLedger.create()
    await using proxy = await CuttingProxy.open(ledger.database.address)
    const { store, reader } = await ledger.open({}, { port: proxy.port })
    const books = new Books(store)
    const { changes } = await books.plan(charge('c', 'user:1', 1n))

    proxy.refusing = true
    proxy.cutAll()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await assert.rejects(store.commit(changes), UNAVAILABLE)
    await assert.rejects(store.ping(), UNAVAILABLE)
    await assert.rejects(store.load(books.footprint(charge('c', 'user:1', 1n))), UNAVAILABLE)
    proxy.refusing = false
    await new Promise((resolve) => setTimeout(resolve, 100))
    await store.ping()

    proxy.cutNext({ sent: WRITE_NAME, answered: null })
    await assert.rejects(store.commit(changes), IN_DOUBT)
    assert.equal((await reader.account('user:1'))?.balances[0]?.available, 1_000n)

    proxy.cutNext({ sent: WRITE_NAME, answered: TRANSACTION_ENDED })
    await assert.rejects(store.commit(changes), IN_DOUBT)
    assert.equal((await reader.account('user:1'))?.balances[0]?.available, 999n)
    assert.equal(await store.commit(changes), 'stale')
  })

  test('commits that were sent together are all in doubt when their connection is cut', async () => {
    await using ledger = await PostgresLedger.create()
    await using proxy = await CuttingProxy.open(ledger.database.address)
    const { store } = await ledger.open({}, { port: proxy.port })
    const changes = await chain(
      new Books(store),
      [1, 2, 3].map((index) => [charge(`c${index}`, 'user:1', 1n)]),
    )
    await ledger.whileLocked('user:1', async () => {
      const results = Promise.allSettled(changes.map((one) => store.commit(one)))
      await ledger.waiting(1)
      proxy.cutAll()
      for (const result of await results) {
        assert.equal(result.status, 'rejected')
        assert.throws(() => {
          throw result.reason
        }, IN_DOUBT)
      }
    })
  })

  test('a server that falls silent is given up, and what was sent is in doubt', async () => {
    await using ledger = await PostgresLedger.create()
    await using proxy = await CuttingProxy.open(ledger.database.address)
    const { store } = await ledger.open({ statement_timeout_ms: 100 }, { port: proxy.port })
    const { changes } = await new Books(store).plan(charge('c', 'user:1', 1n))
    await store.ping()
    proxy.silent = true
    const sentAt = performance.now()
    await assert.rejects(store.commit(changes), IN_DOUBT)
    assert.ok(performance.now() - sentAt < 4_000)
    proxy.silent = false
    assert.equal(await store.commit(changes), 'committed')
  })

  test('a server that falls silent is given up when another one takes the writes, and not before', async () => {
    await using ledger = await PostgresLedger.create()
    await using proxy = await CuttingProxy.open(ledger.database.address)
    const url = parsePostgresUrl(ledger.database.url({}, { port: proxy.port }))
    const client = await connect(atHost(url, url.hosts[0]!), 'write')
    let asked = 0
    let isElsewhere = false
    client.followWrites(async () => {
      asked++
      return isElsewhere
    })
    await client.query('SELECT pg_sleep(0.5)')
    await sleep(2_100)
    // It was silent only while nobody waited.
    assert.equal(asked, 0)
    proxy.silent = true
    const answer = client.query('SELECT 1').then(
      () => 'answered',
      ({ message }: Error) => message,
    )
    assert.equal(await Promise.race([answer, sleep(2_100, 'waits')]), 'waits')
    assert.ok(asked > 0)
    isElsewhere = true
    assert.match(await Promise.race([answer, sleep(3_000, 'waits')]), /another one takes the writes/)
  })

  test('while the server is away, attempts to reach it are few', async () => {
    await using ledger = await PostgresLedger.create()
    await using proxy = await CuttingProxy.open(ledger.database.address)
    const { store } = await ledger.open({}, { port: proxy.port })
    await store.ping()
    proxy.refusing = true
    proxy.cutAll()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const before = proxy.refusedCount
    const endAt = performance.now() + 700
    let calls = 0
    while (performance.now() < endAt) {
      await assert.rejects(store.ping(), UNAVAILABLE)
      calls++
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    assert.ok(calls > 50, `${calls} calls`)
    const attempts = proxy.refusedCount - before
    assert.ok(attempts >= 2 && attempts <= 5, `${attempts} attempts`)
    proxy.refusing = false
    await new Promise((resolve) => setTimeout(resolve, 850))
    await store.ping()
  })

  test('a process that forgot to close its ledger still ends', async () => {
    await using ledger = await PostgresLedger.create()
    const program = `
      import { openPostgresStorage } from ${JSON.stringify(new URL('./storage.ts', import.meta.url).href)}
      const { store, reader } = await openPostgresStorage(${JSON.stringify(ledger.database.url())})
      await store.ping()
      await reader.assets()
      console.log('done')`
    const { exitCode, stdout, stderr } = await runChild(process.execPath, ['--input-type=module', '--eval', program])
    assert.deepEqual([exitCode, stdout, stderr], [0, 'done\n', ''])
  })
})
