/** A command with two reasons for a rejection gets the one that is first in `REJECTION_PRECEDENCE`: every possible pair is tested. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
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
import { confined } from '../../test/support/authors.ts'
import { balance, endAt, hold, MOMENT, NOW, stateOf } from '../../test/support/given.ts'
import { AMOUNT_MAX, BALANCE_MAX, BALANCE_MIN } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type { Command, CommandKind, Leg } from './command.ts'
import { decide } from './rules.ts'
import type { HoldRecord } from './hold-record.ts'
import { REJECTION_PRECEDENCE, type RejectionCode } from './outcome.ts'
import type { RequestRecord } from './snapshot.ts'

/** Special values of a balance, which later spoilers may still change. */
type Amounts = { -readonly [Field in 'available' | 'held' | 'floor' | 'standing' | 'successor']?: BalanceRecord[Field] }

interface Scene<Kind extends CommandKind> {
  command: Extract<Command, { kind: Kind }>
  requests: RequestRecord[]
  payer: Amounts
  payee: Amounts
}

/** Each makes a command deserve one rejection. They are applied in order of precedence, so each sees the names that earlier ones set. */
type Spoilers<Kind extends CommandKind> = Partial<Record<RejectionCode, (scene: Scene<Kind>) => void>>

interface Rule<Kind extends CommandKind> {
  readonly command: Extract<Command, { kind: Kind }>
  readonly requests?: readonly RequestRecord[]
  readonly spoilers: Spoilers<Kind>
  /** Pairs that cannot coincide, with the reason. */
  readonly apart?: readonly (readonly [RejectionCode, RejectionCode, reason: string])[]
}

/** Given with a key that is for no account and no asset. */
function forbid<Kind extends CommandKind>(scene: Scene<Kind>): void {
  scene.command = { ...scene.command, givenBy: confined({ accounts: [], assets: [] }) }
}
const reuse = (scene: { requests: RequestRecord[] }): void => {
  scene.requests.push(hold('r', 5n))
}
const short = (scene: { payer: Amounts }): void => {
  scene.payer.floor = 0n
}
const full = (scene: { payee: Amounts }): void => {
  scene.payee.available = BALANCE_MAX
}
const CLOSED = { standing: 'closed', successor: 'user:7' } as const
const payerClosed = (scene: { payer: Amounts }): void => {
  scene.payer = { ...scene.payer, ...CLOSED }
}
const payeeClosed = (scene: { payee: Amounts }): void => {
  scene.payee = { ...scene.payee, ...CLOSED }
}
const payerBlocked = (scene: { payer: Amounts }): void => {
  scene.payer.standing = 'blocked'
}
const gone = (scene: { requests: RequestRecord[] }): void => {
  scene.requests = scene.requests.filter(({ id }) => id !== 'h')
}
function alter(scene: { requests: RequestRecord[] }, more: Partial<HoldRecord>): void {
  scene.requests = scene.requests.map((request) =>
    request.id === 'h' && request.kind === 'freeze' ? { ...request, ...more } : request,
  )
}
const ended = (scene: { requests: RequestRecord[] }): void =>
  alter(scene, { state: 'released', held: 0n, released: 5n, end: endAt(1) })
/** Neither a version nor a number of steps of these scenes. */
const MOVED = 99
const ONE_PAYEE = 'a command names one payee'
const NO_FLOOR = 'a house account has no floor'
const NOT_THERE = 'a hold that is not there has neither a state nor coins'

/** Rejections that cannot occur without a hold. */
function goneApart(codes: readonly RejectionCode[]): (readonly [RejectionCode, RejectionCode, string])[] {
  return codes.map((code) =>
    REJECTION_PRECEDENCE.indexOf(code) < REJECTION_PRECEDENCE.indexOf('hold_not_found')
      ? [code, 'hold_not_found', NOT_THERE]
      : ['hold_not_found', code, NOT_THERE],
  )
}

function addLeg(scene: Scene<'transfer'>, added: Leg): void {
  scene.command = { ...scene.command, legs: [...scene.command.legs, added] }
}

/** Half a gem for one coin; there is no rate in the other direction. */
const RATES = [{ ...rate('credit', 'gem', [1n, 2n]), version: 1, declaredAt: NOW }]

const RULES: { readonly [Kind in CommandKind]: Rule<Kind> } = {
  open: {
    command: open('r', 'user:8', 0n),
    spoilers: {
      forbidden: forbid,
      request_id_reused: reuse,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifVersion: MOVED }),
      unknown_asset: (scene) => (scene.command = { ...scene.command, asset: 'none' }),
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      account_closed: payerClosed,
      floor_above_available: (scene) => (scene.command = { ...scene.command, floor: 1n }),
    },
  },
  deposit: {
    command: deposit('r', 'user:8', 1n),
    spoilers: {
      forbidden: forbid,
      request_id_reused: reuse,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifVersion: MOVED }),
      unknown_asset: (scene) => (scene.command = { ...scene.command, asset: 'none' }),
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      account_closed: payerClosed,
      balance_overflow: (scene) => (scene.payer.available = BALANCE_MAX),
    },
  },
  charge: {
    command: charge('r', 'user:8', 1n, { payee: 'user:9' }),
    spoilers: {
      forbidden: forbid,
      request_id_reused: reuse,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifVersion: MOVED }),
      unknown_asset: (scene) => (scene.command = { ...scene.command, asset: 'none' }),
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      unknown_account: (scene) => (scene.command = { ...scene.command, payee: '@none' }),
      same_account: (scene) => (scene.command = { ...scene.command, payee: scene.command.account }),
      account_closed: payeeClosed,
      account_blocked: payerBlocked,
      insufficient_funds: short,
      balance_overflow: full,
    },
    apart: [
      ['house_account', 'insufficient_funds', NO_FLOOR],
      ['unknown_account', 'same_account', ONE_PAYEE],
    ],
  },
  transfer: {
    command: transfer('r', [leg('user:8', 'user:9', 1n), leg('user:1', 'user:9', 1n)]),
    spoilers: {
      forbidden: forbid,
      unknown_rate: (scene) => addLeg(scene, across('user:2', 'user:3', [1n, 'gem'], ['credit'])),
      rounds_to_nothing: (scene) => addLeg(scene, across('user:1', 'user:3', [1n, 'credit'], ['gem'])),
      outside_tolerance: (scene) => addLeg(scene, across('user:1', 'user:3', [4n, 'credit'], ['gem', 3n])),
      exchange_out_of_range: (scene) => addLeg(scene, across('user:1', 'user:3', [4n * AMOUNT_MAX, 'credit'], ['gem'])),
      request_id_reused: reuse,
      changed_meanwhile: (scene) => {
        const [first, ...others] = scene.command.legs
        scene.command = { ...scene.command, legs: [{ ...first!, ifVersion: MOVED }, ...others] }
      },
      unknown_asset: (scene) => addLeg(scene, leg('user:2', 'user:3', 1n, 'none')),
      unknown_account: (scene) => addLeg(scene, leg('@none', 'user:3', 1n)),
      same_account: (scene) => addLeg(scene, leg('user:2', 'user:2', 1n)),
      account_closed: payeeClosed,
      account_blocked: payerBlocked,
      insufficient_funds: short,
      balance_overflow: full,
    },
  },
  freeze: {
    command: freeze('r', 'user:8', 1n, { payee: 'user:9' }),
    spoilers: {
      forbidden: forbid,
      request_id_reused: reuse,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifVersion: MOVED }),
      unknown_asset: (scene) => (scene.command = { ...scene.command, asset: 'none' }),
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      unknown_account: (scene) => (scene.command = { ...scene.command, payee: '@none' }),
      same_account: (scene) => (scene.command = { ...scene.command, payee: scene.command.account }),
      expiry_out_of_range: (scene) => (scene.command = { ...scene.command, expiresInMs: 0 }),
      account_blocked: payerBlocked,
      insufficient_funds: short,
      balance_overflow: (scene) => (scene.payer.held = BALANCE_MAX),
    },
    apart: [
      ['house_account', 'insufficient_funds', NO_FLOOR],
      ['unknown_account', 'same_account', ONE_PAYEE],
    ],
  },
  settle: {
    command: settle('h', 5n),
    requests: [hold('h', 5n, { payee: 'user:9' })],
    spoilers: {
      unknown_account: (scene) => (scene.command = { ...scene.command, payee: '@none' }),
      same_account: (scene) => (scene.command = { ...scene.command, payee: 'user:8' }),
      hold_not_found: gone,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifSteps: MOVED }),
      hold_not_open: ended,
      payee_fixed: (scene) => {
        scene.command = { ...scene.command, payee: scene.command.payee ?? 'user:7' }
        alter(scene, { settled: 1n })
      },
      settle_above_hold: (scene) => (scene.command = { ...scene.command, amount: 6n }),
      balance_overflow: full,
    },
    apart: [
      ...goneApart([
        'same_account',
        'changed_meanwhile',
        'hold_not_open',
        'payee_fixed',
        'settle_above_hold',
        'balance_overflow',
      ]),
      ['unknown_account', 'same_account', ONE_PAYEE],
    ],
  },
  'settle-part': {
    command: settlePart('r', 'h', 5n),
    requests: [hold('h', 5n, { payee: 'user:9' })],
    spoilers: {
      request_id_reused: reuse,
      unknown_account: (scene) => (scene.command = { ...scene.command, payee: '@none' }),
      same_account: (scene) => (scene.command = { ...scene.command, payee: 'user:8' }),
      hold_not_found: gone,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifSteps: MOVED }),
      hold_not_open: ended,
      payee_fixed: (scene) => {
        scene.command = { ...scene.command, payee: scene.command.payee ?? 'user:7' }
        alter(scene, { settled: 1n })
      },
      settle_above_hold: (scene) => (scene.command = { ...scene.command, amount: 6n }),
      balance_overflow: full,
    },
    apart: [
      ...goneApart([
        'same_account',
        'changed_meanwhile',
        'hold_not_open',
        'payee_fixed',
        'settle_above_hold',
        'balance_overflow',
      ]),
      ['unknown_account', 'same_account', ONE_PAYEE],
    ],
  },
  amend: {
    command: amend('r', 'h', { amount: 6n }),
    requests: [hold('h', 5n)],
    spoilers: {
      request_id_reused: reuse,
      expiry_out_of_range: (scene) => (scene.command = { ...scene.command, expiresInMs: 0 }),
      hold_not_found: gone,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifSteps: MOVED }),
      hold_not_open: ended,
      amend_out_of_range: (scene) => {
        scene.command = { ...scene.command, amount: 2n }
        alter(scene, { held: 2n, settled: 3n })
      },
      account_blocked: payerBlocked,
      insufficient_funds: short,
      balance_overflow: (scene) => (scene.payer.held = BALANCE_MAX),
    },
    apart: [
      ...goneApart([
        'changed_meanwhile',
        'hold_not_open',
        'amend_out_of_range',
        'account_blocked',
        'insufficient_funds',
        'balance_overflow',
      ]),
      ['amend_out_of_range', 'account_blocked', 'less takes nothing'],
      ['amend_out_of_range', 'insufficient_funds', 'less takes nothing'],
      ['amend_out_of_range', 'balance_overflow', 'less takes nothing'],
    ],
  },
  refund: {
    command: refund('r', 'h', 5n),
    requests: [hold('h', 20n, { payee: 'user:1', state: 'settled', held: 0n, settled: 20n, end: endAt(1) })],
    spoilers: {
      request_id_reused: reuse,
      hold_not_found: gone,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifSteps: MOVED }),
      refund_above_settled: (scene) => alter(scene, { refunded: 16n }),
      insufficient_funds: (scene) => (scene.command = { ...scene.command, amount: 11n }),
      balance_overflow: (scene) => (scene.payer.available = BALANCE_MAX),
    },
    apart: goneApart(['changed_meanwhile', 'refund_above_settled', 'insufficient_funds', 'balance_overflow']),
  },
  release: {
    command: release('h', 'expiry'),
    requests: [hold('h', 5n, { expiresAt: NOW })],
    spoilers: {
      hold_not_found: gone,
      changed_meanwhile: (scene) => (scene.command = { ...scene.command, ifSteps: MOVED }),
      hold_not_open: ended,
      hold_not_due: (scene) => alter(scene, { expiresAt: NOW + 1 }),
    },
    apart: goneApart(['changed_meanwhile', 'hold_not_open', 'hold_not_due']),
  },
  declare: {
    command: declare('gem', 2, 'Gem'),
    spoilers: {
      forbidden: forbid,
      request_replayed: (scene) => (scene.command = { ...scene.command, ifReplayed: 'refuse' }),
      asset_conflict: (scene) => (scene.command = { ...scene.command, decimals: 3 }),
    },
    apart: [['request_replayed', 'asset_conflict', 'a repeat has the decimals of the first declaration']],
  },
  house: {
    command: house('@new'),
    spoilers: { not_a_house_account: (scene) => (scene.command = { ...scene.command, account: 'new' }) },
  },
  block: {
    command: block('r', 'user:8'),
    spoilers: {
      request_id_reused: reuse,
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      account_closed: payerClosed,
    },
  },
  unblock: {
    command: unblock('r', 'user:8'),
    spoilers: {
      request_id_reused: reuse,
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      account_closed: payerClosed,
    },
  },
  merge: {
    command: merge('r', 'user:8', 'user:9'),
    spoilers: {
      forbidden: forbid,
      request_id_reused: reuse,
      house_account: (scene) => (scene.command = { ...scene.command, account: '@a' }),
      unknown_account: (scene) => (scene.command = { ...scene.command, into: '@none' }),
      same_account: (scene) => (scene.command = { ...scene.command, into: scene.command.account }),
      account_closed: payerClosed,
      insufficient_funds: (scene) => (scene.payer.available = -1n),
      balance_overflow: (scene) => {
        scene.payer.available = 1n
        scene.payee.available = BALANCE_MAX
      },
    },
    apart: [
      ['unknown_account', 'same_account', 'a command names one other account'],
      ['insufficient_funds', 'balance_overflow', 'the other account pays or receives'],
    ],
  },
  rate: {
    command: rate('credit', 'gem', [1n, 3n]),
    spoilers: {
      forbidden: forbid,
      unknown_asset: (scene) => (scene.command = { ...scene.command, to: 'none' }),
    },
  },
}

function judge<Kind extends CommandKind>(rule: Rule<Kind>, codes: readonly RejectionCode[]): string {
  const scene: Scene<Kind> = { command: rule.command, requests: [...(rule.requests ?? [])], payer: {}, payee: {} }
  for (const code of REJECTION_PRECEDENCE) if (codes.includes(code)) rule.spoilers[code]!(scene)
  const { command } = scene
  const account = 'account' in command ? command.account : 'user:8'
  const asset = 'legs' in command ? command.legs[0]!.asset : 'asset' in command ? (command.asset ?? 'credit') : 'credit'
  const other = 'payee' in command ? command.payee : 'into' in command ? command.into : null
  const payee = other ?? 'user:9'
  const floor = account.startsWith('@') ? null : BALANCE_MIN
  const balances = [
    balance(payee, 0n, { asset, ...scene.payee }),
    balance('user:1', 10n, { asset }),
    // Last, and with the defects of the payee, for an account that pays itself.
    balance(account, 0n, { asset, floor, ...(payee === account ? scene.payee : {}), ...scene.payer }),
  ]
  const decision = decide(command, stateOf({ balances, requests: scene.requests, rates: RATES }), MOMENT)
  return decision.verdict === 'reject' ? decision.rejection.code : decision.verdict
}

for (const kind of Object.keys(RULES) as CommandKind[]) {
  const rule = RULES[kind] as Rule<CommandKind>
  const codes = REJECTION_PRECEDENCE.filter((code) => code in rule.spoilers)

  test(`${kind}: nothing is wrong without a reason`, () => {
    assert.match(judge(rule, []), /^(apply|replay)$/)
  })

  for (const code of codes) {
    test(`${kind}: ${code} by itself`, () => {
      assert.equal(judge(rule, [code]), code)
    })
  }

  for (const [index, first] of codes.entries()) {
    for (const second of codes.slice(index + 1)) {
      const apart = rule.apart?.find(([one, other]) => one === first && other === second)
      if (apart !== undefined) continue
      test(`${kind}: ${first} comes before ${second}`, () => {
        assert.equal(judge(rule, [second, first]), first)
      })
    }
  }
}

test('every rejection has its place in the order, and a command that deserves it', () => {
  const deserved = new Set(Object.values(RULES).flatMap(({ spoilers }) => Object.keys(spoilers)))
  for (const code of REJECTION_PRECEDENCE) {
    // Only a group aborts; batch.test.ts shows that this comes first.
    if (code !== 'batch_aborted') assert.ok(deserved.has(code), code)
  }
  assert.equal(REJECTION_PRECEDENCE[0], 'batch_aborted')
  assert.equal(new Set(REJECTION_PRECEDENCE).size, REJECTION_PRECEDENCE.length)
})
