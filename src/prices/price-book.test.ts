import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { recomputeBill, tariffOf } from './bill.ts'
import { decimalOf, fractionOf, plus, times, wholeDown, wholeUp } from './fraction.ts'
import { priceBook, type PriceVersion } from './price-book.ts'
import { priceTableText, readPriceTable, type Favour } from './price-table.ts'
import type { Usage } from './usage.ts'

const GPT = { provider: 'openai', model: 'gpt', input: '2.50', cacheRead: '0.25', output: '10', outputTokensMax: 4_096 }
const TABLE = {
  version: '2030-01',
  validFrom: '2030-01-01T00:00:00Z',
  asset: 'credit',
  coinsPerUnit: '1000',
  markupPercent: '20',
  favour: 'user',
  models: [GPT, { provider: '*', model: 'any', request: '0.001' }],
}

function versionOf(changes: object = {}): PriceVersion {
  return priceBook({ ...TABLE, ...changes }).versions[0]!
}

test('a bill is the sum of count × price, with the markup, in minor units', () => {
  const version = versionOf()
  const gpt = version.find('openai.chat', 'gpt')!
  assert.equal(version.cost(gpt, { inputTokens: 1_000_000 }), 3_000n)
  assert.equal(version.cost(gpt, { inputTokens: 1_000, outputTokens: 500 }), 9n)
  // Without a price of their own, reasoning tokens cost as output, cache writes as input.
  assert.equal(version.cost(gpt, { reasoningTokens: 500_000, cacheWriteTokens: 500_000 }), 7_500n)
  assert.equal(version.cost(gpt, { cacheReadTokens: 2_000_000, requests: 1 }), 600n)
  assert.equal(version.cost(version.find('else', 'any')!, { requests: 10 }), 12n)
  assert.equal(version.cost(gpt, {}), 0n)
})

test('what is below one minor unit is nobody’s but by the favour of the table', () => {
  const [user, house] = (['user', 'house'] as const).map((favour) => versionOf({ favour }))
  const usage = { inputTokens: 1 } // 0.003 coins
  assert.equal(user!.cost(user!.find('openai', 'gpt')!, usage), 0n)
  assert.equal(house!.cost(house!.find('openai', 'gpt')!, usage), 1n)
})

test('a long prompt has its own prices for all tokens, counting cached ones', () => {
  const model = { ...GPT, longPrompts: { aboveTokens: 1_000, input: '5', output: '20' } }
  const version = versionOf({ models: [model], markupPercent: '0', coinsPerUnit: '1000000' })
  const prices = version.find('openai', 'gpt')!
  assert.equal(version.cost(prices, { inputTokens: 1_000, outputTokens: 1 }), 2_510n)
  assert.equal(version.cost(prices, { inputTokens: 900, cacheReadTokens: 101, outputTokens: 1 }), 4_545n)
})

test('a quantity without a price is refused, and so is what is no count', () => {
  const version = versionOf()
  const prices = version.find('openai', 'gpt')!
  assert.throws(() => version.cost(prices, { images: 1 }), { code: 'invalid_request', pointer: '/images' })
  for (const count of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '7' as unknown as number]) {
    assert.throws(() => version.cost(prices, { inputTokens: count }), { code: 'invalid_request' })
  }
  assert.throws(() => version.cost(prices, { tokens: 1 } as Usage), { pointer: '/tokens' })
  const dear = versionOf({ coinsPerUnit: '10000000000000000' })
  assert.throws(() => dear.cost(prices, { outputTokens: 10_000_000 }), /more than one command can move/)
})

test('the version in force is the last one that has begun, and old ones stay to compute bills again', () => {
  const later = { ...TABLE, version: '2030-02', validFrom: '2030-02-01T00:00:00Z', markupPercent: '50' }
  const book = priceBook(later, TABLE)
  assert.equal(book.at(Date.parse('2029-12-31T23:59:59Z')), null)
  assert.equal(book.at(Date.parse('2030-01-31T23:59:59Z'))!.table.version, '2030-01')
  assert.equal(book.at(Date.parse('2030-02-01T00:00:00Z'))!.table.version, '2030-02')
  const tariff = tariffOf(book, { provider: 'openai', model: 'gpt' }, Date.parse('2030-01-15T00:00:00Z'))
  const usage = { inputTokens: 123_456, outputTokens: 7_890, requests: 1 }
  assert.equal(recomputeBill(book, tariff.bill(usage)), tariff.cost(usage))
  assert.throws(
    () => tariffOf(book, { provider: 'openai', model: 'none' }, Date.parse('2030-01-15T00:00:00Z')),
    /no price/,
  )
})

test('a bill of a table that was changed afterwards is not computed, and neither is metadata that is no bill', () => {
  const bill = tariffOf(priceBook(TABLE), GPT, Date.parse(TABLE.validFrom)).bill({ inputTokens: 5 })
  assert.throws(() => recomputeBill(priceBook({ ...TABLE, markupPercent: '21' }), bill), /was changed after the bill/)
  assert.throws(() => recomputeBill(priceBook({ ...TABLE, version: 'other' }), bill), /is not in the book/)
  assert.throws(() => recomputeBill(priceBook(TABLE), { job: 7 }), /no bill/)
})

test('two versions need two names and two beginnings', () => {
  assert.throws(
    () => priceBook(TABLE, { ...TABLE, validFrom: '2030-03-01T00:00:00Z' }),
    /two tables of version 2030-01/,
  )
  assert.throws(() => priceBook(TABLE, { ...TABLE, version: 'b' }), /come into force at the same instant/)
  assert.throws(() => priceBook(), /at least one table/)
})

test('a malformed table is refused with the place', () => {
  const wrong: readonly (readonly [changes: object, message: RegExp])[] = [
    [{ version: 'a b' }, /version: must be/],
    [{ validFrom: '2030-01-01' }, /validFrom: must be an instant in UTC/],
    [{ asset: 'Gems' }, /asset: /],
    [{ coinsPerUnit: 1000 }, /coinsPerUnit: must be a decimal number as a text, such as "2.50"; it is 1000/],
    [{ coinsPerUnit: '0' }, /coinsPerUnit: must be above 0/],
    [{ markupPercent: '-1' }, /markupPercent: /],
    [{ favour: 'nobody' }, /favour: /],
    [{ currency: 'usd' }, /currency: is no field/],
    [{ models: [] }, /models: must be a list of 1 to/],
    [{ models: [GPT, GPT] }, /models\[1\]: openai\/gpt is in the table twice/],
    [{ models: [{ ...GPT, output: 10 }] }, /models\[0\]\.output: must be a decimal number/],
    [{ models: [{ ...GPT, price: '1' }] }, /models\[0\]\.price: is no field/],
    [{ models: [{ provider: 'a', model: 'b' }] }, /models\[0\]: there is no price at all/],
    [{ models: [{ ...GPT, model: ' gpt' }] }, /models\[0\]\.model: /],
    [{ models: [{ ...GPT, outputTokensMax: 0 }] }, /outputTokensMax: /],
    [{ models: [{ ...GPT, longPrompts: { input: '1' } }] }, /longPrompts\.aboveTokens: /],
  ]
  for (const [changes, message] of wrong) {
    assert.throws(() => readPriceTable({ ...TABLE, ...changes }), { name: 'PriceFileError', message })
  }
  assert.throws(() => readPriceTable([]), /a table of prices is a JSON object/)
})

test('a table that is written is read back, with the same checksum', () => {
  const [table] = [readPriceTable(TABLE)]
  const again = readPriceTable(JSON.parse(priceTableText(table)))
  assert.deepEqual(again, table)
  assert.equal(priceBook(again).versions[0]!.digest, versionOf().digest)
})

const decimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 9n }), fc.integer({ min: 0, max: 12 }))
  .map(([digits, places]) => decimalOf({ numerator: digits, denominator: 10n ** BigInt(places) }))
const count = fc.integer({ min: 0, max: 10_000_000 })

test('fractions are exact: a decimal text is read as what it says, and sums and products are those of whole numbers', () => {
  fc.assert(
    fc.property(decimal, decimal, (left, right) => {
      const [first, second] = [fractionOf(left)!, fractionOf(right)!]
      assert.equal(decimalOf(first), left)
      // On a common scale of 10^24, everything is whole.
      const scaled = (text: string): bigint => {
        const [whole, places = ''] = text.split('.')
        return BigInt(whole! + places.padEnd(24, '0'))
      }
      const SCALE = 10n ** 24n
      const sum = plus(first, second)
      assert.equal(sum.numerator * SCALE, (scaled(left) + scaled(right)) * sum.denominator)
      const product = times(first, second)
      assert.equal(product.numerator * SCALE * SCALE, scaled(left) * scaled(right) * product.denominator)
      const [down, up] = [wholeDown(product), wholeUp(product)]
      assert.ok(down * product.denominator <= product.numerator && product.numerator <= up * product.denominator)
      assert.ok(up - down <= 1n)
    }),
  )
  for (const text of ['', '.5', '1.', '-1', '+1', '1e99', 'NaN', '1'.repeat(41), '1,5', '0x1'])
    assert.equal(fractionOf(text), null)
  assert.deepEqual(fractionOf('2.5e-06'), { numerator: 25n, denominator: 10n ** 7n })
  assert.deepEqual(fractionOf('1.5E3'), { numerator: 1_500n, denominator: 1n })
})

test('a bill is within one minor unit of the exact cost, on the side that the table favours, and grows with the usage', () => {
  const usages = fc.record({ inputTokens: count, outputTokens: count, cacheReadTokens: count, reasoningTokens: count })
  fc.assert(
    fc.property(
      usages,
      count,
      fc.record({ input: decimal, output: decimal, cacheRead: decimal, reasoning: decimal }),
      fc.constantFrom<Favour>('user', 'house'),
      (usage, more, prices, favour) => {
        const version = versionOf({
          favour,
          coinsPerUnit: '7.3',
          markupPercent: '12.5',
          models: [{ ...GPT, ...prices }],
        })
        const model = version.find('openai', 'gpt')!
        const cost = version.cost(model, usage)
        const exact = [
          [usage.inputTokens, prices.input],
          [usage.outputTokens, prices.output],
          [usage.cacheReadTokens, prices.cacheRead],
          [usage.reasoningTokens, prices.reasoning],
        ] as const
        // Everything over one denominator: 10^12 of the prices, 10^6 per million, 10 and 1000 of the conversion.
        const SCALE = 10n ** 12n
        const whole = (text: string): bigint => {
          const { numerator, denominator } = fractionOf(text)!
          return (numerator * SCALE) / denominator
        }
        const total = exact.reduce((sum, [tokens, price]) => sum + BigInt(tokens) * whole(price), 0n) * 73n * 1_125n
        const unit = SCALE * 1_000_000n * 10n * 1_000n
        assert.equal(cost, favour === 'user' ? total / unit : (total + unit - 1n) / unit)
        assert.ok(version.cost(model, { ...usage, outputTokens: usage.outputTokens + more }) >= cost)
      },
    ),
  )
})
