/** How the servers execute the hot path's queries: by key, at every table size. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lockBalances, selectBalances, selectRequests, selectRuns } from '../../src/stores/mysql/reads.ts'
import { inOrder, writeStatements } from '../../src/stores/mysql/writes.ts'
import { deposit, freeze, settle, settlePart } from '../support/commands.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'
import { mysqlServers, type MysqlServer } from '../../harness/mysql-servers.ts'

const LEDGER_TABLES = new Set([
  'requests',
  'r',
  'h',
  'hold_changes',
  'c',
  'e',
  'm',
  'balances',
  'b',
  't',
  'journal',
  'j',
])

interface Access {
  readonly table: string
  readonly type: string
  readonly key: unknown
}

/** Every access to a table in a plan, at any depth. */
function* accessesIn(plan: unknown): Iterable<Access> {
  if (typeof plan !== 'object' || plan === null) return
  const { table_name: table, access_type: type, key } = plan as Record<string, unknown>
  if (typeof table === 'string' && typeof type === 'string') yield { table, type, key }
  for (const part of Object.values(plan)) yield* accessesIn(part)
}

/** An update, or the query of a guard. */
function planned(statement: string): readonly string[] {
  if (statement.startsWith('UPDATE')) return [statement]
  const guarded = /\(\((SELECT COUNT.*)\) = \d+, 0, /s.exec(statement)
  return guarded === null ? [] : [guarded[1]!]
}

function describePlans(url: string, name: MysqlServer['name']): void {
  test('every statement finds its rows by key, and locks them in the order of the key', async () => {
    await using ledger = await MysqlLedger.create(url)
    const { books, database } = ledger
    const people = Array.from({ length: 300 }, (_, index) => `user:${index}`)
    await books.apply(...people.map((person) => deposit(`d-${person}`, person, 100n)))
    await books.apply(...people.map((person) => freeze(`h-${person}`, person, 10n)))
    // A part makes one change of each hold; what follows continues it.
    await books.apply(...people.slice(100).map((person) => settlePart(`p-${person}`, `h-${person}`, 5n)))
    for (const [few, statementsCount] of [
      // Two balances take two updates.
      [people.slice(7, 8), 10],
      [people.slice(7, 9), 8],
      // Some of the holds have changed, so there are two guards.
      [people.slice(0, 200), 10],
    ] as const) {
      const names = few.map((account) => ({ account, asset: 'credit', stripe: 0 }))
      const ends = await books.plan(...few.map((person) => settle(`h-${person}`, 5n)))
      const parts = await books.plan(...few.map((person) => settlePart(`q-${person}`, `h-${person}`, 5n)))
      const ids = few.map((person) => `h-${person}`)
      const places = ends.changes.balances.map(({ after }) => [after.id, 1] as const)
      const statements = [
        selectRequests(ids),
        selectBalances(names),
        selectRuns(places),
        ...lockBalances(names),
        ...[ends.changes, parts.changes].flatMap((each) => inOrder(writeStatements(each, name))).flatMap(planned),
      ]
      assert.equal(statements.length, statementsCount)
      for (const statement of statements) {
        const rows = await database.query(
          `SET SESSION optimizer_switch = 'mrr=off' /*!80300 , explain_json_format_version = 1 */; EXPLAIN FORMAT=JSON ${statement}`,
        )
        const [explained] = rows[1] as unknown as { EXPLAIN: string }[]
        const plan: unknown = JSON.parse(explained!.EXPLAIN)
        const accesses = [...accessesIn(plan)].filter(({ table }) => LEDGER_TABLES.has(table))
        assert.ok(accesses.length > 0, statement)
        for (const { table, type, key } of accesses) {
          assert.ok(
            ['range', 'eq_ref', 'const', 'ref'].includes(type),
            `${table} by ${type}: ${statement.slice(0, 200)}`,
          )
          // A row that is known to be missing needs no key.
          const isMissing = type === 'const' && key === undefined
          const isByKey = ['PRIMARY', 'balances_name', 'requests_id'].includes(String(key))
          assert.ok(isByKey || isMissing, `${table} by ${String(key)}`)
        }
        assert.doesNotMatch(explained!.EXPLAIN, /filesort(?!": false)|using_MRR|Rowid-ordered/i)
      }
    }
  })
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`plans of ${name}`, { skip: reason }, () => {})
  else describe(`plans of ${name}`, () => describePlans(url, name))
}
