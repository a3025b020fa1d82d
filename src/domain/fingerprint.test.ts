import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
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
  refundTo,
  release,
  settle,
  settlePart,
  transfer,
  unblock,
} from '../../test/support/commands.ts'
import type { Command, CommandKind, Commands } from './command.ts'
import { fingerprint as fingerprintOf, requestOf } from './rules.ts'

/** Commands with pairwise different contents. */
const DISTINCT: readonly Command[] = [
  open('r', 'user:8', 0n),
  open('r', 'user:9', 0n),
  open('r', 'user:8', -1n),
  open('r', 'user:8', 0n, { asset: 'gem' }),
  open('r', 'user:8', 0n, { metadata: {} }),
  open('r', 'user:8', 0n, { metadata: { a: 1 } }),
  deposit('r', 'user:8', 1n),
  deposit('r', 'user:8', 2n),
  deposit('r', 'user:9', 1n),
  deposit('r', 'user:8', 1n, { asset: 'gem' }),
  deposit('r', 'user:8', 1n, { memo: '' }),
  deposit('r', 'user:8', 1n, { memo: 'null' }),
  deposit('r', 'user:8', 1n, { memo: 'a' }),
  deposit('r', 'user:8', 1n, { metadata: {} }),
  deposit('r', 'user:8', 1n, { metadata: { a: 'b' } }),
  deposit('r', 'user:8', 1n, { memo: '" [["a","b"]]' }),
  charge('r', 'user:8', 1n),
  charge('r', 'user:9', 1n),
  charge('r', 'user:8', 2n),
  charge('r', 'user:8', 1n, { payee: 'user:9' }),
  charge('r', 'user:8', 1n, { asset: 'gem' }),
  charge('r', 'user:8', 1n, { overdraft: true }),
  charge('r', 'user:8', 1n, { memo: 'a' }),
  charge('r', 'user:8', 1n, { metadata: { a: 1 } }),
  transfer('r', [leg('user:8', 'user:9', 1n)]),
  transfer('r', [leg('user:9', 'user:8', 1n)]),
  transfer('r', [leg('user:8', 'user:9', 2n)]),
  transfer('r', [leg('user:8', 'user:9', 1n, 'gem')]),
  transfer('r', [leg('user:8', 'user:9', 1n), leg('user:8', 'user:7', 1n)]),
  transfer('r', [leg('user:8', 'user:7', 1n), leg('user:8', 'user:9', 1n)]),
  transfer('r', [leg('user:8', 'user:9', 1n)], { memo: 'a' }),
  transfer('r', [leg('user:8', 'user:9', 1n)], { metadata: { a: 1 } }),
  freeze('r', 'user:8', 1n),
  freeze('r', 'user:9', 1n),
  freeze('r', 'user:8', 2n),
  freeze('r', 'user:8', 1n, { payee: 'user:9' }),
  freeze('r', 'user:8', 1n, { asset: 'gem' }),
  freeze('r', 'user:8', 1n, { expiresInMs: 1_000 }),
  freeze('r', 'user:8', 1n, { expiresInMs: 1_001 }),
  freeze('r', 'user:8', 1n, { expiresAt: 1_000 }),
  freeze('r', 'user:8', 1n, { metadata: { a: 1 } }),
  freeze('r', 'user:8', 1n, { onExpiry: { settle: 1n } }),
  freeze('r', 'user:8', 1n, { onExpiry: { settle: 2n } }),
  settle('r', 1n),
  settle('r', 0n),
  settle('r', 1n, 'cap'),
  settle('r', 1n, 'draw'),
  settle('r', 1n, 'reject', { payee: 'user:9' }),
  settle('r', 1n, 'reject', { payee: 'null' }),
  settle('r', 1n, 'reject', { late: true }),
  settle('r', 1n, 'reject', { payee: 'user:9', late: true }),
  settle('r', 1n, 'reject', { payee: '~' }),
  settle('r', 1n, 'reject', { payee: 'user:9 true', late: false }),
  settlePart('r', 'h', 1n, { payee: '~' }),
  // Names can contain whatever separates the other fields.
  charge('r', 'a', 5n, { payee: 'b gem 6 c' }),
  charge('r', 'a credit 5 b', 6n, { asset: 'gem', payee: 'c' }),
  freeze('r', 'a', 5n, { payee: 'b gem 6 c' }),
  freeze('r', 'a credit 5 b', 6n, { asset: 'gem', payee: 'c' }),
  transfer('r', [leg('a', 'b c', 5n)]),
  transfer('r', [leg('a b', 'c', 5n)]),
  transfer('r', [leg('a', 'b credit 5,c d', 6n, 'gem')]),
  transfer('r', [leg('a', 'b', 5n), leg('c', 'd', 6n, 'gem')]),
  settlePart('r', 'h', 1n),
  settlePart('r', 'g', 1n),
  settlePart('r', 'h', 2n),
  settlePart('r', 'h', 1n, { overage: 'cap' }),
  settlePart('r', 'h', 1n, { payee: 'user:9' }),
  settlePart('r', 'h', 1n, { memo: 'a' }),
  settlePart('r', 'h', 1n, { metadata: { a: 1 } }),
  amend('r', 'h'),
  amend('r', 'g'),
  amend('r', 'h', { amount: 1n }),
  amend('r', 'h', { by: 1n }),
  amend('r', 'h', { by: -1n }),
  amend('r', 'h', { expiresInMs: 1 }),
  amend('r', 'h', { expiresAt: 1 }),
  amend('r', 'h', { onExpiry: null }),
  amend('r', 'h', { onExpiry: { settle: 1n } }),
  refund('r', 'h', 1n),
  refund('r', 'g', 1n),
  refund('r', 'h', 2n),
  refundTo('r', 'h', 1n),
  refundTo('r', 'h', 2n),
  refund('r', 'h', 1n, { memo: 'a' }),
  refund('r', 'h', 1n, { metadata: { a: 1 } }),
  release('r'),
  release('r', 'expiry'),
  block('r', 'user:8'),
  block('r', 'user:9'),
  block('r', 'user:8', { memo: 'a' }),
  unblock('r', 'user:8'),
  unblock('r', 'user:8', { metadata: { a: 1 } }),
  merge('r', 'user:8', 'user:9'),
  merge('r', 'user:9', 'user:8'),
  merge('r', 'user:8', 'user:7'),
  merge('r', 'user:8', 'user:9', { memo: 'a' }),
]

/** The commands whose row stores a fingerprint. */
type Kind = Exclude<CommandKind, 'declare' | 'house' | 'rate'>
/** When a command may be applied is no part of its contents. They do not include the id of the row either, which may be the hold's: repeats are compared under one request id. */
type Contents<Of> = Exclude<
  keyof Of,
  'kind' | 'ifVersion' | 'ifSteps' | (Of extends { requestId: string } ? 'requestId' : 'hold')
>

interface Sample<Of> {
  readonly command: Of
  /** Another value of every field. */
  readonly others: { readonly [Field in Contents<Of>]-?: Of[Field] }
}

const ATTACHED = { memo: 'another', metadata: { a: 2 } }

const SAMPLES: { readonly [K in Kind]: Sample<Commands[K]> } = {
  open: {
    command: open('r', 'user:8', 0n),
    others: { account: 'user:9', asset: 'gem', floor: null, metadata: { a: 1 } },
  },
  deposit: {
    command: deposit('r', 'user:8', 1n),
    others: { account: 'user:9', asset: 'gem', amount: 2n, ...ATTACHED },
  },
  charge: {
    command: charge('r', 'user:8', 1n),
    others: { account: 'user:9', asset: 'gem', amount: 2n, payee: 'user:9', overdraft: true, ...ATTACHED },
  },
  transfer: {
    command: transfer('r', [leg('user:8', 'user:9', 1n)]),
    others: { legs: [leg('user:8', 'user:9', 2n)], ...ATTACHED },
  },
  freeze: {
    command: freeze('r', 'user:8', 1n),
    others: {
      account: 'user:9',
      asset: 'gem',
      amount: 2n,
      payee: 'user:9',
      expiresInMs: 1,
      expiresAt: 1,
      onExpiry: { settle: 1n },
      metadata: { a: 1 },
    },
  },
  settle: { command: settle('h', 1n), others: { amount: 2n, overage: 'cap', payee: 'user:9', late: true } },
  'settle-part': {
    command: settlePart('r', 'h', 1n),
    others: { hold: 'g', amount: 2n, overage: 'cap', payee: 'user:9', ...ATTACHED },
  },
  amend: {
    command: amend('r', 'h'),
    others: { hold: 'g', amount: 2n, by: 2n, expiresInMs: 1, expiresAt: 1, onExpiry: null },
  },
  refund: { command: refund('r', 'h', 1n), others: { hold: 'g', amount: 2n, toTotal: 3n, ...ATTACHED } },
  release: { command: release('h'), others: { cause: 'expiry' } },
  block: { command: block('r', 'user:8'), others: { account: 'user:9', ...ATTACHED } },
  unblock: { command: unblock('r', 'user:8'), others: { account: 'user:9', ...ATTACHED } },
  merge: { command: merge('r', 'user:8', 'user:9'), others: { account: 'user:7', into: 'user:6', ...ATTACHED } },
}

for (const [kind, { command, others }] of Object.entries(SAMPLES)) {
  test(`every field of ${kind} makes another fingerprint`, () => {
    const given: Command = command
    const seen = new Set([fingerprint(given)])
    for (const [field, value] of Object.entries<unknown>(others)) {
      const other = fingerprint({ ...given, [field]: value })
      assert.ok(!seen.has(other), `${field} is left out`)
      seen.add(other)
    }
    const fields = Object.keys(given).filter((field) => field !== 'kind' && !(field in others))
    assert.deepEqual(fields, [requestOf(given) === given['hold' as keyof Command] ? 'hold' : 'requestId'])
  })
}

test('what has no row of its own has no fingerprint', () => {
  for (const command of [declare('gem', 2, 'Gem'), house('@promo'), rate('credit', 'gem', [1n, 9n])]) {
    assert.equal(requestOf(command), null)
    assert.equal(fingerprintOf(command), null)
  }
})

/** For a command whose row stores one. */
function fingerprint(command: Command): number {
  return fingerprintOf(command)!
}

test('every field of every command makes another fingerprint', () => {
  const seen = new Map<number, Command>()
  for (const command of DISTINCT) {
    const found = fingerprint(command)
    assert.deepEqual(seen.get(found), undefined)
    seen.set(found, command)
  }
})

test('equal contents have equal fingerfingerprints, whatever the order of the metadata', () => {
  for (const command of DISTINCT) assert.equal(fingerprint(structuredClone(command)), fingerprint(command))
  const one = deposit('r', 'user:8', 1n, { metadata: { a: 1, b: 'x', c: null } })
  const other = deposit('r', 'user:8', 1n, { metadata: { c: null, b: 'x', a: 1 } })
  assert.equal(fingerprint(one), fingerprint(other))
})

test('what a command requires is no part of the contents, so a repeat may require something else', () => {
  const pairs: readonly (readonly [Command, Command])[] = [
    [deposit('r', 'user:8', 1n), deposit('r', 'user:8', 1n, { ifVersion: 3 })],
    [freeze('r', 'user:8', 1n, { ifVersion: 4 }), freeze('r', 'user:8', 1n, { ifVersion: ['4-a'] })],
    [settle('h', 1n), settle('h', 1n, 'reject', { ifSteps: 1 })],
    [release('h'), release('h', 'caller', { ifSteps: '*' })],
    [transfer('r', [leg('user:8', 'user:9', 1n)]), transfer('r', [{ ...leg('user:8', 'user:9', 1n), ifVersion: 2 }])],
  ]
  for (const [one, other] of pairs) assert.equal(fingerprint(one), fingerprint(other))
})

test('the request id itself is no part of the contents', () => {
  assert.equal(fingerprint(deposit('r', 'user:8', 1n)), fingerprint(deposit('q', 'user:8', 1n)))
  assert.equal(fingerprint(settle('r', 1n)), fingerprint(settle('q', 1n)))
})

test('a fingerprint is a safe integer of up to 53 bits, and uses the high ones', () => {
  const fingerprints = DISTINCT.map(fingerprint)
  for (const each of fingerprints) assert.ok(Number.isSafeInteger(each) && each >= 0)
  assert.ok(fingerprints.some((each) => each > 2 ** 52))
})

// 100,000 different contents collide by chance in 53 bits once in about two million runs.
test('contents that differ in one digit or letter do not collide', () => {
  const fingerprints = new Set<number>()
  let count = 0
  const add = (command: Command): void => {
    fingerprints.add(fingerprint(command))
    count++
  }
  for (let index = 0; index < 50_000; index++) {
    add(deposit('r', 'user:8', BigInt(index)))
    add(freeze('r', `user:${index}`, 616n))
  }
  assert.equal(fingerprints.size, count)
})

test('a stored fingerprint stays what it was', () => {
  // Repeats are compared with rows that an earlier version of the program wrote.
  assert.deepEqual(
    [deposit('r', 'user:8', 1n), freeze('r', 'user:8', 616n), settle('r', 500n), release('r')].map(fingerprint),
    [186_412_817_842_461, 5_781_589_569_377_232, 6_600_615_984_330_165, 3_885_884_111_412_576],
  )
})
