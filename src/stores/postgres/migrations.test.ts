import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { Books } from '../../../test/conformance/books.ts'
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
} from '../../../test/support/commands.ts'
import { administer, PostgresDatabase, WITHOUT_POSTGRES } from '../../../harness/postgres-database.ts'
import { postgresMigrations } from './migrations.ts'
import { migratePostgres, openPostgresStorage } from './storage.ts'

const GUIDE = new URL('../../../docs/guides/postgres.md', import.meta.url)

/** The SQL statements of the guide's section on rights. */
function documentedGrants(user: string): string {
  const section = /^## Rights$[^]*?```sql\n([^]*?)```/m.exec(readFileSync(GUIDE, 'utf8'))?.[1]
  assert.ok(section !== undefined, 'the guide lists the grants')
  return section.replaceAll('TO holdfast;', `TO ${user};`)
}

async function withRole(database: PostgresDatabase, user: string, action: () => Promise<void>): Promise<void> {
  await administer((client) => client.query(`CREATE ROLE ${user} LOGIN`))
  try {
    await action()
  } finally {
    await database.client.query(`RESET ROLE; DROP OWNED BY ${user}; DROP ROLE ${user}`)
  }
}

describe('on a server', { skip: WITHOUT_POSTGRES, concurrency: 2 }, () => {
  test('an empty database is migrated once, also by many at once', async () => {
    await using database = await PostgresDatabase.create()
    const names = postgresMigrations().map(({ name }) => name)
    const reports = await Promise.all(Array.from({ length: 5 }, () => migratePostgres(database.url())))
    assert.deepEqual(
      reports.flatMap(({ applied }) => applied),
      names,
    )
    for (const { version } of reports) assert.equal(version, names.length)
    assert.deepEqual((await migratePostgres(database.url())).applied, [])
  })

  test('a ledger opens only on the tables of its version', async () => {
    await using database = await PostgresDatabase.create()
    const refused = { name: 'MigrationError' }
    await assert.rejects(openPostgresStorage(database.url()), { ...refused, message: /lacks 0001_added_rows/ })
    await migratePostgres(database.url())
    await (await openPostgresStorage(database.url())).close()
    const { client } = database
    const next = postgresMigrations().length + 1
    await client.query(`INSERT INTO migrations VALUES (${next}, 'of_tomorrow', '', 0)`)
    for (const open of [openPostgresStorage, migratePostgres]) {
      await assert.rejects(open(database.url()), { ...refused, message: /of_tomorrow/ })
    }
    await client.query(`DELETE FROM migrations WHERE number = ${next}; UPDATE migrations SET checksum = 'other'`)
    await assert.rejects(openPostgresStorage(database.url()), { ...refused, message: /not the file/ })
  })

  test('a migration that fails leaves nothing behind', async () => {
    await using database = await PostgresDatabase.create()
    await database.client.query('CREATE VIEW requests AS SELECT 1')
    await assert.rejects(migratePostgres(database.url()), {
      name: 'Fault',
      code: 'store_unavailable',
      message: /requests/,
    })
    const { rows } = await database.client.query(
      `SELECT to_regclass('migrations') AS migrations, to_regclass('balances') AS balances`,
    )
    assert.deepEqual(rows, [{ migrations: null, balances: null }])
    await database.client.query('DROP VIEW requests')
    assert.equal((await migratePostgres(database.url())).applied.length, postgresMigrations().length)
  })

  test('two schemas of one database are two ledgers', async () => {
    await using database = await PostgresDatabase.create()
    const urls = ['one', 'two'].map((schema) => database.url({ schema }))
    for (const url of urls) {
      await using storage = await openPostgresStorage(url, { migrate: true })
      await new Books(storage.store).apply(deposit('d', 'user:8', 1n))
    }
    for (const url of urls) {
      await using storage = await openPostgresStorage(url)
      assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 1n)
    }
  })

  test('a user with the rights that the guide grants can serve and verify, and cannot rewrite the journal', async () => {
    await using database = await PostgresDatabase.create()
    await migratePostgres(database.url())
    const user = `${database.name}_app`
    await withRole(database, user, async () => {
      await database.client.query(documentedGrants(user))
      const storage = await openPostgresStorage(database.url({}, { user }))
      const books = new Books(storage.store)
      await books.apply(
        declare('gem'),
        deposit('d', 'user:8', 100n),
        open('o', 'user:9', -5n, { metadata: { tier: 1 } }),
      )
      await books.apply(freeze('h', 'user:8', 10n), charge('c', 'user:8', 1n))
      await books.exclusive(
        settle('h', 5n),
        open('o2', 'user:9', 0n, { metadata: { tier: 2 } }),
        declare('gem', 0, 'Gem'),
        rate('credit', 'gem', [1n, 2n]),
        transfer('x', [across('user:8', 'user:9', [4n, 'credit'], ['gem'])]),
      )
      await books.apply(freeze('life', 'user:8', 10n), settlePart('part', 'life', 5n))
      await books.exclusive(amend('more', 'life', { amount: 12n }))
      assert.equal((await storage.reader.holdHistory({ hold: 'life', limit: 5, cursor: null }))?.items.length, 3)
      for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 1), [])
      assert.equal((await storage.reader.hold('h'))?.state, 'settled')
      await storage.store.ping()
      await storage.close()
      await database.client.query(`SET ROLE ${user}`)
      for (const forbidden of [
        'UPDATE journal SET held = 0',
        'DELETE FROM journal',
        'UPDATE hold_changes SET held = 0',
        'UPDATE rates SET numerator = 9',
        'UPDATE requests SET expires_at = 0',
        'DELETE FROM requests',
        'DROP TABLE balances',
      ]) {
        await assert.rejects(database.client.query(forbidden), { code: '42501' }, forbidden)
      }
    })
  })

  test('a user without the right to create tables gets an error that says so', async () => {
    await using database = await PostgresDatabase.create()
    const user = `${database.name}_nobody`
    await database.client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC')
    await withRole(database, user, async () => {
      const refused = { name: 'Fault', code: 'store_misconfigured', message: /permission denied for schema public/ }
      await assert.rejects(migratePostgres(database.url({}, { user })), refused)
    })
  })
})
