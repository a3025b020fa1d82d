/** How each database reads a statement from a long journal: by key, in key order, and never the whole journal. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { format } from 'mysql2'
import type { HoldQuery, PostingQuery } from '../../src/engine/reader.ts'
import { clockOf, selectClock } from '../../src/stores/sql/clock.ts'
import type { Query, SqlDialect } from '../../src/stores/sql/dialect.ts'
import { SqlReader } from '../../src/stores/sql/reader.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import { openSqliteStorage } from '../../src/stores/sqlite/storage.ts'
import { BY_KEY } from '../../src/stores/postgres/connection.ts'
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

type Parameter = string | number | bigint | Buffer | null
type Asked = readonly [sql: string, parameters: readonly Parameter[]]

function journalSql(dialect: SqlDialect): readonly string[] {
  const journal = Array.from({ length: STEPS }, (_, step) => holdsSql(step, dialect)).flat()
  const openHolds = [0, 1].flatMap((step) => openHoldsSql(step, dialect))
  return [...beginningSql(dialect), ...journal, ...steppedHoldSql(dialect), ...openHolds]
}

/** Every query for statements, instants and lists of holds; their answers are checked first. */
async function statementsOf(dialect: SqlDialect, query: Query): Promise<readonly Asked[]> {
  const asked: Asked[] = []
  const asks: Query = async (sql, parameters) => {
    asked.push([sql, parameters as Parameter[]])
    return await query(sql, parameters)
  }
  // The scan limit allows one page to reach the beginning of the journal.
  const reader = new SqlReader(dialect, asks, { limits: { linesMax: 3 * HOLDS, requestsMax: 3 * HOLDS } })
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
  assert.deepEqual(await holds({ state: 'open', account: STEPPED_HOLDER }), [STEPPED])
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
  const { holds: due } = await reader.due({ after: null, until: JOURNAL_BEGINS_AT, limit: 200, placesMax: 1_000 })
  assert.deepEqual([due.length, due[0]], [200, { id: 'o1', expiresAt: 1 }])
  const ended = { expiresAt: JOURNAL_BEGINS_AT + 900_000, seq: 0 }
  const later = await reader.due({ after: ended, until: MIDDLE, limit: 200, placesMax: 1_000 })
  assert.deepEqual([later.holds, later.reached === null], [[], false])
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
    database.exec(`PRAGMA synchronous = OFF; BEGIN; ${journalSql('sqlite').join('; ')}; COMMIT; ANALYZE`)
    const query: Query = async (sql, parameters) => database.prepare(sql).all(...(parameters as Parameter[]))
    for (const [sql, parameters] of await statementsOf('sqlite', query)) {
      for (const { detail } of database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)) {
        assert.doesNotMatch(
          String(detail),
          /SCAN (?!house$|\w+ USING (COVERING )?INDEX requests_(expiry|steps)$)|TEMP|AUTOMATIC/,
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
  for (const sql of journalSql('postgres')) await database.client.query(sql)
  await database.client.query('ANALYZE')
  for (const [name, value] of Object.entries(BY_KEY)) await database.client.query(`SET ${name} = ${value}`)
  const query: Query = async (sql, parameters) => (await database.client.query<Row>(sql, [...parameters])).rows
  for (const [sql, parameters] of await statementsOf('postgres', query)) {
    const { rows } = await database.client.query(`EXPLAIN (FORMAT JSON) ${sql}`, [...parameters])
    for (const part of partsOf(rows)) {
      const { 'Node Type': node, 'Sort Key': order, 'Index Name': index, 'Index Cond': range } = part
      assert.doesNotMatch(String(node), /Seq Scan|^Sort|Hash Join|Merge Join/, sql)
      // The index of expiries has no numbers: holds that expire at the same time are sorted.
      if (node === 'Incremental Sort') assert.match(String(order), /^(r\.)?expires_at,(r\.)?seq$/, sql)
      // These two only have the rows that are wanted.
      const isPart = index === 'requests_expiry' || index === 'requests_steps'
      if (index !== undefined && !isPart) assert.ok(range !== undefined, `a whole index: ${sql}`)
    }
  }
})

const KEY_ACCESS = ['range', 'eq_ref', 'const', 'ref']
const KEYS = ['PRIMARY', 'requests_id', 'requests_expiry', 'requests_steps', 'balances_name']
/** Subqueries, `house` among them: the balances of house accounts, at most as many as are compared. */
const DERIVED = /^<|^house$/

for (const { name, url, reason } of mysqlServers()) {
  test(`plans of ${name}`, { skip: url === null && reason }, async () => {
    await using ledger = await MysqlLedger.create(url!)
    const { database } = ledger
    for (const sql of [...journalSql('mysql'), 'ANALYZE TABLE requests, journal, balances, hold_changes'])
      await database.query(sql)
    const query: Query = async (sql, parameters) => await database.query(format(sql, parameters as Parameter[]))
    for (const [sql, parameters] of await statementsOf('mysql', query)) {
      const rows = await database.query(
        `SET SESSION optimizer_switch = 'mrr=off' /*!80300 , explain_json_format_version = 1 */;
         EXPLAIN FORMAT=JSON ${format(sql, [...parameters])}`,
      )
      const [explained] = rows[1] as unknown as { EXPLAIN: string }[]
      assert.doesNotMatch(explained!.EXPLAIN, /"using_filesort": true|"(filesort|temporary_table)": \{/, sql)
      for (const part of partsOf(JSON.parse(explained!.EXPLAIN))) {
        const [table, type, key] = [part['table_name'], part['access_type'], part['key']].map(String)
        if (type === 'undefined' || DERIVED.test(table!)) continue
        assert.ok(KEY_ACCESS.includes(type!), `${table} by ${type}: ${sql}`)
        // A constant row without a key is one that is not there.
        if (type !== 'const') assert.ok(KEYS.includes(key!), `${table} by ${key}: ${sql}`)
      }
    }
  })
}
