/** The comparison of a list over HTTP, by the real service over a file, over MariaDB and in memory. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { MysqlDatabase } from '../../harness/mysql-servers.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { serverUnderTest } from '../../harness/stores.ts'
import type { ReconcileLine } from '../../src/api/reconciliation.ts'
import { connect } from '../../src/client/index.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { assertProblem, HttpService, NOTICES_KEYS } from '../support/http-service.ts'

let folder = ''
/** Where lists are kept while they are compared. */
let lists = ''
const temporaryBefore = process.env['TMPDIR']

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-http-reconcile-'))
  lists = await mkdtemp(join(folder, 'lists-'))
  process.env['TMPDIR'] = lists
})
after(async () => {
  if (temporaryBefore === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = temporaryBefore
  await rm(folder, { recursive: true })
})

const UNTIL = '2999-01-01T00:00:00Z'
const CSV = { 'content-type': 'text/csv' }

/** Bounds what is waited for; it only ends a hang. */
const WAIT_MS_MAX = 30_000

function linesIn(text: string): readonly ReconcileLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReconcileLine)
}

async function compare(
  url: string,
  list: string | Blob,
  query: Readonly<Record<string, string>> = {},
  type = 'text/csv',
): Promise<readonly ReconcileLine[]> {
  const parameters = new URLSearchParams({ until: UNTIL, ...query })
  const response = await fetch(`${url}/v1/reconcile?${parameters.toString()}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: list,
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return linesIn(text)
}

const isReport = (line: ReconcileLine): boolean => !('type' in line) || line.type !== 'progress'

const LIST = [
  'request_id,amount,status',
  'done,70,done',
  'above,101,done',
  'failed,,failed',
  'settled,61,done',
  'agrees,60,done',
  'nowhere,5,done',
  '',
].join('\n')

async function comparesAsTheCommandLine(store: string): Promise<void> {
  await migrateLedger(store)
  await using service = await ServiceProcess.start(store)
  await using ledger = connect(service.url)
  await ledger.deposit({ requestId: 'paid', account: 'user:8', amount: 10_000n })
  for (const requestId of ['done', 'above', 'failed', 'settled', 'agrees', 'unknown']) {
    await ledger.freeze({ requestId, account: 'user:8', amount: 100n })
  }
  for (const id of ['settled', 'agrees']) await ledger.settle(id, { amount: 60n })
  const file = join(folder, 'list.csv')
  await writeFile(file, LIST)
  const lines = await compare(service.url, LIST, { rows: '6' })
  const { stdout } = await runHoldfast(
    ['reconcile', file, '--json', '--until', UNTIL, '--rows', '6', '--store', store],
    {},
  )
  const { leftOutCount, ...summary } = lines.at(-1) as Record<string, unknown>
  const { fixedCount, ...printed } = linesIn(stdout).at(-1) as unknown as Record<string, unknown>
  assert.deepEqual([leftOutCount, fixedCount], [0, 0])
  assert.deepEqual([...lines.filter(isReport).slice(0, -1), summary], [...linesIn(stdout).slice(0, -1), printed])
  assert.partialDeepStrictEqual(summary, { proof: 'stated_rows', rowsCount: 6, agreedCount: 1, findingsCount: 6 })
  const states = lines.flatMap((line) => ('type' in line && line.type === 'progress' ? [line.state] : []))
  assert.deepEqual([...new Set(states)], ['reading', 'comparing', 'searching'])
  const paid = await compare(service.url, '{"id":"paid","amount":"9999"}\n', { of: 'deposits', idColumn: 'id' }, NDJSON)
  assert.partialDeepStrictEqual(paid.find(isReport), {
    code: 'different',
    requestId: 'paid',
    theirs: '9999',
    ours: '10000',
  })
}

const NDJSON = 'application/x-ndjson'

describe('a service', () => {
  test('finds in a list what the command line finds in it', async () => {
    await comparesAsTheCommandLine(`sqlite:${join(folder, 'books.db')}`)
    assert.deepEqual(await readdir(lists), [], 'nothing of a list is left')
  })

  const mariadb = serverUnderTest('mariadb')
  test('finds the same on MariaDB', { skip: mariadb.url === null && mariadb.reason }, async () => {
    await using database = await MysqlDatabase.create(mariadb.url!)
    await comparesAsTheCommandLine(database.url())
  })

  test('that only reads compares lists too', async () => {
    const store = `sqlite:${join(folder, 'read-only.db')}`
    await migrateLedger(store)
    await using service = await ServiceProcess.start(store, ['--read-only'])
    assert.partialDeepStrictEqual((await compare(service.url, LIST)).at(-1), { findingsCount: 5 })
  })

  test('refuses a list that is too large, whether its size is said or not', async () => {
    const listBytesMax = 1_000
    await using service = await HttpService.start({ http: { limits: { listBytesMax } } })
    const large = 'x'.repeat(listBytesMax + 1)
    const answer = await service.call('POST', '/v1/reconcile', large, { headers: CSV })
    assert.match(String(assertProblem(answer, 413, 'payload_too_large')['detail']), /1000 bytes/)
    const chunked = await service.raw(
      'POST /v1/reconcile HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/csv\r\n' +
        `Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    )
    assert.match(chunked, /^HTTP\/1.1 413 .*payload_too_large/s)
    const fits = await compare(service.url, 'id,amount\n', { idColumn: 'id' })
    assert.partialDeepStrictEqual(fits.at(-1), { rowsCount: 0 })
    assert.deepEqual(await readdir(lists), [])
  })

  test('refuses what is no list, or cannot be read as one, and says which line', async () => {
    await using service = await HttpService.start()
    assertProblem(await service.post('/v1/reconcile', {}), 415, 'unsupported_media_type')
    assertProblem(await service.post('/v1/reconcile'), 400, 'invalid_request')
    const refused = ['of=prices', 'rows=many', 'idColumn=', 'done=ok&failed=ok', 'since=yesterday', 'fix=true']
    for (const query of refused) {
      const answer = await service.call('POST', `/v1/reconcile?${query}`, LIST, { headers: CSV })
      assertProblem(answer, 400, 'invalid_request')
    }
    const last = (await compare(service.url, 'request_id,amount\na,1\nb\n')).at(-1)!
    assert.ok('error' in last)
    assert.partialDeepStrictEqual(last.error, { code: 'invalid_request', status: 400 })
    assert.match(String(last.error['detail']), /^Line 3:/)
  })

  test('looks for extra entries in the asset of the list, or in all if the list has a column for it', async () => {
    await using service = await HttpService.start()
    await service.put('/v1/assets/gold', { decimals: 2, name: 'Gold' })
    await service.post('/v1/deposits', { requestId: 'in-credit', account: 'user:8', amount: '5' })
    await service.post('/v1/deposits', { requestId: 'in-gold', account: 'user:8', asset: 'gold', amount: '5' })
    const extrasOf = async (list: string, query: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const lines = await compare(service.url, list, { of: 'deposits', since: '2020-01-01T00:00:00Z', ...query })
      return lines.flatMap((line) => ('type' in line && line.type === 'finding' ? [line.requestId] : []))
    }
    const list = 'request_id,amount\n'
    assert.deepEqual(await extrasOf(list, {}), ['in-credit'])
    assert.deepEqual(await extrasOf(list, { asset: 'gold' }), ['in-gold'])
    const all = await extrasOf('request_id,amount,currency\n', { assetColumn: 'currency' })
    assert.deepEqual(new Set(all), new Set(['in-credit', 'in-gold']))
  })

  test('shows so many findings, and counts the others', async () => {
    await using service = await HttpService.start({ http: { limits: { comparisonFindingsMax: 2 } } })
    const lines = await compare(service.url, LIST)
    assert.equal(lines.filter((line) => 'type' in line && line.type === 'finding').length, 2)
    assert.partialDeepStrictEqual(lines.at(-1), { findingsCount: 5, leftOutCount: 3 })
  })

  test('compares one list at a time, and ends a comparison whose caller is gone', async () => {
    await using service = await HttpService.start()
    const rows = Array.from({ length: 100_000 }, (_, index) => `job-${index},1`)
    const ended = new AbortController()
    const response = await fetch(`${service.url}/v1/reconcile?until=${UNTIL}`, {
      method: 'POST',
      headers: CSV,
      body: `request_id,amount\n${rows.join('\n')}\n`,
      signal: ended.signal,
    })
    // Nobody takes its lines, so it waits.
    assert.equal(response.status, 200)
    assertProblem(await service.call('POST', '/v1/reconcile', LIST, { headers: CSV }), 503, 'overloaded')
    ended.abort()
    const deadline = Date.now() + WAIT_MS_MAX
    for (;;) {
      const answer = await service.call('POST', '/v1/reconcile', LIST, { headers: CSV })
      if (answer.status === 200) break
      assertProblem(answer, 503, 'overloaded')
      assert.ok(Date.now() < deadline, 'its place is never free again')
    }
  })

  test('compares nothing for a key that is confined, because a list is about everybody', async () => {
    await using service = await HttpService.start({ http: NOTICES_KEYS })
    const all = await service.keyed({ name: 'operator', scopes: ['checks:read'] })
    const some = await service.keyed({ name: 'shop', scopes: ['checks:read'], accounts: ['user:'] })
    const withKey = (key: object) => ({ headers: { ...CSV, ...key } })
    assert.equal((await service.call('POST', '/v1/reconcile', LIST, withKey(all))).status, 200)
    assertProblem(await service.call('POST', '/v1/reconcile', LIST, withKey(some)), 403, 'forbidden')
  })
})
