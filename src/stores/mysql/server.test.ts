import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverFactsOf, serverWarningsOf, versionOf, type Flavour } from './server.ts'

const SAFE = {
  max_allowed_packet: '67108864',
  innodb_flush_log_at_trx_commit: '1',
  log_bin: 'ON',
  sync_binlog: '1',
  binlog_format: 'ROW',
  innodb_doublewrite: 'ON',
  read_only: 'OFF',
}
const STRICT = { allowUnsupported: false }

function rowsOf(settings: object) {
  return Object.entries({ ...SAFE, ...settings }).map(([name, value]) => ({ Variable_name: name, Value: value }))
}

function warningsWith(settings: object, flavour: Flavour = 'mysql'): readonly string[] {
  return serverWarningsOf(flavour, rowsOf(settings))
}

test('a server reports its flavour, its version and its longest packet', () => {
  const mysql = versionOf({ version: '8.4.3', comment: 'MySQL Community Server - GPL' }, STRICT)
  assert.deepEqual(serverFactsOf(mysql, rowsOf({})), {
    flavour: 'mysql',
    version: '8.4.3',
    packetBytesMax: 67_108_864,
    isReadOnly: false,
    isCluster: false,
    isGroup: false,
    semiSync: 'off',
  })
  const mariadb = versionOf({ version: '10.11.19-MariaDB-0+deb12u1', comment: 'Debian 12' }, STRICT)
  assert.equal(mariadb.flavour, 'mariadb')
  const { isReadOnly, isCluster } = serverFactsOf(mariadb, rowsOf({ read_only: 'NO_LOCK', wsrep_on: 'ON' }))
  assert.deepEqual([isReadOnly, isCluster], [true, true])
})

test('a server that is too old is refused, a newer one is not', () => {
  for (const version of ['5.7.44', '8.0.30', '10.5.27-MariaDB', '5.5.5-MariaDB']) {
    assert.throws(() => versionOf({ version, comment: '' }, STRICT), {
      code: 'store_misconfigured',
      message: /needs My|needs Ma/,
    })
  }
  for (const version of ['8.0.31', '8.0.40-azure', '8.1.0', '9.7.4-2', '10.6.0-MariaDB', '11.8.2-MariaDB-log']) {
    assert.equal(versionOf({ version, comment: 'Source distribution' }, STRICT).version, version)
  }
})

test('an engine that only speaks like MySQL is refused by its name, unless the store URL insists', () => {
  const strangers = [
    ['8.0.11-TiDB-v8.5.1', 'TiDB Server (Apache License 2.0)', /The server is TiDB .*allowUnsupported=true/],
    ['8.0.30-Vitess', 'MySQL Community Server (GPL)', /is Vitess/],
    ['5.7.25-OceanBase_CE-v4.3.5.0', 'OceanBase_CE 4.3.5.0', /is OceanBase/],
    ['5.7.32', 'SingleStoreDB source distribution', /is SingleStore/],
    ['8.0.33', 'Dolt', /is Dolt/],
  ] as const
  for (const [version, comment, message] of strangers) {
    assert.throws(() => versionOf({ version, comment }, STRICT), { code: 'store_misconfigured', message })
    assert.deepEqual(versionOf({ version, comment }, { allowUnsupported: true }), { flavour: 'mysql', version })
  }
})

test('every setting that can lose an acknowledged commit, or refuses all, is a warning that says what to set', () => {
  const warned = (settings: object): string => warningsWith(settings).join('\n')
  assert.match(warned({ innodb_flush_log_at_trx_commit: '2' }), /innodb_flush_log_at_trx_commit is 2.*Set it to 1/)
  assert.match(warned({ innodb_flush_log_at_trx_commit: '0' }), /innodb_flush_log_at_trx_commit is 0/)
  assert.match(warned({ sync_binlog: '0' }), /sync_binlog is 0.*Set it to 1/)
  assert.match(warned({ sync_binlog: '1000' }), /sync_binlog is 1000/)
  for (const innodb_doublewrite of ['OFF', '0', 'DETECT_ONLY'])
    assert.match(warned({ innodb_doublewrite }), /innodb_doublewrite is off/)
  assert.match(warned({ read_only: 'ON' }), /read-only/)
  assert.match(warned({ binlog_format: 'STATEMENT' }), /binlog_format is STATEMENT/)
  assert.match(warned({ wsrep_on: 'ON' }), /one node/)
  assert.equal(warningsWith({ innodb_flush_log_at_trx_commit: '2', sync_binlog: '0' }).length, 2)
})

test('semi-synchronous replication that has fallen back is a warning, by both of its names', () => {
  for (const [name, flavour] of [
    ['master', 'mariadb'],
    ['source', 'mysql'],
  ] as const) {
    const enabled = { [`rpl_semi_sync_${name}_enabled`]: 'ON', [`Rpl_semi_sync_${name}_clients`]: '0' }
    const fallen = { ...enabled, [`Rpl_semi_sync_${name}_status`]: 'OFF' }
    assert.match(warningsWith(fallen, flavour).join(), /fallen back to asynchronous, with 0 replicas/)
    assert.deepEqual(warningsWith({ ...enabled, [`Rpl_semi_sync_${name}_status`]: 'ON' }, flavour), [])
    assert.deepEqual(warningsWith({ ...fallen, [`rpl_semi_sync_${name}_enabled`]: 'OFF' }, flavour), [])
  }
})

test('what loses nothing is no warning', () => {
  assert.deepEqual(warningsWith({ log_bin: 'OFF', sync_binlog: '0', binlog_format: 'STATEMENT' }), [])
  assert.deepEqual(warningsWith({ innodb_flush_log_at_trx_commit: '3', wsrep_on: 'ON' }, 'mariadb'), [])
  for (const innodb_doublewrite of ['1', 'DETECT_AND_RECOVER'])
    assert.deepEqual(warningsWith({ innodb_doublewrite }), [])
})
