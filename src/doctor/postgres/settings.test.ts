import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerSettings } from '../../stores/postgres/server.ts'
import { judgePostgresSettings } from './settings.ts'

const OF_STORE: ServerSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  server_encoding: 'UTF8',
  server_version: '15.20',
  server_version_num: '150020',
  senders: '0',
  senders_shown: '0',
  senders_synchronous: '0',
  synchronous_commit: 'on',
  synchronous_standby_names: '',
  transaction_read_only: 'off',
  version: 'PostgreSQL 15.20 on x86_64-pc-linux-gnu',
}

/** As PostgreSQL 15 is shipped. */
const SHIPPED: Readonly<Record<string, string>> = {
  archive_mode: 'off',
  autovacuum: 'on',
  data_checksums: 'off',
  deadlock_timeout: '1000',
  default_transaction_isolation: 'read committed',
  idle_in_transaction_session_timeout: '0',
  lock_timeout: '0',
  log_lock_waits: 'off',
  log_timezone: 'Etc/UTC',
  zero_damaged_pages: 'off',
}

function toDo(ofStore: Partial<ServerSettings>, more: Readonly<Record<string, string>> = {}): readonly string[] {
  return judgePostgresSettings({
    ofStore: { ...OF_STORE, ...ofStore },
    more: new Map(Object.entries({ ...SHIPPED, ...more })),
  })
    .filter(({ severity }) => severity !== 'fine')
    .map(({ severity, subject }) => `${severity} ${subject}`)
}

test('a server as it is shipped gets advice and no risk', () => {
  assert.deepEqual(toDo({}), [
    'advice archive_mode',
    'advice data_checksums',
    'advice lock_timeout',
    'advice idle_in_transaction_session_timeout',
    'advice log_lock_waits',
  ])
})

test('each setting that loses rows or time is found, and only that one', () => {
  const usual = toDo({})
  const weak: readonly (readonly [
    ofStore: Partial<ServerSettings>,
    more: Readonly<Record<string, string>>,
    found: string,
  ])[] = [
    [{ fsync: 'off' }, {}, 'risk fsync'],
    [{ full_page_writes: 'off' }, {}, 'risk full_page_writes'],
    [{ synchronous_commit: 'off' }, {}, 'advice synchronous_commit'],
    [{ transaction_read_only: 'on' }, {}, 'broken read_only'],
    [{ synchronous_standby_names: 'FIRST 1 (a)' }, {}, 'broken synchronous_standby_names'],
    [{ version: 'CockroachDB CCL v23' }, {}, 'risk foreign_engine'],
    [{}, { zero_damaged_pages: 'on' }, 'risk zero_damaged_pages'],
    [{}, { autovacuum: 'off' }, 'risk autovacuum'],
    [{}, { default_transaction_isolation: 'serializable' }, 'advice default_transaction_isolation'],
    [{}, { deadlock_timeout: '5000' }, 'advice deadlock_timeout'],
    [{}, { log_timezone: 'Europe/Berlin' }, 'advice log_timezone'],
  ]
  for (const [ofStore, more, found] of weak) {
    assert.deepEqual(
      toDo(ofStore, more).filter((line) => !usual.includes(line)),
      [found],
    )
  }
})
