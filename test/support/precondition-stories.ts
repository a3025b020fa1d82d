/**
 * "Only if unchanged" for any implementation of `Ledger`. Each story needs an empty database, and gets two ledgers on it: two workers
 * that do not know of each other.
 */
import assert from 'node:assert/strict'
import { LedgerError } from '../../src/api/error.ts'
import type { Ledger } from '../../src/api/ledger.ts'
import { errorOf } from './ledger-errors.ts'
import { plain, repeatOf } from './repeats.ts'

export interface PreconditionStory {
  readonly name: string
  readonly play: (one: Ledger, other: Ledger) => Promise<void>
}

/** What is there now, as the refusal says. */
async function changed(call: Promise<unknown>): Promise<Readonly<Record<string, unknown>>> {
  const { code, message, status, applied, retryable, details } = await errorOf(call)
  assert.deepEqual([code, status, applied, retryable], ['changed_meanwhile', 412, 'no', false], message)
  return details
}

async function codesOf(calls: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(calls)
  return results.map((result) => {
    if (result.status === 'fulfilled') return 'applied'
    assert.ok(result.reason instanceof LedgerError, String(result.reason))
    return result.reason.code
  })
}

export const PRECONDITION_STORIES: readonly PreconditionStory[] = [
  {
    name: 'every command on a balance is applied at the version that its caller saw, and refused at another one',
    play: async (one) => {
      await one.deposit({ account: 'user:8', amount: 100n, ifVersion: 0 })
      const seen = await one.balance('user:8')
      assert.equal(seen.version, 1)
      const now = { account: 'user:8', asset: 'credit', version: 1, available: 100n, held: 0n, floor: 0n }
      for (const ifVersion of [0, 2]) {
        const of = { account: 'user:8', ifVersion }
        assert.deepEqual(await changed(one.deposit({ ...of, amount: 5n })), now)
        assert.deepEqual(await changed(one.charge({ ...of, amount: 5n })), now)
        assert.deepEqual(await changed(one.freeze({ ...of, amount: 5n })), now)
        assert.deepEqual(await changed(one.open({ ...of, floor: -5n })), now)
        const legs = [{ from: 'user:8', to: 'user:9', amount: 5n, ifVersion }]
        assert.deepEqual(await changed(one.transfer({ legs })), now)
        // What is wrong with the amounts comes after it.
        assert.deepEqual(await changed(one.charge({ ...of, amount: 500n })), now)
      }
      assert.deepEqual(await one.balance('user:8'), seen)
      await one.charge({ account: 'user:8', amount: 5n, ifVersion: 1 })
      await one.freeze({ account: 'user:8', amount: 5n, ifVersion: 2 })
      await one.open({ account: 'user:8', floor: -5n, ifVersion: 3 })
      await one.transfer({
        legs: [
          { from: 'user:8', to: 'user:9', amount: 5n, ifVersion: 4 },
          { from: 'user:9', to: 'user:10', amount: 1n, ifVersion: 0 },
        ],
      })
      const { version, available, held, floor } = await one.balance('user:8')
      assert.deepEqual([version, available, held, floor], [5, 85n, 5n, -5n])
    },
  },
  {
    name: 'every command on a hold is applied at the steps that its caller saw, and refused at others',
    play: async (one) => {
      await one.deposit({ account: 'user:8', amount: 1_000n })
      const frozen = await one.freeze({ requestId: 'h', account: 'user:8', amount: 600n })
      assert.equal(frozen.steps, 0)
      const settle = { amount: 50n, final: false } as const
      assert.equal((await one.settle('h', { ...settle, ifSteps: 0 })).steps, 1)
      const now = { hold: 'h', steps: 1, state: 'open', held: 550n, settled: 50n }
      for (const ifSteps of [0, 2]) {
        assert.deepEqual(await changed(one.settle('h', { ...settle, ifSteps })), now)
        assert.deepEqual(await changed(one.settle('h', { amount: 500n, ifSteps })), now)
        assert.deepEqual(await changed(one.amend('h', { amount: 700n, ifSteps })), now)
        assert.deepEqual(await changed(one.refund('h', { amount: 5n, ifSteps })), now)
        assert.deepEqual(await changed(one.release('h', { ifSteps })), now)
        assert.deepEqual(await changed(one.settle('h', { amount: 5_000n, ifSteps })), now)
      }
      assert.equal((await one.amend('h', { amount: 700n, ifSteps: 1 })).steps, 2)
      assert.equal((await one.refund('h', { amount: 5n, ifSteps: 2 })).steps, 3)
      const ended = await one.settle('h', { amount: 50n, ifSteps: 3 })
      assert.deepEqual([ended.state, ended.steps], ['settled', 4])
      const { items } = await one.holdHistory('h')
      assert.deepEqual(
        items.map(({ number, hold }) => [number, hold.steps]),
        [0, 1, 2, 3, 4].map((number) => [number, number]),
      )
      assert.deepEqual(await one.hold('h'), plain(ended))
      // After the end too, and before "not open".
      const end = { hold: 'h', steps: 4, state: 'settled', held: 0n, settled: 100n }
      assert.deepEqual(await changed(one.release('h', { ifSteps: 3 })), end)
      assert.equal((await errorOf(one.release('h', { ifSteps: 4 }))).code, 'hold_not_open')
      assert.equal((await one.refund('h', { amount: 5n, ifSteps: 4 })).steps, 5)
      // An end that follows nothing counts as well.
      await one.freeze({ requestId: 'g', account: 'user:8', amount: 1n })
      assert.deepEqual([(await one.release('g')).steps, (await one.hold('g')).steps], [1, 1])
      // A charge is a hold that was settled when it was made.
      await one.charge({ requestId: 'c', account: 'user:8', amount: 9n })
      assert.equal((await one.refund('c', { amount: 4n, ifSteps: 0 })).steps, 1)
      const refunded = { hold: 'c', steps: 1, state: 'settled', held: 0n, settled: 9n }
      assert.deepEqual(await changed(one.refund('c', { amount: 4n, ifSteps: 0 })), refunded)
      const list = await one.holds({ account: 'user:8' })
      assert.deepEqual(
        list.items.map(({ id, steps }) => [id, steps]),
        [
          ['g', 1],
          ['h', 5],
        ],
      )
    },
  },
  {
    name: 'a repeat gets the first answer whatever it requires, and a refused request id can be used again',
    play: async (one, other) => {
      const deposit = { requestId: 'd', account: 'user:8', amount: 100n }
      await changed(one.deposit({ ...deposit, ifVersion: 1 }))
      const first = await one.deposit({ ...deposit, ifVersion: 0 })
      for (const ledger of [one, other]) {
        assert.deepEqual(await ledger.deposit({ ...deposit, ifVersion: 0 }), repeatOf(first))
        assert.deepEqual(await ledger.deposit({ ...deposit, ifVersion: 7 }), repeatOf(first))
        assert.deepEqual(await ledger.deposit(deposit), repeatOf(first))
      }
      const freeze = { requestId: 'h', account: 'user:8', amount: 60n }
      await changed(one.freeze({ ...freeze, ifVersion: 0 }))
      const frozen = await other.freeze({ ...freeze, ifVersion: 1 })
      assert.deepEqual(await one.freeze({ ...freeze, ifVersion: 0 }), repeatOf(frozen))
      await changed(one.settle('h', { amount: 20n, ifSteps: 1 }))
      const settled = await one.settle('h', { amount: 20n, ifSteps: 0 })
      for (const ifSteps of [0, 1, 9])
        assert.deepEqual(await other.settle('h', { amount: 20n, ifSteps }), repeatOf(settled))
      assert.deepEqual(await other.settle('h', { amount: 20n }), repeatOf(settled))
      assert.equal((await errorOf(one.deposit({ ...deposit, amount: 1n, ifVersion: 3 }))).code, 'request_id_reused')
    },
  },
  {
    name: 'thirty requests that see a low balance top it up once',
    play: async (one, other) => {
      await one.deposit({ account: 'user:8', amount: 150n })
      await Promise.all(Array.from({ length: 6 }, () => one.freeze({ account: 'user:8', amount: 10n })))
      const seen = await Promise.all(Array.from({ length: 30 }, (_, i) => [one, other][i % 2]!.balance('user:8')))
      const topUps = seen.map(async ({ available, version: ifVersion }, index) => {
        assert.ok(available < 100n)
        await [one, other][index % 2]!.deposit({ account: 'user:8', amount: 500n, ifVersion, memo: 'top-up' })
      })
      const codes = await codesOf(topUps)
      assert.deepEqual(codes.filter((code) => code === 'applied').length, 1, codes.join())
      assert.deepEqual(new Set(codes), new Set(['applied', 'changed_meanwhile']))
      const { items } = await one.postings('user:8', { memo: 'top-up' })
      assert.deepEqual([items.length, (await one.balance('user:8')).available], [1, 590n])
    },
  },
  {
    name: 'two workers do not overwrite each other',
    play: async (one, other) => {
      await one.deposit({ account: 'user:8', amount: 1_000n })
      await one.freeze({ requestId: 'h', account: 'user:8', amount: 100n })
      // Each adds 10 to what it sees, five times, and looks again when the other one came first.
      const raise = async (ledger: Ledger): Promise<void> => {
        for (let done = 0; done < 5;) {
          const { amount, steps: ifSteps } = await ledger.hold('h')
          const [code] = await codesOf([ledger.amend('h', { amount: amount + 10n, ifSteps })])
          assert.match(code!, /^(applied|changed_meanwhile)$/)
          if (code === 'applied') done++
        }
      }
      await Promise.all([raise(one), raise(other)])
      assert.equal((await one.hold('h')).amount, 200n)
      // Or each says what it adds.
      await Promise.all(Array.from({ length: 10 }, (_, index) => [one, other][index % 2]!.amend('h', { by: 10n })))
      const { amount, held, steps } = await one.hold('h')
      assert.deepEqual([amount, held, steps], [300n, 300n, 20])
    },
  },
  {
    name: 'an amend by a change is exact, bounded, and the same however often it is repeated',
    play: async (one) => {
      await one.deposit({ account: 'user:8', amount: 1_000n })
      await one.freeze({ requestId: 'h', account: 'user:8', amount: 100n })
      const less = { requestId: 'a', by: -40n }
      const lowered = await one.amend('h', less)
      assert.deepEqual([lowered.amount, lowered.held], [60n, 60n])
      await one.amend('h', { by: 7n, expiresInMs: 60_000 })
      assert.deepEqual(await one.amend('h', less), repeatOf(lowered))
      assert.equal((await errorOf(one.amend('h', { ...less, by: -41n }))).code, 'request_id_reused')
      assert.equal((await errorOf(one.amend('h', { requestId: 'a', amount: 60n }))).code, 'request_id_reused')
      await one.settle('h', { amount: 17n, final: false })
      const low = await errorOf(one.amend('h', { by: -51n }))
      assert.deepEqual([low.code, low.details['minimum']], ['amend_out_of_range', 17n])
      const high = await errorOf(one.amend('h', { by: 10n ** 16n }))
      assert.deepEqual([high.code, high.details['maximum']], ['amend_out_of_range', 10n ** 16n])
      assert.equal((await errorOf(one.amend('h', { by: 934n }))).code, 'insufficient_funds')
      const { amount, held } = await one.amend('h', { by: -50n })
      assert.deepEqual([amount, held], [17n, 0n])
      await one.freeze({ requestId: 'g', account: 'user:8', amount: 5n })
      const none = await errorOf(one.amend('g', { by: -5n }))
      assert.deepEqual([none.code, none.details['minimum']], ['amend_out_of_range', 1n])
    },
  },
  {
    name: 'in a batch a condition is about what the commands before it leave, and a refused one takes its group back',
    play: async (one) => {
      const deposit = { kind: 'deposit', account: 'user:8', amount: 10n } as const
      const codes = async (atomic: boolean, versions: readonly number[]): Promise<readonly string[]> => {
        const outcomes = await one.batch(
          versions.map((ifVersion) => ({ ...deposit, ifVersion })),
          { atomic },
        )
        return outcomes.map((outcome) => (outcome.status === 'applied' ? 'applied' : outcome.error.code))
      }
      assert.deepEqual(await codes(true, [0, 1, 2]), ['applied', 'applied', 'applied'])
      assert.deepEqual(await codes(true, [3, 3]), ['batch_aborted', 'changed_meanwhile'])
      assert.equal((await one.balance('user:8')).version, 3)
      const hold = [
        { kind: 'freeze', requestId: 'h', account: 'user:8', amount: 10n },
        { kind: 'settle', hold: 'h', requestId: 'p', amount: 1n, final: false, ifSteps: 0 },
        { kind: 'amend', hold: 'h', by: 3n, ifSteps: 1 },
        { kind: 'release', hold: 'h', ifSteps: 2 },
      ] as const
      const outcomes = await one.batch(hold, { atomic: true })
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['applied', 'applied', 'applied', 'applied'],
      )
      assert.deepEqual([(await one.hold('h')).steps, (await one.balance('user:8')).available], [3, 29n])
    },
  },
  {
    name: 'a house account has no version to compare, and no balance is looked up that is not there',
    play: async (one) => {
      await one.deposit({ account: 'user:8', amount: 10n })
      const legs = [{ from: '@revenue', to: 'user:8', amount: 1n, ifVersion: 0 }]
      const { code, message } = await errorOf(one.transfer({ legs }))
      assert.equal(code, 'invalid_request')
      assert.match(message, /house account/)
      assert.deepEqual(await one.balance('user:8', 'credit'), await one.balance('user:8'))
      assert.equal((await one.balance('@issuer')).available, -10n)
      for (const [account, asset] of [
        ['user:9', undefined],
        ['user:8', 'gem'],
      ] as const) {
        assert.equal((await errorOf(one.balance(account, asset))).code, 'account_not_found')
      }
      assert.equal((await errorOf(one.balance('x'.repeat(129)))).code, 'invalid_request')
    },
  },
]
