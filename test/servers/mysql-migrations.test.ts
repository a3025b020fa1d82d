/** Migration of a database to this version's tables, including after a crash during the previous attempt. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MysqlConnection } from '../../src/stores/mysql/connection.ts'
import { mysqlMigrations, mysqlMigrationTarget, statementsIn } from '../../src/stores/mysql/migrations.ts'
import { migrateMysql, openMysqlStorage } from '../../src/stores/mysql/storage.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { migrate } from '../../src/stores/sql/migrator.ts'
import { Books } from '../conformance/books.ts'
import {
  across,
  amend,
  charge,
  declare,
  deposit,
  freeze,
  open,
  rate,
  settle,
  settlePart,
  transfer,
} from '../support/commands.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'

const [first] = mysqlMigrations()
const statements = statementsIn(first!.sql)

/** The state after a crash: the number of statements that were executed, and the number that were recorded. */
async function interrupt(database: MysqlDatabase, done: number, counted: number): Promise<void> {
  // The table of migrations is created first.
  const { address, tuning } = parseMysqlUrl(database.url())
  const connection = await MysqlConnection.open(address, tuning, 'migrator')
  await mysqlMigrationTarget(connection).locked(async () => undefined)
  connection.destroy()
  await database.query(
    `INSERT INTO migrations (number, name, checksum, statements_begun, statements_done)
     VALUES (1, '${first!.name}', '${first!.checksum}', ${counted + 1}, ${counted})`,
  )
  for (const statement of statements.slice(0, done)) await database.query(statement)
}

async function assertWorks(url: string): Promise<void> {
  await using storage = await openMysqlStorage(url)
  const books = new Books(storage.store)
  await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 10n), settle('h', 5n))
  assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 95n)
}

async function tablesOf(database: MysqlDatabase): Promise<readonly unknown[]> {
  return await database.query(
    `SELECT table_name AS t, column_name AS c, ordinal_position AS o, column_type AS y, is_nullable AS n, collation_name AS l
     FROM information_schema.columns WHERE table_schema = '${database.name}' ORDER BY table_name, ordinal_position`,
  )
}

const NAMES = mysqlMigrations().map(({ name }) => name)
/** The number of the migration after all of them. */
const LATER = NAMES.length + 1

function describeMigrations(url: string): void {
  test('an empty database is not served, and says what to do', async () => {
    await using database = await MysqlDatabase.create(url)
    await assert.rejects(openMysqlStorage(database.url()), {
      name: 'MigrationError',
      message: /lacks 0001_added_rows.*holdfast migrate/,
    })
  })

  test('migrating makes the tables once', async () => {
    await using database = await MysqlDatabase.create(url)
    assert.deepEqual(await migrateMysql(database.url()), { applied: NAMES, version: NAMES.length })
    assert.deepEqual(await migrateMysql(database.url()), { applied: [], version: NAMES.length })
    await assertWorks(database.url())
  })

  test('several that migrate at once do it once', async () => {
    await using database = await MysqlDatabase.create(url)
    const reports = await Promise.all([1, 2, 3].map(() => migrateMysql(database.url())))
    assert.deepEqual(
      reports.flatMap(({ applied }) => applied),
      NAMES,
    )
    await assertWorks(database.url())
  })

  test('an interrupted migration is not served, is reported, and continues from where it was', async () => {
    await using whole = await MysqlDatabase.create(url)
    await migrateMysql(whole.url())
    const expected = await tablesOf(whole)
    for (let counted = 0; counted < statements.length; counted++) {
      // The statement after the last recorded one may have been executed too: DDL commits by itself.
      for (const done of [counted, counted + 1]) {
        await using database = await MysqlDatabase.create(url)
        await interrupt(database, done, counted)
        await assert.rejects(openMysqlStorage(database.url()), {
          name: 'MigrationError',
          message: new RegExp(`interrupted after ${counted} of its statements.*holdfast migrate`),
        })
        assert.deepEqual(await migrateMysql(database.url()), { applied: NAMES, version: NAMES.length })
        assert.deepEqual(await tablesOf(database), expected)
        await assertWorks(database.url())
      }
    }
  })

  test('what is in the way of a migration is an error that keeps what was done, and can be cured', async () => {
    await using database = await MysqlDatabase.create(url)
    await database.query('CREATE TABLE journal (somebody INT)')
    // The second attempt does not take it for an own table either.
    for (let attempt = 1; attempt <= 2; attempt++) {
      await assert.rejects(migrateMysql(database.url()), {
        name: 'MigrationError',
        message: /0001_added_rows, statement 9 of 17: .*journal.* already exists/,
      })
    }
    await database.query('DROP TABLE journal')
    assert.deepEqual((await migrateMysql(database.url())).applied, NAMES)
    await assertWorks(database.url())
  })

  test('an interrupted migration is finished by the file that began it, not by another', async () => {
    await using database = await MysqlDatabase.create(url)
    await interrupt(database, 2, 2)
    await database.query(`UPDATE migrations SET checksum = '${'0'.repeat(64)}'`)
    await assert.rejects(migrateMysql(database.url()), {
      name: 'MigrationError',
      message: /not the same file any more/,
    })
  })

  test('a database of a newer version, or migrated by other files, is refused', async () => {
    await using database = await MysqlDatabase.create(url)
    await migrateMysql(database.url())
    await database.query(
      `INSERT INTO migrations (number, name, checksum, statements_begun, statements_done, applied_at)
       VALUES (${LATER}, 'later', 'c', 1, 1, 1)`,
    )
    // In sequence: a promise that rejects while another is awaited counts as unhandled.
    for (const attempt of [openMysqlStorage, migrateMysql]) {
      await assert.rejects(attempt(database.url()), { name: 'MigrationError', message: /later.*newer version/ })
    }
    await database.query(`DELETE FROM migrations WHERE number = ${LATER}; UPDATE migrations SET checksum = 'c'`)
    await assert.rejects(openMysqlStorage(database.url()), { name: 'MigrationError', message: /not the file/ })
  })

  test('a later migration finds the tables of the first with rows in them', async () => {
    await using database = await MysqlDatabase.create(url)
    await migrateMysql(database.url())
    await assertWorks(database.url())
    const sql =
      'ALTER TABLE accounts ADD COLUMN note VARCHAR(10);\nALTER TABLE accounts ADD COLUMN other VARCHAR(10);\n'
    const later = [...mysqlMigrations(), { number: LATER, name: 'later', sql, checksum: 'c' }]
    await database.query('ALTER TABLE accounts ADD COLUMN note VARCHAR(10)')
    await database.query(
      `INSERT INTO migrations (number, name, checksum, statements_begun, statements_done) VALUES (${LATER}, 'later', 'c', 1, 0)`,
    )
    const { address, tuning } = parseMysqlUrl(database.url())
    const connection = await MysqlConnection.open(address, tuning, 'migrator')
    assert.deepEqual((await migrate(mysqlMigrationTarget(connection), later)).applied, ['later'])
    connection.destroy()
    assert.equal((await database.query(`SHOW COLUMNS FROM accounts LIKE 'other'`)).length, 1)
  })

  test('one user migrates and another one serves, each with the privileges that the guide lists', async () => {
    await using database = await MysqlDatabase.create(url)
    const migrator = await database.createUser('SELECT, INSERT, UPDATE, CREATE, ALTER, INDEX, CREATE VIEW')
    await migrateMysql(database.url({ user: migrator }))
    const server = await database.createUser('SELECT')
    for (const table of ['accounts', 'standings', 'assets', 'balances', 'api_keys']) {
      await database.query(`GRANT INSERT, UPDATE ON ${database.name}.${table} TO '${server}'@'%'`)
    }
    for (const table of [
      'requests',
      'hold_changes',
      'journal',
      'house_accounts',
      'rates',
      'feed',
      'commits',
      'actors',
    ]) {
      await database.query(`GRANT INSERT ON ${database.name}.${table} TO '${server}'@'%'`)
    }
    await database.query(`GRANT DELETE ON ${database.name}.commits TO '${server}'@'%'`)
    await using storage = await openMysqlStorage(database.url({ user: server }))
    const books = new Books(storage.store)
    await books.apply(
      declare('gem', 2),
      open('o', 'user:8', -5n, { metadata: { tier: 'gold' } }),
      deposit('d', 'user:8', 100n),
      freeze('h', 'user:8', 10n),
    )
    await books.exclusive(settle('h', 5n), charge('c', 'user:8', 1n), rate('credit', 'gem', [1n, 2n]))
    await books.apply(transfer('x', [across('user:8', 'user:9', [4n, 'credit'], ['gem'])]))
    await books.apply(freeze('life', 'user:8', 10n), settlePart('part', 'life', 5n))
    await books.exclusive(amend('more', 'life', { amount: 12n }))
    assert.equal((await storage.reader.holdHistory({ hold: 'life', limit: 5, cursor: null }))?.items.length, 3)
    await storage.store.ping()
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
    await assert.rejects(migrateMysql(database.url({ user: server })), {
      code: 'store_misconfigured',
      message: /denied/,
    })
  })
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`migrations on ${name}`, { skip: reason }, () => {})
  else describe(`migrations on ${name}`, () => describeMigrations(url))
}
