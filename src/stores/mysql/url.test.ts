import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { StoreUrlError } from '../store-url-error.ts'
import { atHost, isLocal, MYSQL_TUNING, parseMysqlUrl } from './url.ts'

test('a URL names user, password, host, port and database', () => {
  const { address, tuning } = parseMysqlUrl('mysql://led%40ger:p%3A%2F%25@db.example.com:3307/coins')
  assert.deepEqual(address, {
    host: 'db.example.com',
    port: 3307,
    hosts: [{ host: 'db.example.com', port: 3307 }],
    socketPath: null,
    user: 'led@ger',
    password: 'p:/%',
    database: 'coins',
    tls: null,
    allowUnsupported: false,
  })
  assert.deepEqual(tuning, MYSQL_TUNING)
})

test('mariadb: means the same, and what is left out has its usual value', () => {
  const { address } = parseMysqlUrl('mariadb://root@[::1]/coins?socket=/run/mysqld/mysqld.sock')
  assert.deepEqual([address.host, address.port, address.password], ['::1', 3306, ''])
  assert.equal(address.socketPath, '/run/mysqld/mysqld.sock')
})

test('several hosts can be named, each at its port, and one of them is used at a time', () => {
  const { address } = parseMysqlUrl('mariadb://root@127.0.0.1:3307,db-2/coins?pool_size=9')
  assert.deepEqual(address.hosts, [
    { host: '127.0.0.1', port: 3307 },
    { host: 'db-2', port: 3306 },
  ])
  assert.deepEqual([address.host, address.port], ['127.0.0.1', 3307])
  assert.equal(atHost(address, address.hosts[1]!).host, 'db-2')
  assert.ok(!isLocal(address))
})

test('tuning stands in the URL, and options win over it', () => {
  const url =
    'mysql://root@localhost/coins?pool_size=9&lock_timeout_ms=2000&statement_timeout_ms=1000&pool_timeout_ms=100&ahead_rows_min=7'
  const { tuning } = parseMysqlUrl(url, { poolSize: 3 })
  assert.deepEqual(tuning, {
    poolSize: 3,
    lockTimeoutMs: 2_000,
    statementTimeoutMs: 1_000,
    poolTimeoutMs: 100,
    aheadRowsMin: 7,
    connectTimeoutMs: MYSQL_TUNING.connectTimeoutMs,
  })
})

test('how much of TLS is checked goes by the names that MySQL has for it', () => {
  const tlsOf = (query: string) => parseMysqlUrl(`mysql://root@db/coins?${query}`).address.tls
  const nothing = { ca: null, cert: null, key: null }
  assert.equal(tlsOf('ssl-mode=DISABLED'), null)
  assert.deepEqual(tlsOf('ssl-mode=REQUIRED'), { verifyCertificate: false, verifyIdentity: false, ...nothing })
  assert.deepEqual(tlsOf('ssl-mode=verify_ca'), { verifyCertificate: true, verifyIdentity: false, ...nothing })
  assert.deepEqual(tlsOf('ssl-mode=VERIFY_IDENTITY'), { verifyCertificate: true, verifyIdentity: true, ...nothing })
})

test('a certificate to trust is read and checked', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-url-'))
  try {
    const file = join(folder, 'ca.pem')
    writeFileSync(file, 'PEM')
    const { tls } = parseMysqlUrl(`mysql://root@db/coins?ssl-ca=${file}`).address
    assert.deepEqual(tls, { verifyCertificate: true, verifyIdentity: false, ca: 'PEM', cert: null, key: null })
    assert.throws(() => parseMysqlUrl(`mysql://root@db/coins?ssl-ca=${file}.not`), StoreUrlError)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a URL that cannot be meant is refused, and says why without the password', () => {
  const refusals: readonly (readonly [string, RegExp])[] = [
    ['postgres://root@db/coins', /mysql:\/\/USER/],
    ['mysql://db/coins', /no user/],
    ['mysql://root:secret@db', /no database/],
    ['mysql://root:secret@db/coins?ssl-mode=YES', /DISABLED, REQUIRED/],
    ['mysql://root:secret@db/coins?sslmode=REQUIRED', /"sslmode"/],
    ['mysql://root:secret@db/coins?pool_size=0', /pool_size/],
    ['mysql://root:secret@db/coins?lock_timeout_ms=1.5', /lock_timeout_ms/],
    ['mysql://root:secret%@db/coins', /%25/],
    ['mysql://root:secret@db,db/coins', /twice/],
    ['mysql://root:secret@db,other/coins?socket=/tmp/s', /socket/],
  ]
  for (const [url, message] of refusals) {
    assert.throws(
      () => parseMysqlUrl(url),
      (error: unknown) => {
        assert.ok(error instanceof StoreUrlError, url)
        assert.match(error.message, message)
        assert.ok(!error.message.includes('secret'))
        return true
      },
    )
  }
})

test('only what stays on this machine is local', () => {
  const local = (url: string): boolean => isLocal(parseMysqlUrl(url).address)
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
    assert.ok(local(`mysql://root@${host}/coins`), host)
  assert.ok(local('mysql://root@db/coins?socket=/tmp/s'))
  assert.ok(!local('mysql://root@db/coins'))
})
