/** How the store uses its connections: their settings, their reuse, and the order of commits on them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConnectionPool } from '../../src/stores/mysql/connection-pool.ts'
import { MysqlConnection, type Role } from '../../src/stores/mysql/connection.ts'
import { Connections } from '../../src/stores/mysql/connections.ts'
import { MysqlStore } from '../../src/stores/mysql/store.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import { Books, codeOf } from '../conformance/books.ts'
import { charge, deposit, freeze, open, settle } from '../support/commands.ts'
import { MysqlLedger, until } from '../support/mysql-ledger.ts'
import { mysqlServers, type MysqlServer } from '../../harness/mysql-servers.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const MISCONFIGURED = { name: 'Fault', code: 'store_misconfigured', applied: 'no' }

async function connect(ledger: MysqlLedger, role: Role = 'writer', parameters = ''): Promise<MysqlConnection> {
  const { address, tuning } = parseMysqlUrl(ledger.database.url({ parameters }), { lockTimeoutMs: 2_500 })
  return await MysqlConnection.open(address, tuning, role)
}

async function ask(connection: MysqlConnection, statement: string): Promise<Row> {
  const [reply] = await connection.run([statement])
  return reply!.rows[0]!
}

function describeConnections(url: string, name: MysqlServer['name']): void {
  const isolation = name === 'mysql' ? '@@transaction_isolation' : '@@tx_isolation'

  test('a connection is set up for its role, whatever the server’s defaults are', async () => {
    await using ledger = await MysqlLedger.create(url)
    const expected = [
      ['writer', 'READ-COMMITTED', '3', '3', '0'],
      ['reader', 'REPEATABLE-READ', '3', '3', '1'],
      ['migrator', 'READ-COMMITTED', '36', '36', '1'],
    ] as const
    for (const [role, level, innodbWait, tableWait, autocommit] of expected) {
      const connection = await connect(ledger, role)
      const row = await ask(
        connection,
        `SELECT ${isolation} AS level, @@sql_mode AS mode, @@time_zone AS zone, @@autocommit AS autocommit,
          @@innodb_lock_wait_timeout AS innodb_wait, @@lock_wait_timeout AS table_wait, @@collation_connection AS collation,
          @@character_set_results AS results`,
      )
      assert.deepEqual(
        [row['level'], String(row['innodb_wait']), String(row['table_wait'])],
        [level, innodbWait, tableWait],
      )
      assert.match(String(row['mode']), /STRICT_ALL_TABLES/)
      assert.doesNotMatch(String(row['mode']), /NO_BACKSLASH_ESCAPES|ANSI_QUOTES/)
      assert.deepEqual(
        [row['zone'], String(row['autocommit']), row['collation'], row['results']],
        ['+00:00', autocommit, 'utf8mb4_bin', 'utf8mb4'],
      )
      assert.equal(connection.server.flavour, name)
      connection.destroy()
    }
  })

  test('TLS is used when it is asked for, or the server is not spoken to', async () => {
    await using ledger = await MysqlLedger.create(url)
    const variables = await ledger.database.query(`SHOW VARIABLES LIKE 'have_ssl'`)
    const hasTls = name === 'mysql' || variables[0]?.['Value'] === 'YES'
    if (hasTls) {
      const connection = await connect(ledger, 'writer', '?ssl-mode=REQUIRED')
      const cipher = await ask(connection, `SHOW SESSION STATUS LIKE 'Ssl_cipher'`)
      assert.notEqual(cipher['Value'], '')
      connection.destroy()
    } else {
      await assert.rejects(connect(ledger, 'writer', '?ssl-mode=REQUIRED'), {
        ...MISCONFIGURED,
        message: /secure.*ssl-mode/,
      })
    }
    // The server has a self-signed certificate, or none.
    await assert.rejects(connect(ledger, 'writer', '?ssl-mode=VERIFY_CA'), MISCONFIGURED)
  })

  test('a connection that was left inside a transaction is not handed on', async () => {
    await using ledger = await MysqlLedger.create(url)
    const pool = new ConnectionPool({ open: () => connect(ledger), size: 1, waitMsMax: 60_000, idleMsMax: 60_000 })
    const ids: unknown[] = []
    const note = async (connection: MysqlConnection): Promise<void> => {
      ids.push((await ask(connection, 'SELECT CONNECTION_ID() AS id'))['id'])
    }
    await pool.use(note)
    await pool.use(note)
    await pool.use(async (connection) => await connection.run(['START TRANSACTION', 'DELETE FROM assets']))
    await pool.use(note)
    await pool.use((connection) => connection.run(['SELECT no_such_column FROM assets'])).catch(() => undefined)
    await pool.use(note)
    assert.equal(ids[1], ids[0])
    assert.notEqual(ids[2], ids[1])
    assert.notEqual(ids[3], ids[2])
    assert.equal((await ledger.storage.reader.assets()).items.length, 1)
    await pool.close()
  })

  test('users of a pool are served in their order, and those who wait too long are refused', async () => {
    await using ledger = await MysqlLedger.create(url)
    const open = (): Promise<MysqlConnection> => connect(ledger)
    const patient = new ConnectionPool({ open, size: 1, waitMsMax: 60_000, idleMsMax: 60_000 })
    const served: number[] = []
    const uses = [0, 1, 2].map((index) => patient.use(async () => void served.push(index)))
    await Promise.all(uses)
    await patient.close()
    assert.deepEqual(served, [0, 1, 2])
    const pool = new ConnectionPool({ open, size: 1, waitMsMax: 20, idleMsMax: 60_000 })
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const slow = pool.use(() => released)
    await assert.rejects(
      pool.use(async () => assert.fail('the connection is busy')),
      { ...UNAVAILABLE, message: /busy/ },
    )
    release()
    await slow
    await pool.use(async () => void served.push(3))
    assert.deepEqual(served, [0, 1, 2, 3])
    await pool.close()
    await assert.rejects(
      pool.use(async () => assert.fail('the pool is closed')),
      { ...UNAVAILABLE, message: /closed/ },
    )
  })

  test('a connection that lay idle too long is replaced', async () => {
    await using ledger = await MysqlLedger.create(url)
    const pool = new ConnectionPool({ open: () => connect(ledger), size: 1, waitMsMax: 60_000, idleMsMax: 20 })
    const id = (connection: MysqlConnection): Promise<Row> => ask(connection, 'SELECT CONNECTION_ID() AS id')
    const first = await pool.use(id)
    const since = performance.now()
    await until(async () => performance.now() - since > 20, 'the connection has been idle too long')
    assert.notDeepEqual(await pool.use(id), first)
    await pool.close()
  })

  test('commits that are called one after another take effect in that order, without waiting for each other', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { books, storage } = ledger
    await books.apply(deposit('d', 'user:8', 1_000n))
    const chain = await chained(ledger, 10)
    const results = await Promise.all(chain.map((changes) => storage.store.commit(changes)))
    assert.deepEqual(results, Array(10).fill('committed'))
    assert.equal(await ledger.available('user:8'), 990n)
  })

  test('when a commit is stale, those that were decided on what it would have left are stale too', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { books, storage } = ledger
    await books.apply(deposit('d', 'user:8', 1_000n))
    const chain = await chained(ledger, 5)
    await new Books(storage.store, 1).apply(charge('other', 'user:8', 500n))
    const results = await Promise.all(chain.map((changes) => storage.store.commit(changes)))
    assert.deepEqual(results, Array(5).fill('stale'))
    assert.equal(await ledger.available('user:8'), 500n)
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
  })

  test('a batch that is longer than the server’s packets is committed in parts, as a whole or not at all', async () => {
    await using ledger = await MysqlLedger.create(url)
    const small = await smallPackets(ledger)
    const books = new Books(small.store)
    const metadata = { note: '長'.repeat(500) }
    await books.apply(deposit('d', 'user:8', 1_000n))
    const work = Array.from({ length: 100 }, (_, index) => freeze(`h${index}`, 'user:8', 1n, { metadata }))
    const stale = await books.plan(...work)
    await books.apply(charge('c', 'user:8', 1n))
    assert.equal(await small.store.commit(stale.changes), 'stale')
    assert.equal(await ledger.storage.reader.hold('h0'), null)
    await books.apply(...work)
    await books.apply(...work.map(({ requestId }) => settle(requestId, 1n)))
    assert.equal(await ledger.available('user:8'), 899n)
    const { result } = await books.exclusive(...work.map((each) => ({ ...each, requestId: `x${each.requestId}` })))
    assert.equal(result, 'committed')
    const tooLong = open('o', 'user:9', 0n, { metadata: { note: 'n'.repeat(20_000) } })
    const { changes } = await books.plan(tooLong)
    await assert.rejects(small.store.commit(changes), { name: 'Fault', code: 'store_refused', applied: 'no' })
    await small.close()
    const { auditor } = ledger.storage
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
  })

  test('exclusives that learn of balances only from holds lock them in one order, and never deadlock', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { books } = ledger
    const people = ['user:a', 'user:m', 'user:z']
    await books.apply(...people.map((person) => deposit(`d-${person}`, person, 1_000n)))
    const holds = people.flatMap((payer) =>
      people.filter((payee) => payee !== payer).map((payee) => ({ payer, payee })),
    )
    const freezes = Array.from({ length: 60 }, (_, index) => {
      const { payer, payee } = holds[index % holds.length]!
      return freeze(`h${index}`, payer, 10n, { payee })
    })
    await books.apply(...freezes)
    const writers = [1, 2, 3].map(async (stripe) => {
      const storage = await ledger.open(ledger.database.url(), { lockTimeoutMs: 10_000 })
      const own = new Books(storage.store, stripe)
      const codes: string[] = []
      for (let index = stripe - 1; index < 60; index += 3) {
        const { result, outcomes } = await own.exclusive(settle(`h${index}`, 7n))
        codes.push(result, ...outcomes.map(codeOf))
      }
      return codes
    })
    const codes = (await Promise.all(writers)).flat()
    assert.deepEqual(new Set(codes), new Set(['committed', 'applied']))
    for (const person of people) assert.equal(await ledger.available(person), 1_000n)
  })

  test('closing waits for what is under way, and ends every connection', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { books, storage } = ledger
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 1n))
    const commit = storage.store.commit(plan.changes)
    await Promise.all([storage.close(), storage.close()])
    assert.equal(await commit, 'committed')
    await until(async () => (await ledger.connectionIds()).length === 0, 'every connection ends')
  })
}

/** Consecutive changes, each decided on the rows that the previous one will leave, as an engine decides them. */
async function chained({ books, storage }: MysqlLedger, length: number) {
  const commands = Array.from({ length }, (_, index) => charge(`c${index}`, 'user:8', 1n))
  let snapshot = await storage.store.load(books.footprint(...commands))
  return commands.map((command) => {
    const { changes } = books.decide([command], snapshot)
    const balances = new Map(snapshot.balances)
    for (const [key, balance] of balances) {
      balances.set(key, changes.balances.find(({ after }) => after.id === balance.id)?.after ?? balance)
    }
    snapshot = { ...snapshot, balances }
    return changes
  })
}

/** A store that takes the server's longest packet to be 16 KiB. */
async function smallPackets(ledger: MysqlLedger) {
  const probe = await connect(ledger)
  const server = { ...probe.server, packetBytesMax: 16_384 }
  probe.destroy()
  const pool = (role: Role): ConnectionPool =>
    new ConnectionPool({ open: () => connect(ledger, role), size: 1, waitMsMax: 60_000, idleMsMax: 60_000 })
  const [writer, ahead] = [pool('writer'), pool('writer')]
  const pools = { writer, ahead, readers: pool('reader'), audits: pool('reader'), keys: pool('keys') }
  const connections = new Connections(pools, server.flavour)
  return {
    store: new MysqlStore({ connections, server, aheadRowsMin: 100, oldRows: null }),
    close: () => connections.close(),
  }
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`connections to ${name}`, { skip: reason }, () => {})
  else describe(`connections to ${name}`, () => describeConnections(url, name))
}
