/** The rules as a table: rows given, command, expected outcome. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, declare, deposit, freeze, leg, open, release, settle, transfer } from '../../test/support/commands.ts'
import { balance, endAt, type Given, hold, MOMENT, NOW, stateOf } from '../../test/support/given.ts'
import { BALANCE_MAX, BALANCE_MIN } from './amount.ts'
import type { Command } from './command.ts'
import { decide } from './rules.ts'
import type { Rejection } from './outcome.ts'

interface Refusal {
  readonly title: string
  readonly given: Given
  readonly command: Command
  readonly rejection: Rejection
}

const USER = 'user:8'
const rich = balance(USER, 1_000n)
const poor = balance(USER, 99n, { held: 500n })
const POOR_OPENED = { account: USER, asset: 'credit', available: 99n, held: 500n, total: 599n, version: 8 }
const indebted = balance(USER, -30n, { floor: -100n })

function insufficient(available: bigint, held: bigint, floor: bigint, required: bigint): Rejection {
  return { code: 'insufficient_funds', account: USER, asset: 'credit', available, held, floor, required }
}

const REFUSED: readonly Refusal[] = [
  {
    title: 'freezing more than is available is refused, whatever is held',
    given: { balances: [poor] },
    command: freeze('r', USER, 100n),
    rejection: insufficient(99n, 500n, 0n, 100n),
  },
  {
    title: 'charging more than is available is refused',
    given: { balances: [poor] },
    command: charge('r', USER, 100n),
    rejection: insufficient(99n, 500n, 0n, 100n),
  },
  {
    title: 'charging an account without a row is refused',
    given: {},
    command: charge('r', USER, 1n),
    rejection: insufficient(0n, 0n, 0n, 1n),
  },
  {
    title: 'a credit limit is a floor: freezing below it is refused',
    given: { balances: [indebted] },
    command: freeze('r', USER, 71n),
    rejection: insufficient(-30n, 0n, -100n, 71n),
  },
  {
    title: 'a floor above zero keeps a reserve',
    given: { balances: [balance(USER, 50n, { floor: 20n })] },
    command: charge('r', USER, 31n),
    rejection: insufficient(50n, 0n, 20n, 31n),
  },
  {
    title: 'a transfer that takes more in sum than is available is refused',
    given: { balances: [poor] },
    command: transfer('r', [leg(USER, 'user:1', 50n), leg(USER, 'user:2', 50n)]),
    rejection: insufficient(99n, 500n, 0n, 100n),
  },
  {
    title: 'of two accounts that are short, the one named first is reported',
    given: { balances: [balance('user:1', 0n), poor] },
    command: transfer('r', [leg(USER, 'user:2', 100n), leg('user:1', 'user:2', 1n)]),
    rejection: insufficient(99n, 500n, 0n, 100n),
  },
  {
    title: 'of two unknown assets, the one named first is reported',
    given: {},
    command: transfer('r', [
      leg('user:1', 'user:2', 1n),
      leg('user:1', 'user:2', 1n, 'b'),
      leg('user:1', 'user:2', 1n, 'a'),
    ]),
    rejection: { code: 'unknown_asset', asset: 'b' },
  },
  {
    title: 'a leg from an account to itself is refused',
    given: { balances: [rich] },
    command: transfer('r', [leg(USER, 'user:1', 1n), leg('user:1', 'user:1', 1n)]),
    rejection: { code: 'same_account', account: 'user:1' },
  },
  {
    title: 'charging in favour of the charged is refused',
    given: { balances: [rich] },
    command: charge('r', USER, 1n, { payee: USER }),
    rejection: { code: 'same_account', account: USER },
  },
  {
    title: 'freezing in favour of the holder is refused',
    given: { balances: [rich] },
    command: freeze('r', USER, 1n, { payee: USER }),
    rejection: { code: 'same_account', account: USER },
  },
  ...[open('r', '@a', 0n), deposit('r', '@a', 1n), charge('r', '@a', 1n), freeze('r', '@a', 1n)].map(
    (command): Refusal => ({
      title: `a house account is not for ${command.kind}`,
      given: {},
      command,
      rejection: { code: 'house_account', account: '@a' },
    }),
  ),
  ...[
    open('r', USER, 0n, { asset: 'x' }),
    deposit('r', USER, 1n, { asset: 'x' }),
    charge('r', USER, 1n, { asset: 'x' }),
  ].map((command): Refusal => ({
    title: `an asset that nobody declared is not for ${command.kind}`,
    given: { balances: [rich] },
    command,
    rejection: { code: 'unknown_asset', asset: 'x' },
  })),
  {
    title: 'an asset that nobody declared is not for freeze',
    given: { balances: [rich] },
    command: freeze('r', USER, 1n, { asset: 'x' }),
    rejection: { code: 'unknown_asset', asset: 'x' },
  },
  ...[
    freeze('r', USER, 1n, { expiresInMs: 0 }),
    freeze('r', USER, 1n, { expiresInMs: -1 }),
    freeze('r', USER, 1n, { expiresInMs: MOMENT.holdTtlMsMax + 1 }),
    freeze('r', USER, 1n, { expiresAt: NOW }),
    freeze('r', USER, 1n, { expiresAt: NOW - 1 }),
    freeze('r', USER, 1n, { expiresAt: NOW + MOMENT.holdTtlMsMax + 1 }),
  ].map((command): Refusal => ({
    title: `a hold cannot expire ${command.expiresInMs === null ? `at ${command.expiresAt! - NOW}` : `in ${command.expiresInMs}`} ms`,
    given: { balances: [rich] },
    command,
    rejection: { code: 'expiry_out_of_range', ttlMsMax: MOMENT.holdTtlMsMax },
  })),
  ...[settle('r', 1n), release('r')].map((command): Refusal => ({
    title: `a hold that nobody froze is not for ${command.kind}`,
    given: {},
    command,
    rejection: { code: 'hold_not_found', hold: 'r' },
  })),
  ...[settle('r', 1n), settle('r', 40n, 'draw'), release('r'), release('r', 'expiry')].map((command): Refusal => ({
    title: `a hold that has ended is not for ${command.kind} ${command.kind === 'settle' ? command.amount : command.cause}`,
    given: {
      requests: [hold('r', 50n, { state: 'settled', held: 0n, settled: 40n, released: 10n, end: endAt(NOW) })],
    },
    command,
    rejection: { code: 'hold_not_open', hold: 'r', state: 'settled', settled: 40n },
  })),
  {
    title: 'settling more than is held is refused',
    given: { balances: [rich], requests: [hold('r', 50n)] },
    command: settle('r', 51n),
    rejection: { code: 'settle_above_hold', hold: 'r', held: 50n },
  },
  {
    title: 'a floor above what is available is refused',
    given: { balances: [poor] },
    command: open('r', USER, 100n),
    rejection: { code: 'floor_above_available', account: USER, asset: 'credit', available: 99n },
  },
  {
    title: 'a floor above zero for an account without a row is refused',
    given: {},
    command: open('r', USER, 1n),
    rejection: { code: 'floor_above_available', account: USER, asset: 'credit', available: 0n },
  },
  {
    title: 'a deposit beyond int64 is refused',
    given: { balances: [balance(USER, BALANCE_MAX)] },
    command: deposit('r', USER, 1n),
    rejection: { code: 'balance_overflow', account: USER, asset: 'credit' },
  },
  {
    title: 'a deposit is refused when available and held together are beyond int64',
    given: { balances: [balance(USER, 1n, { held: BALANCE_MAX - 1n })] },
    command: deposit('r', USER, 1n),
    rejection: { code: 'balance_overflow', account: USER, asset: 'credit' },
  },
  {
    title: 'a deposit that the issuer cannot count any more is refused',
    given: { balances: [balance('@issuer', BALANCE_MIN, { floor: null })] },
    command: deposit('r', USER, 1n),
    rejection: { code: 'balance_overflow', account: '@issuer', asset: 'credit' },
  },
  {
    title: 'a settle that the payee cannot count any more is refused',
    given: { balances: [rich, balance('@revenue', BALANCE_MAX, { floor: null })], requests: [hold('r', 50n)] },
    command: settle('r', 1n),
    rejection: { code: 'balance_overflow', account: '@revenue', asset: 'credit' },
  },
  {
    title: 'freezing more than can be held is refused',
    given: { balances: [balance(USER, 0n, { held: BALANCE_MAX, floor: BALANCE_MIN })] },
    command: freeze('r', USER, 1n),
    rejection: { code: 'balance_overflow', account: USER, asset: 'credit' },
  },
  {
    title: 'an asset keeps its decimals',
    given: {},
    command: declare('gem', 3),
    rejection: { code: 'asset_conflict', asset: 'gem', decimals: 2 },
  },
  ...[deposit('r', USER, 1n), charge('r', USER, 1n), transfer('r', [leg(USER, 'user:1', 1n)]), open('r', USER, 0n)].map(
    (command): Refusal => ({
      title: `a request id that froze a hold is not for ${command.kind}`,
      given: { balances: [rich], requests: [hold('r', 50n)] },
      command,
      rejection: { code: 'request_id_reused', requestId: 'r', differs: ['kind'], mayDiffer: [] },
    }),
  ),
  {
    title: 'a request id that froze other coins is refused',
    given: { balances: [rich], requests: [hold('r', 50n)] },
    command: freeze('r', USER, 51n),
    rejection: {
      code: 'request_id_reused',
      requestId: 'r',
      differs: ['amount'],
      mayDiffer: ['expiresAt', 'expiresInMs'],
    },
  },
]

for (const { title, given, command, rejection } of REFUSED) {
  test(title, () => {
    assert.deepEqual(decide(command, stateOf(given), MOMENT), { verdict: 'reject', rejection })
  })
}

type Move = readonly [account: string, availableDelta: bigint, heldDelta: bigint]

interface Application {
  readonly title: string
  readonly given: Given
  readonly command: Command
  /** Every balance that changes, in order. */
  readonly moves: readonly Move[]
  /** Some fields of the answer. */
  readonly answer?: object
}

const freed = { state: 'settled', held: 0n, endedAt: NOW }
const holder = balance(USER, 100n, { id: 8, held: 50n })
const withHold: Given = { balances: [holder], requests: [hold('r', 50n)] }

const APPLIED: readonly Application[] = [
  {
    title: 'a deposit comes from the issuer, who may owe everything',
    given: {},
    command: deposit('r', USER, BALANCE_MAX, { memo: 'x', metadata: { a: 1 } }),
    moves: [
      ['@issuer', -BALANCE_MAX, 0n],
      [USER, BALANCE_MAX, 0n],
    ],
    answer: { id: 'r', kind: 'deposit', at: NOW, memo: 'x', metadata: { a: 1 }, floor: null },
  },
  {
    title: 'a charge may take the last coin',
    given: { balances: [poor] },
    command: charge('r', USER, 99n),
    moves: [
      [USER, -99n, 0n],
      ['@revenue', 99n, 0n],
    ],
    answer: { id: 'r', kind: 'charge' },
  },
  {
    title: 'a charge may go down to the credit limit',
    given: { balances: [indebted] },
    command: charge('r', USER, 70n, { payee: 'user:9' }),
    moves: [
      [USER, -70n, 0n],
      ['user:9', 70n, 0n],
    ],
  },
  {
    title: 'a freeze may take the last coin, and shows its default expiry',
    given: { balances: [poor] },
    command: freeze('r', USER, 99n, { metadata: { job: 'x' } }),
    moves: [[USER, -99n, 99n]],
    answer: {
      id: 'r',
      account: USER,
      asset: 'credit',
      payee: '@revenue',
      state: 'open',
      amount: 99n,
      held: 99n,
      expiresAt: NOW + MOMENT.holdTtlMsDefault,
      createdAt: NOW,
      metadata: { job: 'x' },
    },
  },
  {
    title: 'a freeze may last as long as allowed, from now',
    given: { balances: [rich] },
    command: freeze('r', USER, 1n, { expiresInMs: MOMENT.holdTtlMsMax }),
    moves: [[USER, -1n, 1n]],
    answer: { expiresAt: NOW + MOMENT.holdTtlMsMax },
  },
  {
    title: 'a freeze may name the moment of its expiry',
    given: { balances: [rich] },
    command: freeze('r', USER, 1n, { expiresAt: NOW + 1 }),
    moves: [[USER, -1n, 1n]],
    answer: { expiresAt: NOW + 1 },
  },
  {
    title: 'a settle pays the cost and gives the rest back',
    given: withHold,
    command: settle('r', 30n),
    moves: [
      [USER, 20n, -50n],
      ['@revenue', 30n, 0n],
    ],
    answer: { ...freed, settled: 30n, released: 20n, drawn: 0n, shortfall: 0n },
  },
  {
    title: 'a settle of everything gives nothing back',
    given: withHold,
    command: settle('r', 50n),
    moves: [
      [USER, 0n, -50n],
      ['@revenue', 50n, 0n],
    ],
    answer: { ...freed, settled: 50n, released: 0n },
  },
  {
    title: 'a settle of nothing gives everything back, and does not touch the payee',
    given: withHold,
    command: settle('r', 0n),
    moves: [[USER, 50n, -50n]],
    answer: { ...freed, settled: 0n, released: 50n },
  },
  {
    title: 'a settle below the hold is the same under every overage',
    given: withHold,
    command: settle('r', 30n, 'draw'),
    moves: [
      [USER, 20n, -50n],
      ['@revenue', 30n, 0n],
    ],
    answer: { ...freed, settled: 30n, released: 20n, drawn: 0n, shortfall: 0n },
  },
  {
    title: 'a capped settle takes what is held and shows the shortfall',
    given: withHold,
    command: settle('r', 70n, 'cap'),
    moves: [
      [USER, 0n, -50n],
      ['@revenue', 50n, 0n],
    ],
    answer: { ...freed, settled: 50n, released: 0n, drawn: 0n, shortfall: 20n },
  },
  {
    title: 'a drawing settle takes the rest from what is available',
    given: withHold,
    command: settle('r', 70n, 'draw'),
    moves: [
      [USER, -20n, -50n],
      ['@revenue', 70n, 0n],
    ],
    answer: { ...freed, settled: 70n, released: 0n, drawn: 20n, shortfall: 0n },
  },
  {
    title: 'a drawing settle stops at the floor and shows the shortfall',
    given: { ...withHold, balances: [balance(USER, -30n, { id: 8, held: 50n, floor: -100n })] },
    command: settle('r', 150n, 'draw'),
    moves: [
      [USER, -70n, -50n],
      ['@revenue', 120n, 0n],
    ],
    answer: { ...freed, settled: 120n, drawn: 70n, shortfall: 30n },
  },
  {
    title: 'a drawing settle at the floor takes what is held',
    given: { ...withHold, balances: [balance(USER, 0n, { id: 8, held: 50n })] },
    command: settle('r', BALANCE_MAX, 'draw'),
    moves: [
      [USER, 0n, -50n],
      ['@revenue', 50n, 0n],
    ],
    answer: { ...freed, settled: 50n, drawn: 0n, shortfall: BALANCE_MAX - 50n },
  },
  {
    title: 'a settle after the expiry is a settle, as long as nobody swept the hold',
    given: { ...withHold, requests: [hold('r', 50n, { expiresAt: NOW - 1 })] },
    command: settle('r', 50n),
    moves: [
      [USER, 0n, -50n],
      ['@revenue', 50n, 0n],
    ],
    answer: freed,
  },
  {
    title: 'a settle pays the payee that the freeze named',
    given: { ...withHold, requests: [hold('r', 50n, { payee: 'user:9' })] },
    command: settle('r', 1n),
    moves: [
      [USER, 49n, -50n],
      ['user:9', 1n, 0n],
    ],
    answer: { payee: 'user:9' },
  },
  {
    title: 'a release gives everything back',
    given: withHold,
    command: release('r'),
    moves: [[USER, 50n, -50n]],
    answer: { state: 'released', held: 0n, settled: 0n, released: 50n, endedAt: NOW },
  },
  {
    title: 'an expiry gives everything back',
    given: { ...withHold, requests: [hold('r', 50n, { expiresAt: NOW })] },
    command: release('r', 'expiry'),
    moves: [[USER, 50n, -50n]],
    answer: { state: 'expired', held: 0n, settled: 0n, released: 50n, endedAt: NOW },
  },
  {
    title: 'a release is possible where the balance is full',
    given: { ...withHold, balances: [balance(USER, BALANCE_MAX - 50n, { id: 8, held: 50n })] },
    command: release('r'),
    moves: [[USER, 50n, -50n]],
  },
  {
    title: 'a transfer moves the net of its legs, one line per balance',
    given: { balances: [rich] },
    command: transfer('r', [leg(USER, 'user:1', 5n), leg('user:1', 'user:2', 3n), leg(USER, 'user:2', 2n)]),
    moves: [
      [USER, -7n, 0n],
      ['user:1', 2n, 0n],
      ['user:2', 5n, 0n],
    ],
    answer: { id: 'r', kind: 'transfer' },
  },
  {
    title: 'an account may pass on in a transfer what it gets in the same one',
    given: { balances: [rich] },
    command: transfer('r', [leg('user:1', 'user:2', 10n), leg(USER, 'user:1', 10n)]),
    moves: [
      ['user:1', 0n, 0n],
      ['user:2', 10n, 0n],
      [USER, -10n, 0n],
    ],
  },
  {
    title: 'a transfer of two assets has a line for each',
    given: { balances: [rich, balance(USER, 9n, { asset: 'gem' })] },
    command: transfer('r', [leg(USER, 'user:1', 5n), leg(USER, 'user:1', 9n, 'gem')]),
    moves: [
      [USER, -5n, 0n],
      ['user:1', 5n, 0n],
      [USER, -9n, 0n],
      ['user:1', 9n, 0n],
    ],
  },
  {
    title: 'a transfer may come from and go to the house, which has no floor',
    given: {},
    command: transfer('r', [leg('@promo', USER, 5n), leg(USER, '@revenue', 5n)]),
    moves: [
      ['@promo', -5n, 0n],
      [USER, 0n, 0n],
      ['@revenue', 5n, 0n],
    ],
  },
  {
    title: 'opening sets the floor with a line that moves no coin',
    given: { balances: [poor] },
    command: open('r', USER, -100n, { metadata: { tier: 1 } }),
    moves: [[USER, 0n, 0n]],
    answer: { account: USER, metadata: { tier: 1 }, balance: { ...POOR_OPENED, floor: -100n } },
  },
  {
    title: 'opening may set the floor to all that is available',
    given: { balances: [poor] },
    command: open('r', USER, 99n),
    moves: [[USER, 0n, 0n]],
    answer: { account: USER, metadata: null, balance: { ...POOR_OPENED, floor: 99n } },
  },
  ...[-100n, 50n].map((floor): Application => ({
    title: `opening without a floor keeps the one that is there, ${floor}`,
    given: { balances: [{ ...poor, floor }] },
    command: open('r', USER, null, { metadata: { tier: 2 } }),
    moves: [[USER, 0n, 0n]],
    answer: { account: USER, metadata: { tier: 2 }, balance: { ...POOR_OPENED, floor } },
  })),
  {
    title: 'opening a balance without a floor makes one with a floor of 0',
    given: {},
    command: open('r', USER, null, { asset: 'gem' }),
    moves: [[USER, 0n, 0n]],
    answer: {
      account: USER,
      metadata: null,
      balance: { account: USER, asset: 'gem', available: 0n, held: 0n, total: 0n, floor: 0n, version: 1 },
    },
  },
  {
    title: 'opening with metadata alone touches no balance, also of an account that has some',
    given: { balances: [{ ...poor, floor: 99n }] },
    command: open('r', USER, null, { asset: null, metadata: { tier: 3 } }),
    moves: [],
    answer: { account: USER, metadata: { tier: 3 }, balance: null },
  },
  {
    title: 'coins reach a balance that is below its floor all the same',
    given: { balances: [balance(USER, -30n)] },
    command: deposit('r', USER, 5n),
    moves: [
      ['@issuer', -5n, 0n],
      [USER, 5n, 0n],
    ],
  },
  {
    title: 'a drawing settle takes nothing more from a balance that is below its floor',
    given: { ...withHold, balances: [balance(USER, -30n, { id: 8, held: 50n })] },
    command: settle('r', 60n, 'draw'),
    moves: [
      [USER, 0n, -50n],
      ['@revenue', 50n, 0n],
    ],
    answer: { drawn: 0n, shortfall: 10n },
  },
  {
    title: 'declaring an asset moves no coin',
    given: {},
    command: declare('usd', 2, 'Dollar'),
    moves: [],
    answer: { code: 'usd', decimals: 2, name: 'Dollar', createdAt: NOW },
  },
  {
    title: 'declaring an asset again may rename it',
    given: {},
    command: declare('gem', 2, 'Jewel'),
    moves: [],
    answer: { code: 'gem', decimals: 2, name: 'Jewel', createdAt: 1 },
  },
]

for (const { title, given, command, moves, answer } of APPLIED) {
  test(title, () => {
    const state = stateOf(given)
    const decision = decide(command, state, MOMENT)
    assert.ok(decision.verdict === 'apply', decision.verdict)
    const { postings = [], balances = [] } = decision.effect
    assert.deepEqual(
      postings.map(({ availableDelta, heldDelta }, index) => [balances[index]?.account, availableDelta, heldDelta]),
      moves,
    )
    assert.deepEqual({ ...decision.answer, ...answer }, decision.answer)
    for (const [index, posting] of postings.entries()) {
      const after = balances[index]!
      const before = state.balance(after.account, after.asset)
      assert.equal(posting.balanceId, before.id)
      assert.equal(posting.at, NOW)
      assert.deepEqual([posting.version, after.version], [before.version + 1, before.version + 1])
      assert.deepEqual([after.available, after.held], [posting.available, posting.held])
      assert.equal(posting.available, before.available + posting.availableDelta)
      assert.equal(posting.held, before.held + posting.heldDelta)
    }
  })
}

test('a settled hold remembers which postings opened and ended it', () => {
  const decision = decide(settle('r', 30n), stateOf(withHold), MOMENT)
  assert.ok(decision.verdict === 'apply')
  const { request, postings = [] } = decision.effect
  assert.ok(request?.kind === 'freeze')
  const [own, payees] = postings
  assert.deepEqual([request.balanceId, request.openedVersion, request.end?.version], [8, 7, own?.version])
  assert.deepEqual(request.end?.payee, { balanceId: payees?.balanceId, version: payees?.version })
  assert.deepEqual(
    postings.map(({ entryId, kind }) => [entryId, kind]),
    [
      ['r~settle', 'settle'],
      ['r~settle', 'settle'],
    ],
  )
})

test('an open changes the metadata of its account only when it has some', () => {
  const accountOf = (command: Command): unknown => {
    const decision = decide(command, stateOf({}), MOMENT)
    return decision.verdict === 'apply' ? decision.effect.account : decision
  }
  assert.equal(accountOf(open('r', USER, 0n)), undefined)
  assert.deepEqual(accountOf(open('r', USER, 0n, { metadata: {} })), { account: USER, metadata: {} })
})
