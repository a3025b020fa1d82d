/** What a key may touch: tables of rows given, a command, and what is expected. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BILLING, confined } from '../../test/support/authors.ts'
import {
  across,
  amend,
  block,
  charge,
  declare,
  deposit,
  freeze,
  house,
  leg,
  merge,
  open,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
  unblock,
} from '../../test/support/commands.ts'
import { balance, endAt, hold, MOMENT, NOW, stateOf } from '../../test/support/given.ts'
import type { Command } from './command.ts'
import type { Confinement } from './confinement.ts'
import type { Decision } from './decision.ts'
import { decide, fingerprint } from './rules.ts'
import type { RequestRecord } from './snapshot.ts'

const RATES = [{ ...rate('credit', 'gem', [1n, 1n]), version: 1, declaredAt: NOW }]
const HOLD = hold('h', 50n, { payee: 'user:9' })
const SETTLED = hold('s', 50n, { payee: 'user:9', state: 'settled', held: 0n, settled: 50n, end: endAt(1) })

function decided(
  command: Command,
  limits: Partial<Confinement> | null,
  requests: readonly RequestRecord[] = [],
): Decision {
  const balances = [
    balance('user:9', 100n, { held: 50n }),
    balance('team:1', 100n, { held: 50n }),
    balance('team:1', 100n, { asset: 'gem' }),
    balance('user:9', 100n, { asset: 'gem' }),
    balance('user:8', 100n, { held: 50n }),
  ]
  const state = stateOf({ balances, requests: [HOLD, SETTLED, ...requests], rates: RATES })
  return decide(limits === null ? command : { ...command, givenBy: confined(limits) }, state, MOMENT)
}

function wordOf(decision: Decision): string {
  if (decision.verdict !== 'reject') return decision.verdict
  const { rejection } = decision
  return rejection.code === 'forbidden' ? `forbidden ${rejection.limit}` : rejection.code
}

/** Each touches user:8 or user:9, which a key for `team:` may not. */
const TOUCHING: readonly (readonly [command: Command, expected: string])[] = [
  [open('r', 'user:8', 0n), 'forbidden accounts'],
  [open('r', 'user:8', null, { asset: null, metadata: { a: 1 } }), 'forbidden accounts'],
  [deposit('r', 'user:8', 1n), 'forbidden accounts'],
  [charge('r', 'user:8', 1n), 'forbidden accounts'],
  [charge('r', 'team:1', 1n, { payee: 'user:9' }), 'forbidden accounts'],
  [transfer('r', [leg('team:1', 'user:9', 1n)]), 'forbidden accounts'],
  [transfer('r', [leg('user:9', 'team:1', 1n)]), 'forbidden accounts'],
  [transfer('r', [across('team:1', 'user:9', [1n, 'credit'], ['gem'])]), 'forbidden accounts'],
  [freeze('r', 'user:8', 1n), 'forbidden accounts'],
  [freeze('r', 'team:1', 1n, { payee: 'user:9' }), 'forbidden accounts'],
  [settle('h', 1n), 'hold_not_found'],
  [settle('h', 1n, 'reject', { payee: 'user:9' }), 'forbidden accounts'],
  [settle('s', 1n, 'reject', { late: true }), 'hold_not_found'],
  [settlePart('r', 'h', 1n), 'hold_not_found'],
  [amend('r', 'h', { by: 1n }), 'hold_not_found'],
  [refund('r', 's', 1n), 'hold_not_found'],
  [release('h'), 'hold_not_found'],
  [block('r', 'user:8'), 'forbidden accounts'],
  [unblock('r', 'user:8'), 'forbidden accounts'],
  [merge('r', 'user:8', 'team:1'), 'forbidden accounts'],
  [merge('r', 'team:1', 'user:8'), 'forbidden accounts'],
]

describe('accounts', () => {
  for (const [command, expected] of TOUCHING) {
    const { givenBy: _, kind, ...fields } = command
    const text = JSON.stringify(fields, (__, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
    test(`${kind} ${text} is ${expected}`, () => {
      assert.doesNotMatch(wordOf(decided(command, null)), /forbidden/)
      assert.doesNotMatch(wordOf(decided(command, { accounts: ['team:', 'user:'] })), /forbidden|hold_not_found/)
      assert.equal(wordOf(decided(command, { accounts: ['team:'] })), expected)
    })
  }

  test('an account is within a prefix, not another one that contains it; house accounts are not confined', () => {
    assert.equal(wordOf(decided(deposit('r', 'team:1', 1n), { accounts: ['team:'] })), 'apply')
    assert.equal(wordOf(decided(deposit('r', 'team:1', 1n), { accounts: ['team:10', 'eam:'] })), 'forbidden accounts')
    assert.equal(wordOf(decided(deposit('r', 'team:1', 1n), { accounts: [] })), 'forbidden accounts')
    assert.equal(wordOf(decided(house('@promo'), { accounts: [] })), 'replay')
    assert.equal(wordOf(decided(transfer('r', [leg('@revenue', 'team:1', 1n)]), { accounts: ['team:'] })), 'apply')
  })

  test('no other rejection tells what is in an account that the key is not for', () => {
    for (const command of [
      charge('r', 'user:8', 10_000n),
      freeze('r', 'user:8', 10_000n),
      deposit('r', 'user:8', 1n, { ifVersion: 1 }),
      open('r', 'user:8', 10_000n),
      deposit('h', 'user:8', 1n),
    ]) {
      assert.equal(wordOf(decided(command, { accounts: ['team:'] })), 'forbidden accounts')
    }
    // Neither does one about a hold.
    for (const command of [settle('h', 10_000n), settle('h', 1n, 'reject', { ifSteps: 9 }), release('h', 'expiry')]) {
      assert.equal(wordOf(decided(command, { accounts: ['team:'] })), 'hold_not_found')
    }
  })

  test('a hold of an own account cannot be settled to a payee that the key is not for', () => {
    const own = hold('own', 50n, { account: 'team:1', payee: 'user:9' })
    assert.equal(wordOf(decided(settle('own', 1n), { accounts: ['team:'] }, [own])), 'forbidden accounts')
    assert.equal(wordOf(decided(settle('own', 0n), { accounts: ['team:'] }, [own])), 'apply')
    assert.equal(wordOf(decided(release('own'), { accounts: ['team:'] }, [own])), 'apply')
  })

  test('what a closed account passes on does not concern its key', () => {
    const own = hold('own', 50n, { account: 'gone:1', payee: '@revenue' })
    const closed = balance('gone:1', 0n, { held: 50n, standing: 'closed', successor: 'user:8' })
    const state = stateOf({ balances: [closed, balance('user:8', 0n)], requests: [own] })
    const given = { ...settle('own', 20n), givenBy: confined({ accounts: ['gone:'], amountMax: 20n }) }
    const decision = decide(given, state, MOMENT)
    assert.equal(wordOf(decision), 'apply')
    assert.ok(decision.verdict === 'apply' && decision.effect.forward?.by?.actor === BILLING.actor)
  })
})

describe('assets', () => {
  const gems = { assets: ['gem'] }
  for (const command of [
    open('r', 'team:1', 0n),
    deposit('r', 'team:1', 1n),
    charge('r', 'team:1', 1n),
    transfer('r', [leg('team:1', 'user:9', 1n, 'gem'), leg('team:1', 'user:9', 1n)]),
    transfer('r', [across('team:1', 'user:9', [1n, 'credit'], ['gem'])]),
    freeze('r', 'team:1', 1n),
    declare('star'),
    rate('credit', 'gem', [1n, 2n]),
    rate('gem', 'credit', [1n, 2n]),
    block('r', 'team:1'),
  ] satisfies readonly Command[]) {
    test(`${command.kind} of another asset is forbidden`, () => {
      assert.equal(wordOf(decided(command, gems)), 'forbidden assets')
      assert.equal(wordOf(decided(command, { assets: ['gem', 'credit', 'star'] })), 'apply')
    })
  }

  test('a hold of another asset is not found', () => {
    for (const command of [settle('h', 1n), release('h')])
      assert.equal(wordOf(decided(command, gems)), 'hold_not_found')
  })
})

describe('amounts', () => {
  for (const [title, command, amount] of [
    ['a deposit', deposit('r', 'user:8', 30n), 30n],
    ['a charge', charge('r', 'user:8', 30n), 30n],
    ['an overdraft', charge('r', 'user:8', 300n, { overdraft: true }), 300n],
    [
      'the legs of a transfer together',
      transfer('r', [leg('user:8', 'user:9', 20n), leg('team:1', 'user:9', 15n)]),
      35n,
    ],
    ['a freeze', freeze('r', 'user:8', 30n), 30n],
    ['what a settle pays', settle('h', 20n), 20n],
    ['what a settle pays with what it draws', settle('h', 80n, 'draw'), 80n],
    ['what a settle with a cap pays', settle('h', 80n, 'cap'), 50n],
    ['a part', settlePart('r', 'h', 5n), 5n],
    ['what an amend adds', amend('r', 'h', { amount: 70n }), 20n],
    ['a refund', refund('r', 's', 7n), 7n],
    ['a credit limit', open('r', 'user:8', -40n), 40n],
    ['what a merge takes along', merge('r', 'user:8', 'user:9'), 100n],
  ] satisfies readonly (readonly [string, Command, bigint])[]) {
    test(`${title} counts`, () => {
      assert.equal(wordOf(decided(command, { amountMax: amount })), 'apply')
      assert.equal(wordOf(decided(command, { amountMax: amount - 1n })), 'forbidden amount')
    })
  }

  test('what returns to its owner does not count', () => {
    for (const command of [release('h'), amend('r', 'h', { amount: 1n }), settle('h', 0n), block('r', 'user:8')]) {
      assert.equal(wordOf(decided(command, { amountMax: 0n })), 'apply')
    }
  })
})

describe('repeats', () => {
  /** The row that a command leaves. */
  function rowOf(command: Command): RequestRecord {
    const decision = decided(command, null)
    assert.ok(decision.verdict === 'apply')
    return (decision.effect.step ?? decision.effect.request)!
  }

  test('a repeat within the limits is answered, whoever was first', () => {
    for (const command of [deposit('r', 'user:8', 30n), freeze('r', 'user:8', 30n), refund('r', 's', 7n)]) {
      assert.equal(wordOf(decided(command, { accounts: ['user:'], amountMax: 1n }, [rowOf(command)])), 'replay')
    }
  })

  test('an id that is used for what a key is not for is forbidden, without a word about what differs', () => {
    const used = [
      deposit('r', 'user:8', 30n),
      freeze('r', 'user:8', 30n),
      charge('r', 'user:8', 30n),
      refund('r', 's', 7n),
      block('r', 'user:8'),
      open('r', 'user:8', null, { asset: null, metadata: { a: 1 } }),
      deposit('r', 'team:1', 1n, { asset: 'gem' }),
    ]
    const limits = { accounts: ['team:'], assets: ['credit'] }
    for (const command of used) {
      const found = wordOf(decided(deposit('r', 'team:1', 1n), limits, [rowOf(command)]))
      assert.match(found, /^forbidden (accounts|assets)$/, command.kind)
    }
  })

  test('a repeat about a hold that the key is not for finds no hold', () => {
    const command = refund('r', 's', 7n)
    assert.equal(wordOf(decided(command, { accounts: ['team:'] }, [rowOf(command)])), 'hold_not_found')
  })
})

test('who gives a command is no part of its contents', () => {
  const command = deposit('r', 'user:8', 1n)
  assert.equal(fingerprint({ ...command, givenBy: BILLING }), fingerprint(command))
})
