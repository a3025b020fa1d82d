/** How each database reads a statement from a long journal: by key, in key order, and never the whole journal. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { format } from 'mysql2'
import { OVERDUE_COUNT_MAX, type HoldQuery, type PostingQuery } from '../../src/engine/reader.ts'
import { clockOf, selectClock } from '../../src/stores/sql/clock.ts'
import type { Query, SqlDialect } from '../../src/stores/sql/dialect.ts'
import { SqlReader } from '../../src/stores/sql/reader.ts'
import type { Row, SqlValue } from '../../src/stores/sql/values.ts'
import { openSqliteStorage } from '../../src/stores/sqlite/storage.ts'
import { migratePostgres } from '../../src/stores/postgres/storage.ts'
import {
  beginningSql,
  BUSY,
  HOLD_EVERY_MS,
  HOLDS_PER_STEP,
  holdsSql,
  JOURNAL_BEGINS_AT,
} from '../../harness/long-journal.ts'
import { openHoldsSql, STEPPED, STEPPED_HOLDER, steppedHoldSql, STEPS_OF_ONE } from '../support/many-holds.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'

const STEPS = 4
const HOLDS = STEPS * HOLDS_PER_STEP
const MIDDLE = JOURNAL_BEGINS_AT + (HOLDS / 2) * HOLD_EVERY_MS

type Asked = readonly [sql: string, parameters: readonly SqlValue[]]

function journalSql(): readonly string[] {
  const journal = Array.from({ length: STEPS }, (_, step) => holdsSql(step)).flat()
  return [...beginningSql(), ...journal, ...steppedHoldSql(), ...openHoldsSql(0), ...openHoldsSql(1)]
}

/** Every query for statements, instants and lists of holds; their answers are checked first. */
async function statementsOf(dialect: SqlDialect, query: Query): Promise<readonly Asked[]> {
  const asked: Asked[] = []
  const asks: Query = async (sql, parameters) => {
    asked.push([sql, parameters as SqlValue[]])
    return await query(sql, parameters)
  }
  // The scan limit allows one page to reach the beginning of the journal.
  const reader = new SqlReader(dialect, asks, { postingsMax: 3 * HOLDS, requestsMax: 3 * HOLDS })
  const page = { limit: 50, cursor: null } as const
  const lines = async (filters: Partial<PostingQuery>): Promise<readonly string[]> => {
    const list = { account: BUSY, asset: 'credit', kind: null, ...page, ...filters }
    const { items, next } = await reader.postings(list)
    if (next !== null) await reader.postings({ ...list, cursor: next })
    return items.map(({ entryId }) => entryId)
  }
  const holds = async (filters: Partial<HoldQuery>): Promise<readonly string[]> => {
    const { items } = await reader.holds({ account: BUSY, asset: 'credit', state: null, ...page, ...filters })
    return items.map(({ id }) => id)
  }
  const half = `h${HOLDS / 2}`
  assert.equal((await lines({})).at(0), `h${HOLDS}~settle`)
  assert.deepEqual(await lines({ from: MIDDLE, until: MIDDLE + HOLD_EVERY_MS }), [`${half}~settle`, half])
  assert.equal((await lines({ until: MIDDLE, kind: 'settle' })).at(0), `h${HOLDS / 2 - 1}~settle`)
  assert.deepEqual(await lines({ hold: half }), [`${half}~settle`, half])
  assert.deepEqual(await lines({ entry: 'd' }), ['d'])
  assert.equal((await lines({ metadata: { model: 'x' }, account: '@revenue', memo: null })).length, 50)
  assert.deepEqual(await lines({ memo: 'Fir', until: JOURNAL_BEGINS_AT }), ['d'])
  const [then] = (await reader.accountAt(BUSY, MIDDLE))!.balances
  assert.deepEqual([then?.version, then?.held], [HOLDS + 1, 20n])
  assert.equal((await holds({})).at(0), `h${HOLDS}`)
  assert.deepEqual(await holds({ state: 'open' }), ['left'])
  assert.deepEqual(await holds({ until: JOURNAL_BEGINS_AT, metadata: {} }), ['left'])
  assert.deepEqual(await holds({ from: MIDDLE, until: MIDDLE + 1 }), [half])
  assert.equal((await holds({ account: null, state: 'open', from: 1 })).at(0), 'o1')
  assert.equal((await holds({ account: null, from: 1 })).length, 50)
  const history = await reader.holdHistory({ hold: half, limit: 1, cursor: null })
  assert.deepEqual(history!.items[0]!.kind, 'freeze')
  const rest = await reader.holdHistory({ hold: STEPPED, limit: STEPS_OF_ONE / 2, cursor: null })
  const steps = await reader.holdHistory({ hold: STEPPED, limit: STEPS_OF_ONE, cursor: rest!.next })
  assert.equal(steps!.items.at(-1)?.number, STEPS_OF_ONE)
  assert.equal((await lines({ hold: STEPPED, account: STEPPED_HOLDER })).length, 50)
  const { holds: due } = await reader.due(JOURNAL_BEGINS_AT, 200)
  assert.deepEqual([due.length, due[0]], [200, { id: 'o1', expiresAt: 1 }])
  assert.deepEqual(await reader.overdue(JOURNAL_BEGINS_AT), { count: OVERDUE_COUNT_MAX, oldestExpiresAt: 1 })
  assert.deepEqual(await reader.overdue(0), { count: 0, oldestExpiresAt: null })
  const [clock] = await asks(selectClock(dialect), [])
  assert.ok(clockOf(clock!).newestAt! > MIDDLE)
  return asked
}

function* partsOf(plan: unknown): Iterable<Readonly<Record<string, unknown>>> {
  if (typeof plan !== 'object' || plan === null) return
  yield plan as Record<string, unknown>
  for (const part of Object.values(plan)) yield* partsOf(part)
}

test('plans of sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-plans-'))
  try {
    const path = join(folder, 'ledger.db')
    await (await openSqliteStorage(path)).close()
    using database = new DatabaseSync(path, { readBigInts: true })
    database.exec(`PRAGMA synchronous = OFF; BEGIN; ${journalSql().join('; ')}; COMMIT; ANALYZE`)
    const query: Query = async (sql, parameters) => database.prepare(sql).all(...(parameters as SqlValue[]))
    for (const [sql, parameters] of await statementsOf('sqlite', query)) {
      for (const { detail } of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)) {
        assert.doesNotMatch(
          String(detail),
          /SCAN (?!due$|\w+ USING INDEX )|TEMP|AUTOMATIC/,
          `${String(detail)}: ${sql}`,
        )
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('plans of postgres', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  await migratePostgres(database.url())
  for (const sql of journalSql()) await database.client.query(sql)
  // The usual setting for solid-state disks.
  await database.client.query('SET random_page_cost = 1.1; ANALYZE')
  const query: Query = async (sql, parameters) => (await database.client.query<Row>(sql, [...parameters])).rows
  for (const [sql, parameters] of await statementsOf('postgres', query)) {
    // Three balances fit on one table page, which PostgreSQL reads and sorts without an index.
    if (!/"(postings|requests|hold_steps)"|FROM postings/.test(sql)) continue
    const { rows } = await database.client.query(`EXPLAIN (FORMAT JSON) ${sql}`, [...parameters])
    // If few rows of a version range are wanted, PostgreSQL may sort them instead of scanning the key in order.
    // There are few house accounts.
    const isBounded =
      sql === selectClock('postgres') || /"version" >= \$\d+ and "(postings"\.")?version" < \$\d+/.test(sql)
    for (const { 'Node Type': node, 'Relation Name': table } of partsOf(rows)) {
      assert.ok(isBounded || !/Sort/.test(String(node)), `${String(node)}: ${sql}`)
      assert.ok(node !== 'Seq Scan' || table === 'balances' || table === 'accounts', `scans ${String(table)}: ${sql}`)
    }
  }
})

const BY_KEY = ['range', 'eq_ref', 'const', 'ref', 'index']

for (const { name, url, reason } of mysqlServers()) {
  test(`plans of ${name}`, { skip: url === null && reason }, async () => {
    await using ledger = await MysqlLedger.create(url!)
    const { database } = ledger
    for (const sql of [...journalSql(), 'ANALYZE TABLE requests, postings, balances, hold_steps'])
      await database.query(sql)
    const query: Query = async (sql, parameters) => await database.query(format(sql, parameters as SqlValue[]))
    for (const [sql, parameters] of await statementsOf('mysql', query)) {
      const rows = await database.query(
        `SET SESSION optimizer_switch = 'mrr=off' /*!80300 , explain_json_format_version = 1 */;
         EXPLAIN FORMAT=JSON ${format(sql, [...parameters])}`,
      )
      const [explained] = rows[1] as unknown as { EXPLAIN: string }[]
      assert.doesNotMatch(explained!.EXPLAIN, /"using_filesort": true|"(filesort|temporary_table)": \{/, sql)
      for (const { table_name: table, access_type: type, key } of partsOf(JSON.parse(explained!.EXPLAIN))) {
        if (table !== 'postings' && table !== 'requests' && table !== 'hold_steps') continue
        assert.ok(BY_KEY.includes(String(type)), `${table} by ${String(type)}: ${sql}`)
        assert.ok(key === 'PRIMARY' || key === 'requests_open', `${table} by ${String(key)}: ${sql}`)
      }
    }
  })
}
