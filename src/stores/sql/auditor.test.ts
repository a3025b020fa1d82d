import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import {
  across,
  amend,
  declare,
  deposit,
  freeze,
  leg,
  open,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../../../test/support/commands.ts'
import { damages, doDamage } from '../../../test/support/random-damage.ts'
import { batches, RUNS, TwinLedger } from '../../../test/support/twin-ledger.ts'
import { BALANCE_MAX, BALANCE_MIN } from '../../domain/amount.ts'
import type { Auditor, Violation } from '../../engine/auditor.ts'
import { AUDIT_CHECKS, type AuditCheckId } from '../audit-checks.ts'
import { SqlAuditor } from './auditor.ts'

const LIMIT = 10_000

/** The violations of each check, sorted. */
async function everything(auditor: Auditor): Promise<Record<string, readonly Violation[]>> {
  const found: Record<string, readonly Violation[]> = {}
  for (const check of auditor.checks) {
    const violations = await auditor.run(check, LIMIT)
    if (violations.length > 0) found[check.id] = violations.map(inOrder).toSorted(byText)
  }
  return found
}

/** Adds the fields that the model omits for a balance without a row, and sorts all fields. */
function inOrder(violation: Violation): Violation {
  const isOfNobody = 'postings' in violation && !('account' in violation)
  const whole = isOfNobody ? { ...violation, account: '', asset: '', version: '0' } : violation
  return Object.fromEntries(Object.entries(whole).toSorted(byText))
}

function byText(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1
}

async function run(ledger: TwinLedger, id: AuditCheckId): Promise<readonly Violation[]> {
  return await ledger.auditor.run(
    AUDIT_CHECKS.find((check) => check.id === id)!,
    LIMIT,
  )
}

test('a ledger that the rules wrote breaks no law', async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (sequence) => {
      using ledger = await TwinLedger.open()
      for (const batch of sequence) await ledger.write(batch)
      assert.deepEqual(await everything(ledger.auditor), {})
    }),
    { ...RUNS, numRuns: 10 },
  )
})

test('random damage is found in the very rows in which the memory store finds it', async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(batches, damages, async (sequence, list) => {
      using ledger = await TwinLedger.open()
      for (const batch of sequence) await ledger.write(batch)
      for (const damage of list) doDamage(ledger, damage)
      const found = await everything(ledger.auditor)
      assert.deepEqual(found, await everything(ledger.model.auditor))
      for (const id of Object.keys(found)) reached.add(id)
    }),
    { ...RUNS, numRuns: 60 },
  )
  assert.deepEqual(
    [...reached].toSorted(),
    AUDIT_CHECKS.map(({ id }) => id),
  )
})

/** A ledger of two accounts; user:8 has balance 2, and its postings are d, open, h, h~settle, gone, gone~release, t. */
async function smallLedger(): Promise<TwinLedger> {
  const ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'user:8', 1_000n))
  await ledger.apply(0, freeze('open', 'user:8', 100n), freeze('h', 'user:8', 200n), settle('h', 150n))
  await ledger.apply(0, freeze('gone', 'user:8', 5n), release('gone'))
  await ledger.apply(0, transfer('t', [leg('user:8', 'user:9', 10n)]), open('o', 'user:9', -50n))
  // A separate asset and separate accounts, so that the rows above stay as they are.
  await ledger.apply(0, declare('gem'), rate('credit', 'gem', [1n, 3n]), deposit('d2', 'user:1', 10n))
  await ledger.apply(0, transfer('x', [across('user:1', 'user:2', [10n, 'credit'], ['gem'])]))
  // A freeze with steps in its own batch and in later ones.
  await ledger.apply(0, deposit('d3', 'user:4', 100n), freeze('life', 'user:4', 50n), settlePart('part', 'life', 20n))
  await ledger.apply(7, amend('more', 'life', { amount: 60n }), settle('life', 45n, 'draw'))
  await ledger.apply(1, refund('back', 'life', 3n))
  assert.deepEqual(await everything(ledger.auditor), {})
  return ledger
}

interface Planted {
  readonly title: string
  readonly sql: string
  /** One of the violations that are found. */
  readonly shows: Violation
}

const HOLDER = `(SELECT id FROM balances WHERE account = 'user:8')`

const PLANTED: Readonly<Record<AuditCheckId, Planted>> = {
  '1a': {
    title: 'an entry with a coin too much',
    sql: `UPDATE postings SET available_delta = available_delta + 1 WHERE entry_id = 't' AND available_delta > 0`,
    shows: { entry: 't', asset: 'credit', sum: '1' },
  },
  '1b': {
    title: 'an asset with a coin too few',
    sql: `UPDATE balances SET available = available - 1 WHERE account = 'user:8'`,
    shows: { asset: 'credit', sum: '-1' },
  },
  '1c': {
    title: 'a leg that brought a coin more than the journal knows of',
    sql: `UPDATE requests SET legs = replace(legs, '"gem","3"', '"gem","4"') WHERE id = 'x'`,
    shows: { entry: 'x', account: 'user:2', asset: 'gem', sum: '-1' },
  },
  '1d': {
    title: 'a rate that was changed afterwards',
    sql: `UPDATE rates SET denominator = 4`,
    shows: { entry: 'x', asset: 'credit', toAsset: 'gem', version: '1' },
  },
  '2a': {
    title: 'a balance that holds less than nothing',
    sql: `UPDATE balances SET held = -1 WHERE account = 'user:8'`,
    shows: { account: 'user:8', held: '-1' },
  },
  '2b': {
    title: 'a balance below its floor',
    sql: `UPDATE balances SET floor = available + 1 WHERE account = 'user:8'`,
    shows: { account: 'user:8', available: '740', floor: '741' },
  },
  '2c': {
    title: 'a balance that holds what no hold does',
    sql: `UPDATE balances SET held = 1 WHERE account = 'user:9'`,
    shows: { account: 'user:9', held: '1' },
  },
  '3a': {
    title: 'a version without a posting',
    sql: `DELETE FROM postings WHERE balance_id = ${HOLDER} AND version = 3`,
    shows: { account: 'user:8', version: '7', postings: '6' },
  },
  '3b': {
    title: 'a balance that is not what its last posting says',
    sql: `UPDATE balances SET available = available + 7 WHERE account = 'user:8'`,
    shows: { account: 'user:8', available: '747' },
  },
  '3c': {
    title: 'a posting that does not follow from the one before',
    sql: `UPDATE postings SET held = held + 1 WHERE balance_id = ${HOLDER} AND version = 7`,
    shows: { version: '7', entry: 't', held: '101' },
  },
  '4a': {
    title: 'a hold that names a posting of nobody',
    sql: `UPDATE requests SET payee_version = 99 WHERE id = 'h'`,
    shows: { entry: 'h~settle', version: '99' },
  },
  '4b': {
    title: 'a posting that its entry does not name',
    sql: `UPDATE requests SET postings = '[]' WHERE id = 't'`,
    shows: { entry: 't', availableDelta: '10' },
  },
  '5a': {
    title: 'a hold from which a coin leaked',
    sql: `UPDATE requests SET released = released - 1 WHERE id = 'h'`,
    shows: { hold: 'h', amount: '200', settled: '150', released: '49' },
  },
  '5b': {
    title: 'an ended hold that still holds something',
    sql: `UPDATE requests SET held = 1 WHERE id = 'gone'`,
    shows: { hold: 'gone', state: 'released', held: '1' },
  },
  '5c': {
    title: 'a hold whose payee got something else',
    sql: `UPDATE requests SET settled = 149, released = 51 WHERE id = 'h'`,
    shows: { hold: 'h', settled: '149', released: '51' },
  },
  '5d': {
    title: 'a step whose number is not the next',
    sql: `UPDATE hold_steps SET step = 9 WHERE entry_id = 'more'`,
    shows: { hold: 'life', step: '9', entry: 'more' },
  },
  '5e': {
    title: 'a hold that was changed after its last step',
    sql: `UPDATE requests SET shortfall = 7 WHERE id = 'life'`,
    shows: { hold: 'life', settled: '65', amount: '60' },
  },
}

for (const [id, { title, sql, shows }] of Object.entries(PLANTED)) {
  test(`${title} is found (${id})`, async () => {
    using ledger = await smallLedger()
    ledger.plant(sql)
    const violations = await run(ledger, id as AuditCheckId)
    const expected = Object.entries(shows)
    const hit = violations.some((row) => expected.every(([column, value]) => row[column] === value))
    assert.ok(hit, JSON.stringify(violations))
  })
}

const HALF_TOLD: readonly (readonly [title: string, sql: string, hold: string, found: AuditCheckId])[] = [
  ['an open hold that has ended', `UPDATE requests SET ended_at = 1 WHERE id = 'open'`, 'open', '5b'],
  ['an open hold with a last posting', `UPDATE requests SET ended_version = 2 WHERE id = 'open'`, 'open', '5b'],
  ['an ended hold that never ended', `UPDATE requests SET ended_at = NULL WHERE id = 'h'`, 'h', '5b'],
  ['an ended hold without a last posting', `UPDATE requests SET ended_version = NULL WHERE id = 'h'`, 'h', '5b'],
  [
    'a payee that got held coins',
    `UPDATE postings SET held_delta = 1 WHERE entry_id = 'h~settle' AND available_delta = 150`,
    'h',
    '5c',
  ],
  [
    'a released hold with a posting of its payee',
    `UPDATE requests SET payee_balance_id = 1, payee_version = 99 WHERE id = 'gone'`,
    'gone',
    '5c',
  ],
  ['a hold that counts a step too much', `UPDATE requests SET steps = 5 WHERE id = 'life'`, 'life', '5d'],
  ['a plain hold that counts steps', `UPDATE requests SET steps = 1 WHERE id = 'h'`, 'h', '5d'],
  ['steps of no hold', `DELETE FROM requests WHERE id = 'life'`, 'life', '5d'],
  [
    'an open hold with steps that holds a coin it should not',
    `UPDATE requests SET held = 1 WHERE id = 'life'`,
    'life',
    '5b',
  ],
  ['more refunded than settled', `UPDATE requests SET refunded = 66 WHERE id = 'life'`, 'life', '5a'],
  ['more settled late than drawn', `UPDATE requests SET settled_late = 6 WHERE id = 'life'`, 'life', '5a'],
  [
    'a step that moved one coin more than the hold shows',
    `UPDATE postings SET available_delta = available_delta - 1 WHERE entry_id = 'back' AND available_delta < 0`,
    'life',
    '5c',
  ],
  ['a payee that got nothing', `UPDATE requests SET payee = 'user:9' WHERE id = 'life'`, 'life', '5c'],
]

for (const [title, sql, hold, found] of HALF_TOLD) {
  test(`${title} is found (${found})`, async () => {
    using ledger = await smallLedger()
    ledger.plant(sql)
    const rows = await run(ledger, found)
    assert.deepEqual(
      rows.map((row) => row['hold']),
      [hold],
    )
  })
}

const UNEVEN = {
  'one is missing and one is too many': `UPDATE postings SET version = 8 WHERE version = 3 AND balance_id = ${HOLDER}`,
  'the first one is not 1': `UPDATE postings SET version = 0 WHERE version = 1 AND balance_id = ${HOLDER}`,
}

for (const [title, sql] of Object.entries(UNEVEN)) {
  test(`as many postings as versions are not enough when ${title}`, async () => {
    using ledger = await smallLedger()
    ledger.plant(sql)
    const found = await run(ledger, '3a')
    assert.deepEqual(
      found.map(({ account, version, postings }) => [account, version, postings]),
      [['user:8', '7', '7']],
    )
  })
}

test('a posting that two requests name belongs to one of them', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE requests SET opened_version = 2 WHERE id = 'h'`)
  assert.deepEqual(
    (await run(ledger, '4a')).map(({ entry, version }) => [entry, version]),
    [['h', '2']],
  )
  assert.deepEqual(
    (await run(ledger, '4b')).map(({ entry, version }) => [entry, version]),
    [['h', '3']],
  )
})

for (const column of ['amount', 'held', 'settled', 'released', 'drawn']) {
  test(`a hold without ${column} is found`, async () => {
    using ledger = await smallLedger()
    ledger.plant(`UPDATE requests SET ${column} = NULL WHERE id = 'h'`)
    const [violation] = await run(ledger, '5a')
    assert.equal(violation?.['hold'], 'h')
    assert.equal(violation[column], 'null')
  })
}

test('a sum of coins that would wrap around to zero is shown as it is', async () => {
  using ledger = await TwinLedger.open()
  for (const stripe of [0, 1]) await ledger.apply(stripe, deposit(`d${stripe}`, `user:${stripe}`, BALANCE_MAX))
  assert.deepEqual(await everything(ledger.auditor), {})
  for (const account of ['user:0', 'user:1']) {
    ledger.plant(`UPDATE balances SET available = ? WHERE account = ?`, 1n, account)
    ledger.plant(
      `UPDATE postings SET available_delta = ? WHERE available_delta = ? AND entry_id = ?`,
      1n,
      BALANCE_MAX,
      `d${account.slice(-1)}`,
    )
  }
  for (const stripe of [0, 1]) {
    ledger.plant(`UPDATE balances SET available = ? WHERE account = '@issuer' AND stripe = ?`, BALANCE_MIN, stripe)
  }
  ledger.plant(
    `UPDATE postings SET available_delta = ?, held_delta = ? WHERE available_delta < 0 AND entry_id = 'd0'`,
    BALANCE_MIN,
    BALANCE_MIN,
  )
  assert.deepEqual(await run(ledger, '1b'), [{ asset: 'credit', sum: String(2n * BALANCE_MIN + 2n) }])
  assert.deepEqual(await run(ledger, '1a'), [
    { entry: 'd0', asset: 'credit', sum: String(2n * BALANCE_MIN + 1n) },
    { entry: 'd1', asset: 'credit', sum: String(1n - BALANCE_MAX) },
  ])
  for (const account of ['user:0', 'user:1'])
    ledger.plant(`UPDATE balances SET available = 0 WHERE account = ?`, account)
  assert.deepEqual(await run(ledger, '1b'), [{ asset: 'credit', sum: '-18446744073709551616' }])
})

test('a step beyond int64 does not follow from the posting before', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d1', 'user:8', 1n))
  await ledger.apply(0, deposit('d2', 'user:8', BALANCE_MAX - 1n))
  const issuer = `(SELECT id FROM balances WHERE account = '@issuer')`
  for (const version of [1, 2]) {
    ledger.plant(`UPDATE postings SET available = ? WHERE balance_id = ${issuer} AND version = ?`, BALANCE_MIN, version)
  }
  ledger.plant(`UPDATE postings SET available_delta = ? WHERE balance_id = ${issuer} AND version = 1`, BALANCE_MIN)
  ledger.plant(`UPDATE postings SET available_delta = -1 WHERE balance_id = ${issuer} AND version = 2`)
  // In floating point −2^63 − 1 equals −2^63.
  assert.deepEqual(
    (await run(ledger, '3c')).map(({ version }) => version),
    ['2'],
  )
})

test('holds of the greatest amounts are added up exactly', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'user:8', 10n), ...[0, 1, 2, 3].map((index) => freeze(`h${index}`, 'user:8', 1n)))
  for (const index of [0, 1, 2, 3]) {
    ledger.plant(`UPDATE requests SET held = ?, amount = ? WHERE id = ?`, 1n << 62n, 1n << 62n, `h${index}`)
  }
  ledger.plant(`UPDATE balances SET held = 0 WHERE account = 'user:8'`)
  // The sum of the four is 2^64.
  assert.deepEqual(
    (await run(ledger, '2c')).map(({ account }) => account),
    ['user:8'],
  )
  assert.deepEqual(await run(ledger, '5a'), [])
  ledger.plant(
    `UPDATE requests SET amount = ?, drawn = ?, settled = ?, released = ?, held = 0 WHERE id = 'h0'`,
    BALANCE_MAX,
    BALANCE_MAX,
    BALANCE_MAX,
    BALANCE_MAX,
  )
  assert.deepEqual(await run(ledger, '5a'), [])
  ledger.plant(`UPDATE requests SET released = ? WHERE id = 'h0'`, BALANCE_MAX - 1n)
  assert.deepEqual(
    (await run(ledger, '5a')).map(({ hold }) => hold),
    ['h0'],
  )
})

test('no more rows are shown than asked for', async () => {
  using ledger = await smallLedger()
  for (const { sql } of Object.values(PLANTED)) ledger.plant(sql)
  ledger.plant(`UPDATE requests SET held = 1 WHERE id = 'h'`)
  const found = await everything(ledger.auditor)
  const several = Object.keys(found).filter((id) => found[id]!.length > 1)
  assert.ok(several.length > 5, `only ${several.join()} are broken more than once`)
  for (const id of several) {
    const [row, ...more] = await ledger.auditor.run({ id, title: '' }, 1)
    assert.deepEqual(more, [])
    assert.ok(
      found[id]!.some((violation) => isDeepStrictEqual(violation, inOrder(row!))),
      id,
    )
  }
})

test('a check that is none is refused', async () => {
  using ledger = await TwinLedger.open()
  await assert.rejects(ledger.auditor.run({ id: '9z', title: '' }, 1), RangeError)
  assert.deepEqual(ledger.asked, [])
})

test('no check compares every row with every row', async () => {
  using ledger = await smallLedger()
  await everything(ledger.auditor)
  for (const asked of ledger.asked) {
    const plan = ledger.planOf(asked)
    const scanned = new Set<number>()
    for (const { within, what } of plan) {
      const isLoop = /^(SCAN|SEARCH) /.test(what)
      // The inner loops of a join find their rows by key; only an entry's list of postings and legs is scanned.
      assert.ok(!(scanned.has(within) && /^SCAN (?![kl] VIRTUAL)/.test(what)), asked[0])
      assert.ok(!what.includes('CORRELATED'), asked[0])
      if (isLoop) scanned.add(within)
    }
  }
})

test('the statements of the servers have no shifts, whose meaning differs, and no sums that overflow', async () => {
  for (const dialect of ['mysql', 'postgres'] as const) {
    const auditor = new SqlAuditor(dialect, async (sql) => {
      assert.doesNotMatch(sql, />> 32|\|\||json_each/)
      return []
    })
    assert.deepEqual(await everything(auditor), {})
  }
})
