import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExactJson } from './exact-json.ts'
import { findingsOf } from './price-check.ts'
import { readPriceCsv } from './price-csv.ts'
import { diffOf } from './price-diff.ts'
import { priceBook } from './price-book.ts'
import { readPriceTable } from './price-table.ts'
import { publishedFormatOf, readPublished } from './published.ts'

test('the list of LiteLLM is read exactly, per million, with its own units', () => {
  const content = parseExactJson(`{
    "sample_spec": { "input_cost_per_token": 0.0, "litellm_provider": "one of …", "max_tokens": "LEGACY" },
    "gpt-4o-mini": { "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08,
      "litellm_provider": "openai", "max_output_tokens": 16384, "mode": "chat" },
    "gemini/gemini-pro": { "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05, "litellm_provider": "gemini",
      "input_cost_per_token_above_200k_tokens": 2.5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05 },
    "old": { "input_cost_per_token": 1e-06, "input_cost_per_token_above_128k_tokens": 2e-06,
      "output_cost_per_token_above_200k_tokens": 2e-06, "litellm_provider": "gemini" },
    "tts": { "input_cost_per_character": 1.5e-05, "litellm_provider": "openai" },
    "whisper": { "input_cost_per_second": 0.0001, "litellm_provider": "openai" },
    "image": { "output_cost_per_image": 0.04, "litellm_provider": "openai" },
    "pixels": { "input_cost_per_pixel": 1.9e-08, "litellm_provider": "openai" }
  }`)
  assert.equal(publishedFormatOf(content), 'litellm')
  const { models, omitted } = readPublished(content, 'litellm')
  assert.deepEqual(models, [
    {
      provider: 'openai',
      model: 'gpt-4o-mini',
      outputTokensMax: 16_384,
      input: '0.15',
      cacheRead: '0.075',
      output: '0.6',
    },
    {
      provider: 'gemini',
      model: 'gemini-pro',
      input: '1.25',
      output: '10',
      longPrompts: { aboveTokens: 200_000, input: '2.5', output: '15' },
    },
    { provider: 'openai', model: 'tts', characters: '15' },
    { provider: 'openai', model: 'whisper', second: '0.0001' },
    { provider: 'openai', model: 'image', image: '0.04' },
  ])
  assert.deepEqual(
    omitted.map(({ name, reason }) => [name, reason.slice(0, 30)]),
    [
      ['gemini/old', 'prices for prompts above 128k,'],
      ['openai/pixels', 'no price of a kind that is kno'],
    ],
  )
})

test('the list of models.dev is read exactly', () => {
  const content = parseExactJson(`{
    "anthropic": { "id": "anthropic", "models": {
      "sonnet": { "cost": { "input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75,
        "context_over_200k": { "input": 6, "output": 22.5 } }, "limit": { "context": 200000, "output": 64000 } },
      "broken": { "cost": { "input": "free", "output": -1 } },
      "open": { "limit": { "output": 10 } } } } }`)
  assert.equal(publishedFormatOf(content), 'models.dev')
  const { models, omitted } = readPublished(content, 'models.dev')
  assert.deepEqual(models, [
    {
      provider: 'anthropic',
      model: 'sonnet',
      outputTokensMax: 64_000,
      input: '3',
      cacheRead: '0.3',
      cacheWrite: '3.75',
      output: '15',
      longPrompts: { aboveTokens: 200_000, input: '6', output: '22.5' },
    },
  ])
  assert.equal(omitted.length, 2)
  assert.throws(() => readPublished({ a: 1 }, 'models.dev'), { name: 'PriceFileError' })
  assert.throws(() => readPublished([], 'litellm'), { name: 'PriceFileError' })
  assert.equal(publishedFormatOf({ models: [] }), null)
})

test('numbers of JSON keep their text', () => {
  assert.deepEqual(parseExactJson('[0.1, 1e-7, 12345678901234567890, "x", null, true]'), [
    '0.1',
    '1e-7',
    '12345678901234567890',
    'x',
    null,
    true,
  ])
  assert.throws(() => parseExactJson('{'), { name: 'PriceFileError' })
})

test('a spreadsheet becomes models, and a column that nobody knows is refused', () => {
  assert.deepEqual(
    readPriceCsv('provider;model;input;output;outputTokensMax\r\nopenai;gpt;2.50;10;4096\r\nx;emb;0.1;;\r\n'),
    [
      { provider: 'openai', model: 'gpt', input: '2.50', output: '10', outputTokensMax: 4_096 },
      { provider: 'x', model: 'emb', input: '0.1' },
    ],
  )
  const broken: readonly (readonly [string, RegExp])[] = [
    ['', /empty/],
    ['provider,model,price\na,b,1', /Line 1: price is no column/],
    ['provider,model,input,input\n', /two columns input/],
    ['model,input\n', /no column provider/],
    ['provider,model\na,b,c\n', /not CSV/],
    ['provider,model\n"a\n', /not CSV/],
  ]
  for (const [text, message] of broken) assert.throws(() => readPriceCsv(text), { name: 'PriceFileError', message })
})

function table(version: string, models: readonly object[], changes: object = {}) {
  const validFrom = `${version}-01T00:00:00Z`
  return readPriceTable({ version, validFrom, coinsPerUnit: '1000', favour: 'user', models, ...changes })
}

const GPT = { provider: 'openai', model: 'gpt', input: '2.50', output: '10' }

test('a difference is named with its price and its size; 2.50 and 2.5 are one price', () => {
  const before = table('2030-01', [GPT, { ...GPT, model: 'gone' }])
  const after = table('2030-02', [{ ...GPT, input: '2.5', output: '7.49', reasoning: '20' }], { markupPercent: '5' })
  assert.deepEqual(diffOf(before, after), [
    { model: null, field: 'markupPercent', before: '0', after: '5', changePercent: null },
    { model: 'openai/gone', field: 'input', before: '2.50', after: null, changePercent: null },
    { model: 'openai/gone', field: 'output', before: '10', after: null, changePercent: null },
    { model: 'openai/gpt', field: 'output', before: '10', after: '7.49', changePercent: '-25.1' },
    { model: 'openai/gpt', field: 'reasoning', before: null, after: '20', changePercent: null },
  ])
  assert.deepEqual(diffOf(before, before), [])
})

test('a check finds what would refuse calls, give them away, or charge in the wrong unit', () => {
  const first = table('2030-01', [GPT, { ...GPT, model: 'gone' }])
  const second = table('2030-02', [
    { ...GPT, output: '0.00001' },
    { provider: 'x', model: 'free', input: '0', output: '0.0' },
    { provider: 'x', model: 'half', output: '1' },
  ])
  const found = findingsOf(priceBook(first, second), Date.parse('2029-01-01T00:00:00Z'))
  assert.deepEqual(
    found.map(({ version, model, finding }) => [version, model, finding.split(':')[0]]),
    [
      ['2030-01', null, 'no version is in force yet'],
      ['2030-02', 'x/free', 'every price is 0'],
      ['2030-02', 'x/half', 'output has a price and input has none'],
      ['2030-02', 'openai/gone', 'has no price any more, 2030-01 had one'],
      ['2030-02', 'openai/gpt', 'output changes from 10 to 0.00001, by more than 10 times'],
    ],
  )
  assert.deepEqual(findingsOf(priceBook(first), Date.parse('2030-06-01T00:00:00Z')), [])
})
