import assert from 'node:assert/strict'
import { test } from 'node:test'
import { across, declare, deposit, freeze, group, rate, settle, transfer } from '../../test/support/commands.ts'
import { MOMENT } from '../../test/support/given.ts'
import { Rows } from '../../test/support/rows.ts'
import { decideBatch, type Plan } from '../domain/batch.ts'
import type { Changes } from '../domain/changes.ts'
import type { Work } from '../domain/command.ts'
import { HouseStripes } from '../domain/house-stripes.ts'
import type { EntryRecord, PostingRecord } from '../domain/journal.ts'
import { assertLawful } from './plan-laws.ts'

const WORK: readonly Work[] = [
  declare('gem'),
  rate('credit', 'gem', [1n, 2n]),
  deposit('d', 'user:8', 100n),
  group(freeze('h', 'user:8', 40n), settle('h', 30n)),
  transfer('t', [across('user:8', 'user:9', [10n, 'credit'], ['gem'])]),
]
const PLAN = decideBatch(WORK, new Rows().snapshot(WORK), new HouseStripes(0), MOMENT)

/** The plan with other changes. */
function changed(change: (changes: Changes) => Partial<Changes>): Plan {
  return { ...PLAN, changes: { ...PLAN.changes, ...change(PLAN.changes) } }
}

function withPosting(index: number, other: Partial<PostingRecord>): Plan {
  return changed(({ postings }) => ({
    postings: postings.map((posting, at) => (at === index ? { ...posting, ...other } : posting)),
  }))
}

test('a plan of the rules is lawful', () => {
  assert.deepEqual(
    PLAN.outcomes.flat().map(({ status }) => status),
    Array(6).fill('applied'),
  )
  assertLawful(WORK, PLAN)
})

test('a plan with more or fewer outcomes than work is refused', () => {
  const { outcomes } = PLAN
  const law = /^Error: Law 6 /
  assert.throws(() => assertLawful(WORK, { ...PLAN, outcomes: outcomes.slice(1) }), law)
  assert.throws(() => assertLawful(WORK, { ...PLAN, outcomes: [...outcomes, outcomes[0]!] }), law)
  assert.throws(() => assertLawful(WORK, { ...PLAN, outcomes: outcomes.map((each) => [each].flat().slice(1)) }), law)
  assert.throws(() => assertLawful(WORK, { ...PLAN, outcomes: outcomes.flat().slice(1) }), law)
})

test('a plan whose versions have a gap, or are not those of its postings, is refused', () => {
  const law = /^Error: Law 3 /
  const [first] = PLAN.changes.postings
  assert.throws(() => assertLawful(WORK, withPosting(0, { version: first!.version + 1 })), law)
  assert.throws(() => assertLawful(WORK, withPosting(0, { balanceId: 1_000 })), law)
  const plans = [
    changed(({ balances }) => ({ balances: balances.slice(1) })),
    changed(({ balances: [one, ...others] }) => ({
      balances: [{ before: one!.before, after: { ...one!.after, version: one!.after.version + 1 } }, ...others],
    })),
    changed(({ postings }) => ({ postings: postings.filter(({ entryId }) => entryId !== 'd') })),
  ]
  for (const plan of plans) assert.throws(() => assertLawful(WORK, plan), law)
})

test('a plan with an entry that does not sum to zero, in all or in one asset, is refused', () => {
  const law = /^Error: Law 1 /
  const last = PLAN.changes.postings.length - 1
  assert.throws(() => assertLawful(WORK, withPosting(0, { availableDelta: 1n })), law)
  assert.throws(() => assertLawful(WORK, withPosting(last, { heldDelta: 1n })), law)
  const gems = (record: EntryRecord): EntryRecord => ({
    ...record,
    postings: record.postings.map((each) => ({ ...each, posting: { ...each.posting, asset: `${each.balanceId}` } })),
  })
  const plan = changed(({ entries }) => ({
    entries: entries.map((record) => (record.legs === null ? record : gems(record))),
  }))
  assert.throws(() => assertLawful(WORK, plan), /per asset$/)
})

test('a plan with a debt that no overdraft charge explains, or that is not what is missing, is refused', () => {
  const law = /^Error: Law 2 /
  const owing = (debt: bigint, available: bigint): Plan =>
    changed(({ balances: [one, ...others] }) => ({
      balances: [{ before: one!.before, after: { ...one!.after, floor: 0n, available, debt } }, ...others],
    }))
  for (const plan of [owing(5n, -5n), owing(0n, -5n), owing(5n, 0n), owing(4n, -5n)]) {
    assert.throws(() => assertLawful(WORK, plan), law)
  }
})
