/** Scenarios of a hold's life for any implementation of `Ledger`; each needs an empty ledger. */
import assert from 'node:assert/strict'
import type { Ledger } from '../../src/api/ledger.ts'
import type { ProblemCode } from '../../src/api/problem.ts'
import { errorOf } from './ledger-errors.ts'
import { plain, repeatOf } from './repeats.ts'

export interface HoldStory {
  readonly name: string
  readonly play: (ledger: Ledger) => Promise<void>
}

async function refused(promise: Promise<unknown>, code: ProblemCode): Promise<Readonly<Record<string, unknown>>> {
  const error = await errorOf(promise)
  assert.equal(error.code, code, error.message)
  return error.details
}

async function amountsOf(ledger: Ledger, account: string): Promise<readonly bigint[]> {
  const { balances } = await ledger.account(account)
  return [balances[0]!.available, balances[0]!.held]
}

export const HOLD_STORIES: readonly HoldStory[] = [
  {
    name: 'a hold of an account that is blocked, and merged into another',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 1_000n })
      await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n })
      const entry = await ledger.block({ requestId: 'b', account: 'user:8', memo: 'chargeback' })
      assert.deepEqual([entry.kind, entry.memo, entry.postings.length], ['block', 'chargeback', 1])
      assert.deepEqual(await ledger.block({ requestId: 'b', account: 'user:8', memo: 'chargeback' }), repeatOf(entry))
      assert.equal((await ledger.account('user:8')).standing, 'blocked')
      assert.deepEqual(await refused(ledger.charge({ account: 'user:8', amount: 1n }), 'account_blocked'), {
        account: 'user:8',
      })
      await ledger.settle('h', { requestId: 'p', amount: 100n, final: false })
      await ledger.unblock({ account: 'user:8' })
      await ledger.charge({ requestId: 'c', account: 'user:8', amount: 50n })
      await ledger.merge({ account: 'user:8', into: 'user:9' })
      const { standing, successor } = await ledger.account('user:8')
      assert.deepEqual([standing, successor], ['closed', 'user:9'])
      const closed = { account: 'user:8', successor: 'user:9' }
      assert.deepEqual(await refused(ledger.deposit({ account: 'user:8', amount: 1n }), 'account_closed'), closed)
      await ledger.release('h')
      await ledger.refund('c', { amount: 20n })
      assert.deepEqual(await amountsOf(ledger, 'user:8'), [0n, 0n])
      assert.deepEqual(await amountsOf(ledger, 'user:9'), [1_000n - 100n - 50n + 20n, 0n])
      const { items } = await ledger.postings('user:9')
      assert.deepEqual(
        items.map(({ kind, entryId, change, counterparties }) => [
          kind,
          entryId.includes('h~release'),
          change,
          counterparties,
        ]),
        [
          ['merge', false, 20n, ['user:8']],
          ['merge', true, 500n, ['user:8']],
          ['merge', false, 350n, ['user:8']],
        ],
      )
    },
  },
  {
    name: 'parts, an amend, the end and a refund',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 1_000n })
      const onExpiry = { settle: 50n }
      const frozen = await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n, onExpiry })
      assert.deepEqual([frozen.onExpiry, frozen.refunded, frozen.settledLate], [onExpiry, 0n, 0n])
      const first = await ledger.settle('h', { amount: 200n, final: false, payee: 'shop:1', memo: 'page 1' })
      assert.deepEqual([first.state, first.held, first.settled, first.payee], ['open', 400n, 200n, 'shop:1'])
      const expiresAt = Date.now() + 123_457
      const amended = await ledger.amend('h', { amount: 900n, expiresAt, onExpiry: null })
      assert.deepEqual([amended.amount, amended.held, amended.onExpiry], [900n, 700n, null])
      assert.equal(amended.expiresAt, expiresAt)
      const { settled, released, state } = await ledger.settle('h', { amount: 300n })
      assert.deepEqual([state, settled, released], ['settled', 500n, 400n])
      const refunded = await ledger.refund('h', { requestId: 'r-1', amount: 20n, metadata: { why: 'late' } })
      assert.equal(refunded.refunded, 20n)
      assert.deepEqual(await ledger.hold('h'), plain(refunded))
      assert.deepEqual(await amountsOf(ledger, 'user:8'), [520n, 0n])
      assert.deepEqual(await amountsOf(ledger, 'shop:1'), [480n, 0n])
      const entry = await ledger.entry('r-1')
      assert.deepEqual([entry.kind, entry.hold, entry.metadata], ['refund', 'h', { why: 'late' }])
    },
  },
  {
    name: 'the history goes page by page',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 1_000n })
      await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n })
      for (let count = 1; count <= 5; count++) {
        await ledger.settle('h', { requestId: `p-${count}`, amount: 10n, final: false })
      }
      await ledger.release('h')
      const events = []
      let page = await ledger.holdHistory('h', { limit: 3 })
      for (; page.next !== null; page = await ledger.holdHistory('h', { limit: 3, cursor: page.next })) {
        assert.equal(page.items.length, 3)
        events.push(...page.items)
      }
      events.push(...page.items)
      assert.deepEqual(
        events.map(({ number, entry, hold }) => [number, entry, hold.settled]),
        [
          [0, 'h', 0n],
          [1, 'p-1', 10n],
          [2, 'p-2', 20n],
          [3, 'p-3', 30n],
          [4, 'p-4', 40n],
          [5, 'p-5', 50n],
          [6, 'h~release', 50n],
        ],
      )
      assert.deepEqual(events.at(-1)?.hold, await ledger.hold('h'))
    },
  },
  {
    name: 'a step that is repeated gets its first answer, and one of another content is refused',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 1_000n })
      await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n })
      const part = { requestId: 'p-1', amount: 100n, final: false } as const
      const amend = { requestId: 'a-1', amount: 700n }
      const refund = { requestId: 'r-1', amount: 5n }
      const first = [await ledger.settle('h', part), await ledger.amend('h', amend), await ledger.refund('h', refund)]
      await ledger.settle('h', { amount: 1n })
      const again = [await ledger.settle('h', part), await ledger.amend('h', amend), await ledger.refund('h', refund)]
      assert.deepEqual(
        again,
        first.map((answer) => repeatOf(answer)),
      )
      await refused(ledger.settle('h', { ...part, amount: 99n }), 'request_id_reused')
      await refused(ledger.amend('h', { ...amend, expiresInMs: 5 }), 'request_id_reused')
      await refused(ledger.refund('h', { ...refund, requestId: 'a-1' }), 'request_id_reused')
    },
  },
  {
    name: 'what the rules refuse has its numbers',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 1_000n })
      await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n })
      await ledger.settle('h', { amount: 100n, final: false })
      const settle = (amount: bigint, payee?: string): Promise<unknown> =>
        ledger.settle('h', { amount, final: false, ...(payee === undefined ? {} : { payee }) })
      assert.deepEqual(await refused(settle(501n), 'settle_above_hold'), { hold: 'h', held: 500n })
      assert.deepEqual(await refused(settle(1n, 'shop:1'), 'payee_fixed'), { hold: 'h', payee: '@revenue' })
      await refused(settle(1n, 'user:8'), 'same_account')
      const low = await refused(ledger.amend('h', { amount: 99n }), 'amend_out_of_range')
      assert.deepEqual(low, { hold: 'h', minimum: 100n, maximum: 10n ** 16n })
      const above = await refused(ledger.refund('h', { amount: 101n }), 'refund_above_settled')
      assert.deepEqual(above, { hold: 'h', settled: 100n, refunded: 0n })
      await refused(ledger.holdHistory('nope'), 'hold_not_found')
      await refused(ledger.refund('nope', { amount: 1n }), 'hold_not_found')
      await refused(ledger.holdHistory('h', { cursor: 'nonsense' }), 'invalid_request')
      await refused(ledger.holdHistory('h', { limit: 0 }), 'invalid_request')
      await refused(ledger.amend('h', {}), 'invalid_request')
      await refused(ledger.settle('h', { amount: 0n, final: false }), 'invalid_request')
    },
  },
  {
    name: 'a late settle is refused while nothing expired the hold, and late is no harm in time',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 10n })
      await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 6n })
      await ledger.release('h')
      await refused(ledger.settle('h', { amount: 1n, late: true }), 'hold_not_open')
      await ledger.freeze({ requestId: 'i', account: 'user:8', amount: 6n })
      assert.equal((await ledger.settle('i', { amount: 1n, late: true })).settledLate, 0n)
    },
  },
  {
    name: 'a batch takes steps as objects, alone or together',
    play: async (ledger) => {
      const outcomes = await ledger.batch(
        [
          { kind: 'deposit', requestId: 'd', account: 'user:8', amount: 1_000n },
          { kind: 'freeze', requestId: 'h', account: 'user:8', amount: 600n, onExpiry: { settle: 1n } },
          { kind: 'settle', hold: 'h', requestId: 'p-1', amount: 100n, final: false, metadata: { page: 1 } },
          { kind: 'amend', hold: 'h', requestId: 'a-1', expiresInMs: 60_000 },
          { kind: 'refund', hold: 'h', requestId: 'r-1', amount: 1n, memo: 'x' },
          { kind: 'settle', hold: 'h', amount: 100n, late: true },
        ],
        { atomic: true },
      )
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        Array.from({ length: 6 }, () => 'applied'),
      )
      assert.equal((await ledger.holdHistory('h')).items.length, 5)
      assert.deepEqual(await amountsOf(ledger, 'user:8'), [801n, 0n])
    },
  },
  {
    name: 'a charge is refunded in parts and up to totals that arrive in any order',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 1_000n })
      await ledger.charge({ requestId: 'pack', account: 'user:8', amount: 1_000n, metadata: { intent: 'pi_1' } })
      const totals = [700n, 300n, 700n]
      await Promise.all(totals.map((toTotal, at) => ledger.refund('pack', { requestId: `evt-${at}`, toTotal })))
      assert.deepEqual(await amountsOf(ledger, 'user:8'), [700n, 0n])
      const above = await refused(ledger.refund('pack', { amount: 301n }), 'refund_above_settled')
      assert.deepEqual(above, { hold: 'pack', settled: 1_000n, refunded: 700n })
      const whole = await ledger.refund('pack', { requestId: 'rest', amount: 300n })
      assert.deepEqual([whole.state, whole.amount, whole.refunded], ['settled', 1_000n, 1_000n])
      assert.deepEqual(await ledger.hold('pack'), plain(whole))
      const { items } = await ledger.holdHistory('pack')
      assert.deepEqual(
        items.map(({ kind }) => kind),
        ['charge', 'refund', 'refund', 'refund', 'refund'],
      )
      await refused(ledger.refund('pack', {}), 'invalid_request')
      await refused(ledger.settle('pack', { amount: 1n }), 'hold_not_open')
    },
  },
  {
    name: 'a charge may take an account below its floor on purpose, and what is paid in pays the debt first',
    play: async (ledger) => {
      await ledger.deposit({ account: 'user:8', amount: 10n })
      await refused(ledger.charge({ account: 'user:8', amount: 30n }), 'insufficient_funds')
      const overdrawn = { requestId: 'fix', account: 'user:8', amount: 30n, overdraft: true }
      const entry = await ledger.charge(overdrawn)
      assert.equal(entry.overdraft, true)
      assert.deepEqual(await ledger.charge(overdrawn), repeatOf(entry))
      assert.deepEqual(await amountsOf(ledger, 'user:8'), [-20n, 0n])
      await ledger.deposit({ account: 'user:8', amount: 20n })
      await refused(ledger.freeze({ account: 'user:8', amount: 1n }), 'insufficient_funds')
      await ledger.deposit({ account: 'user:8', amount: 1n })
      await ledger.freeze({ account: 'user:8', amount: 1n })
      assert.deepEqual(await amountsOf(ledger, 'user:8'), [0n, 1n])
    },
  },
]
