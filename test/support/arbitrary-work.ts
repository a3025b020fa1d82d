/** Random commands over few names, so that they collide: the same accounts, request ids and holds. */
import fc from 'fast-check'
import { AMOUNT_MAX, BALANCE_MAX } from '../../src/domain/amount.ts'
import type { By } from '../../src/domain/by.ts'
import type { Command, Work } from '../../src/domain/command.ts'
import type { Confinement } from '../../src/domain/confinement.ts'
import {
  across,
  amend,
  block,
  charge,
  declare,
  deposit,
  freeze,
  group,
  house,
  leg,
  merge,
  onlyIf,
  open,
  rate,
  refund,
  refundTo,
  release,
  settle,
  settlePart,
  transfer,
  unblock,
} from './commands.ts'
import { ACTORS, TRACE } from './authors.ts'
import { MOMENT } from './given.ts'

const some = <const Value>(...values: Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)

const users = some('user:1', 'user:2', 'user:3', 'user:1 credit', 'user:1 "\\')
const accounts = fc.oneof(
  { weight: 12, arbitrary: users },
  { weight: 1, arbitrary: some('@revenue', '@promo', '@fees') },
)
const payees = fc.oneof(
  { weight: 12, arbitrary: some('@revenue', '@revenue', 'user:1', 'user:2') },
  { weight: 1, arbitrary: some('@promo', '@fees') },
)
const assets = fc.oneof({ weight: 20, arbitrary: some('credit') }, { weight: 7, arbitrary: some('gem') }, some('usd'))
const requestIds = fc.integer({ min: 1, max: 40 }).map((number) => `r${number}`)
/** Small enough to round to zero, and to be below what was settled. */
const fewCoins = fc.bigInt({ min: 1n, max: 3n })
const holds = fc.oneof({ weight: 3, arbitrary: some('r1', 'r2', 'r3') }, { weight: 4, arbitrary: requestIds })
const amounts = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt({ min: 1n, max: 60n }) },
  { weight: 1, arbitrary: some(AMOUNT_MAX, AMOUNT_MAX - 1n) },
  // Near the limit of a balance, so that few commands reach it.
  { weight: 1, arbitrary: some(BALANCE_MAX, BALANCE_MAX - 1n, BALANCE_MAX / 2n) },
)
const changes = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: -60n, max: 60n }).filter((by) => by !== 0n) },
  { weight: 1, arbitrary: some(AMOUNT_MAX, -AMOUNT_MAX) },
)
const metadata = some(null, null, { tier: 1 }, { tier: 2, note: 'x' })
const floors = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: -50n, max: 20n }) },
  { weight: 1, arbitrary: some(-BALANCE_MAX - 1n) },
)
const expiries = some(
  {},
  {},
  { expiresInMs: 1_000 },
  { expiresInMs: MOMENT.holdTtlMsMax },
  { expiresInMs: 0 },
  { expiresAt: MOMENT.now + 5_000 },
  { expiresAt: MOMENT.now - 1 },
)
const expiriesLater = some({}, {}, { expiresInMs: 1_500 }, { expiresInMs: 0 }, { expiresAt: MOMENT.now + 4_000 })
const onExpiry = some(null, null, { settle: 7n }, { settle: 45n })
const amendedOnExpiry = some({}, {}, { onExpiry: null }, { onExpiry: { settle: 3n } })
const otherPayees = some(null, null, null, null, null, null, 'user:1', 'user:3', '@promo', '@fees')
/** Mostly a pair with rates. `star` to `credit` exceeds the largest amount with a few coins; `usd` is never declared. */
const pairs = fc.oneof(
  { weight: 20, arbitrary: some(['credit', 'gem'], ['gem', 'credit']) },
  { weight: 4, arbitrary: some(['star', 'credit']) },
  { weight: 1, arbitrary: some(['credit', 'usd']) },
)
const traders = fc.oneof({ weight: 20, arbitrary: accounts }, { weight: 1, arbitrary: some('@exchange') })
const legsAcross = fc
  .tuple(
    traders,
    traders,
    fc.oneof({ weight: 3, arbitrary: amounts }, fewCoins),
    pairs,
    fc.option(fc.bigInt({ min: 1n, max: 30n }), { nil: undefined, freq: 2 }),
  )
  .map(([from, to, amount, [asset, toAsset], toAmount]) =>
    across(from, to, [amount, asset], toAmount === undefined ? [toAsset] : [toAsset, toAmount]),
  )
const legs = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc
        .tuple(accounts, accounts, amounts, assets)
        .map(([from, to, amount, asset]) => leg(from, to, amount, asset)),
    },
    { weight: 1, arbitrary: legsAcross },
  ),
  { minLength: 1, maxLength: 4 },
)
/** Few rates, so that some are repeated. */
const rates = fc
  .tuple(
    pairs,
    some<[bigint, bigint]>([1n, 2n], [3n, 2n], [1n, 7n], [BALANCE_MAX, 1n]),
    some('down', 'up', 'half-even'),
  )
  .chain(([[from, to], fraction, rounding]) =>
    some(0, 0, 250_000).map((tolerancePpm) => rate(from, to, fraction, { rounding, tolerancePpm })),
  )

const unconditional: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(requestIds, accounts, fc.option(floors), assets, metadata)
      .map(([id, account, floor, asset, attached]) => {
        const isMetadataAlone = floor === null && attached !== null
        return open(id, account, floor, { asset: isMetadataAlone ? null : asset, metadata: attached })
      }),
  },
  {
    weight: 7,
    arbitrary: fc
      .tuple(requestIds, accounts, amounts, assets, metadata)
      .map(([id, account, amount, asset, attached]) => deposit(id, account, amount, { asset, metadata: attached })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(requestIds, accounts, amounts, payees, assets)
      .map(([id, account, amount, payee, asset]) =>
        charge(id, account, amount, { payee, asset, overdraft: amount % 7n === 0n }),
      ),
  },
  { weight: 6, arbitrary: fc.tuple(requestIds, legs).map(([id, moved]) => transfer(id, moved)) },
  { weight: 2, arbitrary: rates },
  { weight: 1, arbitrary: some('@promo', '@fees', '@issuer', 'user:1').map(house) },
  {
    weight: 9,
    arbitrary: fc
      .tuple(requestIds, accounts, amounts, payees, assets, expiries, onExpiry)
      .map(([id, account, amount, payee, asset, expiry, due]) =>
        freeze(id, account, amount, { payee, asset, ...expiry, onExpiry: due }),
      ),
  },
  {
    weight: 7,
    arbitrary: fc
      .tuple(holds, fc.oneof(amounts, some(0n)), some('reject', 'cap', 'draw'), otherPayees, some(false, false, true))
      .map(([hold, amount, overage, payee, late]) => settle(hold, amount, overage, { payee, late })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(requestIds, holds, amounts, some('reject', 'reject', 'cap', 'draw'), otherPayees, metadata)
      .map(([id, hold, amount, overage, payee, attached]) =>
        settlePart(id, hold, amount, { overage, payee, metadata: attached }),
      ),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        requestIds,
        holds,
        fc.option(fc.oneof(amounts, fc.bigInt({ min: 1n, max: 3n }))),
        expiriesLater,
        amendedOnExpiry,
      )
      .map(([id, hold, amount, expiry, due]) => amend(id, hold, { amount, ...expiry, ...due })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(requestIds, holds, changes).map(([id, hold, by]) => amend(id, hold, { by })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(requestIds, holds, fc.bigInt({ min: 1n, max: 30n }))
      .map(([id, hold, amount]) => refund(id, hold, amount)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(requestIds, fc.oneof(holds, requestIds), fc.bigInt({ min: 1n, max: 30n }))
      .map(([id, hold, total]) => refundTo(id, hold, total)),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(holds, some('caller', 'expiry', 'expiry')).map(([hold, cause]) => release(hold, cause)),
  },
  { weight: 1, arbitrary: fc.tuple(requestIds, accounts).map((parts) => block(...parts)) },
  { weight: 2, arbitrary: fc.tuple(requestIds, accounts).map((parts) => unblock(...parts)) },
  { weight: 1, arbitrary: fc.tuple(requestIds, accounts, payees).map((parts) => merge(...parts)) },
  {
    weight: 1,
    arbitrary: fc.tuple(some('gem'), some(2, 2, 2, 3), some('Gem', 'Jewel')).map((parts) => declare(...parts)),
  },
)

/** Numbers that a hold has after some changes, and a balance after a few commands. */
const required = fc.oneof({ weight: 8, arbitrary: fc.nat({ max: 12 }) }, { weight: 1, arbitrary: some('*' as const) })
const anonymous: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: unconditional },
  { weight: 1, arbitrary: fc.tuple(unconditional, required).map((parts) => onlyIf(...parts)) },
)
/** Two of the accounts begin with `user:1`. */
const confinements = fc
  .tuple(some(null, ['user:1'], ['user:2', 'user:3'], []), some(null, null, ['credit']), some(null, 30n))
  .map(([accounts, assets, amountMax]): Confinement => ({ accounts, assets, amountMax }))
const authors = fc
  .tuple(some(...ACTORS), some(null, TRACE), fc.option(confinements))
  .map(([actor, trace, within]): By => ({ actor, trace, within }))
const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: anonymous },
  { weight: 1, arbitrary: fc.tuple(anonymous, authors).map(([command, givenBy]) => ({ ...command, givenBy })) },
)

/** Initial coins, and holds for later settles, so that the random part has something to move. */
const START: readonly Work[] = [
  declare('gem', 2, 'Gem'),
  house('@promo'),
  deposit('s1', 'user:1', 200n),
  deposit('s2', 'user:2', 100n),
  deposit('s3', 'user:1', 50n, { asset: 'gem' }),
  rate('credit', 'gem', [1n, 7n], { tolerancePpm: 250_000 }),
  declare('star', 0, 'Star'),
  rate('star', 'credit', [AMOUNT_MAX, 2n]),
  transfer('s4', [across('user:1', 'user:2', [15n, 'credit'], ['gem']), leg('user:1', 'user:2', 1n)]),
  freeze('r1', 'user:1', 40n),
  freeze('r2', 'user:1', 30n, { payee: 'user:2', expiresInMs: 1_000 }),
  freeze('r3', 'user:2', 50n),
  settlePart('s5', 'r3', 20n),
]

/** Some commands occur twice, as callers repeat them. */
export const work: fc.Arbitrary<readonly Work[]> = fc
  .array(
    fc.oneof(
      { weight: 10, arbitrary: commands },
      { weight: 1, arbitrary: fc.array(commands, { maxLength: 4 }).map((members) => group(...members)) },
    ),
    { maxLength: 40, size: 'max' },
  )
  .chain((items) =>
    fc
      .array(fc.tuple(fc.nat({ max: Math.max(0, items.length - 1) }), fc.boolean()), { maxLength: 5 })
      .map((repeats) => [
        ...START,
        ...items,
        ...repeats.flatMap(([index, isRefused]) =>
          items.slice(index, index + 1).map((item) => asRepeat(item, isRefused)),
        ),
      ]),
  )

function asRepeat(item: Work, isRefused: boolean): Work {
  return isRefused && item.kind !== 'group' ? { ...item, ifReplayed: 'refuse' } : item
}

/** Where a sequence is cut into batches: `true` ends a batch. */
export const cuts: fc.Arbitrary<readonly boolean[]> = fc.array(fc.boolean(), {
  minLength: 1,
  maxLength: 60,
  size: 'max',
})

export function cut(items: readonly Work[], after: readonly boolean[]): Work[][] {
  const batches: Work[][] = [[]]
  for (const [index, item] of items.entries()) {
    batches.at(-1)!.push(item)
    if (after[index % after.length]) batches.push([])
  }
  return batches
}
