/** The schemas of the OpenAPI document accept the same inputs as the code that checks them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { BatchBody, BODIES, CommandBody, batchOf, commandOf, CONTRACTS } from './contracts.ts'
import { BalancesQuery, balancesQueryOf, FeedQuery, feedQueryOf, StatsQuery, statsQueryOf } from './list-queries.ts'
import {
  AccountQuery,
  AssetsQuery,
  ExportQuery,
  HoldsQuery,
  PostingsQuery,
  PageQuery,
  accountQueryOf,
  assetsQueryOf,
  exportQueryOf,
  holdsQueryOf,
  postingsQueryOf,
  pageQueryOf,
} from './queries.ts'
import {
  amendOf,
  chargeOf,
  declareOf,
  depositOf,
  freezeOf,
  openOf,
  rateOf,
  newRequestId,
  refundOf,
  blockOf,
  houseOf,
  mergeOf,
  releaseOf,
  settleOf,
  transferOf,
  unblockOf,
} from '../../test/support/read-input.ts'
import { LedgerError } from './error.ts'
import { graceMsOf, keyTermsOf } from './key-input.ts'
import { KeyBody, RotateBody } from './key-schemas.ts'
import type { TSchema } from './typebox.ts'

interface Pair {
  readonly schema: TSchema
  readonly read: (input: unknown) => unknown
}

const PAIRS: Readonly<Record<string, Pair>> = {
  deposit: { schema: CONTRACTS.deposit.bodySchema, read: (input) => depositOf(input, newRequestId) },
  charge: { schema: CONTRACTS.charge.bodySchema, read: (input) => chargeOf(input, newRequestId) },
  transfer: { schema: CONTRACTS.transfer.bodySchema, read: (input) => transferOf(input, newRequestId) },
  freeze: { schema: CONTRACTS.freeze.bodySchema, read: (input) => freezeOf(input, newRequestId) },
  settle: { schema: CONTRACTS.settle.bodySchema, read: (input) => settleOf('job-1', input, newRequestId) },
  amend: { schema: CONTRACTS.amend.bodySchema, read: (input) => amendOf('job-1', input, newRequestId) },
  refund: { schema: CONTRACTS.refund.bodySchema, read: (input) => refundOf('job-1', input, newRequestId) },
  release: { schema: CONTRACTS.release.bodySchema, read: (input) => releaseOf('job-1', input) },
  open: { schema: CONTRACTS.open.bodySchema, read: (input) => openOf('user:8', input, newRequestId) },
  house: { schema: CONTRACTS.house.bodySchema, read: (input) => houseOf('@promo', input) },
  block: { schema: CONTRACTS.block.bodySchema, read: (input) => blockOf('user:8', input) },
  unblock: { schema: CONTRACTS.unblock.bodySchema, read: (input) => unblockOf('user:8', input) },
  merge: { schema: CONTRACTS.merge.bodySchema, read: (input) => mergeOf('user:8', input) },
  declare: { schema: CONTRACTS.declare.bodySchema, read: (input) => declareOf('gold', input) },
  rate: { schema: CONTRACTS.rate.bodySchema, read: (input) => rateOf('gold', 'credit', input) },
  batch: { schema: BatchBody, read: (input) => batchOf(input, newRequestId) },
  'command of a batch': { schema: CommandBody, read: (input) => commandOf(input, newRequestId) },
  key: { schema: KeyBody, read: (input) => keyTermsOf(input, 0) },
  rotation: { schema: RotateBody, read: graceMsOf },
  'query of accounts': { schema: BalancesQuery, read: balancesQueryOf },
  'query of the feed': { schema: FeedQuery, read: feedQueryOf },
  'query of figures': { schema: StatsQuery, read: statsQueryOf },
  'query of holds': { schema: HoldsQuery, read: holdsQueryOf },
  'query of an account': { schema: AccountQuery, read: accountQueryOf },
  'query of assets': { schema: AssetsQuery, read: assetsQueryOf },
  'query of an export': { schema: ExportQuery, read: (input) => exportQueryOf('user:8', input) },
  'query of postings': { schema: PostingsQuery, read: (input) => postingsQueryOf('user:8', input) },
  'query of a page': { schema: PageQuery, read: pageQueryOf },
}

/** The schema with every `$ref` replaced by its target. */
function resolved(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(resolved)
  if (typeof schema !== 'object' || schema === null) return schema
  if ('$ref' in schema) {
    const named = BODIES.find(({ $id }) => `${$id}#` === schema.$ref)
    assert.ok(named, `${String(schema.$ref)} is not among the named bodies`)
    return resolved(named)
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(value)]))
}

const resolvedSchemas = new Map(Object.entries(PAIRS).map(([name, pair]) => [name, resolved(pair.schema) as TSchema]))

function verdictOfSchema(name: string, input: unknown): boolean {
  return Value.Check(resolvedSchemas.get(name)!, input)
}

function verdictOfCode(name: string, input: unknown): boolean {
  try {
    PAIRS[name]!.read(input)
    return true
  } catch (error) {
    assert.ok(error instanceof LedgerError && error.code === 'invalid_request', String(error))
    return false
  }
}

const TEXTS = [
  '',
  '1',
  '0',
  '-1',
  '01',
  '+1',
  '1e3',
  '1.5',
  ' 1',
  'user:8',
  '@revenue',
  'a space',
  'a space ',
  '.',
  '..',
  '...',
  'credit',
  'Credit',
  'cap',
  'open',
  '充值',
  '💎'.repeat(64),
]
const LONG_TEXTS = [16, 17, 64, 65, 128, 129, 256, 257, 512, 513].map((length) => 'x'.repeat(length))
const NUMBERS = [0, 1, -1, 1.5, 18, 19, 50, 1000, 1001, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1, 1e300]
const OBJECTS = [
  {},
  [],
  [1],
  { model: 'x', n: 1, b: true, z: null },
  { '': 1 },
  { a: {} },
  { a: 'y'.repeat(513) },
  { ['k'.repeat(65)]: 1 },
  { n: 1e300 },
]
const LEGS = [
  [{ from: 'user:8', to: 'user:9', amount: 1 }],
  [{ from: 'user:8', to: 'user:9', amount: '1', asset: 'gold' }],
  [{ from: 'user:8', to: 'user:9' }],
  [{ from: 'user:8', to: 'user:9', amount: 1, toAsset: 'gold' }],
  [{ from: 'user:8', to: 'user:9', amount: 1, toAsset: 'gold', toAmount: '3' }],
  [{ from: 'user:8', to: 'user:9', amount: 1, toAsset: 'gold', toAmount: 0 }],
  [{ from: 'user:8', to: 'user:9', amount: 1, memo: 'x' }],
  [{ from: 'user:8', to: 'user:9', amount: 1, ifVersion: 3 }],
  [{ from: 'user:8', to: 'user:9', amount: 1, ifVersion: -1 }],
  [null],
]
const COMMANDS = [
  [{ kind: 'release', hold: 'job-1' }],
  [{ kind: 'freeze', account: 'user:8', amount: '5', expiresInMs: 1 }],
  [{ kind: 'settle', hold: 'job-1', amount: 0, overage: 'draw' }],
  [{ kind: 'settle', amount: 0 }],
  [{ kind: 'settle', hold: 'job-1', amount: '5', final: false, requestId: 'part-1' }],
  [{ kind: 'amend', hold: 'job-1', requestId: 'raise-1', amount: 1, onExpiry: null }],
  [{ kind: 'amend', hold: 'job-1', onExpiry: { settle: 0 } }],
  [{ kind: 'amend', hold: 'job-1', by: -1, ifSteps: 2 }],
  [{ kind: 'amend', hold: 'job-1', by: 0 }],
  [{ kind: 'refund', hold: 'job-1', amount: 1 }],
  [{ kind: 'refund', hold: 'job-1', toTotal: 1 }],
  [{ kind: 'settle-part', hold: 'job-1', amount: 1 }],
  [{ kind: 'declare', asset: 'gold', decimals: 2 }],
  [{ kind: 'open', account: 'user:8', floor: '-5' }],
  [{ kind: 'steal', account: 'user:8' }],
]
const INSTANTS = ['2030-01-31T12:00:00.000Z', '2030-01-31T12:00:00+08:00', '2030-01-31', '2030-13-31T12:00:00Z']

const anyValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS, ...LONG_TEXTS) },
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...NUMBERS) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, true, false) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...OBJECTS) },
)

/** Mostly valid values of each field, so that whole bodies are often valid. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  requestId: mostly('job-616', 'a/b:c+d=='),
  account: mostly('user:8', "o'brien +1", '.a', '"\\~'),
  asset: mostly('credit', 'gold_2'),
  amount: mostly('616', 616, '10000000000000000', '10000000000000001', '9223372036854775807'),
  overdraft: mostly(true, false),
  toTotal: mostly('300', 5),
  payee: mostly('@revenue'),
  into: mostly('user:9', '@revenue'),
  memo: mostly('Invoice', ''),
  metadata: mostly({ model: 'x' }),
  expiresInMs: mostly(600_000),
  expiresAt: fc.oneof(fc.constantFrom(...INSTANTS), anyValue),
  at: fc.oneof(fc.constantFrom(...INSTANTS), anyValue),
  until: mostly(INSTANTS[1]!),
  entry: mostly('job-616', 'job-616~settle', 'a~release', 'a~late', '~settle', 'a~b'),
  format: mostly('csv', 'ndjson'),
  final: mostly(true, false),
  late: mostly(true, false),
  onExpiry: mostly({ settle: '5' }, { settle: 1 }, { settle: 0 }, {}, { settle: 1, release: 1 }, null),
  overage: mostly('reject', 'cap', 'draw'),
  ifReplayed: mostly('answer', 'refuse'),
  floor: mostly('-500', -500, 0),
  decimals: mostly(0, 2, 9, 10),
  name: mostly('Gold'),
  // Never equal: a schema cannot express that `from` and `to` differ.
  from: fc.oneof(mostlyOr(1, 'gold', 'star'), fc.constantFrom(INSTANTS[0]!, 1_900_000_000_000)),
  to: mostlyOr('', 'gem', 'silver'),
  numerator: mostly('1', 3),
  denominator: mostly('10', 7),
  rounding: mostly('down', 'up', 'half-even'),
  tolerancePpm: mostly(0, 50_000, 1_000_000),
  hold: mostly('job-616'),
  scopes: mostlyOr(['holds:write', 'holds:write'], ['holds:write'], ['accounts:read', 'metrics:read']),
  accounts: mostlyOr([''], ['user:', '@revenue'], ['x'.repeat(128)]),
  assets: mostlyOr([], ['credit']),
  amountMax: mostlyOr(0, '1', 100),
  commandsPerSecond: mostlyOr(1_000_001, 1, 1_000_000),
  burst: mostlyOr(0, 1, 1_000_000),
  graceMs: mostly(0, 86_400_000, 2_592_000_000, 2_592_000_001),
  kind: fc.oneof(
    fc.constantFrom(
      'open',
      'deposit',
      'charge',
      'transfer',
      'freeze',
      'settle',
      'amend',
      'refund',
      'release',
      'block',
      'unblock',
      'merge',
      'declare',
      'rate',
    ),
    anyValue,
  ),
  legs: fc.oneof(fc.constantFrom<unknown>(...LEGS), anyValue),
  commands: fc.oneof(fc.constantFrom<unknown>(...COMMANDS), anyValue),
  by: mostly('5', '-5', 5, -5, 0, '0', '-0', '-10000000000000000', '-10000000000000001'),
  ifVersion: mostly(0, 3, Number.MAX_SAFE_INTEGER),
  ifSteps: mostly(0, 3),
  atomic: mostly(true, false),
  state: mostly('open', 'settled'),
  limit: mostly(1, 1000),
  cursor: mostly('abc'),
  prefix: mostly('user:', 'auth0|'),
  availableBelow: mostly('100', '-5', '007', 100),
  availableAbove: mostly('0'),
  heldBelow: mostly('9223372036854775807'),
  heldAbove: mostly('0'),
  order: mostly('name', 'held-desc'),
  start: mostly('beginning', 'end'),
  days: mostly(0, 7, 31, 32),
  extra: fc.constant(1),
}

function mostly(...good: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 29, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: anyValue })
}

/** Like `mostly`, with a single invalid value. */
function mostlyOr(bad: unknown, ...good: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 29, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constant(bad) })
}

/** Objects with the schema's own fields, rarely with an unknown one. */
function inputFor(schema: TSchema): fc.Arbitrary<unknown> {
  if (schema === CommandBody) return fc.oneof(...BODIES.filter(({ $id }) => $id.endsWith('Command')).flatMap(ofKind))
  const own = Object.keys((schema as { properties?: object }).properties ?? {})
  const record = fc
    .tuple(
      fc.record(fieldsNamed(own), { requiredKeys: [] }),
      fc.option(fc.constantFrom(...Object.keys(FIELDS)), { freq: 8 }),
    )
    .chain(([fields, other]) =>
      other === null || other in fields
        ? fc.constant(fields)
        : FIELDS[other]!.map((value) => ({ ...fields, [other]: value })),
    )
  return fc.oneof({ weight: 20, arbitrary: record }, { weight: 1, arbitrary: anyValue })
}

function ofKind(schema: TSchema & { readonly $id: string }): readonly fc.Arbitrary<unknown>[] {
  if (schema === CommandBody) return []
  const kind = schema.$id.replace('Command', '').toLowerCase()
  return [
    inputFor(schema).map((input) =>
      typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input, kind } : input,
    ),
  ]
}

function fieldsNamed(names: readonly string[]): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(names.map((name) => [name, FIELDS[name]!]))
}

/** A schema cannot express "at most one of the two", or "this one only with the other", in a form that client generators support. */
function isForSchemas(name: string, input: unknown): boolean {
  const text = JSON.stringify(input) ?? ''
  if (text.includes('expiresInMs') && text.includes('expiresAt')) return false
  // A house account has no version.
  if (text.includes('ifVersion') && text.includes('@')) return false
  if (name === 'query of holds') return text.includes('"account"') || !text.includes('"asset"')
  const { kind = name, ...fields } = Object(input) as Readonly<Record<string, unknown>>
  if (name === 'key') return 'commandsPerSecond' in fields || !('burst' in fields)
  if (kind === 'open') {
    return 'asset' in fields || 'floor' in fields || ('metadata' in fields && !('ifVersion' in fields))
  }
  if (kind === 'refund') return 'amount' in fields !== 'toTotal' in fields
  if (kind === 'amend' && 'amount' in fields && 'by' in fields) return false
  if (kind === 'amend')
    return ['amount', 'by', 'expiresInMs', 'expiresAt', 'onExpiry'].some((change) => change in fields)
  if (kind !== 'settle') return true
  const { amount, final, late, requestId, memo, metadata } = fields
  if (final === false) return late !== true && amount !== 0 && amount !== '0'
  return requestId === undefined && memo === undefined && metadata === undefined
}

describe('schemas and code agree', () => {
  for (const [name, { schema }] of Object.entries(PAIRS)) {
    test(`on any ${name}`, () => {
      const seen = { good: 0, bad: 0 }
      fc.assert(
        fc.property(inputFor(schema), (input) => {
          fc.pre(isForSchemas(name, input))
          const verdict = verdictOfSchema(name, input)
          assert.equal(verdictOfCode(name, input), verdict, `the schema says ${verdict} to ${JSON.stringify(input)}`)
          seen[verdict ? 'good' : 'bad'] += 1
        }),
        { numRuns: 2_000 },
      )
      assert.ok(seen.bad > 10, `only ${seen.bad} bad inputs were tried`)
      assert.ok(seen.good > 10, `only ${seen.good} good inputs were tried`)
    })
  }

  test('on every example of the document', () => {
    let count = 0
    for (const body of BODIES) {
      for (const example of (body as { readonly examples?: readonly unknown[] }).examples ?? []) {
        const name = Object.keys(PAIRS).find((key) => PAIRS[key]!.schema === body)
        assert.ok(name, `${body.$id} has an example and nobody who reads it`)
        assert.equal(verdictOfSchema(name, example), true, `${body.$id} contradicts its own example`)
        assert.equal(verdictOfCode(name, example), true, `${body.$id}: the code refuses its example`)
        count += 1
      }
    }
    assert.equal(count, 20)
  })
})

describe('what a schema cannot say, the code says', () => {
  const deposit = { account: 'user:8', amount: 1 }
  const RATE = { kind: 'rate', from: 'gold', numerator: 1, denominator: 1 }
  const cases: readonly [what: string, name: string, input: unknown][] = [
    ['a floor below int64', 'open', { floor: '-9223372036854775809' }],
    ['a bound below int64', 'query of accounts', { availableBelow: '-9223372036854775809' }],
    ['an asset without an account', 'query of holds', { asset: 'gold' }],
    ['a refund without an amount', 'refund', {}],
    ['a refund with both amounts', 'refund', { amount: 1, toTotal: 2 }],
    ['a part of nothing', 'settle', { amount: 0, final: false }],
    ['a late part', 'settle', { amount: 1, final: false, late: true }],
    ['a request id of a settle that ends a hold', 'settle', { amount: 1, requestId: 'part-1' }],
    ['a memo on a settle that ends a hold', 'settle', { amount: 1, final: true, memo: 'x' }],
    ['metadata on a settle that ends a hold', 'settle', { amount: 1, metadata: {} }],
    ['an open that names nothing', 'open', { requestId: 'open-1' }],
    ['an amend that changes nothing', 'amend', { requestId: 'amend-1' }],
    ['both expiries of an amend', 'amend', { expiresInMs: 1, expiresAt: '2030-01-31T12:00:00Z' }],
    ['both expiries', 'freeze', { ...deposit, expiresInMs: 1, expiresAt: '2030-01-31T12:00:00Z' }],
    ['a rate from an asset to itself', 'command of a batch', { ...RATE, to: 'gold' }],
    [
      'an arriving amount without another asset',
      'transfer',
      { legs: [{ ...LEGS[1]![0], toAsset: 'gold', toAmount: 1 }] },
    ],
    ['a burst without a rate', 'key', { name: 'shop', scopes: ['holds:write'], burst: 5 }],
    ['an administrator who is confined', 'key', { name: 'shop', scopes: ['keys:admin'], assets: ['credit'] }],
    ['U+0000 in a memo', 'deposit', { ...deposit, memo: 'a\0b' }],
    ['half a surrogate pair in a memo', 'deposit', { ...deposit, memo: 'a\ud800' }],
    ['U+0000 in a key of metadata', 'deposit', { ...deposit, metadata: { 'a\0': 1 } }],
    [
      '__proto__ as a key of metadata',
      'deposit',
      { ...deposit, metadata: JSON.parse('{"__proto__": "x"}') as unknown },
    ],
  ]
  for (const [what, name, input] of cases) {
    test(`${what} is refused`, () => {
      assert.equal(verdictOfSchema(name, input), true, 'the schema can say it after all')
      assert.equal(verdictOfCode(name, input), false)
    })
  }
})
