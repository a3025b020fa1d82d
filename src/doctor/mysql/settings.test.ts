import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../finding.ts'
import { judgeMysqlSettings } from './settings.ts'

/** As MySQL 9.7 and MariaDB 10.11 are shipped. */
const MYSQL: Readonly<Record<string, string>> = {
  binlog_format: 'ROW',
  innodb_deadlock_detect: 'ON',
  innodb_doublewrite: 'ON',
  innodb_flush_log_at_trx_commit: '1',
  innodb_lock_wait_timeout: '50',
  innodb_print_all_deadlocks: 'OFF',
  innodb_rollback_on_timeout: 'OFF',
  log_bin: 'ON',
  performance_schema: 'ON',
  read_only: 'OFF',
  sql_mode: 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
  sync_binlog: '1',
  system_time_zone: 'UTC',
  time_zone: 'SYSTEM',
  transaction_isolation: 'REPEATABLE-READ',
}
const { transaction_isolation: isolation, ...others } = MYSQL
const MARIADB = {
  ...others,
  tx_isolation: isolation!,
  log_bin: 'OFF',
  sync_binlog: '0',
  binlog_format: 'MIXED',
  performance_schema: 'OFF',
}

function judged(flavour: 'mysql' | 'mariadb', changes: Readonly<Record<string, string>> = {}): readonly Finding[] {
  return judgeMysqlSettings(
    flavour,
    new Map(Object.entries({ ...(flavour === 'mysql' ? MYSQL : MARIADB), ...changes })),
  )
}

function toDo(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ severity }) => severity !== 'fine').map(({ severity, subject }) => `${severity} ${subject}`)
}

test('servers as they are shipped get advice and no risk', () => {
  assert.deepEqual(toDo(judged('mysql')), [
    'advice transaction_isolation',
    'advice innodb_lock_wait_timeout',
    'advice innodb_rollback_on_timeout',
    'advice innodb_print_all_deadlocks',
  ])
  assert.deepEqual(toDo(judged('mariadb')), [
    'advice log_bin',
    'advice transaction_isolation',
    'advice innodb_lock_wait_timeout',
    'advice innodb_rollback_on_timeout',
    'advice innodb_print_all_deadlocks',
    'advice performance_schema',
  ])
})

test('each setting that loses rows or time is found, and only that one', () => {
  const usual = toDo(judged('mysql'))
  const weak: readonly (readonly [changes: Readonly<Record<string, string>>, found: string])[] = [
    [{ innodb_flush_log_at_trx_commit: '2' }, 'risk innodb_flush_log_at_trx_commit'],
    [{ sync_binlog: '0' }, 'risk sync_binlog'],
    [{ innodb_doublewrite: 'OFF' }, 'risk innodb_doublewrite'],
    [{ binlog_format: 'STATEMENT' }, 'broken binlog_format'],
    [{ read_only: 'ON' }, 'broken read_only'],
    [{ innodb_deadlock_detect: 'OFF' }, 'risk innodb_deadlock_detect'],
    [{ sql_mode: '' }, 'advice sql_mode'],
    [{ time_zone: '+02:00' }, 'advice time_zone'],
    [{ system_time_zone: 'CEST' }, 'advice time_zone'],
    [{ performance_schema: 'OFF' }, 'advice performance_schema'],
    [
      { rpl_semi_sync_source_enabled: 'ON', rpl_semi_sync_source_status: 'OFF', rpl_semi_sync_source_clients: '0' },
      'risk semi_sync',
    ],
  ]
  for (const [changes, found] of weak) {
    assert.deepEqual(
      toDo(judged('mysql', changes)).filter((line) => !usual.includes(line)),
      [found],
    )
  }
  const sound = {
    transaction_isolation: 'READ-COMMITTED',
    innodb_lock_wait_timeout: '5',
    innodb_rollback_on_timeout: 'ON',
    innodb_print_all_deadlocks: 'ON',
  }
  assert.deepEqual(toDo(judged('mysql', sound)), [])
})

test('a remedy lasts longer than the server: SET GLOBAL alone does not', () => {
  const remedies = (flavour: 'mysql' | 'mariadb') =>
    judged(flavour, { innodb_deadlock_detect: 'OFF' }).find(({ id }) => id === 'setting.deadlock_detect')?.remedy
  assert.equal(remedies('mysql'), 'SET PERSIST innodb_deadlock_detect = ON')
  assert.match(remedies('mariadb')!, /^SET GLOBAL innodb_deadlock_detect = ON, and the line .* under \[mysqld\]/)
  assert.match(
    judged('mariadb').find(({ id }) => id === 'setting.isolation')!.remedy!,
    /SET GLOBAL tx_isolation = 'READ-COMMITTED'/,
  )
})
