/** The verification and the examination over HTTP, by the real service over a file and over MariaDB. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { MysqlDatabase } from '../../harness/mysql-servers.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { serverUnderTest } from '../../harness/stores.ts'
import type { ExaminationWire, VerificationLine } from '../../src/api/examination.ts'
import { connect } from '../../src/client/index.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { AUDIT_CHECKS } from '../../src/stores/audit-checks.ts'
import { assertProblem, HttpService, NOTICES_KEYS } from '../support/http-service.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-checks-'))
})
after(() => rm(folder, { recursive: true }))

async function verify(url: string): Promise<readonly VerificationLine[]> {
  const response = await fetch(`${url}/v1/verify`, { method: 'POST' })
  assert.deepEqual(
    [response.status, response.headers.get('content-type')],
    [200, 'application/x-ndjson; charset=utf-8'],
  )
  return (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as VerificationLine)
}

const brokenIn = (lines: readonly VerificationLine[]): readonly string[] =>
  lines.flatMap((line) => ('violations' in line && line.violations.length > 0 ? [line.id] : []))

async function examine(url: string): Promise<ExaminationWire> {
  const response = await fetch(`${url}/v1/doctor`, { method: 'POST' })
  assert.equal(response.status, 200, await response.clone().text())
  return (await response.json()) as ExaminationWire
}

async function checksOf(store: string): Promise<void> {
  await migrateLedger(store)
  await using service = await ServiceProcess.start(store)
  await using ledger = connect(service.url)
  await ledger.deposit({ account: 'user:8', amount: 10_000n })
  const lines = await verify(service.url)
  const done = lines.flatMap((line) => ('state' in line && line.state === 'done' ? [line.id] : []))
  assert.deepEqual(
    done,
    AUDIT_CHECKS.map(({ id }) => id),
  )
  assert.deepEqual([brokenIn(lines), lines.at(-1)], [[], { end: true, checks: done.length, broken: 0 }])
  const { worst, findings } = await examine(service.url)
  assert.equal(worst, findings[0]?.severity)
  assert.ok(findings.some(({ id }) => id === 'server.version'))
  assert.ok(!findings.some(({ id }) => id === 'server.unreachable'))
}

describe('a service', () => {
  test('verifies its books and examines its file, and shows the rows that break a law', async () => {
    const file = join(folder, 'books.db')
    await checksOf(`sqlite:${file}`)
    using database = new DatabaseSync(file)
    database.exec("UPDATE balances SET available = available + 1 WHERE account = 'user:8'")
    // Neither changes anything, so a service that only reads does both.
    await using service = await ServiceProcess.start(`sqlite:${file}`, ['--read-only'])
    assert.ok((await examine(service.url)).findings.length > 0)
    const lines = await verify(service.url)
    assert.deepEqual(brokenIn(lines), ['1b', '3b'])
    const found = lines.flatMap((line) => ('violations' in line && line.id === '3b' ? line.violations : []))
    assert.equal(found[0]?.['account'], 'user:8')
    assert.deepEqual(lines.at(-1), { end: true, checks: AUDIT_CHECKS.length, broken: 2 })
  })

  const mariadb = serverUnderTest('mariadb')
  test('does the same on MariaDB', { skip: mariadb.url === null && mariadb.reason }, async () => {
    await using database = await MysqlDatabase.create(mariadb.url!)
    await checksOf(database.url())
  })

  test('with its ledger in memory verifies it, and has nothing to examine', async () => {
    await using service = await HttpService.start()
    await service.give('user:8', 100)
    const { text } = await service.post('/v1/verify')
    assert.match(text, /\{"end":true,"checks":\d+,"broken":0\}\n$/)
    assertProblem(await service.post('/v1/doctor'), 404, 'route_not_found')
    assertProblem(await service.post('/v1/verify', { fast: true }), 400, 'invalid_request')
  })

  test('does neither for a key that is confined, because both are about everybody', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    const all = await service.keyed({ name: 'operator', scopes: ['checks:read'] })
    const some = await service.keyed({ name: 'shop', scopes: ['checks:read'], accounts: ['user:'] })
    assert.equal((await service.post('/v1/verify', {}, all)).status, 200)
    for (const path of ['/v1/verify', '/v1/doctor']) {
      assertProblem(await service.post(path, {}, some), 403, 'forbidden')
    }
  })
})
