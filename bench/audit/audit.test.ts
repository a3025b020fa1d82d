import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { labStores } from '../stores.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import { Rehearsal } from '../strategies/rehearsal.ts'
import { compareCounts } from './tally.ts'

interface Damage {
  readonly strategy: StrategyName
  readonly what: string
  readonly statement: string
  readonly finding: RegExp
}

const LIVES: readonly Damage[] = [
  {
    strategy: 'update-first',
    what: 'coins that appeared',
    statement: 'UPDATE users SET balance = balance + 1',
    finding: /the balance of user 8 does not match its logs/,
  },
  {
    strategy: 'update-first',
    what: 'coins that stayed frozen',
    statement: 'UPDATE users SET frozen_balance = frozen_balance + 616',
    finding: /the balance of user 8/,
  },
  {
    strategy: 'cas',
    what: 'a log that was lost',
    statement: `DELETE FROM compute_freeze_logs WHERE request_id = 'rehearsal-1'`,
    finding: /freezes: \d+ acknowledged, \d+ in the rows/,
  },
  {
    strategy: 'row-lock',
    what: 'a hold that was ended and is open again',
    statement: `UPDATE compute_freeze_logs SET status = 'frozen' WHERE request_id = 'rehearsal-1'`,
    finding: /(settles|releases): \d+ acknowledged/,
  },
  {
    strategy: 'holdfast',
    what: 'coins that appeared',
    statement: `UPDATE balances SET available = available + 1 WHERE account = 'user:8'`,
    finding: /^1b: /m,
  },
  {
    strategy: 'raw',
    what: 'a posting that was lost',
    statement: `DELETE FROM journal WHERE seq = (SELECT seq FROM request_ids WHERE id = 'rehearsal-1')`,
    finding: /^1a|^3a|^4a/m,
  },
  {
    strategy: 'holdfast',
    what: 'a hold that nobody had asked for',
    statement: `UPDATE requests SET kind = 'freeze' WHERE kind = 'deposit'`,
    finding: /freezes: \d+ acknowledged, \d+ in the rows/,
  },
]

const TRANSFERS: readonly Damage[] = [
  {
    strategy: 'transfer-sorted',
    what: 'coins that vanished',
    statement: 'UPDATE user_coins SET balance = balance - 1 WHERE uid = 3',
    finding: /the balance of user 3 does not match the journal/,
  },
  {
    strategy: 'transfer-unsorted',
    what: 'a line of the journal that was lost',
    statement: `DELETE FROM coin_journal WHERE num < 0 AND order_id = 'rehearsal-1'`,
    finding: /the journal of order rehearsal-1 does not sum to zero/,
  },
  {
    strategy: 'transfer-sorted',
    what: 'an order that was lost',
    statement: `DELETE FROM transfer_orders WHERE order_id = 'rehearsal-1'`,
    finding: /transfers: 5 acknowledged, 4 in the rows/,
  },
]

for (const { name, url: store } of labStores()) {
  describe(`the audit on ${name}`, () => {
    for (const { strategy, what, statement, finding } of [...LIVES, ...TRANSFERS]) {
      test(`finds ${what} in the books of ${strategy}`, async () => {
        const isTransfer = strategy.startsWith('transfer')
        await using rehearsal = await Rehearsal.prepare({ store, strategy, users: isTransfer ? 11 : 1 })
        const { tally } = isTransfer
          ? await rehearsal.load('transfer', 5, { inFlight: 1 })
          : await rehearsal.load('life', 20, { inFlight: 1 })
        assert.deepEqual(await rehearsal.findings(tally), [])
        await using database = await rehearsal.rows()
        await database.run([statement])
        assert.match((await rehearsal.findings(tally)).join('\n'), finding)
      })
    }
  })
}

test('calls whose effect is unknown may be in the rows or not, and no others', () => {
  assert.deepEqual(compareCounts('freezes', 10, 10, 0), [])
  assert.deepEqual(compareCounts('freezes', 10, 12, 2), [])
  assert.deepEqual(compareCounts('freezes', 10, 13, 2), ['freezes: 10 acknowledged (and 2 unknown), 13 in the rows'])
  assert.deepEqual(compareCounts('freezes', 10, 9, 2), ['freezes: 10 acknowledged (and 2 unknown), 9 in the rows'])
})
