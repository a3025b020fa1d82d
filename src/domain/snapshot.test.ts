import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  charge,
  declare,
  deposit,
  freeze,
  group,
  leg,
  open,
  release,
  settle,
  transfer,
} from '../../test/support/commands.ts'
import { hold } from '../../test/support/given.ts'
import type { Work } from './command.ts'
import { footprint, footprintOfHold } from './snapshot.ts'

interface Keys {
  readonly requests?: readonly string[]
  readonly balances?: readonly string[]
  readonly assets?: readonly string[]
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
  ['a declare', [declare('gem')], { assets: ['gem'] }],
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

for (const [title, work, { requests = [], balances = [], assets = [] }] of TABLE) {
  test(`a footprint names ${title}`, () => {
    const keys = footprint(work, 5)
    assert.equal(keys.houseStripe, 5)
    assert.deepEqual([...keys.requests], requests)
    assert.deepEqual([...keys.balances.keys()], balances)
    assert.deepEqual([...keys.assets], assets)
  })
}

test('only house accounts have stripes', () => {
  const { balances } = footprint([deposit('r', 'a', 1n)], 5)
  assert.deepEqual(
    [...balances.values()].map(({ account, stripe }) => [account, stripe]),
    [
      ['a', 0],
      ['@issuer', 5],
    ],
  )
})

test('the end of a hold touches its holder and its payee', () => {
  assert.deepEqual(footprintOfHold(hold('h', 1n, { asset: 'gem' }), 5), [
    { account: 'user:8', asset: 'gem', stripe: 0 },
    { account: '@revenue', asset: 'gem', stripe: 5 },
  ])
  assert.deepEqual(footprintOfHold(hold('h', 1n, { payee: 'user:9' }), 5)[1], {
    account: 'user:9',
    asset: 'credit',
    stripe: 0,
  })
})
