import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { deposit, freeze, settle } from '../../../test/support/commands.ts'
import { damages, doDamage } from '../../../test/support/random-damage.ts'
import {
  HOLDER,
  lineSet,
  LONG_ID,
  smallLedger,
  violationsOf,
  whereChange,
  whereRequest,
  whereRun,
} from '../../../test/support/small-ledger.ts'
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

interface Planted {
  readonly title: string
  readonly sql: string
  /** One of the violations that are found. */
  readonly shows: Violation
}

const PLANTED: Readonly<Record<AuditCheckId, Planted>> = {
  '1a': {
    title: 'an entry with a coin too much',
    sql: lineSet('user:9', 1, { field: 2, value: 11 }),
    shows: { entry: 't', asset: 'credit', sum: '1' },
  },
  '1b': {
    title: 'an asset with a coin too few',
    sql: `UPDATE balances SET available = available - 1 WHERE account = 'user:8'`,
    shows: { asset: 'credit', sum: '-1' },
  },
  '1c': {
    title: 'a leg that brought a coin more than the journal knows of',
    sql: `UPDATE requests SET legs = replace(legs, '"gem","3"', '"gem","4"') ${whereRequest('x')}`,
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
  '2d': {
    title: 'a balance that owes without an overdraft charge',
    sql: `UPDATE balances SET floor = available + 1, debt = 1 WHERE account = 'user:8'`,
    shows: { account: 'user:8', available: '740', debt: '1' },
  },
  '2e': {
    title: 'a balance of a house account that was not declared',
    sql: `UPDATE balances SET account = '@eve' WHERE account = 'user:9'`,
    shows: { account: '@eve' },
  },
  '2f': {
    title: 'a balance that stands otherwise than its account',
    sql: `UPDATE balances SET standing = 1 WHERE account = 'user:8'`,
    shows: { account: 'user:8' },
  },
  '3a': {
    title: 'versions without a run',
    sql: `DELETE FROM journal ${whereRun(2)}`,
    shows: { account: 'user:8', version: '7', postings: '4' },
  },
  '3b': {
    title: 'a balance that is not what its last run says',
    sql: `UPDATE balances SET available = available + 7 WHERE account = 'user:8'`,
    shows: { account: 'user:8', available: '747' },
  },
  '3c': {
    title: 'a run that does not follow from the one before',
    sql: `UPDATE journal SET held = held + 1 ${whereRun(7)}`,
    shows: { firstVersion: '7', lastVersion: '7', held: '101' },
  },
  '3d': {
    title: 'a request of an actor that is not there',
    sql: `UPDATE requests SET actor = 7 ${whereRequest('t')}`,
    shows: { entry: 't', actor: '7' },
  },
  '4a': {
    title: 'an end that names a posting of nobody',
    sql: `UPDATE hold_changes SET payee_version = 99 ${whereChange('h', 1)}`,
    shows: { entry: 'h~settle', version: '99' },
  },
  '4b': {
    title: 'a posting that its entry does not name',
    sql: `UPDATE requests SET postings = '[]' ${whereRequest('t')}`,
    shows: { entry: 't', version: '7' },
  },
  '4c': {
    title: 'a digest whose id is lost',
    sql: `UPDATE requests SET id_text = NULL ${whereRequest(LONG_ID)}`,
    shows: { id: '' },
  },
  '5a': {
    title: 'a hold from which a coin leaked',
    sql: `UPDATE hold_changes SET released = released - 1 ${whereChange('h', 1)}`,
    shows: { hold: 'h', number: '1', amount: '200', settled: '150', released: '49' },
  },
  '5b': {
    title: 'an ended hold that still holds something',
    sql: `UPDATE hold_changes SET held = 1 ${whereChange('gone', 1)}`,
    shows: { hold: 'gone', number: '1', state: 'released', held: '1' },
  },
  '5c': {
    title: 'a hold whose payee got something else',
    sql: `UPDATE hold_changes SET settled = 149, released = 51 ${whereChange('h', 1)}`,
    shows: { hold: 'h', availableDifference: '1', heldDifference: '0' },
  },
  '5d': {
    title: 'a change whose number is not the next',
    sql: `UPDATE hold_changes SET number = 9 ${whereChange('life', 2)}`,
    shows: { hold: 'life', number: '9', entry: 'more' },
  },
  '5e': {
    title: 'a refund that changed what the hold lacked',
    sql: `UPDATE hold_changes SET shortfall = 7 ${whereChange('life', 4)}`,
    shows: { hold: 'life', number: '4', settled: '65', amount: '60' },
  },
}

for (const [id, { title, sql, shows }] of Object.entries(PLANTED)) {
  test(`${title} is found (${id})`, async () => {
    using ledger = await smallLedger()
    ledger.plant(sql)
    const violations = await violationsOf(ledger, id as AuditCheckId)
    const expected = Object.entries(shows)
    const hit = violations.some((row) => expected.every(([column, value]) => row[column] === value))
    assert.ok(hit, JSON.stringify(violations))
  })
}

/** The runs of user:8 have the versions 1, 2 to 4, 5 to 6, and 7. */
const UNEVEN = {
  'one is missing and another one is too many': `UPDATE journal SET first_version = 8, last_version = 10 ${whereRun(2)}`,
  'the first one is not 1': `UPDATE journal SET first_version = 0, last_version = 0 ${whereRun(1)}`,
  'two runs overlap': `UPDATE journal SET first_version = 3, last_version = 5 ${whereRun(2)}`,
  'a run says that it has more': `UPDATE journal SET last_version = 8 ${whereRun(7)}`,
  'a run says that it has fewer': `UPDATE journal SET last_version = 3 ${whereRun(2)}`,
  'a run ends before it begins': `UPDATE journal SET last_version = 6 ${whereRun(7)}`,
}

for (const [title, sql] of Object.entries(UNEVEN)) {
  test(`as many postings as versions are not enough when ${title}`, async () => {
    using ledger = await smallLedger()
    ledger.plant(sql)
    const found = await violationsOf(ledger, '3a')
    assert.deepEqual(
      found.map(({ account, version, postings }) => [account, version, postings]),
      [['user:8', '7', '7']],
    )
  })
}

test('a run without versions is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(
    `INSERT INTO journal SELECT balance_id, 8, 7, available, held, at, seq, '[]' FROM journal ${whereRun(7)}`,
  )
  assert.deepEqual(
    (await violationsOf(ledger, '3a')).map(({ account, version, postings }) => [account, version, postings]),
    [['user:8', '7', '7']],
  )
})

/** Each with the number of postings that are still there. */
const BROKEN_LINES = {
  'no JSON': [`'[[0,'`, '4'],
  'no list': [`'{"seq":0}'`, '4'],
  'a list of other things': [`'[1,"two",null]'`, '7'],
  'lists of nothing': [`'[[],[],[]]'`, '7'],
  'a list without amounts': [`'[[0,"freeze"],[1,"freeze"],[1,"settle"]]'`, '7'],
} as const

for (const [title, [lines, postings]] of Object.entries(BROKEN_LINES)) {
  test(`lines that are ${title} are found, and end no check`, async () => {
    using ledger = await smallLedger()
    ledger.plant(`UPDATE journal SET packed = ${lines} ${whereRun(2)}`)
    const found = await everything(ledger.auditor)
    if (postings === '7') assert.equal(found['3c']?.[0]?.['firstVersion'], '2')
    else assert.equal(found['3a']?.[0]?.['postings'], postings)
    assert.ok('5c' in found, Object.keys(found).join())
  })
}

for (const text of ['[[', '{}', '5', '["x"]', '[[]]', '[["x","y","z"]]']) {
  test(`postings of an entry that are ${text} are found, and end no check`, async () => {
    using ledger = await smallLedger()
    ledger.plant(`UPDATE requests SET postings = '${text}' ${whereRequest('t')}`)
    const found = await everything(ledger.auditor)
    assert.deepEqual(new Set(found['4b']!.map(({ entry }) => entry)), new Set(['t']))
  })

  test(`legs of an entry that are ${text} are found, and end no check`, async () => {
    using ledger = await smallLedger()
    ledger.plant(`UPDATE requests SET legs = '${text}' ${whereRequest('x')}`)
    const found = await everything(ledger.auditor)
    assert.ok(found['1c']!.some(({ entry }) => entry === 'x'))
  })
}

test('a posting that two requests name belongs to one of them', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE requests SET opened_version = 2 ${whereRequest('h')}`)
  assert.deepEqual(
    (await violationsOf(ledger, '4a')).map(({ entry, version }) => [entry, version]),
    [['h', '2']],
  )
  assert.deepEqual(
    (await violationsOf(ledger, '4b')).map(({ entry, version }) => [entry, version]),
    [['h', '3']],
  )
})

test('a posting that its entry names twice, or in another run, is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(
    `UPDATE requests SET postings = json_set(postings, '$[#]', json_extract(postings, '$[0]')) ${whereRequest('t')}`,
  )
  ledger.plant(`UPDATE requests SET postings = json_set(postings, '$[0][2]', 99) ${whereRequest('d')}`)
  assert.deepEqual((await violationsOf(ledger, '4a')).map(({ entry }) => entry).toSorted(byText), ['d', 't'])
  assert.deepEqual(await violationsOf(ledger, '4b'), [])
})

test('a posting whose kind is not that of its entry is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(lineSet('user:8', 7, { field: 1, value: `'charge'` }))
  assert.deepEqual(
    (await violationsOf(ledger, '4b')).map(({ entry, version }) => [entry, version]),
    [['t', '7']],
  )
})

test('an end whose kind is not that of its postings is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE hold_changes SET state = 'settled' ${whereChange('gone', 1)}`)
  assert.deepEqual(
    (await violationsOf(ledger, '4a')).map(({ entry, version }) => [entry, version]),
    [['gone~settle', '6']],
  )
  assert.deepEqual(
    (await violationsOf(ledger, '4b')).map(({ entry, version }) => [entry, version]),
    [['gone~release', '6']],
  )
})

test('an entry that belongs to no request is shown by its number', async () => {
  using ledger = await smallLedger()
  ledger.plant(lineSet('user:8', 1, { field: 0, value: '-seq' }))
  assert.deepEqual(
    (await violationsOf(ledger, '4b')).map(({ entry, seq, version }) => [entry, seq, version]),
    [['', '0', '1']],
  )
})

test('a text beside a key that tells the id is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE requests SET id_text = 'other' ${whereRequest('d')}`)
  assert.deepEqual(
    (await violationsOf(ledger, '4c')).map(({ id }) => id),
    ['other'],
  )
})

test('a sum of coins that would wrap around to zero is shown as it is', async () => {
  using ledger = await TwinLedger.open()
  for (const stripe of [0, 1]) await ledger.apply(stripe, deposit(`d${stripe}`, `user:${stripe}`, BALANCE_MAX))
  assert.deepEqual(await everything(ledger.auditor), {})
  for (const account of ['user:0', 'user:1']) {
    ledger.plant(`UPDATE balances SET available = ? WHERE account = ?`, 1n, account)
    ledger.plant(lineSet(account, 1, { field: 2, value: 1 }))
  }
  for (const stripe of [0, 1]) {
    ledger.plant(`UPDATE balances SET available = ? WHERE account = '@issuer' AND stripe = ?`, BALANCE_MIN, stripe)
  }
  for (const field of [2, 3]) ledger.plant(lineSet('@issuer', 1, { field, value: `'${BALANCE_MIN}'` }))
  assert.deepEqual(await violationsOf(ledger, '1b'), [{ asset: 'credit', sum: String(2n * BALANCE_MIN + 2n) }])
  assert.deepEqual(
    (await violationsOf(ledger, '1a')).map(({ entry, sum }) => [entry, sum]),
    [
      ['d0', String(2n * BALANCE_MIN + 1n)],
      ['d1', String(1n - BALANCE_MAX)],
    ],
  )
  for (const account of ['user:0', 'user:1'])
    ledger.plant(`UPDATE balances SET available = 0 WHERE account = ?`, account)
  assert.deepEqual(await violationsOf(ledger, '1b'), [{ asset: 'credit', sum: '-18446744073709551616' }])
})

test('a step beyond int64 does not follow from the run before', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d1', 'user:8', 1n))
  await ledger.apply(0, deposit('d2', 'user:8', BALANCE_MAX - 1n))
  const issuer = `(SELECT id FROM balances WHERE account = '@issuer')`
  for (const version of [1, 2]) {
    const sql = `UPDATE journal SET available = ? WHERE balance_id = ${issuer} AND first_version = ?`
    ledger.plant(sql, BALANCE_MIN, version)
  }
  ledger.plant(lineSet('@issuer', 1, { field: 2, value: `'${BALANCE_MIN}'` }))
  ledger.plant(lineSet('@issuer', 2, { field: 2, value: -1 }))
  // In floating point −2^63 − 1 equals −2^63.
  assert.deepEqual(
    (await violationsOf(ledger, '3c')).map(({ firstVersion }) => firstVersion),
    ['2'],
  )
})

test('lines of one run whose sum is beyond int64 do not wrap around', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, ...[0, 1, 2, 3].map((index) => deposit(`d${index}`, 'user:8', 1n)))
  for (const line of [0, 1, 2, 3]) ledger.plant(lineSet('user:8', 1, { line, field: 2, value: `'${1n << 62n}'` }))
  for (const table of ['balances', 'journal']) {
    ledger.plant(`UPDATE ${table} SET available = 0 WHERE ${table === 'journal' ? 'balance_id' : 'id'} = ${HOLDER}`)
  }
  // The sum of the four is 2^64.
  assert.deepEqual(
    (await violationsOf(ledger, '3c')).map(({ lastVersion }) => lastVersion),
    ['4'],
  )
})

test('an amount that no double keeps is exact in the lines', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'user:8', (1n << 53n) + 1n), freeze('h', 'user:8', 1n), settle('h', 1n))
  assert.deepEqual(await everything(ledger.auditor), {})
  ledger.plant(lineSet('user:8', 1, { field: 2, value: `'${1n << 53n}'` }))
  assert.deepEqual(
    (await violationsOf(ledger, '1a')).map(({ entry, sum }) => [entry, sum]),
    [['d', '-1']],
  )
})

test('holds of the greatest amounts are added up exactly', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'user:8', 10n), ...[0, 1, 2, 3].map((index) => freeze(`h${index}`, 'user:8', 1n)))
  await ledger.apply(0, freeze('ended', 'user:8', 1n), settle('ended', 1n))
  for (const index of [0, 1, 2, 3]) {
    ledger.plant(`UPDATE requests SET amount = ? ${whereRequest(`h${index}`)}`, 1n << 62n)
  }
  ledger.plant(`UPDATE balances SET held = 0 WHERE account = 'user:8'`)
  // The sum of the four is 2^64.
  assert.deepEqual(
    (await violationsOf(ledger, '2c')).map(({ account }) => account),
    ['user:8'],
  )
  const change = `UPDATE hold_changes SET amount = ?, drawn = ?, settled = ?, released = ?, held = 0 ${whereChange('ended', 1)}`
  ledger.plant(change, BALANCE_MAX, BALANCE_MAX, BALANCE_MAX, BALANCE_MAX)
  assert.deepEqual(await violationsOf(ledger, '5a'), [])
  ledger.plant(change, BALANCE_MAX, BALANCE_MAX, BALANCE_MAX, BALANCE_MAX - 1n)
  assert.deepEqual(
    (await violationsOf(ledger, '5a')).map(({ hold }) => hold),
    ['ended'],
  )
  // As if the holder had got 2^64, which is nothing in 64 bits.
  ledger.plant(change, 0n, BALANCE_MIN, 1n, BALANCE_MAX)
  assert.deepEqual(
    (await violationsOf(ledger, '5c'))
      .filter(({ hold }) => hold === 'ended')
      .map(({ availableDifference, heldDifference }) => [availableDifference, heldDifference]),
    [[String(-1n << 64n), '0']],
  )
})

test('no more rows are shown than asked for', async () => {
  using ledger = await smallLedger()
  for (const { sql } of Object.values(PLANTED)) ledger.plant(sql)
  ledger.plant(`UPDATE hold_changes SET held = 1 ${whereChange('h', 1)}`)
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
    const scanned = new Set<number>()
    let isCorrelated = false
    for (const { within, what } of ledger.planOf(asked)) {
      const isLoop = /^(SCAN|SEARCH) /.test(what)
      // The inner loops of a join find their rows by key, as does what is asked of each row; only a list of the row itself is scanned.
      assert.ok(!(scanned.has(within) && /^SCAN (?!(k|l|line) VIRTUAL)/.test(what)), asked[0])
      assert.ok(!isCorrelated || /^SEARCH \w+ USING PRIMARY KEY/.test(what), asked[0])
      isCorrelated = what.startsWith('CORRELATED')
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
