import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { atHost, parsePostgresUrl } from './url.ts'

test('a URL names the server, the user and the database', () => {
  const url = parsePostgresUrl('postgres://holdfast:p%40ss%2Fword@db.example:5433/ledger%20one')
  assert.deepEqual(
    [url.host, url.port, url.user, url.password, url.database],
    ['db.example', 5433, 'holdfast', 'p@ss/word', 'ledger one'],
  )
})

test('what is left out has a default', () => {
  const url = parsePostgresUrl('postgresql://')
  assert.deepEqual(
    [url.host, url.port, url.user, url.password, url.database],
    ['localhost', 5432, undefined, undefined, undefined],
  )
  assert.deepEqual([url.tls, url.schema, url.applicationName, url.poolSize], [false, null, 'holdfast', 4])
  assert.deepEqual([url.connectTimeoutMs, url.lockTimeoutMs, url.statementTimeoutMs], [5_000, 1_000, 10_000])
})

test('options follow the database', () => {
  const url = parsePostgresUrl(
    'postgres://db/x?schema=credits&pool_size=9&connect_timeout_ms=1&lock_timeout_ms=2&statement_timeout_ms=3&application_name=a',
  )
  assert.deepEqual([url.schema, url.poolSize, url.applicationName], ['credits', 9, 'a'])
  assert.deepEqual([url.connectTimeoutMs, url.lockTimeoutMs, url.statementTimeoutMs], [1, 2, 3])
  assert.equal(url.allowUnsupported, false)
  assert.equal(parsePostgresUrl('postgres://db/x?allowUnsupported=true').allowUnsupported, true)
})

test('a host may be an address of either kind, or the folder of a socket', () => {
  assert.equal(parsePostgresUrl('postgres://[::1]:5432/x').host, '::1')
  assert.equal(parsePostgresUrl('postgres://127.0.0.1/x').host, '127.0.0.1')
  assert.equal(parsePostgresUrl('postgres:///x?host=/var/run/postgresql').host, '/var/run/postgresql')
})

test('several hosts can be named, each at its port, and one of them is used at a time', () => {
  const url = parsePostgresUrl('postgres://u:p%40ss@db-1,db-2:5433/x?pool_size=9')
  assert.deepEqual(url.hosts, [
    { host: 'db-1', port: 5432 },
    { host: 'db-2', port: 5433 },
  ])
  assert.deepEqual([url.host, url.port, url.password, url.poolSize], ['db-1', 5432, 'p@ss', 9])
  const second = atHost(url, url.hosts[1]!)
  assert.deepEqual([second.host, second.port, second.database], ['db-2', 5433, 'x'])
  assert.deepEqual(parsePostgresUrl('postgres://db/x').hosts, [{ host: 'db', port: 5432 }])
})

test('what cannot be meant is refused, and the password is not repeated', () => {
  const wrong = [
    'mysql://u:secret@db/x',
    'postgres//u:secret@db',
    'postgres://u:secret@db/x?pool_size=0',
    'postgres://u:secret@db/x?allowUnsupported=yes',
    'postgres://u:secret@db/x?pool_size=1.5',
    'postgres://u:secret@db/x?lock_timeout_ms=',
    'postgres://u:secret@db/x?lock_timeout_ms=9999999999',
    'postgres://u:secret@db/x?poolsize=3',
    'postgres://u:secret@db/x?pool_size=3&pool_size=4',
    'postgres://u:secret@db/x?schema=a;b',
    'postgres://u:secret@db/x?schema=1a',
    'postgres://u:secret%@db/x',
    'postgres://u:secret@db/x?sslmode=prefer',
    'postgres://u:secret@db/x?sslmode=verify-ca',
    'postgres://u:secret@db/x?sslmode=require&sslrootcert=/nowhere.pem',
    'postgres://u:secret@db-1,db-1/x',
    'postgres://u:secret@db-1,db-2/x?host=/var/run',
    'postgres://u:secret@db/x?sslrootcert=/nowhere.pem',
  ]
  for (const url of wrong) {
    assert.throws(
      () => parsePostgresUrl(url),
      (error: Error) => error.name === 'StoreUrlError' && !error.message.includes('secret'),
      url,
    )
  }
})

test('each sslmode checks as much of the server as it says', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-url-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = (name: string): string => {
    const path = join(folder, name)
    writeFileSync(path, name)
    return encodeURIComponent(path)
  }
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map(file)
  const tls = (query: string): Record<string, unknown> | false => {
    const parsed = parsePostgresUrl(`postgres://db/x?${query}`).tls
    if (parsed === false) return false
    const { checkServerIdentity, ...others } = parsed
    return { ...others, anyHost: checkServerIdentity !== undefined }
  }
  assert.equal(tls('sslmode=disable'), false)
  assert.deepEqual(tls('sslmode=require'), { rejectUnauthorized: false, anyHost: false })
  assert.deepEqual(tls(`sslmode=require&sslrootcert=${ca}`), { ca: 'ca.pem', anyHost: true })
  assert.deepEqual(tls(`sslmode=verify-ca&sslrootcert=${ca}`), { ca: 'ca.pem', anyHost: true })
  assert.deepEqual(tls('sslmode=verify-full'), { anyHost: false })
  assert.deepEqual(tls(`sslmode=verify-full&sslrootcert=${ca}&sslcert=${cert}&sslkey=${key}`), {
    ca: 'ca.pem',
    cert: 'cert.pem',
    key: 'key.pem',
    anyHost: false,
  })
})
