/** Law 4: a request id has one effect, and a repeat gets the first answer, whatever has happened since. */
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
import { MOMENT } from '../../test/support/given.ts'
import { Rows } from '../../test/support/rows.ts'
import type { Command, CommandKind } from './command.ts'

interface Repeat {
  /** Commands that must precede. */
  readonly before: readonly Command[]
  readonly command: Command
  /** Commands between the command and its repeat; they change every row that the answer depends on. */
  readonly between: readonly Command[]
}

const USER = 'user:8'
const COINS = deposit('d', USER, 1_000n)
const HELD = freeze('h', USER, 100n, { payee: 'user:9', metadata: { job: 'x' } })
/** Due immediately. */
const EXPIRING = freeze('h', USER, 100n, { payee: 'user:9', expiresInMs: 1 })
const LATER = [deposit('later', USER, 5n), charge('spent', USER, 500n)]

const REPEATS: Readonly<Record<CommandKind, readonly Repeat[]>> = {
  block: [
    { before: [COINS], command: block('r', USER, { memo: 'm' }), between: [...LATER.slice(0, 1), unblock('u', USER)] },
    // Before its first coin.
    { before: [], command: block('r', USER), between: [COINS] },
    // At the repeat, it would be too late.
    { before: [COINS], command: block('r', USER), between: [merge('m', USER, 'user:9')] },
  ],
  unblock: [{ before: [COINS, block('b', USER)], command: unblock('r', USER), between: [...LATER, block('b2', USER)] }],
  merge: [
    {
      before: [COINS, HELD],
      command: merge('r', USER, 'user:9'),
      between: [settle('h', 40n), charge('c', 'user:9', 9n)],
    },
  ],
  open: [
    {
      before: [COINS],
      command: open('r', USER, -10n, { metadata: { tier: 1 } }),
      between: [...LATER, open('o2', USER, 0n, { metadata: { tier: 2 } })],
    },
    // At the repeat, this floor would be rejected.
    { before: [COINS], command: open('r', USER, 1_000n), between: [open('o2', USER, 0n), charge('c', USER, 1_000n)] },
    // The kept floor is the one that was there then.
    { before: [open('o1', USER, -7n), COINS], command: open('r', USER, null), between: [open('o2', USER, 0n)] },
    {
      before: [COINS],
      command: open('r', USER, null, { asset: null, metadata: { tier: 1 } }),
      between: [...LATER, open('o2', USER, null, { asset: null, metadata: { tier: 2 } })],
    },
  ],
  deposit: [
    { before: [], command: deposit('r', USER, 7n, { memo: 'm', metadata: { a: 1 } }), between: LATER.slice(0, 1) },
  ],
  charge: [
    { before: [COINS], command: charge('r', USER, 7n, { memo: 'm' }), between: LATER },
    // At the repeat, the funds would be insufficient.
    { before: [COINS], command: charge('r', USER, 1_000n), between: [deposit('later', USER, 5n)] },
  ],
  transfer: [
    {
      before: [COINS],
      command: transfer('r', [leg(USER, 'user:9', 7n), leg('user:9', 'user:10', 3n)]),
      between: [...LATER, charge('c', 'user:9', 4n)],
    },
    // At the repeat, the exchange would give another amount.
    {
      before: [COINS, declare('gem'), rate('credit', 'gem', [1n, 3n])],
      command: transfer('r', [across(USER, 'user:9', [7n, 'credit'], ['gem'])]),
      between: [...LATER, rate('credit', 'gem', [5n, 1n])],
    },
  ],
  freeze: [
    { before: [COINS], command: freeze('r', USER, 7n, { metadata: { a: 1 }, expiresInMs: 5_000 }), between: LATER },
    { before: [COINS], command: freeze('r', USER, 7n), between: [...LATER, settle('r', 3n)] },
    { before: [COINS], command: freeze('r', USER, 7n), between: [settle('r', 900n, 'draw')] },
    { before: [COINS], command: freeze('r', USER, 7n, { expiresInMs: 1 }), between: [release('r', 'expiry')] },
    {
      before: [COINS],
      command: freeze('r', USER, 7n, { onExpiry: { settle: 3n } }),
      between: [
        settlePart('p', 'r', 2n, { payee: 'user:9' }),
        amend('a', 'r', { amount: 9n, expiresInMs: 7, onExpiry: null }),
        settle('r', 1n),
        refund('f', 'r', 1n),
      ],
    },
  ],
  settle: [
    { before: [COINS, HELD], command: settle('h', 60n), between: [...LATER, charge('c', 'user:9', 60n)] },
    { before: [COINS, HELD], command: settle('h', 0n), between: LATER },
    { before: [COINS, HELD], command: settle('h', 5_000n, 'cap'), between: LATER },
    { before: [COINS, HELD], command: settle('h', 5_000n, 'draw'), between: [deposit('later', USER, 5n)] },
    { before: [COINS, HELD], command: settle('h', 60n), between: [refund('f', 'h', 60n)] },
    {
      before: [COINS, HELD, settlePart('p', 'h', 30n)],
      command: settle('h', 60n),
      between: [refund('f', 'h', 20n), refund('f2', 'h', 5n)],
    },
    {
      before: [COINS, HELD],
      command: settle('h', 60n, 'reject', { payee: 'user:7' }),
      between: [refund('f', 'h', 9n)],
    },
    { before: [COINS, HELD], command: settle('h', 60n, 'reject', { late: true }), between: LATER },
    {
      before: [COINS, EXPIRING, release('h', 'expiry')],
      command: settle('h', 60n, 'reject', { late: true }),
      between: [...LATER, refund('f', 'h', 60n)],
    },
  ],
  'settle-part': [
    {
      before: [COINS, HELD],
      command: settlePart('r', 'h', 40n, { payee: 'user:7', memo: 'm', metadata: { a: 1 } }),
      between: [...LATER, settlePart('p', 'h', 1n), settle('h', 3n), refund('f', 'h', 2n)],
    },
    // At the repeat, the hold has ended, and nothing is held.
    { before: [COINS, HELD], command: settlePart('r', 'h', 900n, { overage: 'draw' }), between: [release('h')] },
    { before: [COINS, HELD], command: settlePart('r', 'h', 900n, { overage: 'cap' }), between: [settle('h', 0n)] },
  ],
  amend: [
    {
      before: [COINS, HELD],
      command: amend('r', 'h', { amount: 300n, expiresInMs: 7_000, onExpiry: { settle: 2n } }),
      between: [...LATER, amend('a', 'h', { amount: 1n, expiresInMs: 5, onExpiry: null }), settle('h', 1n)],
    },
    // At the repeat, the amount would be below what was settled.
    { before: [COINS, HELD], command: amend('r', 'h', { amount: 10n }), between: [settlePart('p', 'h', 10n)] },
  ],
  refund: [
    {
      before: [COINS, HELD, settle('h', 60n)],
      command: refund('r', 'h', 40n, { memo: 'm', metadata: { a: 1 } }),
      between: [...LATER, refund('f', 'h', 20n)],
    },
    { before: [COINS, HELD, settlePart('p', 'h', 60n)], command: refund('r', 'h', 60n), between: [release('h')] },
  ],
  release: [
    { before: [COINS, HELD], command: release('h'), between: LATER },
    { before: [COINS, EXPIRING], command: release('h', 'expiry'), between: LATER },
    {
      before: [COINS, EXPIRING],
      command: release('h', 'expiry'),
      between: [...LATER, settle('h', 60n, 'reject', { late: true })],
    },
  ],
  declare: [{ before: [], command: declare('usd', 2, 'Dollar'), between: [] }],
  house: [{ before: [], command: house('@promo'), between: [house('@fees')] }],
  rate: [{ before: [declare('gem')], command: rate('credit', 'gem', [1n, 3n]), between: LATER.slice(0, 1) }],
}

for (const [kind, repeats] of Object.entries(REPEATS)) {
  for (const [index, { before, command, between }] of repeats.entries()) {
    test(`a repeated ${kind} is answered as the first time, and writes nothing (${index + 1})`, () => {
      const rows = new Rows()
      const run = (work: readonly Command[], now: number): void => {
        for (const outcome of rows.run(work, { ...MOMENT, now })) assert.equal(outcome.status, 'applied')
      }
      // One batch each, because a hold is not due in the batch of its freeze.
      for (const [index, earlier] of before.entries()) run([earlier], MOMENT.now - before.length + 1 + index)
      const [first] = rows.run([command], { ...MOMENT, now: MOMENT.now + 1 })
      assert.ok(first?.status === 'applied' && !first.replayed)
      run(between, MOMENT.now + 2)
      const all = structuredClone(rows.all())
      // Much later, when a freeze with this expiry would be rejected.
      const [repeat] = rows.run([command], { ...MOMENT, now: MOMENT.now + MOMENT.holdTtlMsMax })
      const current = command.kind === 'freeze' ? { current: rows.holdOf(command.requestId) } : {}
      assert.deepEqual(repeat, { status: 'applied', replayed: true, answer: first.answer, ...current })
      assert.deepEqual(rows.all(), all)
      const [refused] = rows.run([{ ...command, ifReplayed: 'refuse' }])
      assert.ok(refused?.status === 'rejected' && refused.rejection.code === 'request_replayed')
      const { at, hold, state, settled, applied } = refused.rejection
      assert.equal(applied, 'no')
      if (!('hold' in command || command.kind === 'freeze')) return assert.equal(hold, null)
      const now = rows.holdOf(command.kind === 'freeze' ? command.requestId : command.hold)
      assert.deepEqual([hold, state, settled], [now.id, now.state, now.settled])
      assert.ok(at <= MOMENT.now + 1)
      assert.deepEqual(rows.all(), all)
    })
  }
}

test('a repeat within one batch is answered as the first time', () => {
  for (const { before, command } of Object.values(REPEATS).flat()) {
    const rows = new Rows()
    // Commands that need a due hold are in a later batch than its freeze.
    const later = { ...MOMENT, now: MOMENT.now + 1 }
    const sameBatch = before.includes(EXPIRING) ? [] : before
    if (sameBatch.length === 0) rows.run(before)
    if (before.some(({ kind }) => kind === 'release')) rows.run(before, later)
    const [first, repeat] = rows.run([...sameBatch, command, command], later).slice(sameBatch.length)
    assert.ok(first?.status === 'applied' && !first.replayed)
    const current = command.kind === 'freeze' ? { current: first.answer } : {}
    assert.deepEqual(repeat, { ...first, replayed: true, ...current })
  }
})

test('a settle with another overage is not a repeat', () => {
  const rows = new Rows()
  rows.run([COINS, HELD, settle('h', 60n)])
  for (const command of [settle('h', 60n, 'cap'), settle('h', 60n, 'draw'), settle('h', 59n), release('h')]) {
    const [outcome] = rows.run([command])
    assert.deepEqual(outcome, {
      status: 'rejected',
      rejection: { code: 'hold_not_open', hold: 'h', state: 'settled', settled: 60n },
    })
  }
})

test('a release by the caller is not a repeat of the expiry, nor the other way round', () => {
  for (const [first, second] of [
    ['caller', 'expiry'],
    ['expiry', 'caller'],
  ] as const) {
    const rows = new Rows()
    rows.run([COINS, EXPIRING])
    const later = { ...MOMENT, now: MOMENT.now + 1 }
    rows.run([release('h', first)], later)
    const [outcome] = rows.run([release('h', second)], later)
    assert.ok(outcome?.status === 'rejected' && outcome.rejection.code === 'hold_not_open')
  }
})

test('a refused command leaves its request id free', () => {
  const rows = new Rows()
  const [refused] = rows.run([charge('r', USER, 10n)])
  assert.equal(refused?.status, 'rejected')
  rows.run([COINS])
  const [again] = rows.run([charge('r', USER, 10n)])
  assert.ok(again?.status === 'applied' && !again.replayed)
})

test('a name that was changed back is declared again, because there is no request id to recognize it', () => {
  const rows = new Rows()
  const outcomes = rows.run([declare('usd', 2, 'Dollar'), declare('usd', 2, 'US Dollar'), declare('usd', 2, 'Dollar')])
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'applied' && outcome.replayed),
    [false, false, false],
  )
})
