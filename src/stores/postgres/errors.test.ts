import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DatabaseError } from 'pg'
import { Books } from '../../../test/conformance/books.ts'
import type { Command } from '../../domain/command.ts'
import { charge, deposit, freeze, leg, settle, transfer } from '../../../test/support/commands.ts'
import { administer, WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { PostgresLedger } from '../../../test/support/postgres-ledger.ts'
import type { Storage } from '../storage.ts'
import { classify, faultOf, type Failure } from './errors.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const REFUSED = { name: 'Fault', code: 'store_refused', applied: 'no' }
const IN_DOUBT = { name: 'Fault', code: 'commit_in_doubt', applied: 'unknown' }

const FAILURES: Readonly<Record<Failure, readonly string[]>> = {
  stale: ['23505', '22012'],
  deadlock: ['40P01'],
  lock_timeout: ['55P03'],
  serialization: ['40001', '40002', 'CR000'],
  refused: ['23514', '23502', '22003', '22021', '22P05', '54000'],
  unknown: ['08006', '08007', '40003', '57P01', '57P02', '57P04', '57P05'],
  unavailable: [
    '08P01',
    '25006',
    '28P01',
    '3D000',
    '42501',
    '42P01',
    '53100',
    '53200',
    '53300',
    '57014',
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
  // A Node error code that looks like an SQLSTATE does not come from the server.
  assert.equal(classify(Object.assign(new Error('pretended'), { code: '23505' })), 'unavailable')
})

test('what only an operator can mend comes with what to do, and what may pass by itself does not', () => {
  const errorOf = (state: string, message = 'provoked'): DatabaseError =>
    Object.assign(new DatabaseError(message, 0, 'error'), { code: state })
  const misconfigured: readonly (readonly [error: unknown, remedy: RegExp])[] = [
    [errorOf('3D000'), /Create the database/],
    [errorOf('28000'), /pg_hba\.conf/],
    [errorOf('28P01'), /password in the store URL/],
    [errorOf('42501'), /Grant this user its rights/],
    [errorOf('42P01'), /holdfast migrate/],
    [errorOf('3F000'), /holdfast migrate/],
    [errorOf('42703'), /holdfast migrate/],
    [errorOf('26000'), /pool_mode to session/],
    [errorOf('42P05'), /pool_mode to session/],
    [errorOf('08P01', 'transaction blocks not allowed in statement pooling mode'), /pool_mode to session/],
    [errorOf('08P01', 'no such database: credits'), /Create the database/],
    [errorOf('08P01', 'password authentication failed'), /password in the store URL/],
    [new Error('SASL: Only mechanism(s) SCRAM-SHA-256 are supported'), /The driver knows/],
    [new Error('Unknown authenticationOk message type 9'), /The driver knows/],
    [new Error('The server does not support SSL connections'), /sslmode=disable/],
    [Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' }), /sslrootcert/],
    [Object.assign(new Error('altnames'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), /sslrootcert/],
  ]
  for (const [error, remedy] of misconfigured) {
    const fault = faultOf(error)
    assert.equal(fault.code, 'store_misconfigured', fault.message)
    assert.match(fault.message, remedy)
  }
  const passing: readonly unknown[] = [
    ...['53300', '57P03', '57P01', '55000', '25006', '53100', '08006'].map((state) => errorOf(state)),
    errorOf('08P01', 'query_wait_timeout'),
    Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('name'), { code: 'ENOTFOUND' }),
    new Error('timeout expired'),
  ]
  for (const error of passing) assert.equal(faultOf(error).code, 'store_unavailable', String(error))
})

/** A commit and an exclusive of a valid charge. */
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
      assert.equal(await commit(), 'lock_timeout')
      assert.equal(await exclusive(), 'lock_timeout')
    })
    assert.equal(await commit(), 'committed')
  })

  test('a deadlock is contended', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ lock_timeout_ms: 9_000 })
    const work = transfer('t', [leg('user:1', 'user:2', 1n)])
    const { changes } = await new Books(storage.store).plan(work)
    const { client } = ledger.database
    // The other transaction has a long deadlock timeout, so that the server aborts Holdfast's.
    await client.query(`SET deadlock_timeout = '1min'`)
    for (const attempt of [() => storage.store.commit(changes), () => exclusive(storage, work)]) {
      await ledger.whileLocked('user:2', async () => {
        const result = attempt()
        await ledger.waiting(1)
        await client.query(`SELECT FROM balances WHERE account = 'user:1' FOR UPDATE`)
        assert.equal(await result, 'deadlock')
      })
    }
    assert.equal(await storage.store.commit(changes), 'committed')
  })

  test('a serialization failure is contended', async () => {
    await using ledger = await PostgresLedger.create()
    await ledger.fail('40001')
    const { commit, exclusive } = await bothWays(await ledger.open())
    assert.equal(await commit(), 'serialization')
    assert.equal(await exclusive(), 'serialization')
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
    const { changes } = await new Books(storage.store).plan(freeze('h', 'user:1', 5n), settle('h', 5n))
    const holdChanges = changes.holdChanges.map(({ after, step }) => ({ after: { ...after, settled: 6n }, step }))
    const refused = { ...REFUSED, message: /hold_changes_sum/ }
    await assert.rejects(storage.store.commit({ ...changes, holdChanges }), refused)
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
    const { commit: early } = await bothWays(await ledger.open())
    await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
    await ledger.terminate()
    const storage = await ledger.open()
    assert.match(storage.warnings.join(), /reads only/)
    await assert.rejects(bothWays(storage), UNAVAILABLE)
    await assert.rejects(early(), UNAVAILABLE)
    await assert.rejects(exclusive(storage, charge('c', 'user:1', 1n)), UNAVAILABLE)
    // Nothing to lock and nothing to write: the decision could only be a rejection.
    await assert.rejects(exclusive(storage, settle('not there', 1n)), UNAVAILABLE)
    await assert.rejects(storage.store.ping(), UNAVAILABLE)
    assert.equal((await storage.reader.account('user:1'))?.balances[0]?.available, 1_000n)
    await client.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`)
    // Connections that were refused are not used again.
    await storage.store.ping()
    assert.equal(await exclusive(storage, charge('c', 'user:1', 1n)), 'committed')
    assert.equal(await early(), 'stale')
  })

  for (const [title, state] of [
    ['a full disk', '53100'],
    ['memory that is used up', '53200'],
    ['a statement that took too long', '57014'],
    ['a corrupt index', 'XX002'],
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

  test('a server that is not there is unavailable', async () => {
    await using ledger = await PostgresLedger.create()
    await assert.rejects(ledger.open({}, { port: 9 }), { ...UNAVAILABLE, message: /ECONNREFUSED/ })
  })

  for (const state of ['40003', '08007', '57P01']) {
    test(`a commit that ends with ${state} is in doubt, although the connection still answers`, async () => {
      await using ledger = await PostgresLedger.create()
      await ledger.fail(state)
      const { commit, exclusive } = await bothWays(await ledger.open())
      await assert.rejects(commit(), IN_DOUBT)
      // Here the answer to COMMIT is ROLLBACK.
      await assert.rejects(exclusive(), IN_DOUBT)
    })
  }

  test('a server that takes no more connections is unavailable', async () => {
    await using ledger = await PostgresLedger.create()
    const user = `${ledger.database.name}_few`
    await administer((client) => client.query(`CREATE ROLE ${user} LOGIN SUPERUSER`))
    try {
      const storage = await ledger.open({}, { user })
      const { commit } = await bothWays(storage)
      // A role's connection limit does not apply to superusers; the database's limit applies to the others.
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
