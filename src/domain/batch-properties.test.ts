/** Whatever is asked in whatever order: the laws hold, a second ledger agrees, and batching changes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cut, cuts, work as arbitraryWork } from '../../test/support/arbitrary-work.ts'
import { MOMENT } from '../../test/support/given.ts'
import { assertLaws } from '../../test/support/laws.ts'
import { NaiveLedger } from '../../test/support/naive-ledger.ts'
import { Rows } from '../../test/support/rows.ts'
import { decideBatch } from './batch.ts'
import type { Moment } from './decision.ts'
import { HouseStripes } from './house-stripes.ts'
import type { Outcome } from './outcome.ts'
import { REJECTION_PRECEDENCE } from './outcome.ts'

const STRIPES = new HouseStripes(0)

function wordOf(outcome: Outcome): string {
  if (outcome.status === 'rejected') return outcome.rejection.code
  return outcome.replayed ? 'replayed' : 'applied'
}

/** Time goes on between batches, so that holds come due. */
function momentOf(batch: number): Moment {
  return { ...MOMENT, now: MOMENT.now + batch * 400 }
}

test('laws 1, 2, 3 and 5 hold after every batch', () => {
  fc.assert(
    fc.property(arbitraryWork, cuts, (work, where) => {
      const rows = new Rows()
      for (const [index, batch] of cut(work, where).entries()) {
        rows.run(batch, momentOf(index))
        assertLaws(rows)
      }
    }),
    { numRuns: 150 },
  )
})

test('a ledger that was written from the words alone comes to the same answers, balances and holds', () => {
  const words = new Map<string, number>()
  fc.assert(
    fc.property(arbitraryWork, cuts, (work, where) => {
      const rows = new Rows()
      const naive = new NaiveLedger()
      for (const [index, batch] of cut(work, where).entries()) {
        const moment = momentOf(index)
        const clock = { now: moment.now, ttlMsMax: moment.holdTtlMsMax, ttlMsDefault: moment.holdTtlMsDefault }
        const expected = batch.flatMap((item) => naive.run(item, clock))
        const found = rows.run(batch, moment).map(wordOf)
        assert.deepEqual(found, expected)
        for (const word of found) words.set(word, (words.get(word) ?? 0) + 1)
      }
      for (const { account, asset, available, held, floor } of rows.balances.values()) {
        const other = naive.balance(account, asset)
        assert.deepEqual([available, held, floor ?? 0n], [other.available, other.held, other.floor])
      }
      for (const [id, other] of Object.entries(naive.books.holds)) {
        const hold = rows.requests.get(id)
        assert.ok(hold?.kind === 'freeze')
        assert.equal(hold.state === 'open', other.open)
        assert.deepEqual([hold.payee, hold.expiresAt], [other.payee, other.expiresAt])
        for (const amount of ['amount', 'held', 'settled', 'released', 'drawn', 'shortfall', 'refunded'] as const) {
          assert.equal(hold[amount], other[amount], `${amount} of ${id}`)
        }
      }
    }),
    { numRuns: 300 },
  )
  // Random commands prove something only where they come to everything.
  for (const word of ['applied', 'replayed', ...REJECTION_PRECEDENCE]) {
    assert.ok((words.get(word) ?? 0) > 0, `no random command was ever ${word}`)
  }
})

test('however a sequence is cut into batches, the answers and the rows are the same', () => {
  fc.assert(
    fc.property(arbitraryWork, cuts, (work, where) => {
      const ids = new Map<string, number>()
      const [together, cutUp, oneByOne] = [new Rows(ids), new Rows(ids), new Rows(ids)]
      const answers = together.run(work)
      assert.deepEqual(
        cut(work, where).flatMap((batch) => cutUp.run(batch)),
        answers,
      )
      assert.deepEqual(
        work.flatMap((item) => oneByOne.run([item])),
        answers,
      )
      assert.deepEqual(cutUp.all(), together.all())
      assert.deepEqual(oneByOne.all(), together.all())
    }),
    { numRuns: 150 },
  )
})

test('deciding again gives the same plan, and touches nothing that it was given', () => {
  fc.assert(
    fc.property(arbitraryWork, fc.nat({ max: 20 }), (work, head) => {
      const rows = new Rows()
      rows.run(work.slice(0, head))
      const rest = work.slice(head)
      const snapshot = rows.snapshot(rest)
      const copies = structuredClone({ rest, snapshot })
      const plan = decideBatch(rest, snapshot, STRIPES, MOMENT)
      assert.deepEqual({ rest, snapshot }, copies)
      assert.deepEqual(decideBatch(copies.rest, copies.snapshot, STRIPES, MOMENT), plan)
    }),
    { numRuns: 100 },
  )
})
