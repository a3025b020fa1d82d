import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseError } from 'pg'
import { Books } from '../../../test/conformance/books.ts'
import type { Command } from '../../domain/command.ts'
import { charge, deposit, freeze, leg, transfer } from '../../../test/support/commands.ts'
import { administer, WITHOUT_POSTGRES } from '../../../test/support/postgres-database.ts'
import { PostgresLedger } from '../../../test/support/postgres-ledger.ts'
import type { Storage } from '../storage.ts'
import { classify, type Failure } from './errors.ts'
import { openPostgresStorage } from './storage.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const REFUSED = { name: 'Fault', code: 'store_refused', applied: 'no' }
const IN_DOUBT = { name: 'Fault', code: 'commit_in_doubt', applied: 'unknown' }

const FAILURES: Readonly<Record<Failure, readonly string[]>> = {
  stale: ['23505', '22012'],
  contended: ['40001', '40P01', '55P03'],
  refused: ['23514', '23502', '22003', '22021', '22P05', '54000'],
  unavailable: [
    '08006',
    '25006',
    '28P01',
    '3D000',
    '42501',
    '42P01',
    '53100',
    '53200',
    '53300',
    '57014',
    '57P01',
    '57P03',
    'XX000',
  ],
}

test('every state of the server has a meaning, and a broken network too', () => {
  for (const [failure, states] of Object.entries(FAILURES)) {
    for (const state of states) {
      const error = new DatabaseError('provoked', 0, 'error')
      error.code = state
      assert.equal(classify(error), failure, state)
    }
  }
  assert.equal(classify(Object.assign(new Error('reset'), { code: 'ECONNRESET' })), 'unavailable')
  // A code of Node's that looks like a state is not the server's word.
  assert.equal(classify(Object.assign(new Error('pretended'), { code: '23505' })), 'unavailable')
})

/** A commit, and an exclusive, of a charge that nothing is wrong with. */
async function bothWays(
  storage: Storage,
): Promise<{ commit: () => Promise<string>; exclusive: () => Promise<string> }> {
  const { changes } = await new Books(storage.store).plan(charge('c', 'user:1', 1n))
  return { commit: () => storage.store.commit(changes), exclusive: () => exclusive(storage, charge('c', 'user:1', 1n)) }
}

async function exclusive({ store }: Storage, command: Command): Promise<string> {
  const books = new Books(store)
  return await store.exclusive(books.footprint(command), (snapshot) => books.decide([command], snapshot).changes)
}

describe('on a server', { skip: WITHOUT_POSTGRES, concurrency: 4 }, () => {
  test('a lock that is not given in time is contended', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ lock_timeout_ms: 50 })
    const { commit, exclusive } = await bothWays(storage)
    await ledger.whileLocked('user:1', async () => {
      assert.equal(await commit(), 'contended')
      assert.equal(await exclusive(), 'contended')
    })
    assert.equal(await commit(), 'committed')
  })

  test('a deadlock is contended', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ lock_timeout_ms: 9_000 })
    const work = transfer('t', [leg('user:1', 'user:2', 1n)])
    const { changes } = await new Books(storage.store).plan(work)
    const { client } = ledger.database
    // The other one is patient, so that the server breaks the circle at Holdfast's end.
    await client.query(`SET deadlock_timeout = '1min'`)
    for (const attempt of [() => storage.store.commit(changes), () => exclusive(storage, work)]) {
      await ledger.whileLocked('user:2', async () => {
        const result = attempt()
        await ledger.waiting(1)
        await client.query(`SELECT FROM balances WHERE account = 'user:1' FOR UPDATE`)
        assert.equal(await result, 'contended')
      })
    }
    assert.equal(await storage.store.commit(changes), 'committed')
  })

  test('a serialization failure is contended', async () => {
    await using ledger = await PostgresLedger.create()
    await ledger.fail('40001')
    const { commit, exclusive } = await bothWays(await ledger.open())
    assert.equal(await commit(), 'contended')
    assert.equal(await exclusive(), 'contended')
  })

  test('a key that is taken is stale', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open()
    const { commit } = await bothWays(storage)
    await new Books(storage.store, 1).apply(deposit('c', 'user:2', 1n))
    assert.equal(await commit(), 'stale')
  })

  test('rows that break a CHECK are refused', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open()
    const { changes } = await new Books(storage.store).plan(freeze('h', 'user:1', 5n))
    const holdsOpened = changes.holdsOpened.map((hold) => ({ ...hold, settled: 1n }))
    await assert.rejects(storage.store.commit({ ...changes, holdsOpened }), { ...REFUSED, message: /requests_sum/ })
  })

  test('a character that PostgreSQL cannot store is refused', async () => {
    await using ledger = await PostgresLedger.create()
    const books = new Books((await ledger.open()).store)
    await assert.rejects(books.commit(deposit('d', 'user:1', 1n, { memo: 'a\0b' })), REFUSED)
    await assert.rejects(books.exclusive(deposit('d', 'user:1', 1n, { memo: 'a\0b' })), REFUSED)
  })

  test('a database that takes reads only is unavailable for writes, and still read', async () => {
    await using ledger = await PostgresLedger.create()
    const { client, name } = ledger.database
    await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
    const storage = await ledger.open()
    assert.match(storage.warnings.join(), /reads only/)
    const { commit, exclusive } = await bothWays(storage)
    await assert.rejects(commit(), UNAVAILABLE)
    await assert.rejects(exclusive(), UNAVAILABLE)
    await assert.rejects(storage.store.ping(), UNAVAILABLE)
    assert.equal((await storage.reader.account('user:1'))?.balances[0]?.available, 1_000n)
    await client.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`)
    // The connections that were refused are not used again.
    await storage.store.ping()
    assert.equal(await exclusive(), 'committed')
    assert.equal(await commit(), 'stale')
  })

  for (const [title, state] of [
    ['a full disk', '53100'],
    ['memory that is used up', '53200'],
    ['a statement that took too long', '57014'],
    ['a corrupt index', 'XX002'],
    ['a right that was not granted', '42501'],
  ] as const) {
    test(`${title} is unavailable, and nothing is in doubt`, async () => {
      await using ledger = await PostgresLedger.create()
      await ledger.fail(state)
      const { commit, exclusive } = await bothWays(await ledger.open())
      await assert.rejects(commit(), UNAVAILABLE)
      await assert.rejects(exclusive(), UNAVAILABLE)
    })
  }

  test('a statement is given up when its time is over', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ statement_timeout_ms: 50 })
    const { commit } = await bothWays(storage)
    await ledger.whileLocked('user:1', () => assert.rejects(commit(), { ...UNAVAILABLE, message: /57014/ }))
    assert.equal(await commit(), 'committed')
  })

  test('a server that is not there, and a database that it does not have, are unavailable', async () => {
    await using ledger = await PostgresLedger.create()
    await assert.rejects(ledger.open({}, { port: 9 }), { ...UNAVAILABLE, message: /ECONNREFUSED/ })
    const url = new URL(ledger.database.url())
    url.pathname = `${ledger.database.name}_not`
    await assert.rejects(openPostgresStorage(url.href), { ...UNAVAILABLE, message: /3D000/ })
  })

  test('a server that takes no more connections is unavailable', async () => {
    await using ledger = await PostgresLedger.create()
    const user = `${ledger.database.name}_few`
    await administer((client) => client.query(`CREATE ROLE ${user} LOGIN SUPERUSER`))
    try {
      const storage = await ledger.open({}, { user })
      const { commit } = await bothWays(storage)
      // Superusers have no limit of their own; the database has one for the others.
      await administer((client) => client.query(`ALTER ROLE ${user} NOSUPERUSER CONNECTION LIMIT 0`))
      await assert.rejects(commit(), { ...UNAVAILABLE, message: /53300/ })
      await administer((client) => client.query(`ALTER ROLE ${user} SUPERUSER CONNECTION LIMIT -1`))
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.equal(await commit(), 'committed')
      await storage.close()
    } finally {
      await administer((client) => client.query(`DROP ROLE ${user}`))
    }
  })

  test('when every connection is taken, the next one is waited for no longer than a connection may take', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ connect_timeout_ms: 300 })
    const patient = await ledger.whileLocked('user:1', async () => {
      const waiting = Promise.all([1, 2, 3].map((index) => exclusive(storage, charge(`c${index}`, 'user:1', 1n))))
      await ledger.waiting(3)
      await assert.rejects(exclusive(storage, charge('c4', 'user:1', 1n)), UNAVAILABLE)
      return { waiting }
    })
    assert.deepEqual(await patient.waiting, ['committed', 'committed', 'committed'])
  })

  test('a server process that is ended during a commit leaves it in doubt', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open()
    const { commit, exclusive } = await bothWays(storage)
    await ledger.whileLocked('user:1', async () => {
      const lost = assert.rejects(commit(), IN_DOUBT)
      await ledger.terminate(await ledger.waiting(1))
      await lost
    })
    assert.equal(await exclusive(), 'committed')
    assert.equal((await storage.reader.account('user:1'))?.balances[0]?.available, 999n)
  })

  test('a server process that is ended before an exclusive has written is unavailable, and in no doubt', async () => {
    await using ledger = await PostgresLedger.create()
    const { exclusive } = await bothWays(await ledger.open())
    await ledger.whileLocked('user:1', async () => {
      const lost = assert.rejects(exclusive(), UNAVAILABLE)
      await ledger.terminate(await ledger.waiting(1))
      await lost
    })
    assert.equal(await exclusive(), 'committed')
  })
})
