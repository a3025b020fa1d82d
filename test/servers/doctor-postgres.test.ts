/** `doctor` on PostgreSQL: lock waits, deadlocks, rights, what is attached to the tables, weak settings, and that it only reads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { examine } from '../../src/doctor/examine.ts'
import { PostgresRespondent } from '../../src/doctor/postgres/respondent.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { parsePostgresUrl } from '../../src/stores/postgres/url.ts'
import { Books } from '../conformance/books.ts'
import { deposit } from '../support/commands.ts'
import { examineUntil, found, textOf, theOne } from '../support/doctor.ts'
import { PgBouncer, WITHOUT_PGBOUNCER } from '../support/pgbouncer.ts'
import { PostgresLedger } from '../support/postgres-ledger.ts'
import { PrivateServer } from '../support/private-server.ts'
import { administer, PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { installationUnderTest } from '../../harness/server-installations.ts'

async function connected(url: string, program = 'report'): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: program })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function idOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]!.pid
}

/** A user with these rights on the tables; dropped with what it was granted. */
async function withUser(
  ledger: PostgresLedger,
  rights: string,
  action: (user: string) => Promise<void>,
): Promise<void> {
  const user = `doctor_${ledger.database.name}`
  await administer((client) => client.query(`CREATE ROLE ${user} LOGIN`))
  try {
    await ledger.database.client.query(`GRANT ${rights} ON ALL TABLES IN SCHEMA public TO ${user}`)
    await action(user)
  } finally {
    await ledger.database.client.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)
  }
}

describe('doctor on postgres', { skip: WITHOUT_POSTGRES }, () => {
  test('a migrated database without trouble has nothing that is broken', async () => {
    await using ledger = await PostgresLedger.create()
    const findings = await examine(ledger.database.url())
    assert.deepEqual(
      findings.filter(({ severity }) => severity === 'broken'),
      [],
    )
    assert.deepEqual(found(findings, 'unseen'), [])
    for (const id of ['tables.migrations', 'tables.shape', 'rights.missing', 'clock', 'holds.overdue'] as const) {
      assert.equal(theOne(findings, id).severity, 'fine', id)
    }
    assert.match(theOne(findings, 'server.version').value, /^PostgreSQL /)
  })

  test('a provoked lock wait shows both sides with their statements, and how to end the one that blocks', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open({ lock_timeout_ms: 60_000, statement_timeout_ms: 60_000 })
    const rival = await connected(ledger.database.url())
    const id = await idOf(rival)
    await rival.query("BEGIN; UPDATE balances SET floor = floor WHERE account = 'user:1'")
    const waiting = Books.ofToday(storage.store)
      .apply(deposit('d3', 'user:1', 1n))
      .catch(() => undefined)
    const wait = await examineUntil(ledger.database.url(), 'waits.lock', ({ severity }) => severity !== 'fine')
    assert.match(wait.value, /has waited for \d.* for a row/)
    assert.match(
      wait.details[0]!,
      /^waits: connection \d+ \(holdfast, user postgres from .*\) runs, in a transaction of .*balances/,
    )
    assert.match(
      wait.details[1]!,
      new RegExp(
        `^blocks: connection ${id} \\(report, user .*idle after, in a transaction of .*UPDATE balances SET floor = floor`,
      ),
    )
    assert.match(wait.remedy!, new RegExp(`SELECT pg_terminate_backend\\(${id}\\)$`))
    const foreign = theOne(await examine(ledger.database.url()), 'transactions.foreign')
    assert.match(foreign.value, /has locks on .*balances/)
    // The statement was shown and not run.
    await rival.query('ROLLBACK')
    await waiting
    await rival.end()
    assert.equal((await storage.reader.account('user:1'))?.balances[0]?.available, 1_001n)
  })

  test('deadlocks are counted, with the place of the log that describes them', async () => {
    await using ledger = await PostgresLedger.create()
    const url = ledger.database.url()
    assert.equal(theOne(await examine(url), 'deadlock.count').severity, 'fine')
    const { client } = ledger.database
    await client.query("CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users VALUES (1, 'ann')")
    const [first, second] = [await connected(url), await connected(url)]
    await first.query("BEGIN; UPDATE users SET name = 'anna'")
    await second.query("BEGIN; UPDATE balances SET floor = floor WHERE account = 'user:1'")
    const ends = await Promise.allSettled([
      first.query("UPDATE balances SET floor = floor WHERE account = 'user:1'"),
      second.query("UPDATE users SET name = 'anne'"),
    ])
    assert.equal(ends.filter(({ status }) => status === 'rejected').length, 1)
    // A connection hands in its counts when it ends.
    await Promise.all([first.end(), second.end()])
    const counted = await examineUntil(url, 'deadlock.count', ({ severity }) => severity === 'advice')
    assert.match(counted.value, /^1 in this database/)
    assert.match(textOf(counted), /in its log only/)
    assert.match(counted.remedy!, /grep .*"deadlock detected"/)
  })

  test('a user without rights gets the basic part, and is told what was not seen and what is missing', async () => {
    await using ledger = await PostgresLedger.create()
    const rival = await connected(ledger.database.url())
    await rival.query('BEGIN; SELECT 1')
    await withUser(ledger, 'SELECT', async (user) => {
      const findings = await examine(ledger.database.url({}, { user }))
      const missing = theOne(findings, 'rights.missing')
      assert.equal(missing.severity, 'broken')
      assert.match(missing.value, /journal \(INSERT\)/)
      assert.match(missing.remedy!, /GRANT UPDATE ON balances TO USER/)
      const unseen = theOne(findings, 'unseen', 'rights')
      assert.match(unseen.value, /what other users’ connections do/)
      assert.match(unseen.remedy!, /GRANT pg_monitor TO USER/)
      assert.equal(theOne(findings, 'tables.shape').severity, 'fine')
    })
    await withUser(ledger, 'SELECT, INSERT, UPDATE, DELETE', async (user) => {
      assert.equal(theOne(await examine(ledger.database.url({}, { user })), 'rights.missing').severity, 'fine')
    })
    await rival.end()
  })

  test('triggers, foreign keys, and indexes that are missing or too many are found', async () => {
    await using ledger = await PostgresLedger.create()
    const { client } = ledger.database
    await client.query(`
      CREATE TABLE users (id bigint PRIMARY KEY, balance_id bigint CONSTRAINT to_ledger REFERENCES balances (id));
      CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
      CREATE TRIGGER watch_journal AFTER INSERT ON journal FOR EACH ROW EXECUTE FUNCTION watch();
      CREATE INDEX by_kind ON requests (kind);
      DROP INDEX requests_steps;
      ALTER TABLE requests DROP CONSTRAINT requests_id`)
    const findings = await examine(ledger.database.url())
    assert.match(theOne(findings, 'tables.trigger').value, /watch_journal on journal: runs watch/)
    assert.match(theOne(findings, 'tables.foreign_key').value, /to_ledger on users: refers to balances/)
    assert.equal(theOne(findings, 'tables.index_extra').subject, 'requests.by_kind')
    assert.equal(theOne(findings, 'tables.index_missing', 'requests (hold_seq)').severity, 'risk')
    assert.equal(theOne(findings, 'tables.index_missing', 'requests (id)').severity, 'broken')
  })

  test('a database without tables, or with newer migrations, is diagnosed', async () => {
    await using empty = await PostgresDatabase.create()
    const none = theOne(await examine(empty.url()), 'tables.migrations')
    assert.deepEqual([none.severity, none.value], ['broken', 'there are no tables yet'])
    await using ledger = await PostgresLedger.create()
    await ledger.database.client.query("INSERT INTO migrations VALUES (99, '0099_later', '', 1)")
    assert.match(theOne(await examine(ledger.database.url()), 'tables.migrations').value, /0099_later is newer/)
    await ledger.database.client.query("DELETE FROM migrations WHERE number = 99; UPDATE migrations SET checksum = 'x'")
    assert.match(theOne(await examine(ledger.database.url()), 'tables.migrations').value, /is not the file/)
  })

  test('its transactions can only read, leave no setting behind, and are given up when they take too long', async () => {
    await using ledger = await PostgresLedger.create()
    await using respondent = await PostgresRespondent.open(parsePostgresUrl(ledger.database.url()))
    await assert.rejects(respondent.query("INSERT INTO accounts VALUES ('user:9', '{}')", []), /read-only transaction/)
    await assert.rejects(respondent.query('SELECT pg_sleep(30)', []), { name: 'Refusal', kind: 'time' })
    await assert.rejects(respondent.query('SELECT * FROM no_such_table', []), { name: 'Refusal', kind: 'absent' })
    const settings = await respondent.query(
      `SELECT reset_val AS value FROM pg_settings WHERE name = 'default_transaction_read_only'
       UNION ALL SELECT source FROM pg_settings WHERE name IN ('lock_timeout') AND source = 'database'`,
      [],
    )
    assert.deepEqual(settings, [{ value: 'off' }])
    const { rows } = await ledger.database.client.query("SELECT * FROM accounts WHERE account = 'user:9'")
    assert.equal(rows.length, 0)
  })
})

describe('doctor through a pooler', { skip: WITHOUT_POSTGRES || WITHOUT_PGBOUNCER }, () => {
  test('one that shares connections is found, and gets them back as they were', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('transaction')
    const url = ledger.database.url({}, { port: bouncer.port })
    assert.equal(theOne(await examine(url), 'server.pooler').severity, 'broken')
    const next = await connected(url)
    for (const name of ['statement_timeout', 'lock_timeout', 'transaction_read_only']) {
      const { rows } = await next.query<Record<string, string>>(`SHOW ${name}`)
      assert.match(rows[0]![name]!, /^(?:0|off)$/, name)
    }
    await next.query("INSERT INTO accounts VALUES ('user:9', '{}')")
    await next.end()
  })

  test('one that shares a single connection is found too', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('transaction', { default_pool_size: 1 })
    const url = ledger.database.url({}, { port: bouncer.port })
    assert.equal(theOne(await examine(url), 'server.pooler').severity, 'broken')
  })

  test('one that keeps them is fine', async () => {
    await using ledger = await PostgresLedger.create()
    await using bouncer = await PgBouncer.start('session')
    const findings = await examine(ledger.database.url({}, { port: bouncer.port }))
    assert.equal(theOne(findings, 'server.pooler').severity, 'fine')
  })
})

const { installation, reason } = installationUnderTest('postgres')

test(
  'weak settings, a prepared transaction and an idle one of a server are found',
  { skip: installation === null && reason },
  async () => {
    await using server = await PrivateServer.start(installation!)
    const url = await server.createDatabase()
    await migrateLedger(url)
    await server.kill()
    await server.start([
      '-c',
      'fsync=off',
      '-c',
      'full_page_writes=off',
      '-c',
      'max_prepared_transactions=5',
      '-c',
      'max_connections=4',
      '-c',
      'superuser_reserved_connections=0',
      '-c',
      'max_wal_senders=0',
      '-c',
      'autovacuum=off',
    ])
    const client = await connected(url)
    await client.query("BEGIN; INSERT INTO accounts VALUES ('user:7', '{}'); PREPARE TRANSACTION 'lost'")
    const weak = await examine(url)
    assert.equal(theOne(weak, 'durability.setting', 'fsync').severity, 'risk')
    assert.match(theOne(weak, 'durability.setting', 'fsync').remedy!, /ALTER SYSTEM SET fsync = on/)
    assert.equal(theOne(weak, 'durability.setting', 'full_page_writes').severity, 'risk')
    assert.equal(theOne(weak, 'setting.autovacuum').severity, 'risk')
    assert.match(theOne(weak, 'transactions.prepared').remedy!, /ROLLBACK PREPARED 'lost'/)
    assert.deepEqual(found(weak, 'server.read_only'), [])
    await client.query("ROLLBACK PREPARED 'lost'")
    const others = await Promise.all([connected(url), connected(url), connected(url)])
    const full = theOne(await examine(url), 'server.unreachable')
    assert.match(textOf(full), /too many clients|remaining connection slots/)
    assert.match(full.remedy!, /^End connections of other programs/)
    await Promise.all(others.map((other) => other.end()))
    await client.query('ALTER SYSTEM SET default_transaction_read_only = on')
    await client.query('SELECT pg_reload_conf()')
    await client.end()
    await examineUntil(url, 'server.read_only', ({ severity }) => severity === 'broken')
  },
)
