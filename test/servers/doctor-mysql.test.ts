/** `doctor` on a database of MySQL and MariaDB: lock waits, rights, what is attached to the tables, and that it only reads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { examine } from '../../src/doctor/examine.ts'
import { MysqlRespondent } from '../../src/doctor/mysql/respondent.ts'
import { mysqlMigrations } from '../../src/stores/mysql/migrations.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { deposit } from '../support/commands.ts'
import { examineUntil, found, textOf, theOne } from '../support/doctor.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'

/** Longer than any test waits. */
const LOCK_TIMEOUT_MS = 60_000

for (const { name, url, reason } of mysqlServers()) {
  describe(`doctor on ${name}`, { skip: url === null && reason }, () => {
    test('a migrated database without trouble has nothing that is broken', async () => {
      await using ledger = await MysqlLedger.create(url!)
      await ledger.books.apply(deposit('d1', 'user:1', 1_000n))
      const findings = await examine(ledger.database.url())
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'broken'),
        [],
      )
      assert.deepEqual(found(findings, 'unseen'), [])
      assert.equal(theOne(findings, 'tables.migrations').severity, 'fine')
      assert.equal(theOne(findings, 'tables.shape').severity, 'fine')
      assert.equal(theOne(findings, 'rights.missing').severity, 'fine')
      assert.equal(theOne(findings, 'clock').severity, 'fine')
      assert.match(theOne(findings, 'server.version').value, name === 'mysql' ? /^MySQL / : /^MariaDB /)
      assert.match(theOne(findings, 'tables.growth').value, /1 requests/)
    })

    test('a provoked lock wait shows both sides with their statements, and how to end the one that blocks', async () => {
      await using ledger = await MysqlLedger.create(url!, { lockTimeoutMs: LOCK_TIMEOUT_MS })
      await ledger.books.apply(deposit('d1', 'user:1', 1_000n))
      const rival = await ledger.rival()
      const [[{ id }]] = (await rival.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]]
      await rival.query("BEGIN; UPDATE balances SET floor = floor WHERE account = 'user:1'")
      const waiting = ledger.books.apply(deposit('d2', 'user:1', 1n)).catch(() => undefined)
      const wait = await examineUntil(
        ledger.database.url(),
        'waits.lock',
        ({ severity }) => severity === 'risk' || severity === 'broken',
      )
      assert.match(wait.value, /has waited for \d+ .* of index (?:balances_name|PRIMARY) of balances/)
      assert.match(wait.value, /user:1/)
      assert.match(wait.details[0]!, /^waits: connection \d+ .*(?:UPDATE|SELECT|INSERT).*balances/i)
      assert.match(wait.details[1]!, new RegExp(`^blocks: connection ${id} .*idle`))
      // Without the performance schema, MariaDB does not know the last statement of an idle connection.
      if (name === 'mysql') {
        assert.match(wait.details[0]!, /holdfast/)
        assert.match(wait.details[1]!, /UPDATE balances SET floor = floor WHERE account = 'user:1'/)
      }
      assert.match(wait.remedy!, new RegExp(`KILL ${id}$`))
      if (name === 'mysql') {
        const foreign = theOne(await examine(ledger.database.url()), 'transactions.foreign')
        assert.match(textOf(foreign), new RegExp(`connection ${id} .*\\n.*\\n.*UPDATE balances`))
      }
      // The statement was shown and not run.
      await rival.query('ROLLBACK')
      await waiting
      assert.equal(await ledger.available('user:1'), 1_001n)
    })

    test('a change of a table that waits for a transaction is shown, with the one that waits behind it', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const [rival, owner] = [await ledger.rival(), await ledger.rival()]
      await rival.query('BEGIN; SELECT * FROM rates')
      const change = owner.query('ALTER TABLE rates ADD COLUMN note INT').catch(() => undefined)
      const wait = await examineUntil(ledger.database.url(), 'waits.table', ({ severity }) => severity === 'risk')
      assert.match(textOf(wait), /waiting for table metadata lock.*\n.*\n.*ALTER TABLE rates/)
      await rival.query('ROLLBACK')
      await change
    })

    test('a user without rights gets the basic part, and is told what was not seen and what is missing', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const user = await ledger.database.createUser('SELECT')
      const findings = await examine(ledger.database.url({ user }))
      const missing = theOne(findings, 'rights.missing')
      assert.equal(missing.severity, 'broken')
      assert.match(missing.value, /INSERT ON requests/)
      assert.match(missing.value, /UPDATE ON balances/)
      assert.match(missing.value, /DELETE ON commits/)
      assert.match(missing.remedy!, /GRANT INSERT ON journal TO USER/)
      const unseen = theOne(findings, 'unseen', 'rights')
      assert.match(unseen.value, /open transactions/)
      assert.match(unseen.value, /the last deadlock/)
      assert.match(unseen.remedy!, /GRANT PROCESS ON \*\.\* TO USER/)
      assert.equal(theOne(findings, 'tables.shape').severity, 'fine')
      assert.equal(theOne(findings, 'durability.setting', 'innodb_doublewrite').severity, 'fine')
    })

    test('the rights of a service are enough for what it does', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const user = await ledger.database.createUser('SELECT, INSERT, UPDATE, DELETE')
      const findings = await examine(ledger.database.url({ user }))
      assert.equal(theOne(findings, 'rights.missing').severity, 'fine')
      assert.equal(theOne(findings, 'holds.overdue').severity, 'fine')
      assert.equal(theOne(findings, 'tables.migrations').severity, 'fine')
    })

    test('triggers, foreign keys, another engine, and indexes that are missing or too many are found', async () => {
      await using ledger = await MysqlLedger.create(url!)
      await ledger.database.query(`
        CREATE TABLE users (id BIGINT PRIMARY KEY, balance_id BIGINT, CONSTRAINT to_ledger FOREIGN KEY (balance_id) REFERENCES balances (id));
        CREATE TRIGGER watch_journal AFTER INSERT ON journal FOR EACH ROW SET @seen = 1;
        CREATE INDEX by_kind ON requests (kind);
        ALTER TABLE requests DROP INDEX requests_steps;
        ALTER TABLE balances DROP INDEX balances_name;
        ALTER TABLE rates ENGINE = MyISAM`)
      const findings = await examine(ledger.database.url())
      assert.match(theOne(findings, 'tables.trigger').value, /watch_journal on journal: runs AFTER INSERT/)
      assert.match(theOne(findings, 'tables.foreign_key').value, /to_ledger on users: refers to balances/)
      assert.equal(theOne(findings, 'tables.index_extra').subject, 'requests.by_kind')
      assert.equal(theOne(findings, 'tables.index_missing', 'requests (hold_seq)').severity, 'risk')
      const unique = theOne(findings, 'tables.index_missing', 'balances (account, asset, stripe)')
      assert.equal(unique.severity, 'broken')
      assert.equal(theOne(findings, 'tables.engine').subject, 'rates')
      await ledger.database.query('DROP TABLE users; DROP INDEX by_kind ON requests')
      // The remedies can be typed.
      for (const { remedy } of found(findings, 'tables.index_missing')) await ledger.database.query(remedy!)
      for (const { remedy } of found(findings, 'tables.engine')) await ledger.database.query(remedy!)
      const mended = await examine(ledger.database.url())
      assert.equal(theOne(mended, 'tables.shape').severity, 'fine')
      assert.deepEqual(found(mended, 'tables.engine'), [])
    })

    test('a database without tables, with pending, newer or interrupted migrations is diagnosed', async () => {
      await using empty = await MysqlDatabase.create(url!)
      const none = theOne(await examine(empty.url()), 'tables.migrations')
      assert.deepEqual([none.severity, none.value], ['broken', 'there are no tables yet'])
      await using ledger = await MysqlLedger.create(url!)
      const { database } = ledger
      await database.query("INSERT INTO migrations VALUES (99, '0099_later', REPEAT('0', 64), 3, 3, 1)")
      assert.match(theOne(await examine(database.url()), 'tables.migrations').value, /0099_later is newer/)
      await database.query(
        'DELETE FROM migrations WHERE number = 99; UPDATE migrations SET applied_at = NULL, statements_done = 2',
      )
      assert.match(theOne(await examine(database.url()), 'tables.migrations').value, /interrupted: 2 of its statements/)
    })

    test('its connection can only read', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const { address, tuning } = parseMysqlUrl(ledger.database.url())
      await using respondent = await MysqlRespondent.open(address, tuning)
      const writes = [
        "INSERT INTO accounts VALUES ('user:1', '{}')",
        'CREATE TABLE more (a INT)',
        'DELETE FROM migrations',
      ]
      for (const text of writes) {
        await assert.rejects(respondent.query(text, []), { name: 'Refusal', message: /READ ONLY transaction/ })
      }
      assert.equal((await ledger.database.query('SELECT * FROM accounts')).length, 0)
      assert.equal((await ledger.database.query('SELECT * FROM migrations')).length, mysqlMigrations().length)
    })

    test('a question that takes too long is given up, and the next one is answered', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const { address, tuning } = parseMysqlUrl(ledger.database.url())
      await using respondent = await MysqlRespondent.open(address, tuning)
      // MySQL counts the limit for reads of tables only, and SLEEP ends early there without an error.
      const slow = `SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c WHERE a.COLUMN_NAME <> b.COLUMN_NAME AND c.COLUMN_NAME <> a.COLUMN_NAME`
      const connection = await respondent.query('SELECT CONNECTION_ID() AS id', [])
      await assert.rejects(respondent.query(slow, []), { name: 'Refusal', kind: 'time' })
      // The server itself has cancelled it: the connection is still there.
      assert.deepEqual(await respondent.query('SELECT CONNECTION_ID() AS id', []), connection)
    })
  })
}
