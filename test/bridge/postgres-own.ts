/** What a bridge promises only on PostgreSQL, or differently there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client, Query, type Connection } from 'pg'
import { openLedger } from '../../src/ledger.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { PgBouncer, WITHOUT_PGBOUNCER } from '../support/pgbouncer.ts'
import { assertExact, available, errorOf, install, oldSystem, PLAN, rowOf, status } from './bridged-ledger.ts'
import { OldCode } from './old-code.ts'
import type { OldServer } from './old-server.ts'
import { PostgresOldDatabase } from './postgres-server.ts'

/** A COPY … FROM STDIN of these bytes. */
class Copy extends Query {
  readonly #bytes: Buffer

  constructor(sql: string, bytes: Buffer) {
    super(sql)
    this.#bytes = bytes
  }

  handleCopyInResponse(connection: Connection & { sendCopyFromChunk(bytes: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(this.#bytes)
    connection.endCopyFrom()
  }
}

export function describePostgresBridge(server: OldServer): void {
  describeStatements(server)
  describeTransactions(server)
  describeRights(server)
}

function describeStatements(server: OldServer): void {
  test('COPY is followed', async () => {
    await using database = await oldSystem(server, [])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    const client = new Client({ connectionString: database.url() })
    await client.connect()
    try {
      const rows = Array.from({ length: 500 }, (_, index) => `${index + 1}\t${index}\t0\n`).join('')
      const copy = new Copy('COPY users (id, balance, frozen_balance) FROM STDIN', Buffer.from(rows))
      const done = new Promise((resolve, reject) => void copy.once('end', resolve).once('error', reject))
      client.query(copy)
      await done
    } finally {
      await client.end()
    }
    assert.equal(await available(ledger, 'user:500'), 499n)
    await assertExact(database, ledger)
    assert.equal((await status(database)).accounts.attached, 500)
  })

  test('TRUNCATE is refused', async () => {
    await using database = await oldSystem(server, [[1, 10, 0]])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    assert.match(await errorOf(database.query('TRUNCATE users CASCADE')), /bridged rows are deleted one by one/)
    await assertExact(database, ledger)
  })

  test('what another trigger of the old system makes of a row is followed', async () => {
    await using database = await oldSystem(server, [[1, 10, 0]])
    // Its name comes first, so it runs before the bridge, and changes the row a second time.
    await database.query(`CREATE FUNCTION bonus() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.balance = 15 THEN UPDATE users SET balance = 16 WHERE id = NEW.id; END IF; RETURN NULL; END $$`)
    await database.query('CREATE TRIGGER a_bonus AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION bonus()')
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await database.query('UPDATE users SET balance = 15 WHERE id = 1')
    assert.equal(await available(ledger, 'user:1'), 16n)
    await assertExact(database, ledger)
  })

  test('users with UUIDs and with texts in a collation, and a ledger in a schema of its own', async () => {
    const ids = ['0190a5b0-7e2b-7cc1-8b1e-3b9df2a0c111', 'ffffffff-7e2b-7cc1-8b1e-3b9df2a0c222']
    for (const [type, keys] of [
      ['uuid', ids],
      ['text COLLATE "POSIX"', ["o'neil", 'Zoë', 'ada\\b']],
    ] as const) {
      await using database = await oldSystem(
        server,
        [],
        [
          `CREATE TABLE users (id ${type} PRIMARY KEY, balance numeric(12, 2) NOT NULL, frozen_balance numeric(12, 2) NOT NULL)`,
          `CREATE TABLE compute_freeze_logs (id bigserial PRIMARY KEY, request_id text, user_id ${type}, amount numeric(12, 2), status text)`,
          'CREATE SCHEMA books',
        ],
      )
      await database.query(
        `INSERT INTO users VALUES ${keys.map((key) => `('${key.replace("'", "''")}', 7, 0)`).join(', ')}`,
      )
      assert.ok(database instanceof PostgresOldDatabase)
      const store = database.database.url({ schema: 'books' })
      await using ledger = await openLedger(store, { migrate: true, sweep: false })
      const tables = '--users-table public.users --freezes-table public.compute_freeze_logs'
      const ran = await runHoldfast(['bridge', 'install', '--store', store, ...tables.split(' ')])
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
      await using again = await openLedger(store, { sweep: false })
      const [one, other] = [`user:${keys[0]}`, `user:${keys.at(-1)}`]
      await again.transfer({ legs: [{ from: one, to: other, amount: 2n }] })
      await database.query('UPDATE users SET balance = balance + 1')
      assert.deepEqual([await available(ledger, one), await available(ledger, other)], [6n, 10n])
      const verified = await runHoldfast(['bridge', 'verify', '--store', store])
      assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr)
    }
  })
}

function describeTransactions(server: OldServer): void {
  test('nothing of a bridge outlives a transaction in its connection, whichever side it was and however it ended', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 10, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = await database.rival()
    const left = async (): Promise<unknown> =>
      (
        await old.run(`SELECT coalesce(current_setting('holdfast.side', true), '') AS side,
        (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks`)
      ).rows[0]
    await old.run('BEGIN')
    await old.run('UPDATE users SET balance = 9 WHERE id = 1')
    assert.equal((await old.run(`SELECT current_setting('holdfast.side', true) AS side`)).rows[0]!['side'], '')
    // The same transaction writes another user, and a balance of the ledger as a service would: both are followed.
    await old.run('UPDATE users SET balance = 8 WHERE id = 2')
    await old.run('COMMIT')
    assert.deepEqual(await left(), { side: '', locks: 0 })
    await assert.rejects(old.run('UPDATE users SET balance = -1 WHERE id = 1'), /below its floor/)
    assert.deepEqual(await left(), { side: '', locks: 0 })
    await old.run('UPDATE users SET balance = 7 WHERE id = 1')
    assert.deepEqual([await available(ledger, 'user:1'), await available(ledger, 'user:2')], [7n, 8n])
    await assertExact(database, ledger)
  })

  test(
    'old code behind a pooler that lends a connection per transaction is followed',
    { skip: WITHOUT_PGBOUNCER },
    async () => {
      const users = [1, 2, 3].map((id) => [id, 1_000, 0] as const)
      await using database = await oldSystem(server, users)
      assert.ok(database instanceof PostgresOldDatabase)
      await install(database)
      await using bouncer = await PgBouncer.start('transaction', { default_pool_size: 2 })
      await using ledger = await openLedger(database.url(), { sweep: false })
      await using old = new OldCode(server, database.database.url({}, { port: bouncer.port }))
      const ways = ['row-lock', 'cas', 'update-first', 'insert-first'] as const
      const work = ways.map(async (way, worker) => {
        for (let call = 0; call < 20; call++) {
          const [id, user] = [`${way}-${call}`, 1 + ((call + worker) % 3)]
          if (await old.freeze(way, id, user, 3)) await old.end(way, id, user, call % 2 === 0 ? null : 2)
        }
      })
      for (let call = 0; call < 40; call++) await ledger.freeze({ account: `user:${1 + (call % 3)}`, amount: 2n })
      await Promise.all(work)
      assert.ok(old.counts.ends > 0)
      assert.deepEqual([...old.counts.errors], [])
      await assertExact(database, ledger)
    },
  )

  test('old transactions with one snapshot each are refused as the server refuses them, and lose nothing', async () => {
    await using database = await oldSystem(server, [
      [1, 1_000, 0],
      [2, 1_000, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    const errors = new Set<string>()
    const levels = ['REPEATABLE READ', 'SERIALIZABLE']
    const done = { old: 0 }
    const work = levels.map(async (level, worker) => {
      await using old = await database.rival()
      for (let call = 0; call < 60; call++) {
        await old.run(`BEGIN ISOLATION LEVEL ${level}`)
        try {
          await old.run('SELECT * FROM users')
          await old.run('UPDATE users SET balance = balance - 1 WHERE id = ?', [1 + ((call + worker) % 2)])
          await old.run('COMMIT')
          done.old++
        } catch (error) {
          await old.run('ROLLBACK')
          errors.add(server.errorName(error) ?? String(error))
        }
      }
    })
    for (let call = 0; call < 60; call++) await ledger.freeze({ account: `user:${1 + (call % 2)}`, amount: 1n })
    await Promise.all(work)
    errors.delete('40001')
    assert.deepEqual([...errors], [])
    const rows = [await rowOf(database, 1), await rowOf(database, 2)]
    assert.equal(rows[0]![0] + rows[1]![0], 2_000 - done.old)
    assert.equal(rows[0]![1] + rows[1]![1], 60)
    await assertExact(database, ledger)
  })

  test('a transaction with a snapshot from before a pause does not write after it', async () => {
    await using database = await oldSystem(server, [[1, 10, 0]])
    await install(database)
    await using old = await database.rival()
    await old.run('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await old.run('SELECT * FROM users')
    assert.equal((await runHoldfast(['bridge', 'pause', '--store', database.url()])).exitCode, 0)
    await assert.rejects(old.run('UPDATE users SET balance = 9 WHERE id = 1'), /could not serialize access/)
    await old.run('ROLLBACK')
    assert.deepEqual(await rowOf(database, 1), [10, 0, 0])
  })

  test('a row that refers to a user keeps no commit of the ledger waiting', async () => {
    await using database = await oldSystem(server, [[1, 10, 0]])
    await database.query('CREATE TABLE sessions (user_id bigint REFERENCES users (id))')
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = await database.rival()
    await old.run('BEGIN')
    await old.run('INSERT INTO sessions VALUES (1)')
    await ledger.freeze({ account: 'user:1', amount: 3n })
    await old.run('COMMIT')
    assert.deepEqual(await rowOf(database, 1), [10, 3, 1])
    await assertExact(database, ledger)
  })
}

function describeRights(server: OldServer): void {
  test('the old system needs no right to the ledger, the service one right to the old table, and the installing user owns both', async () => {
    await using database = await oldSystem(server, [[8, 100, 0]])
    assert.ok(database instanceof PostgresOldDatabase)
    const [owner, app, serving] = [
      await database.createRole(),
      await database.createRole(),
      await database.createRole(),
    ]
    const early = await runHoldfast(['bridge', 'install', '--store', database.url({ user: owner })])
    assert.notEqual(early.exitCode, 0)
    await database.query(`GRANT CREATE ON SCHEMA public TO ${owner}`)
    const tables = await database.query(`SELECT oid::regclass::text AS name, relkind FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')`)
    for (const { name, relkind } of tables) {
      if (name === 'users') continue
      await database.query(`ALTER ${relkind === 'v' ? 'VIEW' : 'TABLE'} ${String(name)} OWNER TO ${owner}`)
    }
    const store = database.url({ user: owner })
    await database.query(`GRANT ALL ON users TO ${owner}`)
    const refused = await runHoldfast(['bridge', 'install', '--store', store, '--version-column', 'version'])
    assert.match(refused.stderr, /users" belongs to postgres: only its owner can remove a trigger/)
    await database.query(`ALTER TABLE users OWNER TO ${owner}`)
    await database.query(`GRANT SELECT ON migrations, request_ids, holds, postings, entries, authors TO ${serving}`)
    await database.query(
      `GRANT SELECT, INSERT, UPDATE ON accounts, standings, assets, balances, api_keys TO ${serving}`,
    )
    await database.query(
      `GRANT SELECT, INSERT ON requests, hold_changes, journal, rates, house_accounts, feed, actors TO ${serving}`,
    )
    await database.query(`GRANT SELECT, INSERT, DELETE ON commits TO ${serving}`)
    await database.query(`GRANT SELECT, UPDATE ON users TO ${serving}`)
    await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON users, compute_freeze_logs TO ${app}`)
    await database.query(`GRANT USAGE ON SEQUENCE compute_freeze_logs_id_seq TO ${app}`)
    const ran = await runHoldfast(['bridge', 'install', '--store', store, '--version-column', 'version'])
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    await using old = new OldCode(server, database.url({ user: app }))
    assert.equal(await old.freeze('cas', 'a', 8, 40), true)
    await using ledger = await openLedger(database.url({ user: serving }), { sweep: false })
    await ledger.freeze({ account: 'user:8', amount: 60n })
    assert.deepEqual(await rowOf(database, 8), [100, 100, 2])
    assert.equal(await old.freeze('row-lock', 'b', 8, 1), false)
    assert.deepEqual([...old.counts.errors], [])
    await using stranger = await database.rival()
    await stranger.run(`SET ROLE ${app}`)
    await assert.rejects(
      stranger.run(`SELECT holdfast_bridge_attach('user:8', 'credit', 'repair')`),
      /permission denied/,
    )
    for (const [command, ...flags] of [
      ['status'],
      ['verify'],
      ['pause'],
      ['pause', '--resume'],
      ['remove', '--hand-over'],
    ]) {
      const each = await runHoldfast(['bridge', command!, ...flags, '--store', store])
      assert.equal(each.exitCode, 0, each.stdout + each.stderr)
    }
  })

  test('a trigger that was switched off is missed, and a bridge can be installed again', async () => {
    await using database = await oldSystem(server, [[1, 10, 0]])
    await install(database)
    await database.query('ALTER TABLE users DISABLE TRIGGER holdfast_bridge_users_update')
    assert.deepEqual((await status(database)).missing, ['trigger holdfast_bridge_users_update'])
    await database.query('DROP TRIGGER holdfast_bridge_users_update ON users')
    assert.deepEqual((await install(database, PLAN)).status.missing, [])
  })

  test('doctor takes the triggers of a bridge for its own', async () => {
    await using database = await oldSystem(server, [[8, 100, 0]])
    await install(database)
    await database.query(`CREATE FUNCTION stranger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`)
    await database.query(
      'CREATE TRIGGER stranger AFTER INSERT ON journal FOR EACH STATEMENT EXECUTE FUNCTION stranger()',
    )
    const { stdout } = await runHoldfast(['doctor', '--store', database.url(), '--json'])
    const triggers = [...stdout.matchAll(/"id":"tables.trigger"[^}]*/g)].map(String)
    assert.equal(triggers.length, 1, stdout)
    assert.match(triggers[0]!, /stranger/)
  })
}
