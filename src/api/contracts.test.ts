import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requestIdIn } from '../domain/command.ts'
import { requestOf } from '../domain/rules.ts'
import { ALL_CONTRACTS, batchOf, commandOf, CONTRACTS } from './contracts.ts'
import {
  chargeOf,
  declareOf,
  depositOf,
  freezeOf,
  never,
  newRequestId,
  openOf,
  refusalOf,
  releaseOf,
  settleOf,
  transferOf,
} from '../../test/support/read-input.ts'
import { AMOUNT_MAX } from '../domain/amount.ts'

describe('a command is completed with its defaults', () => {
  test('a deposit is of credit, without memo and metadata, under a new request id', () => {
    assert.deepEqual(depositOf({ account: 'user:8', amount: 5n }, newRequestId), {
      kind: 'deposit',
      requestId: 'made-here',
      account: 'user:8',
      asset: 'credit',
      amount: 5n,
      memo: null,
      metadata: null,
    })
  })

  test('a charge and a freeze go to @revenue', () => {
    assert.equal(chargeOf({ account: 'user:8', amount: 5 }, newRequestId).payee, '@revenue')
    const freeze = freezeOf({ requestId: 'job-1', account: 'user:8', amount: '5' }, newRequestId)
    assert.deepEqual(
      [freeze.payee, freeze.requestId, freeze.amount, freeze.expiresInMs, freeze.expiresAt],
      ['@revenue', 'job-1', 5n, null, null],
    )
  })

  test('a settle refuses more than is held, an open keeps what it does not name, an asset is called by its code', () => {
    assert.deepEqual(settleOf('job-1', { amount: 0 }, newRequestId), {
      kind: 'settle',
      hold: 'job-1',
      amount: 0n,
      overage: 'reject',
      payee: null,
      late: false,
    })
    const opened = { kind: 'open', requestId: 'made-here', account: 'user:8' }
    for (const [input, command] of [
      [{ floor: 0 }, { asset: 'credit', floor: 0n, metadata: null }],
      [{ asset: 'gem' }, { asset: 'gem', floor: null, metadata: null }],
      [{ metadata: {} }, { asset: null, floor: null, metadata: {} }],
    ]) {
      assert.deepEqual(openOf('user:8', input, newRequestId), { ...opened, ...command })
    }
    assert.equal(refusalOf(() => openOf('user:8', { requestId: 'o-1' }, newRequestId)).pointer, '')
    assert.deepEqual(declareOf('gold', {}), { kind: 'declare', asset: 'gold', decimals: 0, name: 'gold' })
  })

  test('a field that is undefined counts as left out', () => {
    const input = { account: 'user:8', amount: 1n, memo: undefined, requestId: undefined, asset: undefined }
    assert.equal(depositOf(input, newRequestId).requestId, 'made-here')
  })

  test('no request id is made for a command that brings one, or that is refused', () => {
    depositOf({ requestId: 'd-1', account: 'user:8', amount: 1 }, never)
    refusalOf(() => freezeOf({ account: 'user:8', amount: 1, expiresInMs: 0 }, never))
  })
})

describe('amounts', () => {
  test('a bigint, a decimal string and a safe integer are the same amount', () => {
    for (const amount of [616n, '616', 616]) {
      assert.equal(depositOf({ account: 'user:8', amount }, newRequestId).amount, 616n)
    }
  })

  test('the largest amount passes, one more does not', () => {
    for (const amount of ['10000000000000000', 10n ** 16n]) {
      assert.equal(depositOf({ account: 'u', amount }, newRequestId).amount, AMOUNT_MAX)
    }
    for (const amount of [
      AMOUNT_MAX + 1n,
      '10000000000000001',
      1e16,
      '9223372036854775807',
      2n ** 63n,
      '9223372036854775808',
      2 ** 53,
      0n,
      0,
      '0',
      -1n,
      '-1',
      1.5,
      '1.0',
      '1e3',
      '',
      ' 1',
      null,
      true,
    ]) {
      assert.equal(
        refusalOf(() => depositOf({ account: 'u', amount }, newRequestId)).pointer,
        '/amount',
        String(amount),
      )
    }
  })

  test('only a settle may be of nothing', () => {
    assert.equal(settleOf('job-1', { amount: '0' }, newRequestId).amount, 0n)
    assert.equal(refusalOf(() => settleOf('job-1', { amount: -1 }, newRequestId)).pointer, '/amount')
  })

  test('a floor is any int64', () => {
    assert.equal(openOf('u', { floor: '-9223372036854775808' }, newRequestId).floor, -(2n ** 63n))
    assert.equal(refusalOf(() => openOf('u', { floor: '-9223372036854775809' }, newRequestId)).pointer, '/floor')
  })
})

describe('instants', () => {
  const expiryOf = (expiresAt: unknown): number | null =>
    freezeOf({ account: 'user:8', amount: 1, expiresAt }, newRequestId).expiresAt

  test('milliseconds and ISO 8601 with any offset are the same instant', () => {
    const noon = Date.UTC(2030, 0, 31, 12)
    for (const text of [noon, '2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z', '2030-01-31T20:00:00+08:00']) {
      assert.equal(expiryOf(text), noon)
    }
    assert.equal(expiryOf('2030-01-31T12:00:00.123999Z'), noon + 123)
  })

  test('days that no calendar has, and instants without an offset, are refused', () => {
    for (const text of [
      '2030-02-29T12:00:00Z',
      '2030-02-30T12:00:00Z',
      '2030-13-01T12:00:00Z',
      '2030-00-10T12:00:00Z',
      '2030-01-31T25:00:00Z',
      '2030-01-31T12:00:00',
      '2030-01-31',
      '1893499200000',
      -1,
      1.5,
      8_640_000_000_000_001,
      '+010000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-00:01',
      Date.UTC(10_000, 0, 1),
    ]) {
      assert.equal(refusalOf(() => expiryOf(text)).pointer, '/expiresAt', String(text))
    }
    assert.equal(expiryOf('2028-02-29T12:00:00Z'), Date.UTC(2028, 1, 29, 12), 'a leap day')
    assert.equal(expiryOf('9999-12-31T23:59:59.999Z'), Date.UTC(10_000, 0, 1) - 1, 'the last millisecond')
  })

  test('a life that no end within the year 9999 could have is refused', () => {
    const lifeOf = (expiresInMs: number) => freezeOf({ account: 'user:8', amount: 1, expiresInMs }, newRequestId)
    assert.equal(refusalOf(() => lifeOf(Date.UTC(10_000, 0, 1))).pointer, '/expiresInMs')
    assert.equal(lifeOf(Date.UTC(10_000, 0, 1) - 1).expiresInMs, Date.UTC(10_000, 0, 1) - 1)
  })
})

describe('every refusal points at what is wrong', () => {
  const deposit = { account: 'user:8', amount: 1 }
  const longKey = 'k'.repeat(65)
  const cases: readonly [pointer: string, read: () => unknown][] = [
    ['', () => depositOf(undefined, newRequestId)],
    ['', () => depositOf(null, newRequestId)],
    ['', () => depositOf([deposit], newRequestId)],
    ['', () => depositOf('deposit', newRequestId)],
    ['/account', () => depositOf({ amount: 1 }, newRequestId)],
    ['/account', () => depositOf({ ...deposit, account: ' no-space-first' }, newRequestId)],
    ['/account', () => depositOf({ ...deposit, account: 'x'.repeat(129) }, newRequestId)],
    ['/requestId', () => depositOf({ ...deposit, requestId: 'x'.repeat(129) }, newRequestId)],
    ['/requestId', () => depositOf({ ...deposit, requestId: 'a~settle' }, newRequestId)],
    ['/asset', () => depositOf({ ...deposit, asset: 'Gold' }, newRequestId)],
    ['/memo', () => depositOf({ ...deposit, memo: 'x'.repeat(257) }, newRequestId)],
    ['/memo', () => depositOf({ ...deposit, memo: null }, newRequestId)],
    ['/metadata', () => depositOf({ ...deposit, metadata: [] }, newRequestId)],
    ['/metadata/a', () => depositOf({ ...deposit, metadata: { a: { b: 1 } } }, newRequestId)],
    ['/metadata/a', () => depositOf({ ...deposit, metadata: { a: 2 ** 53 } }, newRequestId)],
    ['/metadata/a', () => depositOf({ ...deposit, metadata: { a: Number.NaN } }, newRequestId)],
    ['/metadata/a~1b~0c', () => depositOf({ ...deposit, metadata: { 'a/b~c': 'x'.repeat(513) } }, newRequestId)],
    [`/metadata/${longKey}`, () => depositOf({ ...deposit, metadata: { [longKey]: 1 } }, newRequestId)],
    ['/kind', () => depositOf({ ...deposit, kind: 'deposit' }, newRequestId)],
    ['/payee', () => depositOf({ ...deposit, payee: 'user:9' }, newRequestId)],
    ['/payee', () => chargeOf({ ...deposit, payee: 7 }, newRequestId)],
    ['/expiresInMs', () => freezeOf({ ...deposit, expiresInMs: 0 }, newRequestId)],
    ['/expiresInMs', () => freezeOf({ ...deposit, expiresInMs: '600' }, newRequestId)],
    ['/expiresAt', () => freezeOf({ ...deposit, expiresInMs: 1, expiresAt: 1 }, newRequestId)],
    ['/overage', () => settleOf('job-1', { amount: 1, overage: 'take' }, newRequestId)],
    ['/amount', () => releaseOf('job-1', { amount: 1 })],
    ['/legs', () => transferOf({ legs: [] }, newRequestId)],
    ['/legs', () => transferOf({ legs: Array.from({ length: 1001 }, () => null) }, newRequestId)],
    ['/legs/1', () => transferOf({ legs: [{ from: 'a', to: 'b', amount: 1 }, 'x'] }, newRequestId)],
    ['/legs/0/to', () => transferOf({ legs: [{ from: 'a', amount: 1 }] }, newRequestId)],
    ['/ifVersion', () => depositOf({ ...deposit, ifVersion: 1.5 }, newRequestId)],
    ['/ifVersion', () => depositOf({ ...deposit, account: '@promo', ifVersion: 1 }, newRequestId)],
    ['/ifVersion', () => chargeOf({ ...deposit, account: '@promo', ifVersion: 1 }, newRequestId)],
    ['/ifVersion', () => freezeOf({ ...deposit, account: '@promo', ifVersion: 1 }, newRequestId)],
    ['/ifVersion', () => openOf('@promo', { floor: 0n, ifVersion: 1 }, newRequestId)],
    [
      '/legs/1/ifVersion',
      () =>
        transferOf(
          {
            legs: [
              { from: 'a', to: 'b', amount: 1, ifVersion: 1 },
              { from: '@promo', to: 'b', amount: 1, ifVersion: 1 },
            ],
          },
          newRequestId,
        ),
    ],
    ['/legs/0/memo', () => transferOf({ legs: [{ from: 'a', to: 'b', amount: 1, memo: '' }] }, newRequestId)],
    ['/decimals', () => declareOf('gold', { decimals: 19 })],
    ['/name', () => declareOf('gold', { name: '' })],
    ['/kind', () => commandOf({ ...deposit, kind: 'constructor' }, newRequestId)],
    ['/kind', () => commandOf(deposit, newRequestId)],
    ['/hold', () => commandOf({ kind: 'release' }, newRequestId)],
    ['/asset', () => commandOf({ kind: 'declare', decimals: 2 }, newRequestId)],
    ['/commands', () => batchOf({ commands: [] }, newRequestId)],
    [
      '/commands',
      () => batchOf({ commands: Array.from({ length: 1001 }, () => ({ ...deposit, kind: 'deposit' })) }, newRequestId),
    ],
    ['/commands/0', () => batchOf({ commands: [null] }, newRequestId)],
    [
      '/commands/1/metadata/a',
      () =>
        batchOf(
          {
            commands: [
              { kind: 'deposit', ...deposit },
              { kind: 'deposit', ...deposit, metadata: { a: [] } },
            ],
          },
          newRequestId,
        ),
    ],
    ['/atomic', () => batchOf({ commands: [{ kind: 'deposit', ...deposit }], atomic: null }, newRequestId)],
    ['/atomic', () => batchOf({ commands: [{ kind: 'deposit', ...deposit }], atomic: 'yes' }, newRequestId)],
  ]
  for (const [pointer, read] of cases) {
    test(`${JSON.stringify(pointer)} ← ${read.toString().replaceAll(/\s+/g, ' ').slice(6, 110)}`, () => {
      const error = refusalOf(read)
      assert.equal(error.pointer, pointer)
      assert.deepEqual([error.status, error.retryable, error.applied], [400, false, 'no'])
    })
  }

  test('an error in a name outside the input names it', () => {
    assert.deepEqual(refusalOf(() => settleOf('a b', { amount: 1 }, newRequestId)).details, { parameter: 'hold' })
    assert.deepEqual(refusalOf(() => openOf(7, {}, newRequestId)).details, { parameter: 'account' })
    assert.deepEqual(refusalOf(() => declareOf('', {})).details, { parameter: 'asset' })
  })

  test('a version of a house account is refused with the reason', () => {
    const { message } = refusalOf(() => depositOf({ ...deposit, account: '@promo', ifVersion: 1 }, newRequestId))
    assert.match(message, /balance of a house account is the sum of several stripes/)
  })

  test('a message repeats no more of an unknown name than is good to read', () => {
    const error = refusalOf(() => depositOf({ ...deposit, ['x'.repeat(10_000)]: 1 }, newRequestId))
    assert.ok(error.message.length < 250, `${error.message.length} characters`)
  })
})

describe('objects from outside', () => {
  test('what the caller does with its metadata and legs afterwards changes nothing', () => {
    const metadata: Record<string, string> = { model: 'llama' }
    const leg = { from: 'a', to: 'b', amount: 1 }
    const command = transferOf({ legs: [leg], metadata }, newRequestId)
    metadata['model'] = 'changed'
    leg.amount = 2
    assert.deepEqual(command.metadata, { model: 'llama' })
    assert.equal(command.legs[0]?.amount, 1n)
  })

  test('a member named __proto__ is an unknown field, and changes no prototype', () => {
    const body: unknown = JSON.parse('{"account": "user:8", "amount": 1, "__proto__": {"payee": "user:9"}}')
    assert.equal(refusalOf(() => depositOf(body, newRequestId)).pointer, '/__proto__')
    const metadata: unknown = JSON.parse('{"__proto__": "x"}')
    assert.equal(
      refusalOf(() => depositOf({ account: 'user:8', amount: 1, metadata }, newRequestId)).pointer,
      '/metadata/__proto__',
    )
  })

  test('names of Object.prototype are metadata like any other', () => {
    const metadata: unknown = JSON.parse('{"constructor": "x", "toString": 1}')
    const command = depositOf({ account: 'user:8', amount: 1, metadata }, newRequestId)
    assert.equal(JSON.stringify(command.metadata), '{"constructor":"x","toString":1}')
  })

  test('lengths count characters, not UTF-16 units', () => {
    const memo = '💎'.repeat(256)
    assert.equal(depositOf({ account: 'user:8', amount: 1, memo }, newRequestId).memo, memo)
    assert.equal(
      refusalOf(() => depositOf({ account: 'user:8', amount: 1, memo: `${memo}x` }, newRequestId)).pointer,
      '/memo',
    )
  })

  test('33 keys of metadata are one too many', () => {
    const keys = (count: number): object =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]))
    depositOf({ account: 'user:8', amount: 1, metadata: keys(32) }, newRequestId)
    const error = refusalOf(() => depositOf({ account: 'user:8', amount: 1, metadata: keys(33) }, newRequestId))
    assert.equal(error.pointer, '/metadata')
  })
})

test('the client finds the request id of every command as the rules do', () => {
  const seen = new Set<string>()
  for (const { kind, address, bodySchema } of ALL_CONTRACTS) {
    const place = Object.fromEntries(address.map(({ name, schema }) => [name, exampleOf(schema)]))
    if ('to' in place) place['to'] = 'gem'
    for (const body of (Reflect.get(bodySchema, 'examples') ?? [{}]) as readonly object[]) {
      const command = commandOf({ kind, ...place, ...body }, newRequestId)
      assert.equal(requestIdIn(command), requestOf(command), command.kind)
      seen.add(command.kind)
    }
  }
  assert.deepEqual([...seen].sort(), Object.keys(CONTRACTS).sort())
})

function exampleOf(schema: object): unknown {
  return (Reflect.get(schema, 'examples') as readonly unknown[])[0]
}
