/** Callers' commands on an existing hold, from input to command. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { amendOf, freezeOf, never, newRequestId, refundOf, refusalOf, settleOf } from '../../test/support/read-input.ts'
import { batchOf, commandOf } from './contracts.ts'

describe('a command is completed with its defaults', () => {
  test('a settle ends the hold, to the payee of the hold, and needs no request id', () => {
    const settle = { kind: 'settle', hold: 'job-1', amount: 0n, overage: 'reject', payee: null, late: false }
    assert.deepEqual(settleOf('job-1', { amount: 0 }, never), settle)
    assert.deepEqual(settleOf('job-1', { amount: 0, final: true, late: false }, never), settle)
    const late = settleOf('job-1', { amount: 5, late: true, overage: 'draw', payee: 'shop:1' }, never)
    assert.deepEqual(late, { ...settle, amount: 5n, late: true, overage: 'draw', payee: 'shop:1' })
  })

  test('a settle that is not final is a part, under a request id of its own', () => {
    const part = {
      kind: 'settle-part',
      requestId: 'made-here',
      hold: 'job-1',
      amount: 5n,
      overage: 'reject',
      payee: null,
      memo: null,
      metadata: null,
    }
    assert.deepEqual(settleOf('job-1', { amount: 5, final: false }, newRequestId), part)
    const more = { requestId: 'part-1', memo: 'page 1', metadata: { page: 1 } }
    assert.deepEqual(settleOf('job-1', { amount: '5', final: false, ...more }, never), { ...part, ...more })
  })

  test('an amend leaves what it does not name', () => {
    const nothing = {
      kind: 'amend',
      requestId: 'a-1',
      hold: 'job-1',
      amount: null,
      by: null,
      expiresInMs: null,
      expiresAt: null,
    }
    const amend = (input: object): object => amendOf('job-1', { requestId: 'a-1', ...input }, never)
    assert.deepEqual(amend({ amount: '700' }), { ...nothing, amount: 700n })
    assert.deepEqual(amend({ by: '-700' }), { ...nothing, by: -700n })
    assert.deepEqual(amend({ expiresInMs: 60_000 }), { ...nothing, expiresInMs: 60_000 })
    assert.deepEqual(amend({ onExpiry: { settle: 5 } }), { ...nothing, onExpiry: { settle: 5n } })
    assert.deepEqual(amend({ onExpiry: null }), { ...nothing, onExpiry: null })
  })

  test('a refund has an amount, and may carry a memo and metadata', () => {
    const refund = {
      kind: 'refund',
      requestId: 'made-here',
      hold: 'job-1',
      amount: 1n,
      toTotal: null,
      memo: null,
      metadata: null,
    }
    assert.deepEqual(refundOf('job-1', { amount: 1n }, newRequestId), refund)
  })

  test('a freeze releases everything at its expiry unless it says what to settle', () => {
    const freeze = { account: 'user:8', amount: 1 }
    assert.equal(freezeOf(freeze, newRequestId).onExpiry, null)
    assert.deepEqual(freezeOf({ ...freeze, onExpiry: { settle: '7' } }, newRequestId).onExpiry, { settle: 7n })
  })

  test('in a batch the hold is next to the other fields', () => {
    const part = { kind: 'settle', hold: 'job-1', amount: 5, final: false, requestId: 'part-1' }
    assert.deepEqual(commandOf(part, never), settleOf('job-1', { amount: 5, final: false, requestId: 'part-1' }, never))
    const amend = { kind: 'amend', hold: 'job-1', requestId: 'a-1', amount: 9 }
    assert.deepEqual(commandOf(amend, never), amendOf('job-1', { requestId: 'a-1', amount: 9 }, never))
    const refund = { kind: 'refund', hold: 'job-1', requestId: 'r-1', amount: 2 }
    assert.deepEqual(commandOf(refund, never), refundOf('job-1', { requestId: 'r-1', amount: 2 }, never))
  })
})

describe('every refusal points at what is wrong', () => {
  const settle = (input: object) => () => settleOf('job-1', { amount: 1, ...input }, newRequestId)
  const part = (input: object) => settle({ final: false, ...input })
  const amend = (input: unknown) => () => amendOf('job-1', input, newRequestId)
  const refund = (input: object) => () => refundOf('job-1', { amount: 1, ...input }, newRequestId)
  const freeze = (input: object) => () => freezeOf({ account: 'user:8', amount: 1, ...input }, newRequestId)
  const cases: readonly [what: string, pointer: string, read: () => unknown][] = [
    ['final as a word', '/final', settle({ final: 'no' })],
    ['final as null', '/final', settle({ final: null })],
    ['late as a number', '/late', settle({ late: 1 })],
    ['a part that is late', '/late', part({ late: true })],
    ['a part of nothing', '/amount', part({ amount: 0 })],
    ['a part of less than nothing', '/amount', part({ amount: '-5' })],
    ['a part under no request id', '/requestId', part({ requestId: '' })],
    ['a part under a number', '/requestId', part({ requestId: 7 })],
    ['a part under the name of an end', '/requestId', part({ requestId: 'job-1~settle' })],
    ['a request id on an end', '/requestId', settle({ requestId: 'part-1' })],
    ['a memo on an end', '/memo', settle({ memo: 'page 1' })],
    ['metadata on an end', '/metadata', settle({ metadata: {} })],
    ['a payee that is no name', '/payee', settle({ payee: 'no-space-last ' })],
    ['a payee that is null', '/payee', part({ payee: null })],
    ['another overage', '/overage', part({ overage: 'take' })],
    ['an amend of nothing', '', amend({})],
    ['an amend of nothing but its name', '', amend({ requestId: 'a-1' })],
    ['an amend that is missing', '', amend(undefined)],
    ['an amend to nothing', '/amount', amend({ amount: 0 })],
    ['an amend by nothing', '/by', amend({ by: 0 })],
    ['an amend by a fraction', '/by', amend({ by: 1.5 })],
    ['an amend by more than an amount', '/by', amend({ by: -(10n ** 16n) - 1n })],
    ['an amend to a total and by a change', '/by', amend({ amount: 5, by: 5 })],
    ['a number of steps as a text', '/ifSteps', amend({ by: 5, ifSteps: '1' })],
    ['fewer steps than none', '/ifSteps', settle({ ifSteps: -1 })],
    ['a version of a hold', '/ifVersion', refund({ ifVersion: 1 })],
    ['steps of a balance', '/ifSteps', freeze({ ifSteps: 1 })],
    ['a version that is no number', '/ifVersion', freeze({ ifVersion: null })],
    ['an amend to null', '/amount', amend({ amount: null })],
    ['an amend beyond int64', '/amount', amend({ amount: '9223372036854775808' })],
    ['an amend with both expiries', '/expiresAt', amend({ expiresInMs: 1, expiresAt: 1 })],
    ['an amend that expires at once', '/expiresInMs', amend({ expiresInMs: 0 })],
    ['an amend that expires some day', '/expiresAt', amend({ expiresAt: 'tomorrow' })],
    ['an amend of the payee', '/payee', amend({ amount: 1, payee: 'shop:1' })],
    ['an amend with a memo', '/memo', amend({ amount: 1, memo: 'x' })],
    ['an expiry that settles nothing', '/onExpiry/settle', amend({ onExpiry: { settle: 0 } })],
    ['an expiry without what it settles', '/onExpiry/settle', amend({ onExpiry: {} })],
    ['an expiry that is a word', '/onExpiry', amend({ onExpiry: 'settle' })],
    ['an expiry that does more', '/onExpiry/release', freeze({ onExpiry: { settle: 1, release: 1 } })],
    ['a freeze whose expiry settles nothing', '/onExpiry/settle', freeze({ onExpiry: { settle: '0' } })],
    ['a freeze whose expiry is null', '/onExpiry', freeze({ onExpiry: null })],
    ['a refund of nothing', '/amount', refund({ amount: 0 })],
    ['a refund without an amount', '', () => refundOf('job-1', {}, newRequestId)],
    ['a refund with both amounts', '', refund({ toTotal: 2 })],
    ['a refund to a total of nothing', '/toTotal', () => refundOf('job-1', { toTotal: 0 }, newRequestId)],
    ['a refund to somebody', '/account', refund({ account: 'user:9' })],
    ['a refund under a wrong request id', '/requestId', refund({ requestId: 'two words' })],
    ['a part without a hold', '/hold', () => commandOf({ kind: 'settle', amount: 1, final: false }, newRequestId)],
    ['an amend without a hold', '/hold', () => commandOf({ kind: 'amend', amount: 1 }, newRequestId)],
    ['a refund without a hold', '/hold', () => commandOf({ kind: 'refund', amount: 1 }, newRequestId)],
    ['the name that only the rules have', '/kind', () => commandOf({ kind: 'settle-part' }, newRequestId)],
    [
      'deep in a batch',
      '/commands/1/onExpiry/settle',
      () =>
        batchOf(
          {
            commands: [
              { kind: 'settle', hold: 'job-1', amount: 1 },
              { kind: 'amend', hold: 'job-1', onExpiry: { settle: 1.5 } },
            ],
          },
          newRequestId,
        ),
    ],
  ]
  for (const [what, pointer, read] of cases) {
    test(what, () => assert.equal(refusalOf(read).pointer, pointer))
  }

  test('an error in a hold outside the input names the hold', () => {
    assert.deepEqual(refusalOf(() => amendOf('a b', { amount: 1 }, newRequestId)).details, { parameter: 'hold' })
    assert.deepEqual(refusalOf(() => refundOf(7, { amount: 1 }, newRequestId)).details, { parameter: 'hold' })
  })
})
