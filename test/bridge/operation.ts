/** A bridge from its installation to its removal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBridge } from '../../src/bridge/open.ts'
import { openLedger } from '../../src/ledger.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { assertExact, available, errorOf, install, oldSystem, PLAN, rowOf, status } from './bridged-ledger.ts'
import { OldCode } from './old-code.ts'
import type { OldServer } from './old-server.ts'

export function describeInstallation(server: OldServer): void {
  test('an installation that is stopped again and again under load is finished by the last one, and nothing is lost or doubled', async () => {
    const users = Array.from({ length: 120 }, (_, index) => [index + 1, 1_000, 0] as const)
    await using database = await oldSystem(server, users)
    await using old = new OldCode(server, database.url())
    const load = { goesOn: true }
    const work = Array.from({ length: 4 }, async (_, worker) => {
      for (let call = 0; load.goesOn; call++) {
        const user = 1 + ((call * 37 + worker * 91) % 130)
        const id = `load-${worker}-${call}`
        const way = (['row-lock', 'cas', 'update-first', 'insert-first'] as const)[call % 4]!
        if (user > 120 && call % 5 === 0) {
          await database.query(server.dialect.insertUnlessThere(`${user}, 50, 0`))
        }
        if (await old.freeze(way, id, user, 7)) await old.end(way, id, user, call % 3 === 0 ? null : 4)
      }
    })
    const rest = async (): Promise<void> => {
      load.goesOn = false
      await Promise.all(work)
    }
    try {
      for (let stopped = 0; stopped < 3; stopped++) {
        await using bridge = await openBridge(database.url(), PLAN)
        const stop = new Error('stopped')
        const steps = { left: 3 + stopped * 3 }
        await bridge
          .install({ batchUsers: 20, adopt: false }, () => {
            if (--steps.left === 0) throw stop
          })
          .catch((error: unknown) => assert.equal(error, stop))
      }
      const { status: installed } = await install(database, PLAN, { batchUsers: 20 })
      await sleep(200)
      assert.equal(installed.accounts.pending + installed.accounts.refused, 0)
    } finally {
      await rest()
    }
    assert.ok(old.counts.ends > 50, `${old.counts.ends} ends`)
    const { dangling, disturbance } = server.dialect
    // Of users who are not there yet.
    old.counts.errors.delete(dangling)
    if (disturbance !== null) old.counts.errors.delete(disturbance)
    assert.deepEqual([...old.counts.errors], [], 'the old code was never refused otherwise')
    await using ledger = await openLedger(database.url(), { sweep: false })
    await assertExact(database, ledger)
  })

  test('a transaction whose snapshot is older than the bridge loses no write', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
    ])
    await using snapshot = await database.rival()
    await snapshot.run('CREATE TABLE other (id INT PRIMARY KEY)')
    for (const sql of server.dialect.beginWithSnapshot) await snapshot.run(sql)
    // A read of another table makes the snapshot, and keeps nobody from adding triggers to this one.
    await snapshot.run('SELECT * FROM other')
    await install(database)
    await snapshot.run('UPDATE users SET balance = balance - 3 WHERE id = 1').then(
      () => snapshot.run('COMMIT'),
      // PostgreSQL, and MariaDB from 11.6 on, refuse to change what is newer than the snapshot.
      () => snapshot.run('ROLLBACK'),
    )
    await using ledger = await openLedger(database.url(), { sweep: false })
    await assertExact(database, ledger)
    assert.equal(await available(ledger, 'user:1'), BigInt((await rowOf(database, 1))[0]))
  })

  test('users that cannot be taken over are listed, stay with the old system, and are taken over when they are right', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 5, 9],
      [3, 7, 0],
    ])
    await using ledger = await openLedger(database.url(), { sweep: false })
    await ledger.deposit({ account: 'user:3', amount: 1n })
    const ran = await runHoldfast(['bridge', 'install', '--store', database.url(), '--version-column', 'version'])
    assert.equal(ran.exitCode, 1, ran.stderr)
    assert.match(ran.stdout, /refused user:2 credit: Holdfast: user:2 has -4 available/)
    assert.match(ran.stdout, /refused user:3 credit: Holdfast: user:3 has coins of its own/)
    assert.match(await errorOf(ledger.deposit({ account: 'user:2', amount: 1n })), /user:2 is not bridged \(refused\)/)
    await database.query('UPDATE users SET frozen_balance = 0 WHERE id = 2')
    const { status: installed } = await install(database, PLAN, { adopt: true })
    assert.equal(installed.accounts.attached, 3)
    assert.deepEqual([await available(ledger, 'user:2'), await available(ledger, 'user:3')], [5n, 7n])
    await assertExact(database, ledger)
  })

  test('tables that cannot be bridged are refused before anything is made', async () => {
    for (const [tables, message] of server.dialect.unfit) {
      const log =
        'CREATE TABLE compute_freeze_logs (id BIGINT PRIMARY KEY, request_id VARCHAR(64), user_id BIGINT, amount BIGINT, status VARCHAR(9))'
      await using database = await oldSystem(server, [], [...tables, log])
      const ran = await runHoldfast(['bridge', 'install', '--store', database.url()])
      assert.match(ran.stderr, message)
      const [made] = await database.query(server.dialect.tablesMade)
      assert.equal(made, undefined)
    }
  })
}

export function describeOperation(server: OldServer): void {
  test('a write that the ledger cannot follow is recorded if that is asked for, named by verify, and repaired by an entry', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
    ])
    await install(database, { ...PLAN, onFailure: 'record' })
    await using ledger = await openLedger(database.url(), { sweep: false })
    await database.query('UPDATE users SET balance = -5 WHERE id = 1')
    assert.deepEqual(await rowOf(database, 1), [-5, 0, 0])
    const { accounts, failuresCount, loose } = await status(database)
    assert.deepEqual([accounts.broken, failuresCount], [1, 1])
    assert.match(loose[0]!.reason, /-5 available, below its floor/)
    assert.match(await errorOf(ledger.freeze({ account: 'user:1', amount: 1n })), /user:1 is not bridged \(broken\)/)
    const failed = await runHoldfast(['bridge', 'verify', '--repair', '--store', database.url()])
    assert.equal(failed.exitCode, 1, failed.stderr)
    await database.query('UPDATE users SET balance = 6 WHERE id = 1')
    const repaired = await runHoldfast(['bridge', 'verify', '--repair', '--store', database.url()])
    assert.equal(repaired.exitCode, 0, repaired.stdout + repaired.stderr)
    assert.match(repaired.stdout, /not_attached user:1 is broken: .* repaired/)
    assert.equal(await available(ledger, 'user:1'), 6n)
    await assertExact(database, ledger)
  })

  test('verify names what was written past the triggers, and freezes that do not add up', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    const past = server.dialect.pastTriggers('UPDATE users SET balance = 11 WHERE id = 1')
    for (const sql of past) await database.query(sql)
    await database.query(
      `INSERT INTO compute_freeze_logs (request_id, user_id, amount, status) VALUES ('lone', 2, 3, 'frozen')`,
    )
    await using bridge = await openBridge(database.url(), null)
    const { differences } = await bridge.verify({ repair: true }, () => undefined)
    assert.deepEqual(
      differences.map(({ code, account, repair }) => [code, account, repair]),
      [
        ['available_differs', 'user:1', 'repaired'],
        ['frozen_differs', 'user:2', null],
      ],
    )
    const again = await bridge.verify({ repair: false }, () => undefined)
    assert.deepEqual(
      again.differences.map(({ code }) => code),
      ['frozen_differs'],
    )
    assert.equal(await available(ledger, 'user:1'), 11n)
  })

  test('a pause waits for writes that are under way and refuses all later ones, and the ledger goes on', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
      [3, 0, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = await database.rival()
    await old.run('BEGIN')
    await old.run('UPDATE users SET balance = 9 WHERE id = 1')
    await using bridge = await openBridge(database.url(), null)
    const paused = bridge.pause()
    await sleep(300)
    // Refused at once, or when the pause has come through; it may also have been first.
    const meanwhile = errorOf(database.query('UPDATE users SET balance = balance + 1 WHERE id = 2'))
    await ledger.deposit({ account: 'user:3', amount: 5n })
    assert.equal(await Promise.race([paused, sleep(300, 'waits')]), 'waits')
    await old.run('COMMIT')
    await paused
    assert.match(await meanwhile, /so this side must not write|no error/)
    assert.match(await errorOf(database.query('UPDATE users SET balance = 1')), /the bridge is paused/)
    assert.match(
      await errorOf(database.query('INSERT INTO users (id, balance, frozen_balance) VALUES (4, 1, 0)')),
      /paused/,
    )
    await database.query('UPDATE users SET updated_at = NOW()')
    await ledger.deposit({ account: 'user:2', amount: 5n })
    assert.equal((await runHoldfast(['bridge', 'pause', '--resume', '--store', database.url()])).exitCode, 0)
    await old.run('UPDATE users SET balance = 8 WHERE id = 1')
    await assertExact(database, ledger)
  })

  test('a transaction of old code that keeps the row of one user delays nobody else', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
      [3, 30, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = await database.rival()
    await old.run('BEGIN')
    await old.run('UPDATE users SET balance = balance - 4 WHERE id = 1')
    const held = ledger.freeze({ requestId: 'held', account: 'user:1', amount: 6n })
    held.catch(() => undefined)
    await Promise.all(['user:2', 'user:3'].map((account) => ledger.freeze({ account, amount: 1n })))
    assert.equal(ledger.engine.gauges().lockedBalances, 1)
    const stats = { ...ledger.engine.stats }
    for (let round = 0; round < 10; round++) {
      await Promise.all(['user:2', 'user:3'].map((account) => ledger.freeze({ account, amount: 1n })))
    }
    assert.equal(ledger.engine.stats.lock_timeout, stats.lock_timeout, 'no batch waited for the row again')
    await old.run('COMMIT')
    await held
    assert.equal(await available(ledger, 'user:1'), 0n)
    await assertExact(database, ledger)
  })

  test('after a removal the old tables are exact and by themselves, with the open holds in their log, and a bridge can come back', async () => {
    await using database = await oldSystem(server, [
      [1, 100, 0],
      [2, 20, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await ledger.freeze({ requestId: 'open-1', account: 'user:1', amount: 30n })
    const kept = await runHoldfast(['bridge', 'remove', '--store', database.url()])
    assert.equal(kept.exitCode, 1)
    assert.match(kept.stderr, /1 holds of bridged accounts are open/)
    await ledger.deposit({ account: 'user:2', amount: 1n })
    const removed = await runHoldfast(['bridge', 'remove', '--hand-over', '--store', database.url()])
    assert.equal(removed.exitCode, 0, removed.stderr)
    const left = (await database.query(server.dialect.triggersMade)).filter(({ name }) =>
      String(name).includes('bridge'),
    )
    assert.deepEqual(left, [])
    await using old = new OldCode(server, database.url())
    assert.equal(await old.end('row-lock', 'open-1', 1, 25), true)
    assert.deepEqual(await rowOf(database, 1), [75, 0, 2])
    await ledger.release('open-1')
    assert.deepEqual(await rowOf(database, 1), [75, 0, 2], 'each side goes on by itself')
    await install(database, PLAN, { adopt: true })
    assert.equal(await available(ledger, 'user:1'), 75n)
    await ledger.deposit({ account: 'user:1', amount: 5n })
    assert.deepEqual(await rowOf(database, 1), [80, 0, 3])
    await assertExact(database, ledger)
  })
}
