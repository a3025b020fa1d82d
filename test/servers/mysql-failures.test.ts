/** Failures between the store and a database server, each caused on a real server. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Work } from '../../src/domain/command.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { MysqlConnection } from '../../src/stores/mysql/connection.ts'
import { classify, type MysqlFailure } from '../../src/stores/mysql/errors.ts'
import { BEGIN, committingTextOf, ROLLBACK, selectArrival } from '../../src/stores/mysql/transactions.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { charge, deposit, freeze, open, settle } from '../support/commands.ts'
import { MysqlLedger, until } from '../support/mysql-ledger.ts'
import { MysqlProxy, type CutAt } from '../support/mysql-proxy.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { Books, codeOf } from '../conformance/books.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const MISCONFIGURED = { name: 'Fault', code: 'store_misconfigured', applied: 'no' }
const REFUSED = { name: 'Fault', code: 'store_refused', applied: 'no' }
const IN_DOUBT = { name: 'Fault', code: 'commit_in_doubt', applied: 'unknown' }

const LOCK_HOLDER = `SELECT id FROM balances WHERE account = 'user:8' FOR UPDATE`
const LOCK_PAYEE = `SELECT id FROM balances WHERE account = '@revenue' FOR UPDATE`
/** What a rival does, and the statement that then waits. */
const OBSTACLES: Readonly<Record<string, { readonly rival: string; readonly waits: RegExp }>> = {
  'its first statement': { rival: LOCK_HOLDER, waits: /UPDATE/ },
  'its last statement': {
    rival: `INSERT INTO accounts (account, metadata) VALUES ('user:9', '{}')`,
    // MySQL shows one statement at a time. A KILL QUERY before it would end another one, or nothing.
    waits: /INSERT INTO accounts/,
  },
}

/** Retries `action` while the server refuses it for its connection limit: the server counts a closed connection for a while. */
async function onceConnectable<Result>(action: () => Promise<Result>): Promise<Result> {
  let result: { readonly value: Result } | null = null
  await until(async () => {
    try {
      result = { value: await action() }
    } catch (error) {
      if (!/max_user_connections/.test(String(error))) throw error
    }
    return result !== null
  }, 'a connection of the user is free')
  return result!.value
}

/** Open TCP connections of this process. A connection to itself counts twice. */
function socketCount(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
}

/** Retries as the engine does: the lost transaction may still be open, and cause a deadlock with this one. */
async function insist(books: Books, ...work: readonly Work[]): Promise<readonly Outcome[]> {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const { result, outcomes } = await books.exclusive(...work)
    if (result === 'committed') return outcomes
  }
  throw new Error('The lost transaction was in the way ten times.')
}

/** A run of one line, after the first version of a balance. */
function runOfRival(balanceId: number): string {
  return `(${balanceId}, 2, 2, 99, 0, 0, 1, '[[0,"charge",-1,0]]')`
}

function describeFailures(url: string): void {
  test('a lock that is held too long makes a commit and an exclusive contended, and nothing is written', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { storage, books } = ledger
    await books.apply(deposit('d', 'user:8', 100n))
    const rival = await ledger.rival()
    await rival.query(`START TRANSACTION; ${LOCK_HOLDER}`)
    const plan = await books.plan(charge('c', 'user:8', 40n))
    assert.equal(await storage.store.commit(plan.changes), 'lock_timeout')
    const keys = books.footprint(charge('c', 'user:8', 40n))
    assert.equal(
      await storage.store.exclusive(keys, () => assert.fail('there is no lock to plan under')),
      'lock_timeout',
    )
    await rival.query('ROLLBACK')
    assert.equal(await storage.store.commit(plan.changes), 'committed')
    assert.equal(await ledger.available('user:8'), 60n)
  })

  test('a deadlock that the server breaks makes the commit contended, and nothing is written', async () => {
    await using ledger = await MysqlLedger.create(url, { lockTimeoutMs: 10_000 })
    const { storage, books } = ledger
    await books.apply(deposit('d', 'user:8', 101n))
    await books.apply(charge('first', 'user:8', 1n))
    const plan = await books.plan(charge('c', 'user:8', 40n))
    const rival = await ledger.rival()
    // The commit locks the balances by their numbers, so it has that of the holder when it waits for that of the payee.
    await rival.query(`START TRANSACTION; ${LOCK_PAYEE}`)
    // In a deadlock the server rolls back the transaction that has written less.
    const rows = Array.from({ length: 500 }, (_, index) => `('rival:${index}', '{}')`)
    await rival.query(`INSERT INTO accounts (account, metadata) VALUES ${rows.join(',')}`)
    const commit = storage.store.commit(plan.changes)
    await ledger.waiting(/INSERT|UPDATE/)
    await rival.query(LOCK_HOLDER)
    assert.equal(await commit, 'deadlock')
    await rival.query('ROLLBACK')
    assert.equal(await storage.store.commit(plan.changes), 'committed')
    assert.equal(await ledger.available('user:8'), 60n)
  })

  test('a commit that meets the key of one that is under way waits for it, and is stale', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { storage, books } = ledger
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 40n))
    const { id } = plan.changes.balances.find(({ after }) => after.account === 'user:8')!.after
    const rival = await ledger.rival()
    await rival.query(`START TRANSACTION; INSERT INTO journal VALUES ${runOfRival(id)}`)
    const commit = storage.store.commit(plan.changes)
    await ledger.waiting(/INSERT|UPDATE/)
    await rival.query('COMMIT')
    assert.equal(await commit, 'stale')
  })

  test('what does not fit its column is refused, and what came along is not written', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { storage, books } = ledger
    const { changes } = await books.plan(deposit('d', 'user:8', 100n), open('o', 'user:9', -5n))
    const tooLong = { ...changes, entries: changes.entries.map((entry) => ({ ...entry, memo: 'm'.repeat(257) })) }
    await assert.rejects(storage.store.commit(tooLong), REFUSED)
    const tooMuch = {
      ...changes,
      balances: changes.balances.map(({ before, after }) => ({
        before,
        after: { ...after, available: 2n ** 63n },
      })),
    }
    await assert.rejects(storage.store.commit(tooMuch), REFUSED)
    assert.equal(await storage.reader.account('user:9'), null)
    assert.equal(await storage.store.commit(changes), 'committed')
  })

  test('free text cannot become SQL', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { books, storage } = ledger
    const texts = [
      `'`,
      `\\'); DROP TABLE balances; -- `,
      `\\`,
      `"\`\0\b\n\r\t\x1a%_`,
      `?`,
      '／\u{1F4A3}\\',
      `''; COMMIT`,
    ]
    for (const [index, memo] of texts.entries()) {
      const answer = await books.applyOne(deposit(`d${index}`, 'user:8', 1n, { memo, metadata: { [memo]: memo } }))
      assert.deepEqual(await storage.reader.entry(`d${index}`), answer)
    }
    assert.equal(await storage.reader.entry(`' OR '1' = '1`), null)
    assert.equal(await storage.reader.account(`' OR '1' = '1`), null)
  })

  test('a user that has its connections already is unavailable, and served when one is free again', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { database } = ledger
    const user = await database.createUser('SELECT, INSERT, UPDATE', 'WITH MAX_USER_CONNECTIONS 1')
    const storage = await ledger.open(database.url({ user }))
    const books = new Books(storage.store)
    const plan = await onceConnectable(() => books.plan(deposit('d', 'user:8', 100n)))
    await assert.rejects(storage.store.commit(plan.changes), { ...UNAVAILABLE, message: /max_user_connections/ })
    await storage.close()
    const again = await onceConnectable(() => ledger.open(database.url({ user })))
    assert.equal(await onceConnectable(() => again.store.commit(plan.changes)), 'committed')
  })

  test('a login or a database that is wrong is an operator’s to mend and says how; a port may be back soon', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { database } = ledger
    await assert.rejects(ledger.open(database.url({ user: 'nobody_at_all' })), {
      ...MISCONFIGURED,
      message: /[Aa]ccess denied.*password in the store URL/,
    })
    await assert.rejects(ledger.open(database.url().replace(database.name, 'holdfast_no_such')), {
      ...MISCONFIGURED,
      message: /holdfast_no_such.*Create the database/,
    })
    await assert.rejects(ledger.open(database.url({ port: 1 })), { ...UNAVAILABLE, message: /ECONNREFUSED/ })
  })

  test('a right revoked from a running process is reported by its name, and the process recovers when it is granted again', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { database } = ledger
    const user = await database.createUser('SELECT')
    const grant = (table: string): string => `${database.name}.${table} TO '${user}'@'%'`
    const written = [
      'accounts',
      'standings',
      'assets',
      'balances',
      'requests',
      'journal',
      'hold_changes',
      'house_accounts',
      'rates',
      'actors',
      'api_keys',
    ]
    for (const table of [...written, 'feed', 'commits']) await database.query(`GRANT INSERT, UPDATE ON ${grant(table)}`)
    await database.query(`GRANT DELETE ON ${grant('commits')}`)
    const storage = await ledger.open(database.url({ user }))
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    await storage.store.ping()
    const plan = await books.plan(charge('c', 'user:8', 40n))
    for (const table of [
      'journal',
      'hold_changes',
      'requests',
      'house_accounts',
      'rates',
      'actors',
      'commits',
      'api_keys',
    ]) {
      await database.query(`REVOKE INSERT ON ${database.name}.${table} FROM '${user}'@'%'`)
      const told = { ...MISCONFIGURED, message: new RegExp(`denied.*${table}.*Grant the rights`) }
      await assert.rejects(storage.store.ping(), told)
      if (table === 'journal') await assert.rejects(storage.store.commit(plan.changes), told)
      await database.query(`GRANT INSERT ON ${grant(table)}`)
      await storage.store.ping()
    }
    assert.equal(await storage.store.commit(plan.changes), 'committed')
  })

  test('tables that are gone are an operator’s to bring back', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { storage, database } = ledger
    await database.query('RENAME TABLE rates TO elsewhere')
    await assert.rejects(storage.store.ping(), { ...MISCONFIGURED, message: /rates.*holdfast migrate/ })
    await database.query('RENAME TABLE elsewhere TO rates')
    await storage.store.ping()
  })

  test('connections that are killed while idle are replaced unnoticed', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { storage, books, database } = ledger
    await books.apply(deposit('d', 'user:8', 100n))
    const before = await ledger.connectionIds()
    assert.ok(before.length >= 2)
    const socketsLeft = socketCount() - before.length
    for (const id of before) await database.query(`KILL ${id}`)
    await until(async () => (await ledger.connectionIds()).length === 0, 'the server ends the connections')
    await until(async () => socketCount() <= socketsLeft, 'the store sees that they have ended')
    await books.apply(charge('c', 'user:8', 40n))
    assert.equal(await ledger.available('user:8'), 60n)
    await storage.store.ping()
    for (const id of await ledger.connectionIds()) assert.ok(!before.includes(id))
  })

  const killings = ['KILL QUERY', 'KILL'].flatMap((kill) =>
    Object.entries(OBSTACLES).map(([where, obstacle]) => ({ kill, where, ...obstacle })),
  )
  for (const { kill, where, rival: obstacle, waits } of killings) {
    test(`a commit that is ended by ${kill} at ${where}, before it came to its COMMIT, has no effect`, async () => {
      await using ledger = await MysqlLedger.create(url, { lockTimeoutMs: 10_000 })
      const { storage, books, database } = ledger
      await books.apply(deposit('d', 'user:8', 100n))
      const plan = await books.plan(charge('c', 'user:8', 40n), open('o', 'user:9', 0n, { metadata: { plan: 'x' } }))
      const rival = await ledger.rival()
      await rival.query(`START TRANSACTION; ${obstacle}`)
      const outcome = assert.rejects(storage.store.commit(plan.changes), ({ code }: Error & { code: string }) => {
        // A killed connection may end without a message; then the outcome is unknown.
        const mayBe = kill === 'KILL' ? ['store_unavailable', 'commit_in_doubt'] : ['store_unavailable']
        assert.ok(mayBe.includes(code), code)
        return true
      })
      const id = await ledger.waiting(waits)
      await database.query(`${kill} ${id}`)
      await outcome
      await rival.query('ROLLBACK')
      assert.equal(await storage.reader.account('user:9'), null)
      assert.equal(await storage.store.commit(plan.changes), 'committed')
      assert.equal(await ledger.available('user:8'), 60n)
    })
  }

  test('a text whose transaction ends silently commits nothing, neither before nor after that', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { address, tuning } = parseMysqlUrl(ledger.database.url())
    const connection = await MysqlConnection.open(address, tuning, 'writer')
    const { flavour } = connection.server
    const insert = (account: string): string => `INSERT INTO accounts (account, metadata) VALUES ('${account}', '{}')`
    const text = [...BEGIN, insert('before'), ROLLBACK, insert('behind')]
    await assert.rejects(connection.run(committingTextOf(flavour, text, 1)), (failure: MysqlFailure) => {
      assert.equal(classify(failure, flavour), 'lock_timeout')
      return true
    })
    const [reply] = await connection.run([selectArrival(1), ROLLBACK])
    assert.equal(String(reply!.rows[0]!['arrived']), '0')
    connection.destroy()
    assert.deepEqual(await ledger.database.query('SELECT account FROM accounts'), [])
  })

  for (const cutAt of ['before', 'during', 'after', 'silence'] as const satisfies readonly CutAt[]) {
    test(`a commit whose connection is lost (${cutAt}) is in doubt, and exclusive finds its outcome`, async () => {
      await using ledger = await MysqlLedger.create(url)
      await using proxy = await MysqlProxy.start(ledger.database.address)
      const storage = await ledger.open(ledger.database.url({ port: proxy.port }), { statementTimeoutMs: 1_000 })
      const books = new Books(storage.store)
      await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 50n))
      const work = [charge('c', 'user:8', 30n), settle('h', 20n)]
      const { changes } = await books.plan(...work)
      proxy.cutNextCommit(cutAt)
      await assert.rejects(storage.store.commit(changes), IN_DOUBT)
      const codes = (await insist(books, ...work)).map(codeOf)
      assert.equal(codes[0], codes[1])
      if (cutAt !== 'during') assert.equal(codes[0], cutAt === 'after' ? 'replayed' : 'applied')
      assert.equal(await ledger.available('user:8'), 50n)
      for (const check of storage.auditor.checks)
        assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
    })
  }

  test('a server that is away is unavailable at once, and found again when it is back', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { address } = ledger.database
    const proxy = await MysqlProxy.start(address)
    const { port } = proxy
    const socketsBefore = socketCount()
    const storage = await ledger.open(ledger.database.url({ port }))
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 40n))
    await proxy[Symbol.asyncDispose]()
    await until(async () => socketCount() <= socketsBefore, 'the store sees that its connections have ended')
    for (let attempt = 1; attempt <= 5; attempt++) {
      await assert.rejects(storage.store.commit(plan.changes), UNAVAILABLE)
      await assert.rejects(storage.store.load(books.footprint(charge('c', 'user:8', 40n))), UNAVAILABLE)
    }
    await using back = await MysqlProxy.start(address, port)
    await until(async () => {
      const result = await storage.store.commit(plan.changes).catch(() => null)
      return result === 'committed'
    }, 'the server is found again')
    assert.equal(back.port, port)
    assert.equal(await ledger.available('user:8'), 60n)
  })
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`failures of ${name}`, { skip: reason }, () => {})
  else describe(`failures of ${name}`, () => describeFailures(url))
}
