/** Legs across assets: the received amount, the remainder, and the rejections. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { across, declare, deposit, group, leg, open, rate, transfer } from '../../test/support/commands.ts'
import { balance, MOMENT, NOW, stateOf } from '../../test/support/given.ts'
import { assertLaws } from '../../test/support/laws.ts'
import { Rows } from '../../test/support/rows.ts'
import { AMOUNT_MAX, BALANCE_MAX } from './amount.ts'
import type { Leg, RateCommand } from './command.ts'
import { decide } from './rules.ts'
import type { Entry } from './journal.ts'
import type { Rejection } from './outcome.ts'
import { exchanged, type Rate, type Rounding } from './rate.ts'

const USER = 'user:8'

function rateWith(command: RateCommand): Rate {
  const { kind: _, ...contents } = command
  return { ...contents, version: 4, declaredAt: NOW }
}

const TENTH = rate('credit', 'gem', [1n, 10n])

/** The decision for a rich payer of credit, with a rate from credit to gem. */
function decideLegs(legs: readonly Leg[], declared: RateCommand = TENTH) {
  const balances = [balance(USER, BALANCE_MAX), balance('user:1', 5n, { asset: 'gem' })]
  return decide(transfer('r', legs), stateOf({ balances, rates: [rateWith(declared)] }), MOMENT)
}

function applied(legs: readonly Leg[], declared: RateCommand = TENTH): Entry {
  const decision = decideLegs(legs, declared)
  assert.equal(
    decision.verdict,
    'apply',
    JSON.stringify(decision, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  )
  return (decision as { answer: Entry }).answer
}

function refused(legs: readonly Leg[], declared: RateCommand = TENTH): Rejection {
  const decision = decideLegs(legs, declared)
  assert.ok(decision.verdict === 'reject')
  return decision.rejection
}

const movesOf = ({ postings }: Entry) => postings.map((each) => [each.account, each.asset, each.availableDelta])

test('coins go to @exchange in the one asset and come from it in the other', () => {
  const entry = applied([across(USER, 'user:9', [57n, 'credit'], ['gem'])])
  assert.deepEqual(movesOf(entry), [
    [USER, 'credit', -57n],
    ['@exchange', 'credit', 57n],
    ['@exchange', 'gem', -5n],
    ['user:9', 'gem', 5n],
  ])
})

test('a rate that follows another is committed only where that one is there, and is the newest', () => {
  const before = rateWith(TENTH)
  const assets = stateOf({ rates: [before] })
  const decision = decide(rate('credit', 'gem', [1n, 9n]), assets, MOMENT)
  assert.ok(decision.verdict === 'apply')
  assert.deepEqual(decision.effect.ratesUsed, [before])
  const first = decide(rate('gem', 'credit', [1n, 9n]), assets, MOMENT)
  assert.ok(first.verdict === 'apply')
  assert.deepEqual(first.effect.ratesUsed, [])
})

test('the entry shows what every leg received, at which rate, and its remainder', () => {
  const { legs } = applied([across(USER, 'user:9', [57n, 'credit'], ['gem']), leg(USER, 'user:9', 3n)])
  const fraction = { version: 4, numerator: 1n, denominator: 10n, rounding: 'down' }
  assert.deepEqual(legs, [
    {
      from: USER,
      to: 'user:9',
      asset: 'credit',
      amount: 57n,
      toAsset: 'gem',
      toAmount: 5n,
      rate: { ...fraction, remainder: 7n },
    },
    { from: USER, to: 'user:9', asset: 'credit', amount: 3n, toAsset: 'credit', toAmount: 3n, rate: null },
  ])
})

test('a transfer within one asset shows its postings only', () => {
  assert.equal(applied([leg(USER, 'user:9', 3n)]).legs, null)
})

test('repeated receivers get each leg for itself, and one line for all', () => {
  const legs = [19n, 19n, 5n].map((amount) => across(USER, 'user:9', [amount, 'credit'], ['gem']))
  const entry = applied([...legs.slice(0, 2), leg(USER, 'user:9', 5n)])
  // Two legs of 19 give 1 each; one leg of 38 would give 3.
  assert.deepEqual(movesOf(entry), [
    [USER, 'credit', -43n],
    ['@exchange', 'credit', 38n],
    ['@exchange', 'gem', -2n],
    ['user:9', 'gem', 2n],
    ['user:9', 'credit', 5n],
  ])
})

test('the sender may be the receiver, in another asset', () => {
  assert.deepEqual(movesOf(applied([across(USER, USER, [20n, 'credit'], ['gem'])])), [
    [USER, 'credit', -20n],
    ['@exchange', 'credit', 20n],
    ['@exchange', 'gem', -2n],
    [USER, 'gem', 2n],
  ])
})

test('@exchange is no party of what it exchanges', () => {
  for (const [from, to] of [
    ['@exchange', 'user:9'],
    [USER, '@exchange'],
    ['@exchange', '@exchange'],
  ] as const) {
    const legs = [across(from, to, [20n, 'credit'], ['gem'])]
    assert.deepEqual(refused(legs), { code: 'same_account', account: '@exchange' })
  }
  // Within one asset it is a house account like any other.
  applied([leg(USER, '@exchange', 5n)])
})

test('without a rate in this direction nothing is exchanged, also not at a named amount', () => {
  const rejection = { code: 'unknown_rate', asset: 'gem', toAsset: 'credit' }
  assert.deepEqual(refused([across('user:1', USER, [5n, 'gem'], ['credit'])]), rejection)
  assert.deepEqual(refused([across('user:1', USER, [5n, 'gem'], ['credit', 50n])]), rejection)
})

test('an amount that rounds to nothing is refused, also when another is named', () => {
  const rejection = { code: 'rounds_to_nothing', asset: 'credit', toAsset: 'gem', amount: 9n }
  const generous = { ...TENTH, tolerancePpm: 1_000_000 }
  assert.deepEqual(refused([across(USER, 'user:9', [9n, 'credit'], ['gem'])]), rejection)
  assert.deepEqual(refused([across(USER, 'user:9', [9n, 'credit'], ['gem', 1n])], generous), rejection)
  applied([across(USER, 'user:9', [9n, 'credit'], ['gem'])], { ...TENTH, rounding: 'up' })
})

test('an amount that the caller names lies within the tolerance, to the last unit', () => {
  const off = (toAmount: bigint): readonly Leg[] => [across(USER, 'user:9', [1_000n, 'credit'], ['gem', toAmount])]
  const tolerant = { ...TENTH, tolerancePpm: 50_000 }
  for (const toAmount of [95n, 100n, 105n]) assert.equal(applied(off(toAmount), tolerant).legs![0]!.toAmount, toAmount)
  for (const toAmount of [94n, 106n]) {
    const rejection = { code: 'outside_tolerance', asset: 'credit', toAsset: 'gem', toAmount, expected: 100n }
    assert.deepEqual(refused(off(toAmount), tolerant), { ...rejection, tolerancePpm: 50_000 })
  }
  applied(off(100n))
  for (const toAmount of [99n, 101n]) assert.equal(refused(off(toAmount)).code, 'outside_tolerance')
})

test('the remainder is shown even if the caller named the amount', () => {
  const [told] = applied([across(USER, 'user:9', [1_004n, 'credit'], ['gem', 105n])], {
    ...TENTH,
    tolerancePpm: 50_000,
  }).legs!
  assert.equal(told!.rate!.remainder, -46n)
})

test('a leg brings at most what an amount can be, whatever the rate gives', () => {
  const huge = rate('credit', 'gem', [AMOUNT_MAX / 2n, 1n], { tolerancePpm: 1_000_000 })
  assert.equal(applied([across(USER, 'user:9', [2n, 'credit'], ['gem'])], huge).legs![0]!.toAmount, AMOUNT_MAX)
  for (const amount of [3n, AMOUNT_MAX]) {
    const rejection = { code: 'exchange_out_of_range', asset: 'credit', toAsset: 'gem', toAmountMax: AMOUNT_MAX }
    const toAmount = (AMOUNT_MAX / 2n) * amount
    assert.deepEqual(refused([across(USER, 'user:9', [amount, 'credit'], ['gem'])], huge), { ...rejection, toAmount })
  }
  // The limit applies to the received amount, which the caller may name.
  applied([across(USER, 'user:9', [3n, 'credit'], ['gem', AMOUNT_MAX])], huge)
})

test('a thousand receivers get theirs, or none does', () => {
  const legs = Array.from({ length: 1_000 }, (_, index) => across(USER, `user:r${index}`, [25n, 'credit'], ['gem']))
  const rows = new Rows()
  rows.run([declare('gem'), TENTH, deposit('d', USER, 25_000n)])
  const [short] = rows.run([transfer('t', [...legs, leg(USER, 'user:9', 1n)])])
  assert.ok(short?.status === 'rejected' && short.rejection.code === 'insufficient_funds')
  const [done] = rows.run([transfer('t', legs)])
  assert.equal(done?.status, 'applied')
  for (const { to } of legs) {
    assert.equal(rows.balance({ account: to, asset: 'gem', stripe: 0 }).available, 2n)
  }
  assertLaws(rows)
})

test('a new rate applies to the commands after it, and the old one stays as it was', () => {
  const rows = new Rows()
  const swap = (id: string) => transfer(id, [across(USER, 'user:9', [10n, 'credit'], ['gem'])])
  const outcomes = rows.run([
    declare('gem'),
    deposit('d', USER, 50n),
    TENTH,
    swap('a'),
    { ...TENTH, numerator: 2n },
    swap('b'),
  ])
  assert.ok(outcomes.every(({ status }) => status === 'applied'))
  assert.equal(rows.balance({ account: 'user:9', asset: 'gem', stripe: 0 }).available, 3n)
  assert.deepEqual(
    rows.rates.get('credit gem')!.map(({ version, numerator }) => [version, numerator]),
    [
      [1, 1n],
      [2, 2n],
    ],
  )
})

test('a rate that a group took back was never there', () => {
  const rows = new Rows()
  rows.run([declare('gem'), deposit('d', USER, 50n), TENTH])
  rows.run([group({ ...TENTH, numerator: 2n }, open('o', 'user:9', 1n)), { ...TENTH, numerator: 3n }])
  assert.deepEqual(
    rows.rates.get('credit gem')!.map(({ version, numerator }) => [version, numerator]),
    [
      [1, 1n],
      [2, 3n],
    ],
  )
})

test('declaring the newest rate again changes nothing; an older one is a new version', () => {
  const rows = new Rows()
  const outcomes = rows.run([declare('gem'), TENTH, TENTH, { ...TENTH, rounding: 'up' }, TENTH])
  const versions = outcomes.slice(1).map((outcome) => {
    assert.ok(outcome.status === 'applied')
    return [(outcome.answer as Rate).version, outcome.replayed]
  })
  assert.deepEqual(versions, [
    [1, false],
    [1, true],
    [2, false],
    [3, false],
  ])
})

const ROUNDED: readonly (readonly [Rounding, amounts: readonly bigint[], results: readonly bigint[]])[] = [
  ['down', [9n, 10n, 14n, 15n, 16n, 25n], [0n, 1n, 1n, 1n, 1n, 2n]],
  ['up', [9n, 10n, 14n, 15n, 16n, 25n], [1n, 1n, 2n, 2n, 2n, 3n]],
  ['half-even', [5n, 6n, 14n, 15n, 16n, 25n], [0n, 1n, 1n, 2n, 2n, 2n]],
]

for (const [rounding, amounts, results] of ROUNDED) {
  test(`a tenth is rounded ${rounding}`, () => {
    const declared = rateWith({ ...TENTH, rounding })
    assert.deepEqual(
      amounts.map((amount) => exchanged(amount, declared)),
      results,
    )
  })
}

const int64 = fc.oneof(fc.bigInt({ min: 1n, max: BALANCE_MAX }), fc.bigInt({ min: 1n, max: 40n }))

test('any amount at any rate is off by less than one unit, on the side of the rounding, by exactly the remainder', () => {
  fc.assert(
    fc.property(
      int64,
      int64,
      int64,
      fc.constantFrom<Rounding>('down', 'up', 'half-even'),
      (amount, one, other, rounding) => {
        const declared = rateWith(rate('credit', 'gem', [one, other], { rounding }))
        const result = exchanged(amount, declared)
        const left = amount * one - result * other
        if (rounding === 'down') assert.ok(left >= 0n && left < other)
        else if (rounding === 'up') assert.ok(left <= 0n && -left < other)
        else assert.ok(2n * (left < 0n ? -left : left) <= other)
        if (rounding === 'half-even' && 2n * left === other) assert.equal(result % 2n, 0n)
      },
    ),
    { numRuns: 1_000 },
  )
})
