import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverFactsOf } from './server.ts'

const SAFE = {
  version: '8.4.3',
  packet: '67108864',
  flush_log: '1',
  log_bin: '1',
  sync_binlog: '1',
  binlog_format: 'ROW',
  doublewrite: 'ON',
  read_only: '0',
}

test('a server tells its flavour, its version and its longest packet', () => {
  assert.deepEqual(serverFactsOf(SAFE), {
    flavour: 'mysql',
    version: '8.4.3',
    packetBytesMax: 67_108_864,
    warnings: [],
  })
  const version = '10.11.19-MariaDB-0+deb12u1'
  assert.equal(serverFactsOf({ ...SAFE, version }).flavour, 'mariadb')
})

test('a server that is too old is refused, a newer one is not', () => {
  for (const version of ['5.7.44', '8.0.30', '10.5.27-MariaDB', '5.5.5-MariaDB']) {
    assert.throws(() => serverFactsOf({ ...SAFE, version }), {
      code: 'store_unavailable',
      message: /needs My|needs Ma/,
    })
  }
  for (const version of ['8.0.31', '8.0.40-azure', '8.1.0', '9.7.4-2', '10.6.0-MariaDB', '11.8.2-MariaDB-log']) {
    assert.equal(serverFactsOf({ ...SAFE, version }).version, version)
  }
})

test('every setting that can lose an acknowledged commit, or refuses all, is a warning that says what to set', () => {
  const warned = (settings: object): string => serverFactsOf({ ...SAFE, ...settings }).warnings.join('\n')
  assert.match(warned({ flush_log: '2' }), /innodb_flush_log_at_trx_commit is 2.*Set it to 1/)
  assert.match(warned({ flush_log: '0' }), /innodb_flush_log_at_trx_commit is 0/)
  assert.match(warned({ sync_binlog: '0' }), /sync_binlog is 0.*Set it to 1/)
  assert.match(warned({ sync_binlog: '1000' }), /sync_binlog is 1000/)
  for (const doublewrite of ['OFF', '0', 'DETECT_ONLY'])
    assert.match(warned({ doublewrite }), /innodb_doublewrite is off/)
  assert.match(warned({ read_only: '1' }), /read-only/)
  assert.match(warned({ binlog_format: 'STATEMENT' }), /binlog_format is STATEMENT/)
  assert.equal(serverFactsOf({ ...SAFE, flush_log: '2', sync_binlog: '0' }).warnings.length, 2)
})

test('what loses nothing is no warning', () => {
  const warnings = (settings: object): readonly string[] => serverFactsOf({ ...SAFE, ...settings }).warnings
  assert.deepEqual(warnings({ log_bin: '0', sync_binlog: '0', binlog_format: 'STATEMENT' }), [])
  assert.deepEqual(warnings({ version: '10.11.19-MariaDB', flush_log: '3' }), [])
  for (const doublewrite of ['1', 'DETECT_AND_RECOVER']) assert.deepEqual(warnings({ doublewrite }), [])
})
