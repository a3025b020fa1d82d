/** The commands for prices, and a bill that is computed again from the ledger. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runHoldfast } from '../../harness/service-process.ts'
import { openLedger } from '../../src/ledger.ts'
import { tariffOf } from '../../src/prices/bill.ts'
import { priceBook } from '../../src/prices/price-book.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-prices-'))
after(() => rmSync(folder, { recursive: true }))

const file = (name: string): string => join(folder, name)

const LITELLM = `{
  "gpt-5": { "litellm_provider": "openai", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05 },
  "gpt-4": { "litellm_provider": "openai", "input_cost_per_token": 3e-05, "output_cost_per_token": 6e-05 },
  "sonnet": { "litellm_provider": "anthropic", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05 }
}`

async function imported(source: string, name: string, ...flags: readonly string[]) {
  const fixed = ['--valid-from', `${name}-01T00:00:00Z`, '--coins-per-unit', '1000000', '--named', name]
  return await runHoldfast(['prices', 'import', source, ...fixed, ...flags])
}

test('a published list becomes a version, of the models that are sold', async () => {
  writeFileSync(file('list.json'), LITELLM)
  const output = file('2026-01.json')
  const { exitCode, stdout, stderr } = await imported(
    file('list.json'),
    '2026-01',
    '--only',
    'openai/',
    '--output',
    output,
  )
  assert.deepEqual([exitCode, stdout, stderr], [0, '', '2 models from litellm, 0 left out.\n'])
  const text = readFileSync(output, 'utf8')
  assert.match(text, /"input":"1.25","output":"10"/)
  const again = await imported(file('list.json'), '2026-01', '--output', output)
  assert.equal(again.exitCode, 2)
  assert.match(again.stderr, /A version is never changed/)
  assert.equal(readFileSync(output, 'utf8'), text)
})

test('a list without anything usable, and a value that is no price, are refused with the place', async () => {
  writeFileSync(file('bad.csv'), 'provider,model,input\nopenai,gpt,"1,5"\n')
  const bad = await imported(file('bad.csv'), '2026-09')
  assert.equal(bad.exitCode, 2)
  assert.match(bad.stderr, /models\[0\]\.input: must be a decimal number as a text, such as "2.50"; it is "1,5"/)
  const none = await imported(file('list.json'), '2026-09', '--only', 'nobody/')
  assert.match(none.stderr, /models: must be a list of 1 to/)
  const missing = await imported(file('missing.json'), '2026-09')
  assert.equal(missing.exitCode, 2)
  assert.match(missing.stderr, /missing\.json cannot be read/)
})

test('a check exits with 1 for what looks wrong', async () => {
  writeFileSync(file('dear.json'), LITELLM.replace('1e-05', '1e-03').replace('"gpt-4"', '"gpt-3"'))
  await imported(file('dear.json'), '2026-02', '--output', file('2026-02.json'))
  const { exitCode, stdout } = await runHoldfast([
    'prices',
    'check',
    file('2026-01.json'),
    file('2026-02.json'),
    '--json',
  ])
  assert.equal(exitCode, 1)
  const { versions, findings } = JSON.parse(stdout) as {
    versions: { version: string; inForce: boolean }[]
    findings: { model: string; finding: string }[]
  }
  assert.deepEqual(
    versions.map(({ version, inForce }) => [version, inForce]),
    [
      ['2026-01', false],
      ['2026-02', true],
    ],
  )
  assert.deepEqual(
    findings.map(({ model }) => model),
    ['openai/gpt-4', 'openai/gpt-5'],
  )
})

test('a bill is computed again from its entry; a changed table or another amount is noticed', async () => {
  const book = priceBook(JSON.parse(readFileSync(file('2026-01.json'), 'utf8')) as unknown)
  const tariff = tariffOf(book, { provider: 'openai.chat', model: 'gpt-5' })
  const usage = { inputTokens: 1_000, outputTokens: 500 }
  const store = `sqlite:${file('ledger.db')}`
  await using ledger = await openLedger(store)
  await ledger.deposit({ account: 'user:8', amount: 100_000n })
  await ledger.freeze({ requestId: 'call-1', account: 'user:8', amount: 20_000n, metadata: tariff.metadata() })
  const part = { final: false, metadata: tariff.bill(usage) } as const
  await ledger.settle('call-1', { ...part, requestId: 'call-1:bill', amount: tariff.cost(usage) })
  await ledger.settle('call-1', { ...part, requestId: 'call-1:wrong', amount: 1n })
  const bill = (...rest: readonly string[]) => runHoldfast(['prices', 'bill', ...rest, '--store', store])
  const right = await bill('call-1:bill', file('2026-01.json'), file('2026-02.json'))
  assert.equal(right.exitCode, 0, right.stderr)
  assert.match(right.stdout, /computed\s+6250\ncharged\s+6250\n\nThe bill is right\./)
  const wrong = await bill('call-1:wrong', file('2026-01.json'))
  assert.equal(wrong.exitCode, 1)
  assert.match(wrong.stdout, /The bill is 6250, but 1 were charged/)
  writeFileSync(file('edited.json'), readFileSync(file('2026-01.json'), 'utf8').replace('"10"', '"11"'))
  const edited = await bill('call-1:bill', file('edited.json'))
  assert.equal(edited.exitCode, 2)
  assert.match(edited.stderr, /was changed after the bill/)
  const none = await bill('call-1', file('2026-01.json'))
  assert.match(none.stderr, /settles nothing of a hold/)
})
