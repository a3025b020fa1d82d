/** The SQL of the guide to statements, on every database. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { freeze } from '../support/commands.ts'
import type { SqlDialect } from '../../src/stores/sql/dialect.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'

const GUIDE = readFileSync(join(import.meta.dirname, '../../docs/guides/statements.md'), 'utf8')
const SECTION = /^## By SQL$([^]*?)^## /m.exec(GUIDE)?.[1] ?? ''
/** What the guide uses as the numbers of a balance and of a request. */
const [BALANCE, REQUEST] = ['4711', '4712']
/** Request ids of the guide: of each kind of key. */
const [UUID, SHORT, LONG] = [
  '0199e0a3-5c1b-7d20-9f14-6b1d5a2c7e88',
  'job-1',
  'invoice:2030-01:customer-00000008:line-0001',
] as const

type Rows = readonly Readonly<Record<string, unknown>>[]

/** An empty database. */
interface Site {
  readonly url: string
  query(sql: string): Promise<Rows>
}

/** The statements of the blocks for every database and of those for this one. */
function statementsFor(dialect: SqlDialect): readonly string[] {
  const blocks = [...SECTION.matchAll(/^```sql ?(\w*)\n([^]*?)^```$/gm)]
  return blocks
    .filter(([, only]) => only === '' || only === dialect)
    .flatMap(([, , text]) => text!.split(';'))
    .map((statement) => statement.trim())
}

/** The columns of each view, as the guide lists them. */
function columnsOfViews(): ReadonlyMap<string, readonly string[]> {
  const rows = [...SECTION.matchAll(/^\| `(\w+)` \|[^|]*\|([^|]*)\|$/gm)]
  return new Map(rows.map(([, view, columns]) => [view!, columns!.split(',').map((name) => name.trim().slice(1, -1))]))
}

async function checkGuide(dialect: SqlDialect, site: Site): Promise<void> {
  await migrateLedger(site.url)
  await using ledger = await openLedger(site.url, { sweep: false })
  await ledger.deposit({ requestId: LONG, account: 'user:8', amount: 1_000n })
  const actor = await ledger.actors.actor({ keyNumber: 1, key: 'billing', address: '::1' })
  const givenBy = { actor, trace: null, within: null }
  await ledger.engine.submit({ ...freeze(SHORT, 'user:8', 100n), givenBy })
  await ledger.settle(SHORT, { amount: 60n })
  await ledger.freeze({ requestId: UUID, account: 'user:8', amount: 50n })

  const [lookUp, ...others] = statementsFor(dialect)
  const [balance] = await site.query(lookUp!)
  assert.deepEqual([balance!['available'], balance!['version']].map(Number), [890, 4])
  const [request] = await site.query(`SELECT seq FROM request_ids WHERE id = '${SHORT}'`)
  const found = new Map<string, Rows>()
  for (const statement of others) {
    const numbers = { [BALANCE]: balance!['id'], [REQUEST]: request!['seq'] }
    const sql = statement.replaceAll(/\b471[12]\b/g, (number) => String(numbers[number]))
    found.set(statement, await site.query(sql))
    assert.ok(found.get(statement)!.length > 0, `nothing is found: ${sql}`)
  }
  const rowsOf = (pattern: RegExp): readonly Rows[] =>
    [...found].filter(([sql]) => pattern.test(sql)).map(([, rows]) => rows)

  const { items: lines } = await ledger.postings('user:8')
  assert.deepEqual(
    rowsOf(/^SELECT version/)[0]!.map((row) => [row['entry_id'], row['kind'], ...numbersOf(row, ['version', 'held'])]),
    lines.map(({ entryId, kind, version, held }) => [entryId, kind, version, Number(held)]),
  )
  for (const days of rowsOf(/ AS day/)) {
    assert.equal(
      days.map((row) => Number(row['moved'])).reduce((sum, moved) => sum + moved),
      940,
    )
  }
  assert.deepEqual(
    rowsOf(/^SELECT h\./)[0]!.map(({ id }) => id),
    [UUID],
  )
  assert.deepEqual(
    rowsOf(/^SELECT \* FROM entries/)[0]!
      .map(({ id }) => String(id))
      .toSorted(),
    [SHORT, `${SHORT}~settle`],
  )
  const byKey = rowsOf(/^SELECT seq FROM requests/).map(([row]) => String(row!['seq']))
  const byId = await site.query(`SELECT seq, id FROM request_ids`)
  assert.deepEqual(
    byKey.map((seq) => byId.find((row) => String(row['seq']) === seq)?.['id']),
    [UUID, SHORT, LONG],
  )
  for (const [view, columns] of columnsOfViews()) {
    assert.deepEqual(Object.keys((await site.query(`SELECT * FROM ${view} LIMIT 1`))[0]!), columns, view)
  }
}

function numbersOf(row: Rows[number], columns: readonly string[]): readonly number[] {
  return columns.map((column) => Number(row[column]))
}

test('the guide has statements for every database', () => {
  assert.deepEqual([...columnsOfViews().keys()], ['postings', 'holds', 'entries', 'authors', 'request_ids'])
  const counts = (['sqlite', 'mysql', 'postgres'] as const).map((dialect) => statementsFor(dialect).length)
  assert.deepEqual(counts, [11, 11, 11])
})

test('the SQL of the guide finds what it says on sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-guide-'))
  const path = join(folder, 'ledger.db')
  await checkGuide('sqlite', {
    url: `sqlite:${path}`,
    query: async (sql) => {
      using database = new DatabaseSync(path, { readBigInts: true, readOnly: true })
      return database.prepare(sql).all()
    },
  }).finally(() => rmSync(folder, { recursive: true }))
})

for (const { name, url, reason } of mysqlServers()) {
  test(`the SQL of the guide finds what it says on ${name}`, { skip: url === null && reason }, async () => {
    await using database = await MysqlDatabase.create(url!)
    await checkGuide('mysql', {
      url: database.url(),
      query: (sql) => database.query(sql),
    })
  })
}

test('the SQL of the guide finds what it says on postgres', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  await checkGuide('postgres', {
    url: database.url(),
    query: async (sql) => (await database.client.query<Rows[number]>(sql)).rows,
  })
})
