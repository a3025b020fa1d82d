/** The rejections in a hold's life as a table: a hold given, the command, the rejection. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, deposit, freeze, refund, release, settle, settlePart } from '../../test/support/commands.ts'
import { endAt, type Given, MOMENT, NOW, stateOf } from '../../test/support/given.ts'
import { BALANCES, expired, expiredAt20, holder, parted, payee, whole } from '../../test/support/hold-lives.ts'
import { AMOUNT_MAX, BALANCE_MAX } from './amount.ts'
import type { Command } from './command.ts'
import { decide } from './rules.ts'
import type { HoldRecord } from './hold-record.ts'
import { INSTANT_MAX } from './ids.ts'
import type { EntryRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'

const USER = 'user:8'
const late = { late: true } as const

interface Refusal {
  readonly title: string
  readonly hold: HoldRecord
  readonly others?: Given['requests']
  readonly balances?: Given['balances']
  readonly command: Command
  readonly rejection: Rejection
}

const ENDED: readonly HoldRecord[] = (['settled', 'released', 'expired'] as const).map((state) => ({
  ...expired,
  state,
  end: endAt(NOW - 5),
}))

const REFUSED: readonly Refusal[] = [
  ...ENDED.flatMap((ended) =>
    [settlePart('p', 'h', 1n), amend('a', 'h'), settle('h', 1n), release('h'), release('h', 'expiry')].map(
      (command): Refusal => ({
        title: `${command.kind} is not for a hold that has ${ended.state}`,
        hold: ended,
        command,
        rejection: { code: 'hold_not_open', hold: 'h', state: ended.state, settled: 0n },
      }),
    ),
  ),
  ...ENDED.filter(({ state }) => state !== 'expired').map((ended): Refusal => ({
    title: `a late settle is not for a hold that was ${ended.state}`,
    hold: ended,
    command: settle('h', 1n, 'reject', late),
    rejection: { code: 'hold_not_open', hold: 'h', state: ended.state, settled: 0n },
  })),
  ...[settlePart('p', 'x', 1n), amend('a', 'x'), refund('f', 'x', 1n), settle('x', 1n, 'reject', late)].map(
    (command): Refusal => ({
      title: `a hold that nobody froze is not for ${command.kind}`,
      hold: whole,
      command,
      rejection: { code: 'hold_not_found', hold: 'x' },
    }),
  ),
  ...[settle('h', 1n, 'reject', { payee: USER }), settlePart('p', 'h', 1n, { payee: USER })].map(
    (command): Refusal => ({
      title: `${command.kind} in favour of the holder is refused`,
      hold: whole,
      command,
      rejection: { code: 'same_account', account: USER },
    }),
  ),
  {
    title: 'a late settle in favour of the holder is refused',
    hold: expired,
    command: settle('h', 1n, 'reject', { late: true, payee: USER }),
    rejection: { code: 'same_account', account: USER },
  },
  ...[settle('h', 1n, 'reject', { payee: 'user:7' }), settlePart('p', 'h', 1n, { payee: 'user:7' })].map(
    (command): Refusal => ({
      title: `${command.kind} in favour of another one than got the first part is refused`,
      hold: parted,
      command,
      rejection: { code: 'payee_fixed', hold: 'h', payee: 'user:9' },
    }),
  ),
  {
    title: 'a late settle in favour of another one than got a part before is refused',
    hold: { ...expired, settled: 10n, released: 40n },
    command: settle('h', 1n, 'reject', { late: true, payee: 'user:7' }),
    rejection: { code: 'payee_fixed', hold: 'h', payee: 'user:9' },
  },
  {
    title: 'a part above what is still held is refused',
    hold: parted,
    command: settlePart('p', 'h', 31n),
    rejection: { code: 'settle_above_hold', hold: 'h', held: 30n },
  },
  {
    title: 'a last settle above what is still held is refused',
    hold: parted,
    command: settle('h', 31n),
    rejection: { code: 'settle_above_hold', hold: 'h', held: 30n },
  },
  {
    title: 'a late settle above what was held at the expiry is refused',
    hold: expiredAt20,
    command: settle('h', 51n, 'reject', late),
    rejection: { code: 'settle_above_hold', hold: 'h', held: 50n },
  },
  {
    title: 'an expiry that has not come ends nothing',
    hold: { ...whole, expiresAt: NOW + 1 },
    command: release('h', 'expiry'),
    rejection: { code: 'hold_not_due', hold: 'h', expiresAt: NOW + 1 },
  },
  {
    title: 'amending below what was settled is refused, and shows the minimum',
    hold: parted,
    command: amend('a', 'h', { amount: 39n }),
    rejection: { code: 'amend_out_of_range', hold: 'h', minimum: 40n, maximum: AMOUNT_MAX },
  },
  {
    title: 'what a part drew from beyond the hold need not be frozen',
    hold: { ...parted, settled: 60n, drawn: 20n },
    command: amend('a', 'h', { amount: 39n }),
    rejection: { code: 'amend_out_of_range', hold: 'h', minimum: 40n, maximum: AMOUNT_MAX },
  },
  {
    title: 'amending by more than is available is refused',
    hold: parted,
    command: amend('a', 'h', { amount: 171n }),
    rejection: {
      code: 'insufficient_funds',
      account: USER,
      asset: 'credit',
      available: 100n,
      held: 50n,
      floor: 0n,
      required: 101n,
    },
  },
  ...[{ expiresInMs: 0 }, { expiresInMs: MOMENT.holdTtlMsMax + 1 }, { expiresAt: NOW }, { expiresAt: NOW - 1 }].map(
    (expiry): Refusal => ({
      title: `an amend to ${JSON.stringify(expiry)} is refused`,
      hold: whole,
      command: amend('a', 'h', expiry),
      rejection: { code: 'expiry_out_of_range', ttlMsMax: MOMENT.holdTtlMsMax },
    }),
  ),
  {
    title: 'all refunds together are at most what was settled',
    hold: parted,
    command: refund('f', 'h', 36n),
    rejection: { code: 'refund_above_settled', hold: 'h', settled: 40n, refunded: 5n },
  },
  {
    title: 'a refund that the payee cannot pay names the payee',
    hold: parted,
    balances: [holder, { ...payee, available: 34n, held: 3n }],
    command: refund('f', 'h', 35n),
    rejection: {
      code: 'insufficient_funds',
      account: 'user:9',
      asset: 'credit',
      available: 34n,
      held: 3n,
      floor: 0n,
      required: 35n,
    },
  },
  ...[
    { hold: { ...parted, shortfall: BALANCE_MAX }, command: settlePart('p', 'h', 31n, { overage: 'cap' }) },
    {
      hold: { ...parted, settled: BALANCE_MAX - 30n, drawn: BALANCE_MAX - 70n },
      command: amend('a', 'h', { amount: 71n }),
    },
    {
      hold: { ...parted, settled: BALANCE_MAX - 30n, drawn: BALANCE_MAX - 70n },
      command: settlePart('p', 'h', 31n, { overage: 'draw' }),
    },
  ].map(({ hold: full, command }): Refusal => ({
    title: `${command.kind} beyond what a hold can count is refused`,
    hold: full,
    command,
    rejection: { code: 'balance_overflow', account: USER, asset: 'credit' },
  })),
  ...[settlePart('d', 'h', 1n), amend('d', 'h'), refund('d', 'h', 1n), settlePart('h', 'h', 1n)].map(
    (command): Refusal => ({
      title: `${command.kind} under the request id of another command (${command.requestId}) is refused`,
      hold: parted,
      others: [entryOf(deposit('d', USER, 1n))],
      command,
      rejection: { code: 'request_id_reused', requestId: command.requestId, differs: ['kind'], mayDiffer: [] },
    }),
  ),
]

function entryOf(command: Command & { requestId: string }): EntryRecord {
  const decision = decide(command, stateOf({}), MOMENT)
  assert.ok(decision.verdict === 'apply' && decision.effect.request?.kind === 'deposit')
  return decision.effect.request
}

for (const { title, hold: given, others = [], balances = BALANCES, command, rejection } of REFUSED) {
  test(title, () => {
    const state = stateOf({ balances, requests: [given, ...others] })
    assert.deepEqual(decide(command, state, MOMENT), { verdict: 'reject', rejection })
  })
}

test('no hold is given an end beyond the year 9999, whatever life is allowed', () => {
  const leftMs = 60_000
  const ttl = { holdTtlMsDefault: leftMs + 1, holdTtlMsMax: Number.MAX_SAFE_INTEGER }
  const moment = { ...MOMENT, ...ttl, now: INSTANT_MAX - leftMs }
  const state = stateOf({ balances: BALANCES, requests: [whole] })
  const refused = { verdict: 'reject', rejection: { code: 'expiry_out_of_range', ttlMsMax: leftMs } }
  assert.deepEqual(decide(freeze('f', USER, 1n), state, moment), refused)
  assert.deepEqual(decide(freeze('f', USER, 1n, { expiresInMs: leftMs + 1 }), state, moment), refused)
  assert.deepEqual(decide(amend('a', 'h', { expiresInMs: leftMs + 1 }), state, moment), refused)
  assert.equal(decide(freeze('f', USER, 1n, { expiresAt: INSTANT_MAX }), state, moment).verdict, 'apply')
  assert.equal(decide(amend('a', 'h', { expiresAt: INSTANT_MAX }), state, moment).verdict, 'apply')
})
