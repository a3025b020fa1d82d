import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../databases/database.ts'
import { labStores } from '../stores.ts'
import type { StrategyName } from './catalogue.ts'
import { Rehearsal } from './rehearsal.ts'

/** What is compared: all but what depends on the process and the time. */
const ROWS = {
  requests: `SELECT i.id, r.kind, r.metadata, r.memo, r.floor, r.payee, r.amount, r.on_expiry, r.opened_version, r.expires_at - r.at AS life,
      r.postings IS NULL AS names_no_postings, r.hold_seq, r.hold_number
    FROM requests r JOIN request_ids i ON i.seq = r.seq`,
  changes: `SELECT i.id, c.number, c.version, c.payee_version, c.state, c.amount, c.held, c.settled, c.released, c.drawn, c.shortfall, c.seq,
      c.payee, c.refunded, c.settled_late, c.expires_at, c.on_expiry, c.end_number, c.end_settled
    FROM hold_changes c JOIN request_ids i ON i.seq = c.hold_seq`,
  runs: 'SELECT first_version, last_version, available, held FROM journal',
  postings: 'SELECT version, entry_id, kind, available_delta, held_delta, available, held FROM postings',
  balances: 'SELECT account, asset, available, held, floor, version FROM balances',
} as const

/** The same few commands in the same batches, and every row of the ledger afterwards. */
async function rowsAfter(strategy: StrategyName, store: string): Promise<Readonly<Record<string, readonly Row[]>>> {
  await using rehearsal = await Rehearsal.prepare({ store, strategy, users: 4 })
  const { lives, transfers } = await rehearsal.player()
  const users = rehearsal.site.users
  await Promise.all(users.map((user) => lives!.freeze({ requestId: `hold-${user}`, user, amount: 600 + user })))
  await Promise.all([
    lives!.settle({ requestId: 'hold-1', user: 1 }, 500),
    lives!.release({ requestId: 'hold-2', user: 2 }),
    lives!.settle({ requestId: 'hold-3', user: 3 }, 603),
    lives!.freeze({ requestId: 'again', user: 1, amount: 7 }),
  ])
  await transfers!.transfer({
    requestId: 'gift',
    from: 4,
    shares: [
      { to: 2, amount: 30 },
      { to: 1, amount: 12 },
    ],
  })
  await using database = await rehearsal.rows()
  return await database.transaction(async (connection) => {
    const all: Record<string, readonly Row[]> = {}
    for (const [name, select] of Object.entries(ROWS)) {
      const rows = await connection.select(select, [])
      // The earlier deposits have random ids, so only their sums are compared.
      all[name] = rows
        .map(comparable)
        .filter((row) => row['kind'] !== 'deposit')
        .sort(byText)
    }
    return all
  })
}

/** Drivers return integers as numbers or as strings. */
function comparable(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  )
}

function byText(left: Row, right: Row): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1
}

for (const { name, url } of labStores()) {
  test(`raw writes the rows that Holdfast writes, on ${name}`, async () => {
    const expected = await rowsAfter('holdfast', url)
    assert.equal(expected['requests']!.length, 6)
    assert.deepEqual(await rowsAfter('raw', url), expected)
  })
}
