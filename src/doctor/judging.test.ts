/** The judging functions that need no server: values in, findings out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mysqlMigrations } from '../stores/mysql/migrations.ts'
import { judgeClock } from './clock.ts'
import { judgeConnections } from './connection-limit.ts'
import type { DatabaseSession } from './database-session.ts'
import { finding, findingsMissingIn, bySeverity, type Finding } from './finding.ts'
import { judgeGrowth } from './growth.ts'
import { judgePool } from './memory-pool.ts'
import { judgeMigrations } from './migrations.ts'
import { judgeOverdue } from './overdue-holds.ts'
import { judgeDeadlocks } from './postgres/deadlocks.ts'
import { judgeReplicas, judgeSlot } from './postgres/replication.ts'
import { judgeTransactionIds } from './postgres/tables.ts'
import { MEBIBYTE } from './sizes.ts'
import { judgePages } from './sqlite/tables.ts'
import { transactionFindings } from './transactions.ts'

const DAY_MS = 86_400_000
const NOW = Date.parse('2026-11-30T12:00:00Z')

test('the worst finding comes first, and what is new or gone is told by its kind, its subject and its severity', () => {
  const lock = (severity: Finding['severity'], subject: string): Finding =>
    finding('waits.lock', severity, { value: 'x', subject })
  const [fine, risk, broken] = [lock('fine', 'a'), lock('risk', 'a'), lock('broken', 'b')]
  assert.deepEqual(bySeverity([fine, risk, broken]), [broken, risk, fine])
  assert.deepEqual(findingsMissingIn([risk, broken, fine], [fine]), [risk, broken])
  assert.deepEqual(findingsMissingIn([risk], [{ ...risk, value: 'waited longer' }]), [])
  assert.deepEqual(findingsMissingIn([fine], []), [])
})

test('migrations: none, pending, interrupted, newer, of another version, changed', () => {
  const [known] = mysqlMigrations()
  const row = { number: 1, name: known!.name, checksum: known!.checksum, statements_done: 3, applied_at: 1 }
  const states: readonly (readonly [rows: readonly object[] | null, isCurrent: boolean, value: RegExp])[] = [
    [[row], true, /^version 1, 0001/],
    [null, false, /no tables yet/],
    [[{ ...row, applied_at: null }], false, /interrupted: 3 of its statements/],
    [[row, { ...row, number: 2, name: '0002_later' }], false, /0002_later is newer/],
    [[{ ...row, name: '0001_other' }], false, /in place of/],
    [[{ ...row, checksum: 'x' }], false, /is not the file/],
  ]
  for (const [rows, isCurrent, value] of states) {
    const state = judgeMigrations(rows as readonly Record<string, unknown>[] | null, [known!])
    assert.equal(state.isCurrent, isCurrent, String(value))
    assert.match(state.findings[0]!.value, value)
    assert.equal(state.findings[0]!.severity, isCurrent ? 'fine' : 'broken')
  }
  const two = [known!, { ...known!, number: 2, name: '0002_later' }]
  assert.match(judgeMigrations([row], two).findings[0]!.value, /pending: 0002_later/)
})

test('transactions are long from a minute on, and foreign ones with locks on the tables are a risk', () => {
  const open = (transactionMs: number, changes: Partial<DatabaseSession> = {}, tables: readonly string[] = []) => {
    const session = {
      id: '7',
      user: 'ann',
      program: 'report',
      from: null,
      statement: 'SELECT 1',
      isIdle: true,
      transactionMs,
      ...changes,
    }
    return { session, tables }
  }
  const judged = (...all: readonly ReturnType<typeof open>[]): readonly string[] =>
    transactionFindings(all, (id) => `KILL ${id}`).map(({ id, severity }) => `${severity} ${id}`)
  assert.deepEqual(judged(), ['fine transactions.long'])
  assert.deepEqual(judged(open(59_999)), ['fine transactions.long'])
  assert.deepEqual(judged(open(60_000)), ['advice transactions.long'])
  assert.deepEqual(judged(open(600_000)), ['risk transactions.long'])
  assert.deepEqual(judged(open(1_000, {}, ['balances'])), ['risk transactions.foreign', 'fine transactions.long'])
  assert.deepEqual(judged(open(999, {}, ['balances'])), ['fine transactions.long'])
  assert.deepEqual(judged(open(1_000, { program: 'holdfast' }, ['balances'])), ['fine transactions.long'])
})

test('the clock: within half a second per process, ahead of the server, and rows that are ahead', () => {
  const clock = { askedAt: NOW, tookMs: 2, serverAt: NOW + 1, newestAt: NOW - 1_000 }
  assert.deepEqual([judgeClock(clock).severity, judgeClock(clock).value], ['fine', 'that of the server agrees'])
  assert.equal(judgeClock({ ...clock, serverAt: NOW - 60_000 }).severity, 'broken')
  assert.equal(judgeClock({ ...clock, serverAt: NOW + 60_000 }).severity, 'broken')
  assert.equal(judgeClock({ ...clock, newestAt: NOW + 60_000 }).severity, 'risk')
  assert.equal(judgeClock({ ...clock, serverAt: null, newestAt: NOW + 60_000 }).severity, 'broken')
  assert.equal(judgeClock({ ...clock, serverAt: null, newestAt: null }).severity, 'fine')
})

test('growth follows the last requests, and warns when the room ends within weeks', () => {
  const requests = { newestAt: NOW, oldestAt: NOW - DAY_MS, count: 10_000, isAll: false }
  const size = { bytes: 400_000_000, requests: 1_000_000, bytesFree: null }
  assert.match(
    judgeGrowth(requests, size, NOW).value,
    /^about 3\.8 MiB a day at the present rate: the last 10000 requests came within 24 h$/,
  )
  const severityWith = (bytesFree: number): string => judgeGrowth(requests, { ...size, bytesFree }, NOW).severity
  assert.deepEqual([200_000_000, 100_000_000, 20_000_000].map(severityWith), ['fine', 'advice', 'risk'])
  assert.match(
    judgeGrowth({ ...requests, oldestAt: NOW - 5_000, count: 7, isAll: true }, size, NOW).value,
    /^all 7 requests/,
  )
})

test('memory for tables is judged by the index of request ids', () => {
  const pool = {
    variable: 'shared_buffers',
    poolBytes: 128 * MEBIBYTE,
    tableBytes: 900 * MEBIBYTE,
    remedy: (bytes: number) => `${bytes / MEBIBYTE} MiB`,
  }
  const judged = (requestIdBytes: number | null) => judgePool({ ...pool, requestIdBytes })
  assert.equal(judged(64 * MEBIBYTE).severity, 'fine')
  assert.deepEqual([judged(65 * MEBIBYTE).severity, judged(65 * MEBIBYTE).remedy], ['advice', '260 MiB'])
  assert.equal(judged(129 * MEBIBYTE).severity, 'risk')
  assert.equal(judged(null).severity, 'advice')
})

test('connections: a limit that is reached, nearly reached, or below what one process needs', () => {
  const counts = { limit: 100, now: 10, most: 20, ofOneProcess: 6, remedy: 'raise it' }
  assert.equal(judgeConnections(counts).severity, 'fine')
  assert.equal(judgeConnections({ ...counts, most: null }).severity, 'fine')
  assert.equal(judgeConnections({ ...counts, most: 86 }).severity, 'risk')
  assert.equal(judgeConnections({ ...counts, now: 95, most: null }).severity, 'risk')
  assert.equal(judgeConnections({ ...counts, limit: 5, now: 1, most: 1 }).severity, 'broken')
})

test('overdue holds are counted once, with the oldest', () => {
  const look = (...holds: readonly (readonly [string, number])[]) => ({
    holds: holds.map(([id, ms]) => ({ id, expiresAt: NOW - ms })),
    reached: null,
  })
  assert.equal(judgeOverdue([look(), look()], NOW).severity, 'fine')
  const found = judgeOverdue([look(['h1', 300_000]), look(['h2', 90_000], ['h1', 300_000])], NOW)
  assert.deepEqual([found.severity, found.value], ['risk', '2 holds are due and open; the oldest since 5 min (h1)'])
})

test('PostgreSQL: deadlocks, replicas, slots and transaction ids', () => {
  assert.equal(judgeDeadlocks({ deadlocks: '0', since: null }, null).severity, 'fine')
  const log = { destination: 'stderr', collector: 'on', folder: 'log' }
  const counted = judgeDeadlocks({ deadlocks: '3', since: '2026-11-01 10:00' }, log)
  assert.deepEqual([counted.severity, counted.value], ['advice', '3 in this database since 2026-11-01 10:00 UTC'])
  assert.equal(counted.remedy, 'grep -A 12 "deadlock detected" log/*')
  const replica = { name: 'standby1', state: 'streaming', sync_state: 'async', lag_ms: '20' }
  assert.equal(judgeReplicas([replica])[0]!.severity, 'fine')
  assert.equal(judgeReplicas([{ ...replica, lag_ms: '10001' }])[0]!.severity, 'risk')
  assert.equal(judgeReplicas([{ ...replica, state: 'catchup' }])[0]!.severity, 'risk')
  const slot = { name: 'old', active: false, wal_status: 'reserved', kept_bytes: String(1_024 * MEBIBYTE) }
  assert.equal(judgeSlot(slot)[0]!.severity, 'risk')
  assert.equal(judgeSlot({ ...slot, active: true })[0]!.severity, 'fine')
  assert.equal(judgeSlot({ ...slot, kept_bytes: '4096' })[0]!.severity, 'fine')
  assert.equal(judgeSlot({ ...slot, kept_bytes: null, wal_status: 'lost' })[0]!.severity, 'risk')
  assert.deepEqual(
    [1e6, 4e8, 2e9].map((age) => judgeTransactionIds(age).severity),
    ['fine', 'advice', 'risk'],
  )
})

test('unused pages of an SQLite file are only advice, when they are many', () => {
  const pages = (all: number, unused: number): string =>
    judgePages({ page_size: 2_048n, page_count: BigInt(all), freelist_count: BigInt(unused) }).severity
  assert.equal(pages(1_000, 900), 'fine')
  assert.equal(pages(1_000_000, 100_000), 'fine')
  assert.equal(pages(200_000, 60_000), 'advice')
})
