/** A ledger of the version before authors is brought forward with its rows, and erasing what is said of a person leaves who did it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { showAuthor } from '../../src/domain/by.ts'
import { eraseAccount, migrateLedger } from '../../src/ledger.ts'
import { openStorage } from '../../src/stores/open.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { Books } from '../conformance/books.ts'
import { BILLING, enterActors } from '../support/authors.ts'
import { deposit, freeze, settle, settlePart } from '../support/commands.ts'

interface Site extends AsyncDisposable {
  readonly url: string
  run(sql: string): Promise<unknown>
}

/** The tables as they were before: what the migration adds is taken away. */
const BEFORE = [
  'DROP VIEW authors',
  'DROP TABLE actors',
  ...['requests', 'hold_changes'].flatMap((table) => [
    `ALTER TABLE ${table} DROP COLUMN actor`,
    `ALTER TABLE ${table} DROP COLUMN trace`,
  ]),
  `DELETE FROM migrations WHERE name LIKE '%_authors'`,
]

function describeAuthors(create: () => Promise<Site>): void {
  test('a ledger of the version before keeps its rows, says nobody for them, and records from then on', async () => {
    await using site = await create()
    const report = await migrateLedger(site.url)
    assert.match(report.applied.at(-1)!, /_authors$/)
    {
      await using storage = await openStorage(site.url)
      const books = new Books(storage.store)
      await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 10n), settle('h', 5n))
      await books.apply(freeze('open', 'user:8', 10n), settlePart('p', 'open', 5n))
    }
    for (const sql of BEFORE) await site.run(sql)
    assert.deepEqual((await migrateLedger(site.url)).applied, [report.applied.at(-1)])
    await using storage = await openStorage(site.url)
    for (const id of ['d', 'h', 'h~settle', 'p']) assert.equal((await storage.reader.entry(id))?.by, null, id)
    await enterActors(storage.actors)
    const books = new Books(storage.store)
    await books.apply({ ...settle('open', 1n), givenBy: BILLING })
    assert.deepEqual((await storage.reader.entry('open~settle'))?.by, showAuthor(BILLING))
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 1), [], check.id)
  })

  test('erasing an account leaves who did it', async () => {
    await using site = await create()
    await migrateLedger(site.url)
    await using storage = await openStorage(site.url)
    await enterActors(storage.actors)
    const books = new Books(storage.store)
    await books.apply({ ...deposit('d', 'user:8', 100n, { memo: 'Jo' }), givenBy: BILLING })
    await eraseAccount(site.url, 'user:8')
    const entry = await storage.reader.entry('d')
    assert.deepEqual([entry?.memo, entry?.by], [null, showAuthor(BILLING)])
  })

  test('the view of authors shows the key, the address and the trace of each entry', async () => {
    await using site = await create()
    await migrateLedger(site.url)
    await using storage = await openStorage(site.url)
    await enterActors(storage.actors)
    const books = new Books(storage.store)
    await books.apply({ ...deposit('d', 'user:8', 100n), givenBy: BILLING }, deposit('e', 'user:8', 1n))
    await books.apply(freeze('h', 'user:8', 1n), { ...settle('h', 1n), givenBy: BILLING })
    const rows = await site.run('SELECT entry_id, key_name, address, trace FROM authors ORDER BY entry_id')
    const { key: key_name, address, trace } = showAuthor(BILLING)!
    const plain = (rows as object[]).map((row) => ({ ...row }))
    assert.deepEqual(
      plain,
      ['d', 'h~settle'].map((entry_id) => ({ entry_id, key_name, address, trace })),
    )
  })
}

describe('sqlite', () => {
  describeAuthors(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-authors-'))
    const path = join(folder, 'ledger.db')
    return {
      url: `sqlite:${path}`,
      async run(sql) {
        const database = new DatabaseSync(path)
        try {
          return database.prepare(sql).all()
        } finally {
          database.close()
        }
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    }
  })
})

for (const { name, url, reason } of mysqlServers()) {
  describe(name, { skip: url === null && reason }, () => {
    describeAuthors(async () => {
      const database = await MysqlDatabase.create(url!)
      return {
        url: database.url(),
        run: (sql) => database.query(sql),
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      }
    })
  })
}

describe('postgres', { skip: WITHOUT_POSTGRES }, () => {
  describeAuthors(async () => {
    const database = await PostgresDatabase.create()
    return {
      url: database.url(),
      run: async (sql) => (await database.client.query(sql)).rows as unknown,
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    }
  })
})
