import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amend,
  charge,
  declare,
  deposit,
  freeze,
  group,
  house,
  leg,
  open,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../../test/support/commands.ts'
import { hold } from '../../test/support/given.ts'
import type { Work } from './command.ts'
import { HouseStripes } from './house-stripes.ts'
import { footprint } from './rules.ts'
import { footprintOfHold } from './footprint.ts'

const STRIPES = new HouseStripes(5)

interface Keys {
  readonly requests?: readonly string[]
  readonly balances?: readonly string[]
  readonly assets?: readonly string[]
  readonly houses?: readonly string[]
}

const TABLE: readonly (readonly [title: string, work: readonly Work[], keys: Keys])[] = [
  ['nothing', [], {}],
  ['an open', [open('r', 'a', 0n)], { requests: ['r'], balances: ['a credit'], assets: ['credit'] }],
  [
    'a deposit',
    [deposit('r', 'a', 1n, { asset: 'gem' })],
    { requests: ['r'], balances: ['a gem', '@issuer gem 5'], assets: ['gem'] },
  ],
  [
    'a charge',
    [charge('r', 'a', 1n)],
    { requests: ['r'], balances: ['a credit', '@revenue credit 5'], assets: ['credit'] },
  ],
  [
    'a transfer',
    [transfer('r', [leg('a', 'b', 1n), leg('a', 'c', 1n, 'gem'), leg('a', 'b', 2n)])],
    { requests: ['r'], balances: ['a credit', 'b credit', 'a gem', 'c gem'], assets: ['credit', 'gem'] },
  ],
  [
    'a freeze, whose payee has time',
    [freeze('r', 'a', 1n, { payee: 'b' })],
    { requests: ['r'], balances: ['a credit'], assets: ['credit'] },
  ],
  ['a settle', [settle('h', 1n)], { requests: ['h'] }],
  ['a release', [release('h')], { requests: ['h'] }],
  [
    'a settle that may be late, with the row that would show that it was',
    [settle('h', 1n, 'reject', { late: true })],
    { requests: ['h~late', 'h'] },
  ],
  ['a part of a hold', [settlePart('r', 'h', 1n)], { requests: ['r', 'h'] }],
  ['an amend', [amend('r', 'h', { amount: 1n })], { requests: ['r', 'h'] }],
  ['a refund', [refund('r', 'h', 1n)], { requests: ['r', 'h'] }],
  [
    'a hold that is frozen, settled in parts to others and refunded at once, with every payee',
    [
      freeze('h', 'a', 1n, { payee: 'b', asset: 'gem' }),
      settlePart('r', 'h', 1n, { payee: 'c' }),
      settle('h', 1n, 'reject', { payee: '@promo' }),
      settlePart('r2', 'h', 1n, { payee: 'c' }),
    ],
    {
      requests: ['h', 'r', 'r2'],
      balances: ['a gem', 'b gem', 'c gem', '@promo gem 5'],
      assets: ['gem'],
      houses: ['@promo'],
    },
  ],
  [
    'a hold that is frozen and refunded at once, with its payee',
    [freeze('h', 'a', 1n, { payee: 'b' }), refund('r', 'h', 1n)],
    { requests: ['h', 'r'], balances: ['a credit', 'b credit'], assets: ['credit'] },
  ],
  ['a declare', [declare('gem')], { assets: ['gem'] }],
  ['a declaration of a house account', [house('@promo')], { houses: ['@promo'] }],
  ['a declaration of one that exists from the start', [house('@issuer')], {}],
  [
    'what is named twice, once',
    [deposit('r', 'a', 1n), deposit('r', 'a', 1n), group(deposit('q', 'a', 1n))],
    { requests: ['r', 'q'], balances: ['a credit', '@issuer credit 5'], assets: ['credit'] },
  ],
  [
    'a hold that is frozen and settled at once, with its payee',
    [freeze('h', 'a', 1n, { payee: 'b' }), settle('h', 1n)],
    { requests: ['h'], balances: ['a credit', 'b credit'], assets: ['credit'] },
  ],
  [
    'a hold that is frozen and settled in one group, with its payee',
    [group(freeze('h', 'a', 1n), settle('h', 1n))],
    { requests: ['h'], balances: ['a credit', '@revenue credit 5'], assets: ['credit'] },
  ],
  [
    'a hold that several want to freeze, with every payee',
    [freeze('h', 'a', 1n, { payee: 'b' }), freeze('h', 'a', 1n, { payee: 'c' }), settle('h', 1n)],
    { requests: ['h'], balances: ['a credit', 'b credit', 'c credit'], assets: ['credit'] },
  ],
]

for (const [title, work, { requests = [], balances = [], assets = [], houses = [] }] of TABLE) {
  test(`a footprint names ${title}`, () => {
    const keys = footprint(work, STRIPES)
    assert.equal(keys.houseStripes, STRIPES)
    assert.deepEqual([...keys.requests], requests)
    assert.deepEqual([...keys.balances.keys()], balances)
    assert.deepEqual([...keys.assets], assets)
    assert.deepEqual([...keys.houses], houses)
  })
}

test('only house accounts have stripes', () => {
  const { balances } = footprint([deposit('r', 'a', 1n)], STRIPES)
  assert.deepEqual(
    [...balances.values()].map(({ account, stripe }) => [account, stripe]),
    [
      ['a', 0],
      ['@issuer', 5],
    ],
  )
})

test('a hold is loaded with every payee that the commands name for it', () => {
  const named = [settlePart('r', 'h', 1n, { payee: 'b' }), settle('h', 1n, 'cap', { payee: 'c' })]
  const keys = footprint([...named, settlePart('q', 'h', 1n, { payee: 'b' }), settle('g', 1n)], STRIPES)
  assert.deepEqual([...keys.payees], [['h', ['b', 'c']]])
  assert.deepEqual([...keys.balances], [])
  const names = footprintOfHold(hold('h', 1n, { asset: 'gem' }), keys).map(({ account, asset }) => [account, asset])
  assert.deepEqual(names, [
    ['user:8', 'gem'],
    ['@revenue', 'gem'],
    ['b', 'gem'],
    ['c', 'gem'],
  ])
  const known = new Map([['h', hold('h', 1n, { asset: 'gem' })]])
  const { balances } = footprint(named, STRIPES, { requests: known, balances: new Map(), standings: new Map() })
  assert.deepEqual([...balances.keys()].sort(), ['@revenue gem 5', 'b gem', 'c gem', 'user:8 gem'])
  assert.equal(footprint([settle('h', 1n)], STRIPES).payees.size, 0)
})

test('the end of a hold touches its holder and its payee', () => {
  const keys = footprint([], STRIPES)
  assert.deepEqual(footprintOfHold(hold('h', 1n, { asset: 'gem' }), keys), [
    { account: 'user:8', asset: 'gem', stripe: 0 },
    { account: '@revenue', asset: 'gem', stripe: 5 },
  ])
  assert.deepEqual(footprintOfHold(hold('h', 1n, { payee: 'user:9' }), keys)[1], {
    account: 'user:9',
    asset: 'credit',
    stripe: 0,
  })
})
