/** Statements on the command line: filters, instants and files, on a database and through a service. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLedger } from '../../src/index.ts'
import { withoutEnd } from '../support/end-rows.ts'
import { runHoldfast, ServiceProcess, spawnHoldfast } from '../../harness/service-process.ts'

const LINES = 2_500

let folder = ''
let store = ''
/** The day before the first line. */
let dayBefore = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-statements-'))
  store = `sqlite:${join(folder, 'ledger.db')}`
  dayBefore = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  await using ledger = await openLedger(store)
  await ledger.deposit({ requestId: 'd', account: 'user:8', amount: 100_000n, memo: '-2+3' })
  const charges = Array.from({ length: LINES - 3 }, (_, index) =>
    ledger.charge({ requestId: `c${index}`, account: 'user:8', amount: 1n, metadata: { n: index % 100 } }),
  )
  await Promise.all(charges)
  await ledger.freeze({ requestId: 'job', account: 'user:8', amount: 10n, metadata: { model: 'x' } })
  await ledger.settle('job', { amount: 4n })
})
after(() => rm(folder, { recursive: true }))

async function stdoutOf(line: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
  const { exitCode, stdout, stderr } = await runHoldfast(line, environment)
  assert.equal(exitCode, 0, `${line.join(' ')}: ${stderr}`)
  return stdout
}

async function exported(environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const csv = await stdoutOf(['postings', 'user:8', '--export', 'csv'], environment)
  const rows = csv.split('\r\n')
  assert.deepEqual([rows.length, rows.at(-1)], [LINES + 3, ''])
  assert.match(rows[0]!, /^at,kind,change,counterparties,entryId,/)
  assert.match(rows.at(-2)!, new RegExp(`^#end,${LINES},[^,]+,{15}$`))
  assert.match(rows.at(-3)!, /,deposit,100000,'@issuer,d,,user:8,credit,0,1,100000,0,100000,0,100000,'-2\+3,,$/)
  const ndjson = await stdoutOf(['postings', 'user:8', '--export', 'ndjson', '--metadata', '{"n":7}'], environment)
  const lines = ndjson.trimEnd().split('\n')
  assert.equal(lines.length, 26)
  assert.match(lines.pop()!, /^\{"end":true,"rows":25,"at":"[^"]+"\}$/)
  for (const line of lines) assert.partialDeepStrictEqual(JSON.parse(line), { kind: 'charge', metadata: { n: 7 } })
  return [csv, ndjson].map(withoutEnd)
}

test('a file has every line of every page, the same from a database and from a service', async () => {
  const own = await exported({ HOLDFAST_STORE: store })
  await using service = await ServiceProcess.start(store)
  assert.deepEqual(await exported({ HOLDFAST_URL: service.url }), own)
  const response = await fetch(`${service.url}/v1/accounts/user:8/postings/export?format=csv`)
  assert.equal(withoutEnd(await response.text()), own[0])
})

test('pages, accounts and holds take the filters', async () => {
  const environment = { HOLDFAST_STORE: store }
  const json = async (...line: readonly string[]): Promise<unknown> =>
    JSON.parse(await stdoutOf([...line, '--json'], environment))
  const job = ['job~settle', 'job'].map((entryId) => ({ entryId, hold: 'job', metadata: { model: 'x' } }))
  assert.partialDeepStrictEqual(await json('postings', 'user:8', '--hold', 'job'), { items: job, next: null })
  assert.partialDeepStrictEqual(await json('postings', 'user:8', '--entry', 'd', '--from', dayBefore), {
    items: [{ entryId: 'd', memo: '-2+3' }],
  })
  assert.deepEqual(await json('postings', 'user:8', '--memo', '2+', '--until', dayBefore), { items: [], next: null })
  assert.deepEqual(await json('holds', '--until', dayBefore), { items: [], next: null })
  assert.partialDeepStrictEqual(await json('holds', '--metadata', '{"model":"x"}'), { items: [{ id: 'job' }] })
  assert.partialDeepStrictEqual(await json('account', 'user:8', '--at', dayBefore), { balances: [] })
  assert.partialDeepStrictEqual(await json('account', 'user:8', '--at', '2999-01-01T00:00:00+08:00'), {
    balances: [{ version: LINES }],
  })
})

test('a line on a terminal shows what it cost, with whom, its hold and its memo', async () => {
  const environment = { HOLDFAST_STORE: store }
  const text = await stdoutOf(['postings', 'user:8', '--limit', '2'], environment)
  const [head, settled, frozen] = text.split('\n').map((line) => line.trim().split(/ {2,}/).slice(1))
  assert.deepEqual(head, [
    'kind',
    'change',
    'counterparty',
    'available',
    'held',
    'held change',
    'hold',
    'version',
    'entry',
  ])
  const after = String(100_000 - (LINES - 3) - 4)
  assert.deepEqual(settled, ['settle', '-4', '@revenue', after, '0', '-10', 'job', String(LINES), 'job~settle'])
  assert.deepEqual(frozen, ['freeze', '0', String(Number(after) - 6), '10', '+10', 'job', String(LINES - 1), 'job'])
  const deposit = await stdoutOf(['postings', 'user:8', '--entry', 'd'], environment)
  assert.match(deposit, / {2}version +entry\n.* deposit +\+100000 +@issuer +100000 +0 +0 +-2\+3 +1 +d$/m)
})

test('balances come page by page, and what to add for the next page is said', async () => {
  const own = `sqlite:${join(folder, 'assets.db')}`
  {
    await using ledger = await openLedger(own)
    for (const asset of ['gem', 'gold']) {
      await ledger.declare({ asset })
      await ledger.deposit({ account: 'user:8', amount: 1n, asset })
    }
  }
  const environment = { HOLDFAST_STORE: own }
  const text = await stdoutOf(['account', 'user:8', '--limit', '1'], environment)
  const [, cursor] = /For the next page, add --cursor (\S+)/.exec(text) ?? []
  assert.ok(cursor !== undefined, text)
  const rest = await stdoutOf(['account', 'user:8', '--limit', '1', '--cursor', cursor, '--json'], environment)
  assert.partialDeepStrictEqual(JSON.parse(rest), { balances: [{ asset: 'gold' }], next: null })
})

test('a wrong filter exits 2 and says what to type instead', async () => {
  const cases: readonly (readonly [line: readonly string[], says: RegExp])[] = [
    [['postings', 'user:8', '--from', 'yesterday'], /2030-01-31T12:00:00Z, or a day/],
    [['postings', 'user:8', '--export', 'xml'], /csv, ndjson/],
    [['postings', 'user:8', '--export', 'csv', '--limit', '5'], /not possible with --limit or --cursor/],
    [['postings', 'user:8', '--hold', 'a~b'], /hold must be 1 to 128 characters/],
    [['account', 'user:8', '--at', '2030-02-30'], /2030-01-31/],
  ]
  for (const [line, says] of cases) {
    const { exitCode, stdout, stderr } = await runHoldfast(line, { HOLDFAST_STORE: store })
    assert.deepEqual([exitCode, stdout], [2, ''], line.join(' '))
    assert.match(stderr, says)
  }
})

test('a reader that has read enough of a file may end it, and that is no failure', async () => {
  const child = spawnHoldfast(['postings', 'user:8', '--export', 'ndjson', '--store', store])
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [exitCode] = (await once(child, 'exit')) as [number]
  assert.deepEqual([exitCode, errors], [0, ''])
})
