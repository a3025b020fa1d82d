/** The promises of a bridge, on a real server of any kind. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { BridgeStatus } from '../../src/bridge/bridge.ts'
import { openLedger } from '../../src/ledger.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { assertExact, available, errorOf, install, oldSystem, rowOf } from './bridged-ledger.ts'
import { describeLoad } from './load.ts'
import { OldCode } from './old-code.ts'
import type { OldServer } from './old-server.ts'
import { describeInstallation, describeOperation } from './operation.ts'

/** @param describeOwn tests of what only this kind of server has */
export function bridgeSuite(server: OldServer, describeOwn: () => void): void {
  const { name, url, reason } = server
  if (url === null) {
    test(`a bridge on ${name}`, { skip: reason }, () => {})
    return
  }
  describe(`a bridge on ${name}`, () => {
    describeBothSides(server)
    describeStatements(server)
    describeInstallation(server)
    describeOperation(server)
    describeLoad(server)
    describeOwn()
  })
}

function describeBothSides(server: OldServer): void {
  test('what one side commits, the other one has in the same transaction, with the version column moved', async () => {
    await using database = await oldSystem(server, [[8, 1_000, 100]])
    await database.query(`INSERT INTO compute_freeze_logs VALUES (1, 'old-1', 8, 100, NULL, 'frozen')`)
    const { status: installed, requestsKnown } = await install(database)
    assert.deepEqual(installed.accounts, { pending: 0, attached: 1, refused: 0, broken: 0 })
    assert.equal(requestsKnown, 1)
    await using ledger = await openLedger(database.url(), { sweep: false })
    assert.equal(await available(ledger, 'user:8'), 900n)
    await ledger.freeze({ requestId: 'new-1', account: 'user:8', amount: 600n })
    assert.deepEqual(await rowOf(database, 8), [1_000, 700, 1])
    await ledger.settle('new-1', { amount: 250n })
    assert.deepEqual(await rowOf(database, 8), [750, 100, 2])
    await database.query('UPDATE users SET balance = balance - 60, frozen_balance = frozen_balance - 100 WHERE id = 8')
    await database.query(`UPDATE compute_freeze_logs SET status = 'settled', actual_amount = 60 WHERE id = 1`)
    assert.equal(await available(ledger, 'user:8'), 690n)
    const refused = await errorOf(ledger.freeze({ account: 'user:8', amount: 691n }))
    assert.match(refused, /690 credit available/)
    await ledger.freeze({ account: 'user:8', amount: 690n })
    await assertExact(database, ledger)
  })

  test('no coin is spent twice: what is held here is not free there, and the other way round', async () => {
    await using database = await oldSystem(server, [[8, 1_000, 0]])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = new OldCode(server, database.url())
    await ledger.freeze({ account: 'user:8', amount: 600n })
    assert.equal(await old.freeze('update-first', 'a', 8, 401), false)
    assert.equal(await old.freeze('update-first', 'b', 8, 400), true)
    assert.match(await errorOf(ledger.freeze({ account: 'user:8', amount: 1n })), /0 credit available/)
    const message = await errorOf(database.query('UPDATE users SET frozen_balance = 599 WHERE id = 8'))
    assert.match(message, /less frozen than its holds hold: 600/)
    await assertExact(database, ledger)
  })

  test('a request id has one effect on both sides together', async () => {
    await using database = await oldSystem(server, [[8, 1_000, 0]])
    const ids = ['short', randomUUID(), 'x'.repeat(60)]
    for (const id of ids) {
      await database.query(
        `INSERT INTO compute_freeze_logs (request_id, user_id, amount, status) VALUES ('${id}', 8, 5, 'settled')`,
      )
    }
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = new OldCode(server, database.url())
    const later = [randomUUID(), 'y'.repeat(40), 'later']
    for (const id of later) assert.equal(await old.freeze('update-first', id, 8, 1), true)
    for (const requestId of [...ids, ...later]) {
      const error = await errorOf(ledger.freeze({ requestId, account: 'user:8', amount: 5n }))
      assert.match(error, /already used/, requestId)
    }
    await ledger.freeze({ requestId: 'ours', account: 'user:8', amount: 5n })
    assert.equal(await old.freeze('update-first', 'ours', 8, 5), false)
    assert.deepEqual([...old.counts.errors], [[server.dialect.duplicate, 1]])
    // An id that no request of a ledger can have is none of its business.
    assert.equal(await old.freeze('update-first', 'ä ö', 8, 1), true)
    await assertExact(database, ledger)
  })

  test('coins of an account that has no old row do not move, and other accounts are free', async () => {
    await using database = await oldSystem(server, [[8, 1_000, 0]])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    assert.match(
      await errorOf(ledger.deposit({ account: 'user:9', amount: 1n })),
      /user:9 is not bridged \(no old row\)/,
    )
    await ledger.deposit({ account: 'shop:9', amount: 1n })
    await ledger.transfer({ legs: [{ from: 'user:8', to: 'shop:9', amount: 10n }] })
    assert.deepEqual(await rowOf(database, 8), [990, 0, 1])
    await assertExact(database, ledger)
  })
}

function describeStatements(server: OldServer): void {
  test('statements of many rows, new users and deletes are followed, and coins are never deleted', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
      [3, 0, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await database.query('UPDATE users SET balance = balance + 5')
    await database.query('INSERT INTO users (id, balance, frozen_balance) VALUES (4, 40, 0), (5, 0, 0), (11, 7, 0)')
    await database.query(server.dialect.insertOrUpdate('4, 0, 0', 'balance = balance + 1'))
    assert.deepEqual(await Promise.all([1, 2, 3, 4, 5, 11].map((user) => available(ledger, `user:${user}`))), [
      15n,
      25n,
      5n,
      41n,
      0n,
      7n,
    ])
    await ledger.deposit({ account: 'user:5', amount: 3n })
    assert.match(await errorOf(database.query('DELETE FROM users WHERE id = 4')), /user:4 still has coins/)
    assert.match(
      await errorOf(database.query('UPDATE users SET id = 40 WHERE id = 4')),
      /key of a bridged row must not change/,
    )
    await database.query('UPDATE users SET balance = 0 WHERE id = 4')
    await database.query('DELETE FROM users WHERE id = 4')
    assert.match(await errorOf(ledger.deposit({ account: 'user:4', amount: 1n })), /old row of user:4 is gone/)
    await database.query('INSERT INTO users (id, balance, frozen_balance) VALUES (4, 9, 0)')
    assert.equal(await available(ledger, 'user:4'), 9n)
    await assertExact(database, ledger)
  })

  test('an old transaction that is rolled back leaves nothing, and one statement of it that fails nothing of its own', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
    ])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    await using old = await database.rival()
    await old.run('BEGIN')
    await old.run('UPDATE users SET balance = 3 WHERE id = 1')
    if (server.dialect.failedStatementEndsAll) await old.run('SAVEPOINT earlier')
    await assert.rejects(old.run(server.dialect.takeFromLast), /below its floor/)
    if (server.dialect.failedStatementEndsAll) await old.run('ROLLBACK TO SAVEPOINT earlier')
    await old.run('COMMIT')
    await old.run('BEGIN')
    await old.run('UPDATE users SET balance = 1 WHERE id = 2')
    await old.run('ROLLBACK')
    assert.deepEqual([await available(ledger, 'user:1'), await available(ledger, 'user:2')], [3n, 20n])
    await assertExact(database, ledger)
  })

  test('decimal places, a balance without what is frozen, and one row per user and kind of coins', async () => {
    const tables = [
      ...server.dialect.wallets,
      `INSERT INTO wallets VALUES ('ada', 1, 10, 0), ('ada', 2, 12.50, 0.25), ('bob', 2, 1, 0), ('bob', 9, 5, 0)`,
      `INSERT INTO freezes (request_id, uid, kind, amount, status) VALUES ('w-1', 'ada', 2, 0.25, 0)`,
    ]
    await using database = await oldSystem(server, [], tables)
    await using ledger = await openLedger(database.url(), { sweep: false })
    const users =
      '--users-table wallets --user-key uid --balance-column coins --frozen-column locked --balance-means available'
    const freezes = '--freezes-table freezes --freeze-user-column uid --open-status 0'
    const coins = '--asset-column kind --asset-map 1=credit 2=gem:2 --account w/{id}'
    const flags = `${users} ${freezes} ${coins}`.split(' ')
    const early = await runHoldfast(['bridge', 'install', '--store', database.url(), ...flags])
    assert.match(early.stderr, /The ledger has no asset gem/)
    await ledger.declare({ asset: 'gem', decimals: 2, name: 'Gem' })
    const ran = await runHoldfast(['bridge', 'install', '--store', database.url(), '--json', ...flags])
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    assert.deepEqual((JSON.parse(ran.stdout) as BridgeStatus).accounts, {
      pending: 0,
      attached: 3,
      refused: 0,
      broken: 0,
    })
    await ledger.freeze({ requestId: 'g', account: 'w/ada', asset: 'gem', amount: 625n })
    await database.query(`UPDATE wallets SET coins = coins + 0.01 WHERE uid = 'ada' AND kind = 2`)
    assert.deepEqual([await available(ledger, 'w/ada', 'gem'), await available(ledger, 'w/ada', 'credit')], [626n, 10n])
  })
}
