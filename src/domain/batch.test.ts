import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amend,
  charge,
  declare,
  deposit,
  freeze,
  group,
  house,
  leg,
  open,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../../test/support/commands.ts'
import { countingSeqs, MOMENT } from '../../test/support/given.ts'
import { Rows } from '../../test/support/rows.ts'
import { decideBatch, type Plan } from './batch.ts'
import type { Command, Work } from './command.ts'
import { HouseStripes } from './house-stripes.ts'
import type { Outcome } from './outcome.ts'
import { isEmpty, type Changes, type HoldChange } from './changes.ts'
import { showHold } from './hold-record.ts'

const USER = 'user:8'
const STRIPES = new HouseStripes(0)

function codeOf(outcome: Outcome): string {
  if (outcome.status === 'rejected') return outcome.rejection.code
  return outcome.replayed ? 'replayed' : 'applied'
}

function plan(rows: Rows, ...work: Work[]): Plan {
  return decideBatch(work, rows.snapshot(work), STRIPES, MOMENT)
}

function rowsAfter(...work: Work[]): Rows {
  const rows = new Rows()
  for (const outcome of rows.run(work)) assert.equal(outcome.status, 'applied')
  return rows
}

test('the second freeze of a batch sees what the first one took', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const outcomes = rows.run([freeze('h1', USER, 60n), freeze('h2', USER, 60n), freeze('h3', USER, 40n)])
  assert.deepEqual(outcomes.map(codeOf), ['applied', 'insufficient_funds', 'applied'])
  assert.deepEqual(outcomes[1], {
    status: 'rejected',
    rejection: {
      code: 'insufficient_funds',
      account: USER,
      asset: 'credit',
      available: 40n,
      held: 60n,
      floor: 0n,
      required: 60n,
    },
  })
})

test('what one command gets wrong is its own rejection', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const outcomes = rows.run([
    deposit('e', '@issuer', 1n),
    charge('c1', USER, 1_000n),
    charge('c2', USER, 10n),
    settle('nobody', 1n),
    freeze('h', USER, 10n, { asset: 'none' }),
    charge('c3', USER, 10n),
  ])
  assert.deepEqual(outcomes.map(codeOf), [
    'house_account',
    'insufficient_funds',
    'applied',
    'hold_not_found',
    'unknown_asset',
    'applied',
  ])
  assert.equal(rows.balances.get('user:8 credit')?.available, 80n)
})

test('a batch uses at once what it made: assets, coins, floors and holds', () => {
  const rows = new Rows()
  const outcomes = rows.run([
    declare('gem', 2),
    deposit('d', USER, 10n, { asset: 'gem' }),
    freeze('h', USER, 10n, { asset: 'gem', payee: 'user:9' }),
    settle('h', 8n),
    charge('c1', 'user:9', 8n, { asset: 'gem' }),
    open('o', 'user:9', -5n, { asset: 'gem' }),
    charge('c2', 'user:9', 5n, { asset: 'gem' }),
    charge('c3', 'user:9', 1n, { asset: 'gem' }),
  ])
  assert.deepEqual(outcomes.map(codeOf), [...Array<string>(7).fill('applied'), 'insufficient_funds'])
})

test('a batch writes each balance once, from the version that it was read at', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('h', USER, 10n))
  const { changes } = plan(rows, charge('c1', USER, 1n), charge('c2', USER, 1n), settle('h', 5n))
  assert.deepEqual(
    changes.balances.map(({ before, after }) => [after.account, before.version, after.version]),
    [
      [USER, 2, 5],
      ['@revenue', 0, 3],
    ],
  )
  assert.deepEqual(
    changes.postings.map(({ entryId, version }) => [entryId, version]),
    [
      ['c1', 3],
      ['c1', 1],
      ['c2', 4],
      ['c2', 2],
      ['h~settle', 5],
      ['h~settle', 3],
    ],
  )
})

/** What happens to holds, in order: of which hold, its number, the state that it leaves, and the entry of a step. */
function storyOf({ holdChanges }: Changes): unknown {
  return holdChanges.map(({ after: { id, changes, state }, step }) => [id, changes, state, step?.id ?? null])
}

test('a hold is opened as the batch leaves it, and each end is a change of it', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('old', USER, 10n))
  const { changes } = plan(rows, freeze('new', USER, 10n), settle('new', 1n), release('old'), freeze('open', USER, 1n))
  assert.deepEqual(
    changes.holdsOpened.map(({ id, state }) => [id, state]),
    [
      ['new', 'settled'],
      ['open', 'open'],
    ],
  )
  assert.deepEqual(storyOf(changes), [
    ['new', 1, 'settled', null],
    ['old', 1, 'released', null],
  ])
  assert.equal(changes.holdChanges[0]?.after, changes.holdsOpened[0])
  assert.deepEqual(changes.entries, [])
})

test('each step is a change with the hold after it, and has an entry', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('old', USER, 60n), freeze('ended', USER, 10n))
  const { changes } = plan(
    rows,
    settlePart('p', 'old', 10n),
    settle('old', 20n),
    settle('ended', 5n),
    freeze('new', USER, 5n),
    amend('a', 'new', { amount: 6n }),
    settle('new', 1n),
    refund('f', 'new', 1n),
  )
  assert.deepEqual(
    changes.holdsOpened.map(({ id }) => id),
    ['new'],
  )
  assert.deepEqual(storyOf(changes), [
    ['old', 1, 'open', 'p'],
    ['old', 2, 'settled', 'old~settle'],
    ['ended', 1, 'settled', null],
    ['new', 1, 'open', 'a'],
    ['new', 2, 'settled', 'new~settle'],
    ['new', 3, 'settled', 'f'],
  ])
  assert.equal(changes.holdChanges.at(-1)?.after, changes.holdsOpened[0])
  const steps = changes.holdChanges.filter(({ step }) => step !== null)
  assert.deepEqual(
    changes.entries,
    steps.map(({ step }) => step),
  )
  assert.deepEqual(
    changes.entries.map(({ step }) => step),
    steps.map(({ after }) => ({ hold: after.id, holdSeq: after.seq, number: after.changes, after: showHold(after) })),
  )
})

test('a change after an end has the next number, and knows which one was the end', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('h', USER, 60n), settle('h', 5n))
  const { changes } = plan(rows, refund('f', 'h', 3n), refund('g', 'h', 2n))
  assert.deepEqual(storyOf(changes), [
    ['h', 2, 'settled', 'f'],
    ['h', 3, 'settled', 'g'],
  ])
  assert.deepEqual(
    changes.holdChanges.map(({ after }) => after.end?.number),
    [1, 1],
  )
})

test('every request that is written has the next number, and its postings have it too', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('old', USER, 10n))
  const known = rows.requests.get('old')!.seq
  const work = [
    deposit('e', USER, 1n),
    settle('old', 1n),
    freeze('h', USER, 9n),
    settlePart('p', 'h', 2n),
    open('o', USER, 0n),
  ]
  const moment = { ...MOMENT, nextSeq: countingSeqs() }
  const { changes } = decideBatch(work, rows.snapshot(work), STRIPES, moment)
  const numbers = [...changes.entries, ...changes.holdsOpened, ...changes.charges].map(({ id, seq }) => [id, seq])
  assert.deepEqual(Object.fromEntries(numbers), { e: 1, h: 2, p: 3, o: 4 })
  const ofPostings = changes.postings.map(({ entryId, seq }) => [entryId, seq])
  assert.deepEqual(Object.fromEntries(ofPostings), { e: 1, 'old~settle': known, h: 2, p: 3, o: 4 })
})

test('of a group that fails no change of a hold is left', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('h', USER, 60n))
  const failing = group(settlePart('p', 'h', 10n, { payee: 'user:7' }), amend('a', 'h', { amount: 1n }))
  const { changes, outcomes } = plan(rows, failing, settlePart('p', 'h', 20n, { payee: 'user:9' }))
  assert.deepEqual(outcomes.flat().map(codeOf), ['batch_aborted', 'amend_out_of_range', 'applied'])
  assert.deepEqual(storyOf(changes), [['h', 1, 'open', 'p']])
  const [{ after }] = changes.holdChanges as [HoldChange]
  assert.deepEqual([after.payee, after.settled, after.held], ['user:9', 20n, 40n])
  assert.equal(changes.entries.length, 1)
})

test('rejections and repeats leave nothing to write', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), freeze('h', USER, 10n), settle('h', 5n))
  const { changes, outcomes } = plan(
    rows,
    deposit('d', USER, 100n),
    freeze('h', USER, 10n),
    settle('h', 5n),
    release('h'),
    charge('c', USER, 1_000n),
    group(charge('c1', USER, 10n), charge('c2', USER, 1_000n)),
    declare('credit', 0, 'Credit'),
  )
  assert.deepEqual(outcomes.flat().map(codeOf), [
    'replayed',
    'replayed',
    'replayed',
    'hold_not_open',
    'insufficient_funds',
    'batch_aborted',
    'insufficient_funds',
    'replayed',
  ])
  assert.ok(isEmpty(changes))
  for (const list of Object.values(changes)) assert.deepEqual(list, [])
})

test('the same request id twice in a batch has one effect', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const outcomes = rows.run([
    charge('r', USER, 10n),
    charge('r', USER, 10n),
    charge('r', USER, 11n),
    freeze('r', USER, 1n),
  ])
  assert.deepEqual(outcomes.map(codeOf), ['applied', 'replayed', 'request_id_reused', 'request_id_reused'])
  assert.equal(rows.balances.get('user:8 credit')?.available, 90n)
})

test('a request id that the snapshot does not mention is taken for a new one', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const work = [charge('d', USER, 1n)]
  const snapshot = { ...rows.snapshot(work), requests: new Map() }
  assert.deepEqual(decideBatch(work, snapshot, STRIPES, MOMENT).outcomes.flat().map(codeOf), ['applied'])
})

test('a balance or an asset that the snapshot lacks is a defect, not a rejection', () => {
  const work = [deposit('d', USER, 1n)]
  const snapshot = new Rows().snapshot(work)
  assert.throws(() => decideBatch(work, { ...snapshot, balances: new Map() }, STRIPES, MOMENT), /lacks the balance/)
  assert.throws(() => decideBatch(work, { ...snapshot, assets: new Map() }, STRIPES, MOMENT), /lacks the asset/)
})

test('house accounts are written in the stripe of the engine', () => {
  const work = [deposit('d', USER, 1n)]
  const snapshot = new Rows().snapshot(work)
  assert.throws(() => decideBatch(work, snapshot, new HouseStripes(3), MOMENT), /@issuer credit 3/)
})

test('a group takes effect as a whole, with an outcome for each command', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const { outcomes } = plan(rows, charge('c', USER, 1n), group(charge('g1', USER, 2n), charge('g2', USER, 3n)))
  assert.deepEqual(
    outcomes.map((outcome) => (Array.isArray(outcome) ? outcome.length : 'one')),
    ['one', 2],
  )
  assert.deepEqual(outcomes.flat().map(codeOf), ['applied', 'applied', 'applied'])
})

test('an empty group has no outcomes', () => {
  assert.deepEqual(plan(new Rows(), group()).outcomes, [[]])
})

test('the rejected command of a group says why, all others are aborted because of it', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const outcomes = rows.run([
    group(charge('g1', USER, 60n), charge('g2', USER, 60n), deposit('g3', '@a', 1n), charge('g4', USER, 1n)),
  ])
  const aborted = { status: 'rejected', rejection: { code: 'batch_aborted', because: 'insufficient_funds' } }
  assert.equal(codeOf(outcomes[1]!), 'insufficient_funds')
  // The third command would be rejected for its own reason, but `batch_aborted` takes precedence.
  for (const index of [0, 2, 3]) assert.deepEqual(outcomes[index], aborted)
})

const FAILING: Command = charge('fail', 'user:poor', 1n)

/** Groups with every kind of effect that can be undone. */
const TAKEN_BACK: readonly (readonly [title: string, commands: readonly Command[]])[] = [
  ['an entry', [charge('g', USER, 1n)]],
  ['a new balance', [transfer('g', [leg(USER, 'user:new', 1n)])]],
  ['a new hold', [freeze('g', USER, 1n)]],
  ['a hold that was opened and ended', [freeze('g', USER, 5n, { payee: 'user:new' }), settle('g', 3n)]],
  ['the end of a hold', [settle('held', 5n)]],
  ['steps of a hold', [settlePart('g', 'held', 5n), amend('g2', 'held', { amount: 9n })]],
  ['a floor and metadata', [open('g', USER, -5n, { metadata: { tier: 2 } })]],
  ['a house account that was paid', [house('@fees'), charge('g', USER, 1n, { payee: '@fees' })]],
  ['a house account that a hold names', [house('@fees'), freeze('g', USER, 1n, { payee: '@fees' })]],
  ['an asset', [declare('usd', 2), deposit('g', USER, 1n, { asset: 'usd' })]],
  ['many lines of one balance', Array.from({ length: 5 }, (_, index) => charge(`g${index}`, USER, 1n))],
  ['a repeat', [deposit('d', USER, 100n)]],
]

for (const [title, commands] of TAKEN_BACK) {
  test(`a group that fails takes back ${title}, and leaves the batch as if it had not been there`, () => {
    const setUp = [deposit('d', USER, 100n), freeze('held', USER, 10n), open('o', USER, -1n, { metadata: { tier: 1 } })]
    const before = [charge('b1', USER, 7n), open('b2', 'user:9', -7n, { metadata: { n: 1 } }), freeze('b3', USER, 2n)]
    const after = [charge('a1', USER, 3n), settle('b3', 1n), release('held'), open('a2', USER, 0n)]
    const ids = new Map<string, number>()
    const [without, with_] = [new Rows(ids), new Rows(ids)]
    without.run(setUp)
    with_.run(setUp)
    const expected = without.run([...before, ...after])
    const outcomes = with_.run([...before, group(...commands, FAILING), ...after])
    const inGroup = outcomes.slice(before.length, before.length + commands.length + 1)
    assert.deepEqual(inGroup.map(codeOf), [...commands.map(() => 'batch_aborted'), 'insufficient_funds'])
    assert.deepEqual([...outcomes.slice(0, before.length), ...outcomes.slice(-after.length)], expected)
    assert.deepEqual(with_.all(), without.all())
  })
}

test('a group that fails can be sent again, with the same request ids', () => {
  const rows = rowsAfter(deposit('d', USER, 100n))
  const work = group(charge('g1', USER, 1n), charge('g2', 'user:9', 1n))
  const outcomes = rows.run([work, deposit('e', 'user:9', 1n), work, work])
  assert.deepEqual(outcomes.map(codeOf), [
    'batch_aborted',
    'insufficient_funds',
    'applied',
    'applied',
    'applied',
    'replayed',
    'replayed',
  ])
})

test('a group may repeat what was done alone, and do the rest', () => {
  const rows = rowsAfter(deposit('d', USER, 100n), charge('g1', USER, 1n))
  assert.deepEqual(rows.run([group(charge('g1', USER, 1n), charge('g2', USER, 1n))]).map(codeOf), [
    'replayed',
    'applied',
  ])
})
