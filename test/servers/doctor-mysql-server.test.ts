/** `doctor` on servers of its own: weak settings, deadlocks in words, and what the statements that people recommend really do. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createConnection, type Connection } from 'mysql2/promise'
import { examine } from '../../src/doctor/examine.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { examineUntil, found, textOf, theOne } from '../support/doctor.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'

const NAMES = ['mysql', 'mariadb'] as const

for (const name of NAMES) {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`a ${name} server that doctor examines`, { skip: reason }, () => {})
  else describe(`a ${name} server that doctor examines`, () => describeServer(name, installation))
}

async function connected(url: string): Promise<Connection> {
  return await createConnection({ uri: url, multipleStatements: true })
}

async function valueOf(connection: Connection, variable: string): Promise<unknown> {
  const [rows] = await connection.query(`SELECT @@GLOBAL.${variable} AS value`)
  return (rows as { readonly value: unknown }[])[0]!.value
}

/** Two transactions that lock in opposite order; both have locked their first row before either asks for its second. */
async function deadlock(
  url: string,
  texts: Readonly<Record<'first' | 'second', readonly [string, string]>>,
): Promise<void> {
  const [first, second] = [await connected(url), await connected(url)]
  try {
    for (const connection of [first, second]) {
      await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN')
    }
    await first.query(texts.first[0])
    await second.query(texts.second[0])
    const ends = await Promise.allSettled([first.query(texts.first[1]), second.query(texts.second[1])])
    const lost = ends
      .filter((end) => end.status === 'rejected')
      .map(({ reason }) => (reason as { errno: number }).errno)
    assert.deepEqual(lost, [1213])
  } finally {
    first.destroy()
    second.destroy()
  }
}

/** With `--no-defaults` MySQL does not read what SET PERSIST has written either. */
function withPersistedSettings(installation: Installation): Installation {
  return {
    ...installation,
    serve: (place) => {
      const [program, ...parameters] = installation.serve(place)
      return [program, ...parameters.map((text) => (text === '--no-defaults' ? '--defaults-file=/dev/null' : text))]
    },
  }
}

function describeServer(name: (typeof NAMES)[number], installation: Installation): void {
  test('weak settings are found with the value to set, a deadlock is explained, and sound settings are fine again', async () => {
    await using server = await PrivateServer.start(installation)
    const url = await server.createDatabase()
    await migrateLedger(url)
    const admin = await connected(url)
    try {
      await weakSettings(server, url)
      await deadlocksInWords(admin, url)
    } finally {
      admin.destroy()
    }
  })

  test('with the performance schema, the last statement of an idle connection that blocks is shown', async () => {
    await using server = await PrivateServer.start(installation)
    const url = await server.createDatabase()
    await migrateLedger(url)
    await server.kill()
    await server.start(['--performance-schema=ON'])
    await lastStatement(name, server, url)
  })

  test('SET GLOBAL ends with the server, and SHOW ENGINE INNODB DEADLOCKS does not exist', async () => {
    await using server = await PrivateServer.start(withPersistedSettings(installation))
    const url = await server.createDatabase()
    await recommendedStatements(name, server, url)
  })
}

async function weakSettings(server: PrivateServer, url: string): Promise<void> {
  const sound = await examine(url)
  assert.equal(theOne(sound, 'durability.setting', 'innodb_flush_log_at_trx_commit').severity, 'fine')
  assert.equal(theOne(sound, 'setting.deadlock_detect').severity, 'fine')
  await server.execute('SET GLOBAL innodb_flush_log_at_trx_commit = 2')
  await server.execute('SET GLOBAL sync_binlog = 0')
  await server.execute('SET GLOBAL innodb_deadlock_detect = OFF')
  await server.execute('SET GLOBAL innodb_print_all_deadlocks = OFF')
  await server.execute("SET GLOBAL sql_mode = ''")
  const weak = await examine(url)
  const flush = theOne(weak, 'durability.setting', 'innodb_flush_log_at_trx_commit')
  assert.equal(flush.severity, 'risk')
  assert.match(flush.why, /can lose commits that were acknowledged/)
  assert.match(flush.remedy!, /innodb_flush_log_at_trx_commit = 1/)
  assert.equal(theOne(weak, 'durability.setting', 'sync_binlog').severity, 'risk')
  assert.equal(theOne(weak, 'setting.deadlock_detect').severity, 'risk')
  assert.equal(theOne(weak, 'setting.deadlock_log').severity, 'advice')
  assert.equal(theOne(weak, 'setting.sql_mode').severity, 'advice')
  await server.execute('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
  await server.execute('SET GLOBAL sync_binlog = 1')
  await server.execute('SET GLOBAL innodb_deadlock_detect = ON')
  await server.execute('SET GLOBAL read_only = ON')
  const readOnly = await examine(url)
  assert.equal(theOne(readOnly, 'durability.setting', 'innodb_flush_log_at_trx_commit').severity, 'fine')
  assert.equal(theOne(readOnly, 'server.read_only').severity, 'broken')
  await server.execute('SET GLOBAL read_only = OFF')
}

async function deadlocksInWords(admin: Connection, url: string): Promise<void> {
  assert.match(theOne(await examine(url), 'deadlock.last').value, /none since the server started/)
  const balance = '(?, ?, ?, 0, 5, 0, 0, 0, 0, NULL, 1)'
  await admin.query(`INSERT INTO balances VALUES ${balance}, ${balance}`, [
    10,
    'user:1',
    'credit',
    20,
    'user:2',
    'credit',
  ])
  await admin.query("CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(20)); INSERT INTO users VALUES (1, 'ann')")

  // A foreign program that changes its own row first, and one that comes from the ledger.
  await deadlock(url, {
    first: [
      "UPDATE users SET name = 'anna' WHERE id = 1",
      "UPDATE balances SET available = 6 WHERE account = 'user:1'",
    ],
    second: [
      "UPDATE balances SET available = 7 WHERE account = 'user:1'",
      "UPDATE users SET name = 'anne' WHERE id = 1",
    ],
  })
  const foreign = theOne(await examine(url), 'deadlock.last')
  assert.equal(foreign.severity, 'risk')
  assert.match(foreign.value, /over (?:users and balances|balances and users)/)
  const words = foreign.details.join('\n')
  assert.match(words, /held the row \(1\) of index PRIMARY of users\./)
  assert.match(words, /held the row \('user:1'.*\) of index balances_name of balances\./)
  assert.match(
    words,
    /waited for the row \('user:1'.*\) of index balances_name of balances, to run: UPDATE balances SET available = 6/,
  )
  assert.match(
    words,
    /waited for the row \(1\) of index PRIMARY of users, to run: UPDATE users SET name = 'anne' WHERE id = 1/,
  )
  assert.match(words, /The server rolled back transaction [12]\./)
  assert.match(words, /user root/)
  assert.match(foreign.remedy!, /first the rows of users, then those of Holdfast/)

  // Two rows of one table.
  await deadlock(url, {
    first: ['UPDATE balances SET available = 8 WHERE id = 10', 'UPDATE balances SET available = 8 WHERE id = 20'],
    second: ['UPDATE balances SET available = 9 WHERE id = 20', 'UPDATE balances SET available = 9 WHERE id = 10'],
  })
  const own = theOne(await examine(url), 'deadlock.last')
  assert.match(textOf(own), /held the row \(10\) of index PRIMARY of balances/)
  assert.match(textOf(own), /held the row \(20\) of index PRIMARY of balances/)
  assert.match(own.remedy!, /by account, asset and stripe/)
  assert.match(theOne(await examine(url), 'deadlock.count').value, /^2 /)
  assert.deepEqual(found(await examine(url), 'unseen'), [])
}

async function lastStatement(name: (typeof NAMES)[number], server: PrivateServer, url: string): Promise<void> {
  if (name === 'mariadb') {
    const off = theOne(await examine(url), 'setting.instruments', 'events_statements_current')
    assert.match(off.value, /consumer events_statements_current is off/)
    // The remedy can be typed.
    await server.execute(off.remedy!)
  }
  assert.deepEqual(found(await examine(url), 'setting.instruments', 'events_statements_current'), [])
  const [blocking, waiting] = [await connected(url), await connected(url)]
  try {
    await blocking.query("INSERT INTO accounts VALUES ('user:1', '{}')")
    await blocking.query("BEGIN; UPDATE accounts SET metadata = '1' WHERE account = 'user:1'")
    const ended = waiting.query("UPDATE accounts SET metadata = '2' WHERE account = 'user:1'")
    const wait = await examineUntil(url, 'waits.lock', ({ severity }) => severity === 'risk')
    assert.match(wait.details[0]!, /^waits: .* runs, .*: UPDATE accounts SET metadata = '2'/)
    assert.match(wait.details[1]!, /^blocks: .* idle after, .*: UPDATE accounts SET metadata = '1'/)
    await blocking.query('COMMIT')
    await ended
  } finally {
    blocking.destroy()
    waiting.destroy()
  }
}

async function recommendedStatements(name: (typeof NAMES)[number], server: PrivateServer, url: string): Promise<void> {
  const before = await connected(url)
  // Error 1064: the statement is not known.
  await assert.rejects(before.query('SHOW ENGINE INNODB DEADLOCKS'), { errno: 1064 })
  const [status] = await before.query('SHOW ENGINE INNODB STATUS')
  assert.equal((status as unknown[]).length, 1)

  const shipped = await valueOf(before, 'innodb_lock_wait_timeout')
  await before.query('SET GLOBAL innodb_lock_wait_timeout = 7')
  assert.equal(await valueOf(before, 'innodb_lock_wait_timeout'), 7)
  if (name === 'mysql') await before.query('SET PERSIST innodb_print_all_deadlocks = ON')
  // MariaDB has no such statement.
  else await assert.rejects(before.query('SET PERSIST innodb_print_all_deadlocks = ON'), { errno: 1064 })
  before.destroy()

  await server.kill()
  await server.start()
  const after = await connected(url)
  try {
    assert.equal(await valueOf(after, 'innodb_lock_wait_timeout'), shipped)
    assert.notEqual(shipped, 7)
    if (name === 'mysql') assert.equal(Number(await valueOf(after, 'innodb_print_all_deadlocks')), 1)
  } finally {
    after.destroy()
  }
}
