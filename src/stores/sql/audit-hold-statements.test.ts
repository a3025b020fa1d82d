/** Law 5: each of its statements finds what it is for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  lineSet,
  seqOf,
  smallLedger,
  violationsOf,
  whereChange,
  whereRequest,
} from '../../../test/support/small-ledger.ts'
import type { AuditCheckId } from '../audit-checks.ts'

type HalfTold = readonly [title: string, sql: string, hold: string, found: AuditCheckId]

/** Each is found by this check in this hold, and in no other one. */
const HALF_TOLD: readonly HalfTold[] = [
  ['a freeze of less than nothing', `UPDATE requests SET amount = -1 ${whereRequest('open')}`, 'open', '5a'],
  ['more refunded than settled', `UPDATE hold_changes SET refunded = 66 ${whereChange('life', 4)}`, 'life', '5a'],
  ['more settled late than drawn', `UPDATE hold_changes SET settled_late = 66 ${whereChange('life', 4)}`, 'life', '5a'],
  ['a freeze for nobody', `UPDATE requests SET payee = NULL ${whereRequest('open')}`, 'open', '5a'],
  ['a freeze that never expires', `UPDATE requests SET expires_at = NULL ${whereRequest('open')}`, 'open', '5a'],
  [
    'less than nothing released',
    `UPDATE hold_changes SET released = -1, settled = 66 ${whereChange('life', 4)}`,
    'life',
    '5a',
  ],
  ['an end that left the hold open', `UPDATE hold_changes SET state = 'open' ${whereChange('h', 1)}`, 'h', '5b'],
  ['an end in no known state', `UPDATE hold_changes SET state = 'lost' ${whereChange('h', 1)}`, 'h', '5b'],
  ['an end that names an earlier end', `UPDATE hold_changes SET end_number = 1 ${whereChange('h', 1)}`, 'h', '5b'],
  [
    'an end that is no step, but has a payee',
    `UPDATE hold_changes SET payee = 'user:9' ${whereChange('h', 1)}`,
    'h',
    '5b',
  ],
  ...['refunded', 'settled_late', 'expires_at', 'on_expiry'].map((column): HalfTold => [
    `an end that is no step, but has its own ${column}`,
    `UPDATE hold_changes SET ${column} = 0 ${whereChange('h', 1)}`,
    'h',
    '5b',
  ]),
  [
    'an end that is no step, but follows some',
    `UPDATE hold_changes SET seq = NULL, payee = NULL, refunded = NULL, settled_late = NULL, expires_at = NULL ${whereChange('life', 3)}`,
    'life',
    '5b',
  ],
  ['a refund that left something held', `UPDATE hold_changes SET held = 1 ${whereChange('life', 4)}`, 'life', '5b'],
  ['a step that is none', `UPDATE hold_changes SET seq = NULL ${whereChange('life', 3)}`, 'life', '5b'],
  [
    'a refund that ended a hold again',
    `UPDATE hold_changes SET end_number = NULL ${whereChange('life', 4)}`,
    'life',
    '5b',
  ],
  ['a refund that names another end', `UPDATE hold_changes SET end_number = 2 ${whereChange('life', 4)}`, 'life', '5b'],
  [
    'a refund after which the hold is open',
    `UPDATE hold_changes SET state = 'open' ${whereChange('life', 4)}`,
    'life',
    '5b',
  ],
  [
    'a hold that ended otherwise than it had',
    `UPDATE hold_changes SET state = 'released' ${whereChange('life', 4)}`,
    'life',
    '5b',
  ],
  ['an amend after the end', `UPDATE requests SET kind = 'amend' ${whereRequest('back')}`, 'life', '5b'],
  [
    'a late settle of a hold that did not expire',
    `UPDATE requests SET kind = 'settle' ${whereRequest('back')}`,
    'life',
    '5b',
  ],
  ['a payee that got held coins', lineSet('@revenue', 1, { field: 3, value: 1 }), 'h', '5c'],
  [
    'a released hold with a posting of its payee',
    `UPDATE hold_changes SET payee_balance_id = 1, payee_version = 99 ${whereChange('gone', 1)}`,
    'gone',
    '5c',
  ],
  [
    'a settle that does not know whom it paid',
    `UPDATE hold_changes SET payee_balance_id = NULL, payee_version = NULL ${whereChange('life', 1)}`,
    'life',
    '5c',
  ],
  [
    'a step that names no posting of its holder',
    `UPDATE hold_changes SET version = 99 ${whereChange('life', 4)}`,
    'life',
    '5c',
  ],
  [
    'a step that paid its holder',
    `UPDATE hold_changes SET payee_balance_id = 7 ${whereChange('life', 4)}`,
    'life',
    '5c',
  ],
  ['a payee that got nothing', `UPDATE hold_changes SET payee = 'user:9' ${whereChange('life', 4)}`, 'life', '5c'],
  ['a freeze that took another amount', `UPDATE requests SET amount = 101 ${whereRequest('open')}`, 'open', '5c'],
  ['a freeze that names no posting', `UPDATE requests SET opened_version = NULL ${whereRequest('open')}`, 'open', '5c'],
  [
    'a released hold that knows a payee',
    `UPDATE hold_changes SET payee_balance_id = 1 ${whereChange('gone', 1)}`,
    'gone',
    '5c',
  ],
  ['a lost change', `DELETE FROM hold_changes ${whereChange('life', 3)}`, 'life', '5d'],
  ['a lost first change', `DELETE FROM hold_changes ${whereChange('life', 1)}`, 'life', '5d'],
  ['a lost last change', `DELETE FROM hold_changes ${whereChange('life', 4)}`, 'life', '5d'],
  ['changes of no hold', `DELETE FROM requests ${whereRequest('gone')}`, '', '5d'],
  ['changes of an entry', `UPDATE hold_changes SET hold_seq = ${seqOf('t')} ${whereChange('gone', 1)}`, 't', '5d'],
  ['a change before the freeze', `UPDATE hold_changes SET version = 2 ${whereChange('h', 1)}`, 'h', '5d'],
  ['an entry of another change', `UPDATE requests SET hold_number = 7 ${whereRequest('more')}`, 'life', '5d'],
  ['a lost entry of a step', `DELETE FROM requests ${whereRequest('more')}`, 'life', '5d'],
  [
    'a step at another time than its entry',
    `UPDATE hold_changes SET at = at + 1 ${whereChange('life', 2)}`,
    'life',
    '5d',
  ],
  [
    'a step of another command than its entry',
    `UPDATE hold_changes SET fingerprint = 1 ${whereChange('life', 2)}`,
    'life',
    '5d',
  ],
  ['an open hold that nothing expires', `UPDATE requests SET expires_at = NULL ${whereRequest('more')}`, 'life', '5d'],
  ['an ended hold that something expires', `UPDATE requests SET expires_at = 1 ${whereRequest('back')}`, 'life', '5d'],
  [
    'an end that amended the hold',
    `UPDATE hold_changes SET amount = 199, released = 49 ${whereChange('h', 1)}`,
    'h',
    '5e',
  ],
  [
    'a settle that put the expiry off',
    `UPDATE hold_changes SET expires_at = 1 ${whereChange('life', 1)}`,
    'life',
    '5e',
  ],
  ['a refund that settled on expiry', `UPDATE hold_changes SET on_expiry = 1 ${whereChange('life', 4)}`, 'life', '5e'],
  ['a step that is a deposit', `UPDATE requests SET kind = 'deposit' ${whereRequest('p2')}`, 'rest', '5e'],
  ['a release that settled', `UPDATE hold_changes SET state = 'settled' ${whereChange('rest', 2)}`, 'rest', '5e'],
  ['a release that left the hold open', `UPDATE requests SET kind = 'release' ${whereRequest('p2')}`, 'rest', '5e'],
  ['a settle for another payee', `UPDATE hold_changes SET payee = 'user:9' ${whereChange('twice', 2)}`, 'twice', '5e'],
  ['a refund for another payee', `UPDATE hold_changes SET payee = 'user:9' ${whereChange('life', 4)}`, 'life', '5e'],
  [
    'a late settle that is not told',
    `UPDATE hold_changes SET settled_late = 14 ${whereChange('late', 2)}`,
    'late',
    '5e',
  ],
  [
    'a late settle that drew less',
    `UPDATE hold_changes SET drawn = 14, released = 19 ${whereChange('late', 2)}`,
    'late',
    '5e',
  ],
  ['an amend that drew', `UPDATE hold_changes SET drawn = 1, held = 41 ${whereChange('life', 2)}`, 'life', '5e'],
  ['an amend that refunded', `UPDATE hold_changes SET refunded = 1 ${whereChange('life', 2)}`, 'life', '5e'],
  [
    'a refund after an end that settled otherwise',
    `UPDATE hold_changes SET end_settled = 1 ${whereChange('life', 4)}`,
    'life',
    '5e',
  ],
  [
    'an end that settled otherwise',
    `UPDATE hold_changes SET end_settled = NULL ${whereChange('life', 3)}`,
    'life',
    '5e',
  ],
  ['a refund that settled late', `UPDATE hold_changes SET settled_late = 1 ${whereChange('life', 4)}`, 'life', '5e'],
]

for (const [title, sql, hold, found] of HALF_TOLD) {
  test(`${title} is found (${found})`, async () => {
    using ledger = await smallLedger()
    ledger.plant(sql)
    const rows = await violationsOf(ledger, found)
    assert.deepEqual([...new Set(rows.map((row) => row['hold']))], [hold])
  })
}

test('a step whose entry does not name its hold, or its number, is found, and so is the entry', async () => {
  for (const [column, shown] of [
    ['hold_seq', ['', '4', 'back']],
    ['hold_number', ['life', 'null', 'back']],
  ] as const) {
    using ledger = await smallLedger()
    ledger.plant(`UPDATE requests SET ${column} = NULL ${whereRequest('back')}`)
    assert.deepEqual(
      (await violationsOf(ledger, '5d')).map(({ hold, number, entry }) => [hold, number, entry]),
      [['life', '4', 'back'], shown],
    )
  }
})

test('a step without coins has its posting all the same', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE hold_changes SET version = 99 ${whereChange('rest', 1)}`)
  assert.deepEqual(
    (await violationsOf(ledger, '5c')).map(({ hold, version }) => [hold, version]),
    [
      ['rest', '5'],
      ['rest', '99'],
    ],
  )
})

test('an entry of another kind that names a hold is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE requests SET hold_seq = ${seqOf('life')}, hold_number = 9 ${whereRequest('d')}`)
  assert.deepEqual(
    (await violationsOf(ledger, '5d')).map(({ hold, entry }) => [hold, entry]),
    [['life', 'd']],
  )
})

test('an entry without a hold that expires is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE requests SET expires_at = 1 ${whereRequest('d')}`)
  assert.deepEqual(
    (await violationsOf(ledger, '5d')).map(({ hold, entry }) => [hold, entry]),
    [['', 'd']],
  )
})

test('a freeze without an amount is found', async () => {
  using ledger = await smallLedger()
  ledger.plant(`UPDATE requests SET amount = NULL ${whereRequest('open')}`)
  const [violation] = await violationsOf(ledger, '5a')
  assert.deepEqual([violation?.['hold'], violation?.['amount']], ['open', 'null'])
})
