/** How each database reads lists of as many balances as are sorted: by name within ranges of the key; by an amount, and in figures, in one pass. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { format } from 'mysql2'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { seriesSql } from '../../harness/row-series.ts'
import type { BalanceQuery } from '../../src/engine/reader.ts'
import { BY_KEY } from '../../src/stores/postgres/connection.ts'
import { migratePostgres } from '../../src/stores/postgres/storage.ts'
import type { Query, SqlDialect } from '../../src/stores/sql/dialect.ts'
import { SqlReader } from '../../src/stores/sql/reader.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import { openSqliteStorage } from '../../src/stores/sqlite/storage.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'

const BALANCES = 199_000
const STRIPES = 1_000

type Parameter = string | number | bigint | Buffer | null
type Asked = readonly [sql: string, parameters: readonly Parameter[]]

/** `u0000000` has 0, `u0000001` has 1 and so on, and the issuer has as many stripes as engines begin with. */
function balancesSql(dialect: SqlDialect): readonly string[] {
  const name = dialect === 'mysql' ? `CONCAT('u', LPAD(i, 7, '0'))` : `'u' || substr(CAST(10000000 + i AS text), 2)`
  const balance = { id: 'i + 10', asset: `'credit'`, held: 'i % 2', version: '1' }
  const people = { ...balance, account: name, stripe: '0', available: 'i', floor: '0' }
  const nothing = dialect === 'sqlite' ? 'NULL' : 'CAST(NULL AS DECIMAL)'
  const houses = { ...balance, account: `'@issuer'`, stripe: 'i', available: '-i', floor: nothing }
  const columns = (values: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1)))
  return [
    seriesSql('balances', {
      numbers: { first: 0, count: STRIPES },
      key: 'id',
      series: [{ values: columns(houses) }],
    }),
    seriesSql('balances', {
      numbers: { first: 0, count: 1_000_000 },
      key: 'id',
      series: [{ values: columns(people), where: `i >= ${STRIPES} AND i < ${BALANCES + STRIPES}` }],
    }),
  ]
}

const ALL: BalanceQuery = {
  prefix: '',
  asset: null,
  order: 'name',
  availableBelow: null,
  availableAbove: null,
  heldBelow: null,
  heldAbove: null,
  limit: 50,
  cursor: null,
}

/** Every list by name, and its pages; answers are checked. */
async function byName(reader: SqlReader): Promise<void> {
  const page = async (filters: Partial<BalanceQuery>): Promise<readonly string[]> => {
    const list = { ...ALL, ...filters }
    const { items, next } = await reader.balances(list)
    if (next !== null) await reader.balances({ ...list, cursor: next })
    return items.map(({ account }) => account)
  }
  assert.deepEqual((await page({})).slice(0, 2), ['@issuer', 'u0001000'])
  assert.equal((await page({ prefix: 'u015' })).at(0), 'u0150000')
  assert.deepEqual(await page({ prefix: 'u0199999' }), ['u0199999'])
  assert.equal((await page({ asset: 'credit', availableAbove: 30_000n })).at(0), 'u0030001')
  assert.deepEqual(await page({ availableBelow: 5n, prefix: 'u' }), [])
  assert.deepEqual(await page({ asset: 'gem' }), [])
}

/** Lists by an amount, and figures. */
async function inOnePass(reader: SqlReader, t: TestContext, name: string): Promise<void> {
  const timed = async <Result>(title: string, read: () => Promise<Result>): Promise<Result> => {
    const began = performance.now()
    const result = await read()
    t.diagnostic(`${name}, ${title}: ${Math.round(performance.now() - began)} ms`)
    return result
  }
  const list = { ...ALL, asset: 'credit', order: 'available-desc' } as const
  const first = await timed('a page by available', () => reader.balances(list))
  assert.deepEqual([first.items[0]!.account, first.items[49]!.available], ['u0199999', 199_950n])
  const second = await timed('the next page', () => reader.balances({ ...list, cursor: first.next }))
  assert.equal(second.items[0]!.account, 'u0199949')
  const held = await timed('a page by held', () => reader.balances({ ...list, order: 'held-desc', heldAbove: 0n }))
  assert.equal(held.items[0]!.account, '@issuer')
  const query = { now: Date.UTC(2030, 0, 2), days: 0, limit: 10, cursor: null }
  const { items } = await timed('figures', () => reader.stats(query))
  assert.equal(items[0]!.accounts!.count, BALANCES)
  await timed('a page by name that finds nothing', () => reader.balances({ ...ALL, availableAbove: 1n << 60n }))
}

/** Runs lists and returns the statements of those by name. */
async function statementsOf(
  dialect: SqlDialect,
  query: Query,
  t: TestContext,
  name: string,
): Promise<readonly Asked[]> {
  const asked: Asked[] = []
  await byName(
    new SqlReader(dialect, async (sql, parameters) => {
      asked.push([sql, parameters as Parameter[]])
      return await query(sql, parameters)
    }),
  )
  await inOnePass(new SqlReader(dialect, query), t, name)
  return asked
}

function* partsOf(plan: unknown): Iterable<Readonly<Record<string, unknown>>> {
  if (typeof plan !== 'object' || plan === null) return
  yield plan as Record<string, unknown>
  for (const part of Object.values(plan)) yield* partsOf(part)
}

test('plans of lists of sqlite', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lists-'))
  try {
    const path = join(folder, 'ledger.db')
    await (await openSqliteStorage(path)).close()
    using database = new DatabaseSync(path, { readBigInts: true })
    database.exec(`PRAGMA synchronous = OFF; BEGIN; ${balancesSql('sqlite').join('; ')}; COMMIT; ANALYZE`)
    const query: Query = async (sql, parameters) => database.prepare(sql).all(...(parameters as Parameter[]))
    for (const [sql, parameters] of await statementsOf('sqlite', query, t, 'sqlite')) {
      for (const { detail } of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)) {
        assert.match(String(detail), /^SEARCH balances USING (COVERING )?INDEX sqlite_autoindex/, sql)
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('plans of lists of postgres', { skip: WITHOUT_POSTGRES }, async (t) => {
  await using database = await PostgresDatabase.create()
  await migratePostgres(database.url())
  for (const sql of balancesSql('postgres')) await database.client.query(sql)
  await database.client.query('ANALYZE')
  for (const [name, value] of Object.entries(BY_KEY)) await database.client.query(`SET ${name} = ${value}`)
  const query: Query = async (sql, parameters) => (await database.client.query<Row>(sql, [...parameters])).rows
  for (const [sql, parameters] of await statementsOf('postgres', query, t, 'postgres')) {
    const { rows } = await database.client.query(`EXPLAIN (FORMAT JSON) ${sql}`, [...parameters])
    for (const { 'Node Type': node, 'Index Cond': range } of partsOf(rows)) {
      assert.doesNotMatch(String(node), /Seq Scan|Sort/, sql)
      if (/Index.*Scan/.test(String(node))) assert.match(String(range), /account >= /, sql)
    }
  }
})

for (const { name, url, reason } of mysqlServers()) {
  test(`plans of lists of ${name}`, { skip: url === null && reason }, async (t) => {
    await using ledger = await MysqlLedger.create(url!)
    const { database } = ledger
    for (const sql of [...balancesSql('mysql'), 'ANALYZE TABLE balances']) await database.query(sql)
    const query: Query = async (sql, parameters) => await database.query(format(sql, parameters as Parameter[]))
    for (const [sql, parameters] of await statementsOf('mysql', query, t, name)) {
      const rows = await database.query(
        `SET SESSION optimizer_switch = 'mrr=off' /*!80300 , explain_json_format_version = 1 */;
         EXPLAIN FORMAT=JSON ${format(sql, [...parameters])}`,
      )
      const [explained] = rows[1] as unknown as { EXPLAIN: string }[]
      assert.doesNotMatch(explained!.EXPLAIN, /"using_filesort": true|"(filesort|temporary_table)": \{/, sql)
      for (const part of partsOf(JSON.parse(explained!.EXPLAIN))) {
        if (part['access_type'] === undefined) continue
        assert.deepEqual([part['access_type'], part['key']], ['range', 'balances_name'], sql)
      }
    }
  })
}
