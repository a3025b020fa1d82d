import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import type { Dialect } from '../databases/database.ts'
import { labStores } from '../stores.ts'
import type { StrategyName } from './catalogue.ts'
import { codeOf, Rehearsal } from './rehearsal.ts'

const ALICE = 8
/** The minimum lock timeout of MySQL and MariaDB. */
const LOCK_TIMEOUT_MS = 1_000

const SERVERS = labStores().filter(({ name }) => name !== 'sqlite')
const withoutServers = SERVERS.length === 0 && 'SQLite has no row to wait for, and there is no server'

const WAITING: Readonly<Record<Exclude<Dialect, 'sqlite'>, string>> = {
  // Statements in progress. information_schema.innodb_trx would list the lock waits, but its rows are not refreshed while any client of
  // the server reads it more often than every 100 ms.
  mysql: `SELECT COUNT(*) AS waiting FROM information_schema.processlist
    WHERE db = DATABASE() AND command <> 'Sleep' AND id <> CONNECTION_ID()`,
  postgres: `SELECT COUNT(*) AS waiting FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()`,
}

const WAIT_MS_MAX = 60_000
/** Longer than that, so that no request times out meanwhile. */
const PATIENT_LOCK_TIMEOUT_MS = 90_000
const LOOK_EVERY_MS = 30
/** Consecutive looks: a waiting statement is seen in each of them, and more could have begun to wait. */
const LOOKS = 10

/** Waits until exactly this many transactions wait for a lock. */
async function assertWaiting(expected: number, rehearsal: Rehearsal): Promise<void> {
  await using rows = await rehearsal.rows()
  const sql = WAITING[rehearsal.site.dialect as 'mysql' | 'postgres']
  const count = async (): Promise<number> => {
    // One transaction per look: within a transaction, PostgreSQL repeats the first snapshot of the activity.
    const [row] = await rows.transaction((connection) => connection.select(sql, []))
    return Number(row!['waiting'])
  }
  const deadline = performance.now() + WAIT_MS_MAX
  for (let looks = 0; looks < LOOKS; await sleep(LOOK_EVERY_MS)) {
    const waiting = await count()
    assert.ok(performance.now() < deadline, `${waiting} transactions wait, not ${expected}`)
    looks = waiting === expected ? looks + 1 : 0
  }
}

/** Runs `action` while another transaction holds a lock on the user's row. */
async function whileLocked(rehearsal: Rehearsal, action: () => Promise<void>): Promise<void> {
  await using rows = await rehearsal.rows()
  await rows.transaction(async (connection) => {
    await connection.change('UPDATE users SET updated_at = CURRENT_TIMESTAMP WHERE id = ?', [ALICE])
    await action()
  })
}

describe('a row that somebody else has', { skip: withoutServers }, () => {
  for (const { name, url: store } of SERVERS) {
    test(`is waited for four times by update-first, with pauses of 100, 200 and 300 ms between, on ${name}`, async () => {
      await using rehearsal = await Rehearsal.prepare({
        store,
        strategy: 'update-first',
        lockTimeoutMs: LOCK_TIMEOUT_MS,
      })
      const player = await rehearsal.player()
      const { lives } = player
      await whileLocked(rehearsal, async () => {
        const beganAt = performance.now()
        const code = await codeOf(lives!.freeze({ requestId: 'a', user: ALICE, amount: 616 }))
        const ms = performance.now() - beganAt
        assert.equal(code, 'lock_timeout')
        assert.deepEqual([player.counts().retries, player.counts().lockTimeouts], [3, 4])
        assert.ok(ms > 4 * LOCK_TIMEOUT_MS * 0.9 + 600, `${ms} ms`)
      })
      assert.deepEqual(await rehearsal.findings({}), [])
    })

    test(`is waited for once by row-lock, on ${name}`, async () => {
      await using rehearsal = await Rehearsal.prepare({ store, strategy: 'row-lock', lockTimeoutMs: LOCK_TIMEOUT_MS })
      const player = await rehearsal.player()
      const { lives } = player
      await whileLocked(rehearsal, async () => {
        assert.equal(await codeOf(lives!.freeze({ requestId: 'a', user: ALICE, amount: 616 })), 'lock_timeout')
        assert.deepEqual([player.counts().retries, player.counts().lockTimeouts], [0, 1])
      })
    })

    test(`keeps one request of user-queue waiting in the database, and all of update-first, on ${name}`, async () => {
      for (const [strategy, expected] of [
        ['user-queue', 1],
        ['update-first', 4],
      ] as const) {
        await using rehearsal = await Rehearsal.prepare({ store, strategy, lockTimeoutMs: PATIENT_LOCK_TIMEOUT_MS })
        const { lives } = await rehearsal.player()
        const freezes: Promise<unknown>[] = []
        await whileLocked(rehearsal, async () => {
          for (const requestId of ['a', 'b', 'c', 'd']) {
            freezes.push(lives!.freeze({ requestId, user: ALICE, amount: 616 }))
          }
          await assertWaiting(expected, rehearsal)
        })
        await Promise.all(freezes)
        assert.deepEqual(await rehearsal.findings({ freezes: 4 }), [])
      }
    })

    test(`makes a compare-and-swap wait too, and then fail, on ${name}`, async () => {
      await using rehearsal = await Rehearsal.prepare({
        store,
        strategy: 'cas',
        lockTimeoutMs: PATIENT_LOCK_TIMEOUT_MS,
      })
      const player = await rehearsal.player()
      const { lives } = player
      const freezes: Promise<unknown>[] = []
      await using rows = await rehearsal.rows()
      await rows.transaction(async (connection) => {
        await connection.change('UPDATE users SET version = version + 1 WHERE id = ?', [ALICE])
        freezes.push(lives!.freeze({ requestId: 'a', user: ALICE, amount: 616 }))
        await assertWaiting(1, rehearsal)
      })
      await Promise.all(freezes)
      assert.deepEqual([player.counts().casWins, player.counts().casLosses, player.counts().retries], [1, 1, 1])
    })
  }
})

const LOADS_MAX = 20

/** Whether concurrent calls meet deadlocks, in one of at most `loadsMax` loads. */
async function meetsDeadlocks(store: string, strategy: StrategyName, loadsMax = 1): Promise<boolean> {
  const isTransfer = strategy.startsWith('transfer')
  await using rehearsal = await Rehearsal.prepare({ store, strategy, users: isTransfer ? 50 : 1 })
  const player = await rehearsal.player()
  for (let load = 1; load <= loadsMax && player.counts().deadlocks === 0; load++) {
    await rehearsal.load(isTransfer ? 'transfer' : 'freeze', 100)
  }
  return player.counts().deadlocks! > 0
}

const INNODB = SERVERS.filter(({ name }) => name !== 'postgres')
const withoutInnodb = INNODB.length === 0 && 'there is no server with InnoDB'

describe('deadlocks on InnoDB', { skip: withoutInnodb }, () => {
  for (const { name, url } of INNODB) {
    test(`come with a foreign key to the contended row, and not without it, on ${name}`, async () => {
      assert.equal(await meetsDeadlocks(url, 'insert-first-fk', LOADS_MAX), true)
      for (const strategy of ['insert-first', 'update-first', 'row-lock'] as const) {
        assert.equal(await meetsDeadlocks(url, strategy), false, strategy)
      }
    })

    test(`come with accounts in the caller’s order, whatever is inserted first, and not in the order of keys, on ${name}`, async () => {
      assert.equal(await meetsDeadlocks(url, 'transfer-unsorted', LOADS_MAX), true)
      assert.equal(await meetsDeadlocks(url, 'transfer-journal-first', LOADS_MAX), true)
      assert.equal(await meetsDeadlocks(url, 'transfer-sorted'), false)
    })
  }
})
