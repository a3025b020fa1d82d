/** Every field of a record has a column: what is written is read again. A field without a column fails here for every store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BALANCE_MAX, BALANCE_MIN } from '../../domain/amount.ts'
import type { Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Author } from '../../domain/by.ts'
import type { HoldChange } from '../../domain/changes.ts'
import { showHold, showHoldAsFrozen, type HoldRecord } from '../../domain/hold-record.ts'
import type { EntryRecord, Posting } from '../../domain/journal.ts'
import type { Rate } from '../../domain/rate.ts'
import { assetOf, assetRow } from './asset-row.ts'
import { balanceOf, balanceRow } from './balance-row.ts'
import { ENTRY, entryOf, postingPlacesOf, STEP_ENTRY } from './entry-row.ts'
import { changedHoldOf, HOLD_OPENED, HOLD_STEPPED, holdEndRow, holdOf, holdRow, holdStepRow } from './hold-row.ts'
import { rateOf, rateRow } from './rate-row.ts'
import { Bytes, type Row } from './values.ts'

const BALANCE: BalanceRecord = {
  id: 8,
  account: 'user:8',
  asset: 'gem',
  stripe: 3,
  available: 1n,
  held: 2n,
  floor: -4n,
  debt: 6n,
  standing: 'closed',
  successor: 'user:9',
  version: 5,
}
const FREEZER: Author = {
  actor: { number: 101, key: 'billing', address: '192.0.2.1' },
  trace: '0af7651916cd43dd8448eb211c80319c',
}
const ENDER: Author = { actor: { number: 102, key: 'support', address: '2001:db8::1' }, trace: null }
const FROZEN: HoldRecord = {
  id: 'job-616',
  kind: 'freeze',
  seq: 9,
  account: BALANCE.account,
  asset: BALANCE.asset,
  payee: '@promo',
  state: 'open',
  amount: 10n,
  held: 10n,
  settled: 0n,
  released: 0n,
  drawn: 0n,
  shortfall: 0n,
  refunded: 0n,
  settledLate: 0n,
  onExpiry: { settle: 18n },
  expiresAt: 19,
  createdAt: 20,
  metadata: { model: 'llama' },
  fingerprint: 21,
  charge: null,
  by: FREEZER,
  balanceId: BALANCE.id,
  openedVersion: 22,
  end: null,
  changes: 0,
  firstAnswers: null,
}
/** An end that is no step. */
const ENDED: HoldRecord = {
  ...FROZEN,
  state: 'expired',
  held: 0n,
  settled: 12n,
  released: 13n,
  drawn: 14n,
  shortfall: 15n,
  end: {
    number: 1,
    at: 23,
    fingerprint: 24,
    settled: 12n,
    version: 25,
    payee: { balanceId: 26, version: 27 },
    by: ENDER,
  },
  changes: 1,
}
/** What a step may change: every field that the freeze has not fixed. */
const CHANGED = {
  payee: 'user:9',
  amount: 30n,
  settled: 32n,
  released: 33n,
  drawn: 34n,
  shortfall: 35n,
  refunded: 36n,
  settledLate: 37n,
  onExpiry: { settle: 38n },
  expiresAt: 39,
}
const STEPPED: HoldRecord = {
  ...FROZEN,
  ...CHANGED,
  held: 31n,
  changes: 4,
  firstAnswers: { freeze: showHoldAsFrozen(FROZEN), end: null },
}
const POSTING: Posting = {
  entryId: 'job-616~settle',
  kind: 'settle',
  account: BALANCE.account,
  asset: BALANCE.asset,
  stripe: BALANCE.stripe,
  version: 40,
  availableDelta: 41n,
  heldDelta: 42n,
  available: 43n,
  held: 44n,
  at: 45,
}

/** The entry of a step that left the hold like that, with a posting of the payee. */
function stepTo(after: HoldRecord): EntryRecord {
  return {
    id: 'job-616~settle',
    seq: 50,
    kind: 'settle',
    at: 45,
    fingerprint: 51,
    memo: 'a memo',
    metadata: { a: 1 },
    floor: null,
    overdraft: false,
    account: null,
    legs: null,
    by: ENDER,
    step: { hold: after.id, holdSeq: after.seq, number: after.changes, after: showHold(after) },
    postings: [
      { balanceId: 52, posting: { ...POSTING, version: 53 } },
      { balanceId: after.balanceId, posting: POSTING },
    ],
  }
}

const END_BY_STEP: HoldRecord = {
  ...STEPPED,
  state: 'settled',
  held: 0n,
  end: {
    number: 4,
    at: 45,
    fingerprint: 51,
    settled: 61n,
    version: 40,
    payee: { balanceId: 52, version: 53 },
    by: null,
  },
}

/** After a step that followed an end. */
function afterEnd(ended: HoldRecord): HoldRecord {
  const answers = { freeze: showHoldAsFrozen(FROZEN), end: showHold(ended) }
  return { ...ended, ...CHANGED, refunded: 60n, changes: 7, firstAnswers: answers }
}

const ENTRY_RECORD: EntryRecord = {
  id: 'an-entry-with-a-request-id-of-its-own',
  seq: 70,
  kind: 'transfer',
  at: 71,
  fingerprint: 72,
  memo: 'a memo',
  metadata: { a: 1 },
  floor: -73n,
  account: null,
  overdraft: false,
  legs: [
    { from: 'a', to: 'b', asset: 'gem', amount: 74n, toAsset: 'gem', toAmount: 74n, rate: null },
    {
      from: 'a',
      to: 'b',
      asset: 'gem',
      amount: 75n,
      toAsset: 'usd',
      toAmount: 76n,
      rate: { version: 77, numerator: 78n, denominator: 79n, rounding: 'up', remainder: -80n },
    },
  ],
  step: null,
  by: FREEZER,
  postings: [{ balanceId: BALANCE.id, posting: POSTING }],
}
const RATE: Rate = {
  from: 'gem',
  to: 'usd',
  version: 90,
  numerator: 91n,
  denominator: 92n,
  rounding: 'half-even',
  tolerancePpm: 93,
  declaredAt: 94,
}
const ASSET: Asset = { code: 'gem', decimals: 2, name: 'Gem', createdAt: 95 }

/** A row as drivers read it: bytes as an array, and NULL in the columns that it does not have. */
function read(row: Row, columns: readonly string[], prefix = ''): Row {
  return Object.fromEntries(
    columns.map((column) => {
      const value = row[column] ?? null
      return [`${prefix}${column}`, value instanceof Bytes ? Buffer.from(value.hex, 'hex') : value]
    }),
  )
}

const ACTORS = [FREEZER.actor, ENDER.actor]

/** The columns of an author, as the joins of `request-select.ts` find them. */
function authorRead(prefix: string, { actor, trace }: Row): Row {
  const { key, address } = ACTORS.find(({ number }) => number === actor) ?? { key: null, address: null }
  return read({ actor, trace, key, address }, ['actor', 'trace', 'key', 'address'], prefix)
}

const REQUEST_COLUMNS = [...HOLD_OPENED.columns, ...STEP_ENTRY.columns]
const NOTHING: Row = {}

function changeRowOf({ after, step }: HoldChange): Row {
  return step === null ? holdEndRow({ after, step }) : holdStepRow({ after, step })
}

/** A request as `request-select.ts` selects it. */
function selected(request: Row, { freeze, change, end }: { freeze?: Row; change?: Row; end?: Row } = {}): Row {
  return {
    ...read(request, REQUEST_COLUMNS),
    account: BALANCE.account,
    asset: BALANCE.asset,
    ...read(freeze ?? NOTHING, HOLD_OPENED.columns, 'hold_'),
    ...read(change ?? NOTHING, HOLD_STEPPED.columns, 'change_'),
    ...read(end ?? NOTHING, HOLD_STEPPED.columns, 'end_'),
    ...authorRead('author_', request),
    ...authorRead('ender_', [end, change].find((row) => (row?.['actor'] ?? null) !== null) ?? NOTHING),
  }
}

test('a balance', () => assert.deepEqual(balanceOf(balanceRow(BALANCE)), BALANCE))
test('a rate', () => assert.deepEqual(rateOf(rateRow(RATE)), RATE))
test('an asset', () => assert.deepEqual(assetOf(assetRow(ASSET)), ASSET))

test('a hold as it was frozen', () => {
  const unsigned = { ...FROZEN, by: null }
  for (const hold of [FROZEN, unsigned, { ...FROZEN, onExpiry: null, metadata: null }]) {
    assert.deepEqual(holdOf(selected(holdRow(hold))), hold)
  }
})

interface Changed {
  readonly title: string
  readonly change: HoldChange
  /** The change that ended the hold, if it was another one. */
  readonly end?: HoldChange
}

const ENDED_PLAINLY: HoldChange = { after: ENDED, step: null }
const ENDED_BY_STEP: HoldChange = { after: END_BY_STEP, step: stepTo(END_BY_STEP) }

const CHANGES: readonly Changed[] = [
  { title: 'an end that is no step', change: ENDED_PLAINLY },
  {
    title: 'an end that paid nobody',
    change: { after: { ...ENDED, end: { ...ENDED.end!, payee: null } }, step: null },
  },
  { title: 'a step that left it open', change: { after: STEPPED, step: stepTo(STEPPED) } },
  {
    title: 'a step that cleared what happens at the expiry',
    change: { after: { ...STEPPED, onExpiry: null }, step: stepTo({ ...STEPPED, onExpiry: null }) },
  },
  { title: 'a step that ended it', change: ENDED_BY_STEP },
  ...[ENDED_PLAINLY, ENDED_BY_STEP].map((end) => ({
    title: `a step after ${end.step === null ? 'an end that was none' : 'a step that ended it'}`,
    change: { after: afterEnd(end.after), step: stepTo(afterEnd(end.after)) },
    end,
  })),
]

for (const { title, change, end } of CHANGES) {
  test(`a hold after ${title}, with its first answers`, () => {
    const rows = { change: changeRowOf(change), ...(end === undefined ? {} : { end: changeRowOf(end) }) }
    const freeze = holdRow(change.after)
    const row = selected(freeze, rows)
    assert.deepEqual(holdOf(row), change.after)
    assert.deepEqual(showHold(changedHoldOf(change.after, row)), showHold(change.after))
    const { step } = change
    if (step === null) return
    const placed = { entry: step, begun: new Map(step.postings.map(({ balanceId }) => [balanceId, 1])) }
    const postings = step.postings.map(({ posting }) => posting)
    assert.deepEqual(entryOf(selected(STEP_ENTRY.rowOf(placed), { freeze, ...rows }), postings), step)
  })
}

test('an entry that is no step, with where its postings are', () => {
  const row = selected(ENTRY.rowOf({ entry: ENTRY_RECORD, begun: new Map([[BALANCE.id, 38]]) }))
  assert.deepEqual(entryOf(row, [POSTING]), ENTRY_RECORD)
  assert.deepEqual(postingPlacesOf(row), [[BALANCE.id, POSTING.version, 38]])
})

test('the greatest amounts, and whatever people write', () => {
  const metadata = { note: '渲染 "quoted" \\ \u2028', ok: true }
  const frozen = { ...FROZEN, metadata, amount: BALANCE_MAX, held: BALANCE_MAX, onExpiry: { settle: BALANCE_MAX } }
  assert.deepEqual(holdOf(selected(holdRow(frozen))), frozen)
  const amounts = { settled: BALANCE_MIN, released: BALANCE_MIN, drawn: BALANCE_MAX, shortfall: BALANCE_MAX }
  const answers = { freeze: showHoldAsFrozen(frozen), end: null }
  const after: HoldRecord = { ...frozen, ...amounts, refunded: BALANCE_MIN, changes: 1, firstAnswers: answers }
  const step = { ...stepTo(after), memo: metadata.note, metadata }
  const [freeze, change] = [holdRow(after), holdStepRow({ after, step })]
  assert.deepEqual(holdOf(selected(freeze, { change })), after)
  const placed = { entry: step, begun: new Map(step.postings.map(({ balanceId }) => [balanceId, 1])) }
  const row = selected(STEP_ENTRY.rowOf(placed), { freeze, change })
  assert.deepEqual(
    entryOf(
      row,
      step.postings.map(({ posting }) => posting),
    ),
    step,
  )
})
