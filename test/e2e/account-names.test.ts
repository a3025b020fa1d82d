/** Account names over HTTP, the client, files and the command line. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { assertProblem, HttpService } from '../support/http-service.ts'
import { RunningService } from '../support/running-service.ts'

const LETTERS = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).filter(
  (each) => each !== '.',
)

/** Names with a meaning in a URL, a file, a key, SQL or a shell. */
const NAMES: readonly string[] = [
  'jo+x@example.org',
  'auth0|abc',
  'did:example:123?a=b&c=d#key-1',
  "o'brien@example.ie",
  'user 1',
  'x'.repeat(128),
  '...',
  './',
  '../x',
  'a/../b',
  '/',
  '//',
  '%2e%2e',
  '%2F',
  '%',
  'a;b',
  'a,b',
  'a"b',
  '"',
  '\\',
  "'=x",
  '=x',
  "''",
  '#end',
  'a~settle',
  'credit',
  'a credit',
  '-x',
  '$(id)',
  '`id`',
  'postings',
  'postings/export',
  '?limit=1',
  'x'.repeat(127) + '~',
]

test('every name works in a path, a query, a batch and a statement of the client', async () => {
  await using service = await RunningService.start()
  await using ledger = connect(service.url)
  const names = [...new Set([...LETTERS.filter((letter) => letter !== '@'), ...NAMES])]
  const holds = new Map<string, string>()
  for (const [index, account] of names.entries()) {
    await ledger.deposit({ account, amount: BigInt(index + 1) })
    holds.set(account, (await ledger.freeze({ account, amount: 1n, payee: names.at(index - 1)! })).id)
    await ledger.open({ account, floor: -1n, metadata: { account } })
  }
  for (const [index, account] of names.entries()) {
    const found = await ledger.account(account)
    assert.deepEqual([found.account, found.metadata], [account, { account }])
    assert.equal(found.balances[0]?.total, BigInt(index + 1), account)
    for (const line of (await ledger.postings(account)).items) assert.equal(line.account, account)
    assert.equal((await ledger.postings(account)).items.length, 3, account)
    const { items } = await ledger.holds({ account })
    assert.deepEqual(
      items.map(({ id, payee }) => [id, payee]),
      [[holds.get(account), names.at(index - 1)]],
    )
  }
})

test('names that a URL would change, or that end with a space, are refused and nothing of them stays', async () => {
  await using service = await HttpService.start()
  for (const account of ['.', '..', ' ', ' a', 'a ', '', 'é', 'a\n', 'x'.repeat(129)]) {
    const answer = await service.post('/v1/deposits', { account, amount: 1 })
    assert.equal(assertProblem(answer, 400, 'invalid_request')['pointer'], '/account')
    const leg = { from: '@issuer', to: account, amount: 1 }
    assert.equal(
      assertProblem(await service.post('/v1/transfers', { legs: [leg] }), 400, 'invalid_request')['pointer'],
      '/legs/0/to',
    )
  }
  for (const path of ['%20', 'a%20', '%C3%A9', 'x'.repeat(129)]) {
    assert.equal(
      assertProblem(await service.get(`/v1/accounts/${path}`), 400, 'invalid_request')['parameter'],
      'account',
    )
  }
})

test('what is not enough names the list of holds with a path that works', async () => {
  await using service = await HttpService.start()
  const account = 'a&state=settled#"+ x'
  await service.post('/v1/deposits', { account, amount: 5 })
  await service.post('/v1/holds', { requestId: 'h', account, amount: 5 })
  const refused = assertProblem(await service.post('/v1/charges', { account, amount: 1 }), 402, 'insufficient_funds')
  const [path] = /\/v1\/holds\?\S+open/.exec(String(refused['detail']))!
  const { body } = await service.get(path)
  assert.deepEqual(
    (body['items'] as { id: string }[]).map(({ id }) => id),
    ['h'],
  )
})

/** The fields of one CSV row without line breaks. */
function fieldsOf(row: string): readonly string[] {
  const fields = [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)]
  return fields.map(([, quoted, plain = '']) => (quoted === undefined ? plain : quoted.replaceAll('""', '"')))
}

test('a program reads every name back from a CSV, and no spreadsheet runs one', async () => {
  await using service = await HttpService.start()
  for (const account of NAMES) {
    await service.post('/v1/deposits', { account, amount: 1 })
    const { text } = await service.get(`/v1/accounts/${encodeURIComponent(account)}/postings/export?format=csv`)
    const [head, line] = text.split('\r\n').map(fieldsOf)
    const field = line![head!.indexOf('account')]!
    assert.doesNotMatch(field, /^[=+\-@]/)
    assert.equal(field.replace(/^'/, ''), account)
    const ndjson = await service.get(`/v1/accounts/${encodeURIComponent(account)}/postings/export?format=ndjson`)
    assert.equal((JSON.parse(ndjson.text.split('\n')[0]!) as { account: string }).account, account)
  }
})

test('the command line takes every name, on a file and through a service', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-names-'))
  try {
    const store = `sqlite:${join(folder, 'ledger.db')}`
    const run = async (words: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> => {
      const { exitCode, stdout, stderr } = await runHoldfast(words, environment)
      assert.equal(exitCode, 0, `${words.join(' ')}: ${stderr}`)
      return stdout
    }
    const [a, b] = [`=o'b "\\ %_|a=b`, '-x y=1']
    const own = { HOLDFAST_STORE: store }
    await run(['deposit', a, '10'], own)
    await run(['transfer', a, '--', `${b}=4`], own)
    await using service = await ServiceProcess.start(store)
    const remote = { HOLDFAST_URL: service.url }
    await run(['transfer', '--', b, `${a}=1`], remote)
    const account = JSON.parse(await run(['account', '--json', '--', b], remote)) as {
      account: string
      balances: unknown[]
    }
    assert.equal(account.account, b)
    assert.partialDeepStrictEqual(account.balances, [{ available: '3' }])
    assert.match(await run(['account', '--', b], own), /^-x y=1\n/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
