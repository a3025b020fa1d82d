/** For any commands in any order: the laws hold, the reference ledger agrees, and batching changes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cut, cuts, work as arbitraryWork } from '../../test/support/arbitrary-work.ts'
import { run } from '../../test/reference/batch.ts'
import type { Circumstances, EntryBook, Line } from '../../test/reference/books.ts'
import { ReferenceLedger } from '../../test/reference/ledger.ts'
import { countingSeqs, MOMENT } from '../../test/support/given.ts'
import { assertLaws } from '../../test/support/laws.ts'
import { Rows } from '../../test/support/rows.ts'
import { decideBatch } from './batch.ts'
import { showAuthor } from './by.ts'
import type { Moment } from './decision.ts'
import { eventOfChange, frozenEvent } from './hold-history.ts'
import { showHold, type HoldRecord } from './hold-record.ts'
import { HouseStripes } from './house-stripes.ts'
import type { EntryRecord } from './journal.ts'
import type { Outcome } from './outcome.ts'
import { REJECTION_PRECEDENCE } from './outcome.ts'
import { entryIn } from './snapshot.ts'

const STRIPES = new HouseStripes(0)

function wordOf(outcome: Outcome): string {
  if (outcome.status === 'rejected') return outcome.rejection.code
  return outcome.replayed ? 'replayed' : 'applied'
}

/** Time advances between batches, so that holds become due. */
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

test('the reference ledger, written from the documents alone, comes to the same answers and the same rows', () => {
  const words = new Map<string, number>()
  fc.assert(
    fc.property(arbitraryWork, cuts, (work, where) => {
      const rows = new Rows()
      const reference = new ReferenceLedger()
      const lines: Line[] = []
      const entries: EntryBook[] = []
      for (const [index, batch] of cut(work, where).entries()) {
        const moment = momentOf(index)
        const expected = run(reference, batch, circumstancesOf(moment))
        const found = rows.run(batch, moment)
        assert.deepEqual(found, expected.outcomes)
        lines.push(...expected.lines)
        entries.push(...expected.entries)
        for (const word of found.map(wordOf)) words.set(word, (words.get(word) ?? 0) + 1)
      }
      assertSameRows(rows, reference, { lines, entries })
    }),
    { numRuns: 1_000 },
  )
  // Random commands prove something only if every outcome occurs.
  for (const word of ['applied', 'replayed', ...REJECTION_PRECEDENCE]) {
    assert.ok((words.get(word) ?? 0) > 0, `no random command was ever ${word}`)
  }
})

function circumstancesOf({ now, holdTtlMsDefault, holdTtlMsMax }: Moment): Circumstances {
  return {
    stripeOf: (account, asset) => STRIPES.of(account, asset),
    now,
    ttlMsDefault: holdTtlMsDefault,
    ttlMsMax: holdTtlMsMax,
  }
}

/** Every row that a caller can see, and the posting of each version of a balance. */
function assertSameRows(
  rows: Rows,
  reference: ReferenceLedger,
  written: { readonly lines: readonly Line[]; readonly entries: readonly EntryBook[] },
): void {
  const balances = [...rows.balances.values()]
  const names = new Map(balances.map(({ id, account, asset, stripe }) => [id, { account, asset, stripe }]))
  const requests = [...rows.requests.values()]
  assert.deepEqual(
    byName(
      balances.map(({ account, asset, stripe, available, held, floor, standing, successor, version }) => ({
        account,
        asset,
        stripe,
        available,
        held,
        floor,
        standing,
        successor,
        version,
      })),
      ({ account, asset }) => `${account} ${asset}`,
    ),
    byName([...reference.books.values()], ({ account, asset }) => `${account} ${asset}`),
  )
  assert.deepEqual(
    rows.postings.map((posting) => {
      const { balanceId, seq: _, ...line } = posting
      return { ...line, ...names.get(balanceId) }
    }),
    written.lines,
  )
  const entries = requests.map(entryIn).filter((entry) => entry !== null)
  assert.deepEqual(byId(entries.map(bookOf)), byId(written.entries))
  const holds = requests.filter((request) => request.kind === 'freeze')
  assert.deepEqual(byId(holds.map(showHold)), byId([...reference.holds.values()]))
  for (const hold of holds) assert.deepEqual(historyOf(rows, hold), reference.histories.get(hold.id))
  assert.deepEqual([...rows.rates.values()], [...reference.rates.values()])
  assert.deepEqual(rows.assets, reference.assets)
  assert.deepEqual(rows.accounts, reference.metadata)
  for (const [account, { standing, successor, assets }] of rows.standings) {
    const stands = reference.standings.get(account) ?? { standing: 'active', successor: null }
    assert.deepEqual({ standing, successor }, stands)
    const own = [...reference.books.values()].filter((book) => book.account === account)
    assert.deepEqual(assets.toSorted(), own.map(({ asset }) => asset).sort())
  }
}

function byId<Of extends { readonly id: string }>(rows: readonly Of[]): readonly Of[] {
  return rows.toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

function bookOf({
  id,
  kind,
  at,
  memo,
  metadata,
  floor,
  overdraft,
  legs,
  step: ofStep,
  by,
  postings,
}: EntryRecord): EntryBook {
  const step = ofStep === null ? null : { hold: ofStep.hold, number: ofStep.number, after: ofStep.after }
  return {
    id,
    kind,
    at,
    memo,
    metadata,
    floor,
    overdraft,
    legs,
    step,
    by: showAuthor(by),
    postings: postings.map(({ posting }) => posting),
  }
}

/** The events of a hold, which its changes follow without a gap. */
function historyOf({ holdChanges }: Rows, hold: HoldRecord): readonly unknown[] {
  const numbers = Array.from({ length: hold.changes }, (_, index) => index + 1)
  const changes = numbers.map((number) => holdChanges.get(`${hold.seq} ${number}`)!)
  const events = [frozenEvent(hold), ...changes.map(({ after, step }) => eventOfChange(after, step))]
  return events.map(({ number, ...event }, index) => {
    assert.equal(number, index)
    return event
  })
}

function byName<Row>(rows: readonly Row[], nameOf: (row: Row) => string): readonly Row[] {
  return rows.toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
}

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
      const moment = (): Moment => ({ ...MOMENT, nextSeq: countingSeqs() })
      const plan = decideBatch(rest, snapshot, STRIPES, moment())
      assert.deepEqual({ rest, snapshot }, copies)
      assert.deepEqual(decideBatch(copies.rest, copies.snapshot, STRIPES, moment()), plan)
    }),
    { numRuns: 100 },
  )
})
