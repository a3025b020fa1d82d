import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { onlyIf } from '../../test/support/commands.ts'
import { never } from '../../test/support/read-input.ts'
import { AMOUNT_MAX, BALANCE_MAX, BALANCE_MIN } from '../domain/amount.ts'
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Command } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { Entry, EntryLeg, HoldEvent, Posting } from '../domain/journal.ts'
import type { Rate } from '../domain/rate.ts'
import { commandToWire, commandOf } from './contracts.ts'
import type { AccountView } from './ledger.ts'
import { accountFromWire, accountToWire } from './account.ts'
import { assetFromWire, assetToWire } from './asset.ts'
import { balanceFromWire, balanceToWire } from './balance.ts'
import { entryFromWire, entryToWire } from './entry.ts'
import { holdEventFromWire, holdEventToWire, holdFromWire, holdToWire } from './hold.ts'
import { instantToWire } from './instants.ts'
import { postingFromWire, postingToWire } from './posting.ts'
import { rateFromWire, rateToWire } from './rate.ts'

/** Passes the value through JSON, which rejects a bigint. */
function carried<Wire>(wire: Wire): Wire {
  return JSON.parse(JSON.stringify(wire)) as Wire
}

const AT = Date.UTC(2030, 0, 31, 12, 0, 0, 7)

const BALANCE: Balance = {
  account: '@issuer',
  asset: 'credit',
  available: BALANCE_MIN,
  held: BALANCE_MAX,
  total: -1n,
  floor: null,
  version: 3,
}

const HOLD: Hold = {
  id: 'a/b:c',
  account: 'user:8',
  asset: 'credit',
  payee: '@revenue',
  state: 'settled',
  amount: BALANCE_MAX,
  held: 1n,
  settled: 2n,
  released: 3n,
  drawn: 4n,
  shortfall: 5n,
  refunded: 6n,
  settledLate: 7n,
  onExpiry: { settle: BALANCE_MAX },
  expiresAt: AT + 1,
  createdAt: AT,
  steps: 4,
  endedAt: AT + 2,
  metadata: { model: 'llama', 名: null, cost: 0.5, cached: true },
}

const POSTING: Posting = {
  entryId: 'a/b:c~settle',
  kind: 'settle',
  account: '@revenue',
  asset: 'credit',
  stripe: 7,
  version: 8,
  availableDelta: -9_007_199_254_740_993n,
  heldDelta: 1n,
  available: 2n,
  held: 3n,
  at: AT,
}

const ENTRY: Entry = {
  id: 'e-1',
  kind: 'open',
  hold: 'a/b:c',
  at: AT,
  memo: '充值',
  metadata: {},
  floor: -5n,
  overdraft: true,
  legs: null,
  by: { key: 'billing', address: '192.0.2.10', trace: '0af7651916cd43dd8448eb211c80319c' },
  postings: [POSTING],
}
const LEG: EntryLeg = {
  from: 'user:8',
  to: 'user:9',
  asset: 'credit',
  amount: 9_007_199_254_740_993n,
  toAsset: 'gem',
  toAmount: 7n,
  rate: { version: 3, numerator: 1n, denominator: BALANCE_MAX, rounding: 'half-even', remainder: -(2n ** 100n) },
}
const RATE: Rate = {
  from: 'credit',
  to: 'gem',
  version: 3,
  numerator: 1n,
  denominator: BALANCE_MAX,
  rounding: 'up',
  tolerancePpm: 7,
  declaredAt: AT,
}
const ASSET: Asset = { code: 'gold', decimals: 2, name: 'Gold', createdAt: AT }
const ACCOUNT: AccountView = {
  account: 'user:8',
  metadata: null,
  standing: 'closed',
  successor: 'user:9',
  balances: [BALANCE, { ...BALANCE, floor: -5n }],
  next: 'more',
}

describe('what is written comes back the same', () => {
  test('balances', () => assert.deepEqual(balanceFromWire(carried(balanceToWire(BALANCE))), BALANCE))
  test('accounts', () => assert.deepEqual(accountFromWire(carried(accountToWire(ACCOUNT))), ACCOUNT))
  test('accounts of a service that has no pages', () => {
    const { next: _, ...old } = accountToWire(ACCOUNT)
    assert.deepEqual(accountFromWire(old as ReturnType<typeof accountToWire>), { ...ACCOUNT, next: null })
  })
  test('rates', () => assert.deepEqual(rateFromWire(carried(rateToWire(RATE))), RATE))
  test('assets', () => assert.deepEqual(assetFromWire(carried(assetToWire(ASSET))), ASSET))
  test('holds, ended and open', () => {
    const open: Hold = { ...HOLD, state: 'open', onExpiry: null, endedAt: null, metadata: null }
    assert.deepEqual(holdFromWire(carried(holdToWire(HOLD))), HOLD)
    assert.deepEqual(holdFromWire(carried(holdToWire(open))), open)
  })
  test('events of a hold', () => {
    const event: HoldEvent = { number: 3, kind: 'refund', entry: 'refund-1', at: AT + 3, by: ENTRY.by, hold: HOLD }
    assert.deepEqual(holdEventFromWire(carried(holdEventToWire(event))), event)
  })
  test('postings', () => assert.deepEqual(postingFromWire(carried(postingToWire(POSTING))), POSTING))
  test('entries, with and without floor, memo and metadata', () => {
    const bare: Entry = { ...ENTRY, hold: null, floor: null, overdraft: false, memo: null, metadata: null, by: null }
    assert.deepEqual(entryFromWire(carried(entryToWire(ENTRY))), ENTRY)
    assert.deepEqual(entryFromWire(carried(entryToWire(bare))), bare)
    const exchanged: Entry = { ...ENTRY, legs: [LEG, { ...LEG, toAsset: 'credit', rate: null }] }
    assert.deepEqual(entryFromWire(carried(entryToWire(exchanged))), exchanged)
  })
})

test('amounts are decimal strings and instants ISO 8601 with milliseconds', () => {
  const wire = holdToWire(HOLD)
  assert.deepEqual([wire.amount, wire.createdAt], ['9223372036854775807', '2030-01-31T12:00:00.007Z'])
})

test('the remembered instant is never given for another one', () => {
  for (const instant of [0, 1, 1, 0, AT, AT, 0]) assert.equal(instantToWire(instant), new Date(instant).toISOString())
})

const name = fc.constantFrom('user:8', '@revenue', 'a/b@c')
const asset = fc.constantFrom('credit', 'gold_2')
const requestId = fc.constantFrom('job-616', 'a/b:c+d==', '01a1fbc2-0346-7771-b8e5-e181c8e0fb21')
const amount = fc.bigInt({ min: 1n, max: AMOUNT_MAX })
const rateTerm = fc.bigInt({ min: 1n, max: BALANCE_MAX })
const memo = fc.option(fc.constantFrom('', '充值 💎', '"\\'))
const metadata = fc.option(fc.constantFrom({}, { a: 1.5, b: 'x', c: null, d: false }))
/** With a prototype, like the objects of `JSON.parse` and literals. */
function record<Value>(model: { [Name in keyof Value]: fc.Arbitrary<Value[Name]> }): fc.Arbitrary<Value> {
  return fc.record<Value>(model, { noNullPrototype: true })
}

const onExpiry = record({ settle: amount })
const expiry = fc.constantFrom(
  { expiresInMs: null, expiresAt: null },
  { expiresInMs: 1, expiresAt: null },
  { expiresInMs: null, expiresAt: AT },
)
const leg = record({ from: name, to: name, asset, amount })

const plainCommand: fc.Arbitrary<Command> = fc.oneof(
  record({ kind: fc.constant('deposit'), requestId, account: name, asset, amount, memo, metadata }),
  record({
    kind: fc.constant('charge'),
    requestId,
    account: name,
    payee: name,
    asset,
    amount,
    overdraft: fc.boolean(),
    memo,
    metadata,
  }),
  record({ kind: fc.constant('transfer'), requestId, legs: fc.array(leg, { minLength: 1 }), memo, metadata }),
  record({ requestId, account: name, payee: name, asset, amount, onExpiry: fc.option(onExpiry), metadata }).chain(
    (freeze) => expiry.map((expires) => ({ kind: 'freeze' as const, ...freeze, ...expires })),
  ),
  record({
    kind: fc.constant('settle'),
    hold: requestId,
    amount: fc.bigInt({ min: 0n, max: AMOUNT_MAX }),
    overage: fc.constantFrom('reject', 'cap', 'draw'),
    payee: fc.option(name),
    late: fc.boolean(),
  }),
  record({
    kind: fc.constant('settle-part'),
    requestId,
    hold: requestId,
    amount,
    overage: fc.constantFrom('reject', 'cap', 'draw'),
    payee: fc.option(name),
    memo,
    metadata,
  }),
  fc
    .tuple(
      record({ kind: fc.constant('amend'), requestId, hold: requestId, amount }),
      expiry,
      fc.constantFrom({}, { onExpiry: null }, { onExpiry: { settle: AMOUNT_MAX } }),
    )
    .map(([amend, expires, changed]) => ({ ...amend, by: null, ...expires, ...changed })),
  record({
    kind: fc.constant('amend'),
    requestId,
    hold: requestId,
    by: fc.oneof(
      amount,
      amount.map((each) => -each),
    ),
  }).map((amend) => ({ ...amend, amount: null, expiresInMs: null, expiresAt: null })),
  record({ kind: fc.constant('amend'), requestId, hold: requestId, onExpiry: fc.option(onExpiry) }).map((amend) => ({
    ...amend,
    amount: null,
    by: null,
    expiresInMs: null,
    expiresAt: null,
  })),
  record({
    kind: fc.constant('refund'),
    requestId,
    hold: requestId,
    amount,
    toTotal: fc.constant(null),
    memo,
    metadata,
  }),
  record({
    kind: fc.constant('refund'),
    requestId,
    hold: requestId,
    amount: fc.constant(null),
    toTotal: amount,
    memo,
    metadata,
  }),
  record({ kind: fc.constant('release'), hold: requestId, cause: fc.constant('caller') }),
  record({
    kind: fc.constant('open'),
    requestId,
    account: name,
    asset,
    floor: fc.option(fc.bigInt({ min: BALANCE_MIN, max: BALANCE_MAX })),
    metadata,
  }),
  record({
    kind: fc.constant('open'),
    requestId,
    account: name,
    asset: fc.constant(null),
    floor: fc.constant(null),
    metadata: fc.constant({ a: 1 }),
  }),
  record({
    kind: fc.constant('declare'),
    asset,
    decimals: fc.integer({ min: 0, max: 9 }),
    name: fc.constantFrom('Gold'),
  }),
  record({
    kind: fc.constant('rate'),
    from: fc.constant('gold'),
    to: fc.constant('credit'),
    numerator: rateTerm,
    denominator: rateTerm,
    rounding: fc.constantFrom('down', 'up', 'half-even'),
    tolerancePpm: fc.integer({ min: 0, max: 1_000_000 }),
  }),
)

const anyCommand = fc.oneof(
  plainCommand,
  fc.tuple(plainCommand, fc.nat()).map(([command, number]) => onlyIf(command, number)),
)

test('a command that travels is read back as the same command', () => {
  fc.assert(
    fc.property(anyCommand, (command) => {
      assert.deepEqual(commandOf(carried(commandToWire(command)), never), command)
    }),
    { numRuns: 300 },
  )
})
