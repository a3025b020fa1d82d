/** The rules of a hold's life as a table: a hold given, the command, the result. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, freeze, refund, release, settle, settlePart } from '../../test/support/commands.ts'
import { endAt, MOMENT, NOW, stateOf, type Given } from '../../test/support/given.ts'
import { BALANCES, due, expired, expiredAt20, holder, parted, payee, whole } from '../../test/support/hold-lives.ts'
import type { Command } from './command.ts'
import { decide, fingerprint } from './rules.ts'
import type { Hold } from './hold.ts'
import { showHold, showHoldAsFrozen, type HoldRecord } from './hold-record.ts'

const USER = 'user:8'
const late = { late: true } as const

type Moves = readonly (readonly [account: string, availableDelta: bigint, heldDelta: bigint])[]

interface Application {
  readonly title: string
  readonly hold: HoldRecord
  readonly balances?: Given['balances']
  readonly command: Command
  readonly moves: Moves
  /** The hold afterwards. */
  readonly after: Partial<HoldRecord> & {
    readonly endedAt?: number
    readonly endedVersion?: number
    readonly payeeVersion?: null
  }
  /** Null if the command is not a step. */
  readonly entry: readonly [id: string, kind: string] | null
}

const APPLIED: readonly Application[] = [
  {
    title: 'a part is paid from what is held, and the hold stays open',
    hold: whole,
    command: settlePart('p', 'h', 20n, { memo: 'm', metadata: { a: 1 } }),
    moves: [
      [USER, 0n, -20n],
      ['user:9', 20n, 0n],
    ],
    after: { held: 30n, settled: 20n, changes: 1 },
    entry: ['p', 'settle'],
  },
  {
    title: 'a part may be all that is held, and the hold stays open',
    hold: parted,
    command: settlePart('p', 'h', 30n),
    moves: [
      [USER, 0n, -30n],
      ['user:9', 30n, 0n],
    ],
    after: { held: 0n, settled: 70n, changes: 3 },
    entry: ['p', 'settle'],
  },
  {
    title: 'a capped part takes what is held, the rest is a shortfall',
    hold: parted,
    command: settlePart('p', 'h', 45n, { overage: 'cap' }),
    moves: [
      [USER, 0n, -30n],
      ['user:9', 30n, 0n],
    ],
    after: { held: 0n, settled: 70n, shortfall: 15n, changes: 3 },
    entry: ['p', 'settle'],
  },
  {
    title: 'a drawing part takes from what is available, as far as that goes',
    hold: parted,
    command: settlePart('p', 'h', 145n, { overage: 'draw' }),
    moves: [
      [USER, -100n, -30n],
      ['user:9', 130n, 0n],
    ],
    after: { held: 0n, settled: 170n, drawn: 100n, shortfall: 15n, changes: 3 },
    entry: ['p', 'settle'],
  },
  {
    title: 'a capped part of a hold that holds nothing moves no coin, but the version of its holder',
    hold: { ...parted, held: 0n, settled: 70n },
    command: settlePart('p', 'h', 1n, { overage: 'cap' }),
    moves: [[USER, 0n, 0n]],
    after: { shortfall: 1n, changes: 3 },
    entry: ['p', 'settle'],
  },
  {
    title: 'the first part may go to another payee, who is that of the hold from then on',
    hold: whole,
    command: settlePart('p', 'h', 20n, { payee: '@promo' }),
    moves: [
      [USER, 0n, -20n],
      ['@promo', 20n, 0n],
    ],
    after: { payee: '@promo', held: 30n, settled: 20n, changes: 1 },
    entry: ['p', 'settle'],
  },
  {
    title: 'a later part may name the payee that got the first',
    hold: parted,
    command: settlePart('p', 'h', 1n, { payee: 'user:9' }),
    moves: [
      [USER, 0n, -1n],
      ['user:9', 1n, 0n],
    ],
    after: { held: 29n, settled: 41n, changes: 3 },
    entry: ['p', 'settle'],
  },
  {
    title: 'the end of a hold with steps pays on top of its parts',
    hold: parted,
    command: settle('h', 20n),
    moves: [
      [USER, 10n, -30n],
      ['user:9', 20n, 0n],
    ],
    after: { state: 'settled', held: 0n, settled: 60n, released: 10n, endedAt: NOW, endedVersion: 8, changes: 3 },
    entry: ['h~settle', 'settle'],
  },
  {
    title: 'a capped end after parts takes what is still held',
    hold: { ...parted, shortfall: 2n },
    command: settle('h', 33n, 'cap'),
    moves: [
      [USER, 0n, -30n],
      ['user:9', 30n, 0n],
    ],
    after: { state: 'settled', held: 0n, settled: 70n, shortfall: 5n, endedAt: NOW, changes: 3 },
    entry: ['h~settle', 'settle'],
  },
  {
    title: 'a drawing end after parts takes from what is available',
    hold: { ...parted, settled: 41n, drawn: 1n },
    command: settle('h', 33n, 'draw'),
    moves: [
      [USER, -3n, -30n],
      ['user:9', 33n, 0n],
    ],
    after: { state: 'settled', held: 0n, settled: 74n, drawn: 4n, endedAt: NOW, changes: 3 },
    entry: ['h~settle', 'settle'],
  },
  {
    title: 'the end of a hold that holds nothing moves no coin, but the version of its holder',
    hold: { ...parted, held: 0n, settled: 70n },
    command: settle('h', 0n),
    moves: [[USER, 0n, 0n]],
    after: { state: 'settled', endedAt: NOW, payeeVersion: null, changes: 3 },
    entry: ['h~settle', 'settle'],
  },
  {
    title: 'an end in favour of another payee is a step',
    hold: whole,
    command: settle('h', 20n, 'reject', { payee: 'user:7' }),
    moves: [
      [USER, 30n, -50n],
      ['user:7', 20n, 0n],
    ],
    after: { state: 'settled', payee: 'user:7', held: 0n, settled: 20n, released: 30n, endedAt: NOW, changes: 1 },
    entry: ['h~settle', 'settle'],
  },
  {
    title: 'an end in favour of the payee that the hold has anyway is none',
    hold: whole,
    command: settle('h', 20n, 'reject', { payee: 'user:9' }),
    moves: [
      [USER, 30n, -50n],
      ['user:9', 20n, 0n],
    ],
    after: { state: 'settled', settled: 20n, released: 30n, changes: 1, firstAnswers: null },
    entry: null,
  },
  {
    title: 'on an open hold, a settle that may be late is any other',
    hold: due,
    command: settle('h', 20n, 'reject', late),
    moves: [
      [USER, 30n, -50n],
      ['user:9', 20n, 0n],
    ],
    after: { state: 'settled', settled: 20n, released: 30n, settledLate: 0n, changes: 1 },
    entry: null,
  },
  {
    title: 'a release after parts gives back what is still held',
    hold: parted,
    command: release('h'),
    moves: [[USER, 30n, -30n]],
    after: { state: 'released', held: 0n, settled: 40n, released: 30n, endedAt: NOW, changes: 3 },
    entry: ['h~release', 'release'],
  },
  {
    title: 'from the moment of its expiry on, a hold expires and gives everything back',
    hold: due,
    command: release('h', 'expiry'),
    moves: [[USER, 50n, -50n]],
    after: { state: 'expired', held: 0n, settled: 0n, released: 50n, endedAt: NOW, changes: 1 },
    entry: null,
  },
  {
    title: 'an expiry settles what the freeze says, and gives the rest back',
    hold: { ...due, onExpiry: { settle: 20n } },
    command: release('h', 'expiry'),
    moves: [
      [USER, 30n, -50n],
      ['user:9', 20n, 0n],
    ],
    after: { state: 'expired', held: 0n, settled: 20n, released: 30n, endedAt: NOW, changes: 1 },
    entry: null,
  },
  {
    title: 'an expiry settles no more than is held, and nothing is short',
    hold: { ...parted, expiresAt: NOW - 1, onExpiry: { settle: 31n } },
    command: release('h', 'expiry'),
    moves: [
      [USER, 0n, -30n],
      ['user:9', 30n, 0n],
    ],
    after: { state: 'expired', held: 0n, settled: 70n, released: 0n, shortfall: 0n, endedAt: NOW, changes: 3 },
    entry: ['h~settle', 'settle'],
  },
  {
    title: 'an expiry of a hold that holds nothing settles nothing, so it is a release',
    hold: { ...parted, held: 0n, settled: 70n, expiresAt: NOW - 1, onExpiry: { settle: 31n } },
    command: release('h', 'expiry'),
    moves: [[USER, 0n, 0n]],
    after: { state: 'expired', endedAt: NOW, payeeVersion: null, changes: 3 },
    entry: ['h~release', 'release'],
  },
  {
    title: 'a caller releases everything, whatever was to happen at the expiry',
    hold: { ...due, onExpiry: { settle: 20n } },
    command: release('h'),
    moves: [[USER, 50n, -50n]],
    after: { state: 'released', settled: 0n, released: 50n, changes: 1 },
    entry: null,
  },
  {
    title: 'a late settle takes from what is available, up to what the expiry gave back',
    hold: expired,
    command: settle('h', 50n, 'reject', late),
    moves: [
      [USER, -50n, 0n],
      ['user:9', 50n, 0n],
    ],
    after: { state: 'expired', settled: 50n, drawn: 50n, settledLate: 50n, released: 50n, shortfall: 0n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'a capped late settle asks for no more than the expiry gave back',
    hold: expired,
    command: settle('h', 60n, 'cap', late),
    moves: [
      [USER, -50n, 0n],
      ['user:9', 50n, 0n],
    ],
    after: { settled: 50n, drawn: 50n, settledLate: 50n, shortfall: 10n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'a drawing late settle takes all that is available above the floor',
    hold: expired,
    balances: [{ ...holder, floor: 10n }, payee],
    command: settle('h', 120n, 'draw', late),
    moves: [
      [USER, -90n, 0n],
      ['user:9', 90n, 0n],
    ],
    after: { settled: 90n, drawn: 90n, settledLate: 90n, shortfall: 30n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  ...(['reject', 'cap', 'draw'] as const).map((overage): Application => ({
    title: `a late settle (${overage}) of one who has nothing is not refused, and gets nothing`,
    hold: expired,
    balances: [{ ...holder, available: 0n }, payee],
    command: settle('h', 50n, overage, late),
    moves: [[USER, 0n, 0n]],
    after: { state: 'expired', settled: 0n, drawn: 0n, settledLate: 0n, shortfall: 50n, changes: 2 },
    entry: ['h~late', 'settle'],
  })),
  ...([0n, 20n] as const).map((amount): Application => ({
    title: `a late settle of ${amount} takes nothing if the expiry settled 20, and returns nothing`,
    hold: expiredAt20,
    command: settle('h', amount, 'reject', late),
    moves: [[USER, 0n, 0n]],
    after: { settled: 20n, settledLate: 0n, shortfall: 0n, changes: 2 },
    entry: ['h~late', 'settle'],
  })),
  {
    title: 'what the expiry settled counts towards a late settle, whose limit is what was held then',
    hold: expiredAt20,
    command: settle('h', 50n, 'reject', late),
    moves: [
      [USER, -30n, 0n],
      ['user:9', 30n, 0n],
    ],
    after: { settled: 50n, drawn: 30n, settledLate: 30n, shortfall: 0n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'a late settle is in addition to the parts, which do not count',
    hold: { ...expiredAt20, amount: 90n, settled: 60n, changes: 2, end: endAt(NOW - 1, { number: 2, settled: 20n }) },
    command: settle('h', 35n, 'reject', late),
    moves: [
      [USER, -15n, 0n],
      ['user:9', 15n, 0n],
    ],
    after: { settled: 75n, drawn: 15n, settledLate: 15n, shortfall: 0n, changes: 3 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'a capped late settle takes the rest of what was held, and counts what is missing once',
    hold: expiredAt20,
    command: settle('h', 60n, 'cap', late),
    moves: [
      [USER, -30n, 0n],
      ['user:9', 30n, 0n],
    ],
    after: { settled: 50n, settledLate: 30n, shortfall: 10n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'a late settle of one who has less than is missing takes that, and the rest is shortfall',
    hold: expiredAt20,
    balances: [{ ...holder, available: 12n }, payee],
    command: settle('h', 60n, 'draw', late),
    moves: [
      [USER, -12n, 0n],
      ['user:9', 12n, 0n],
    ],
    after: { settled: 32n, settledLate: 12n, shortfall: 28n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'a late settle may go to another payee while nothing was settled',
    hold: expired,
    command: settle('h', 5n, 'reject', { late: true, payee: '@promo' }),
    moves: [
      [USER, -5n, 0n],
      ['@promo', 5n, 0n],
    ],
    after: { payee: '@promo', settled: 5n, drawn: 5n, settledLate: 5n, changes: 2 },
    entry: ['h~late', 'settle'],
  },
  {
    title: 'an amend freezes more',
    hold: parted,
    command: amend('a', 'h', { amount: 170n }),
    moves: [[USER, -100n, 100n]],
    after: { amount: 170n, held: 130n, settled: 40n, expiresAt: parted.expiresAt, changes: 3 },
    entry: ['a', 'amend'],
  },
  {
    title: 'an amend gives back, down to what was settled',
    hold: parted,
    command: amend('a', 'h', { amount: 40n }),
    moves: [[USER, 30n, -30n]],
    after: { amount: 40n, held: 0n, released: 0n, changes: 3 },
    entry: ['a', 'amend'],
  },
  {
    title: 'an amend of the expiry alone moves no coin; it counts from now, also when the old one has passed',
    hold: { ...whole, expiresAt: NOW - 1, onExpiry: { settle: 5n } },
    command: amend('a', 'h', { expiresInMs: MOMENT.holdTtlMsMax }),
    moves: [[USER, 0n, 0n]],
    after: { expiresAt: NOW + MOMENT.holdTtlMsMax, onExpiry: { settle: 5n }, amount: 50n, changes: 1 },
    entry: ['a', 'amend'],
  },
  {
    title: 'an amend may name the moment of the expiry, and what happens then',
    hold: whole,
    command: amend('a', 'h', { expiresAt: NOW + 1, onExpiry: { settle: 9n } }),
    moves: [[USER, 0n, 0n]],
    after: { expiresAt: NOW + 1, onExpiry: { settle: 9n }, changes: 1 },
    entry: ['a', 'amend'],
  },
  {
    title: 'an amend may clear what happens at the expiry',
    hold: { ...whole, onExpiry: { settle: 9n } },
    command: amend('a', 'h', { onExpiry: null }),
    moves: [[USER, 0n, 0n]],
    after: { onExpiry: null, expiresAt: whole.expiresAt, changes: 1 },
    entry: ['a', 'amend'],
  },
  ...[parted, { ...parted, state: 'settled', held: 0n, released: 30n, end: endAt(NOW - 1) } as const].map(
    (given): Application => ({
      title: `what was settled can be refunded, down to nothing, while the hold is ${given.state}`,
      hold: given,
      command: refund('f', 'h', 35n, { memo: 'm' }),
      moves: [
        ['user:9', -35n, 0n],
        [USER, 35n, 0n],
      ],
      after: { state: given.state, held: given.held, settled: 40n, refunded: 40n, changes: 3 },
      entry: ['f', 'refund'],
    }),
  ),
  {
    title: 'a house account that was paid may refund, whatever it has',
    hold: { ...parted, payee: '@promo' },
    command: refund('f', 'h', 1n),
    moves: [
      ['@promo', -1n, 0n],
      [USER, 1n, 0n],
    ],
    after: { refunded: 6n, changes: 3 },
    entry: ['f', 'refund'],
  },
]

for (const { title, hold: given, balances = BALANCES, command, moves, after, entry } of APPLIED) {
  test(title, () => {
    const decision = decide(command, stateOf({ balances, requests: [given] }), MOMENT)
    assert.ok(
      decision.verdict === 'apply',
      JSON.stringify(decision, (_, value: unknown) => String(value)),
    )
    const { postings = [], balances: moved = [], request, step } = decision.effect
    assert.deepEqual(
      postings.map(({ availableDelta, heldDelta }, index) => [moved[index]?.account, availableDelta, heldDelta]),
      moves,
    )
    assert.ok(request?.kind === 'freeze')
    const { end } = request
    const flat = { ...request, endedAt: end?.at, endedVersion: end?.version, payeeVersion: end?.payee?.version ?? null }
    assert.deepEqual({ ...flat, ...after }, flat)
    assert.deepEqual(decision.answer, showHold(request))
    assert.equal(request.amount + request.drawn, request.settled + request.released + request.held)
    if (entry === null) {
      assert.equal(step, undefined)
      return
    }
    assert.deepEqual([step?.id, step?.kind], entry)
    assert.deepEqual(step?.step, {
      hold: 'h',
      holdSeq: given.seq,
      number: given.changes + 1,
      after: decision.answer,
    })
    assert.deepEqual(
      postings.map(({ entryId, kind }) => [entryId, kind]),
      moves.map(() => entry),
    )
    assert.equal(step.fingerprint, fingerprint(command))
    const attached = 'memo' in command ? [command.memo, command.metadata] : [null, null]
    assert.deepEqual([step.memo, step.metadata], attached)
    assert.deepEqual(request.firstAnswers?.freeze, showHoldAsFrozen(given))
    assert.deepEqual(request.firstAnswers.end, given.state === 'open' ? null : showHold(given))
  })
}

test('a freeze keeps what is to happen at its expiry', () => {
  const decision = decide(freeze('r', USER, 5n, { onExpiry: { settle: 3n } }), stateOf({ balances: BALANCES }), MOMENT)
  assert.ok(decision.verdict === 'apply')
  const { onExpiry, refunded, settledLate } = decision.answer as Hold
  assert.deepEqual([onExpiry, refunded, settledLate], [{ settle: 3n }, 0n, 0n])
})

test('a late settle happens once: the same one is a repeat, another one comes too late', () => {
  const command = settle('h', 20n, 'reject', late)
  const state = stateOf({ balances: BALANCES, requests: [expired] })
  const first = decide(command, state, MOMENT)
  assert.ok(first.verdict === 'apply' && first.effect.request !== undefined && first.effect.step !== undefined)
  const after = stateOf({ balances: BALANCES, requests: [first.effect.request, first.effect.step] })
  assert.deepEqual(decide(command, after, MOMENT), { verdict: 'replay', answer: first.answer, at: NOW })
  for (const other of [settle('h', 21n, 'reject', late), settle('h', 20n, 'cap', late), settle('h', 20n)]) {
    const rejection = { code: 'hold_not_open', hold: 'h', state: 'expired', settled: 20n }
    assert.deepEqual(decide(other, after, MOMENT), { verdict: 'reject', rejection })
  }
  // The end by the sweeper, sent again, still gets the hold as it expired.
  const ended = decide(release('h', 'expiry'), after, MOMENT)
  assert.deepEqual(ended, { verdict: 'replay', answer: showHold(expired), at: expired.end!.at })
})
