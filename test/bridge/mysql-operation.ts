/** A bridge on MySQL or MariaDB from its installation to its removal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBridge } from '../../src/bridge/open.ts'
import { openLedger } from '../../src/ledger.ts'
import type { MysqlDatabase, MysqlServer } from '../../harness/mysql-servers.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { assertExact, available, errorOf, install, oldSystem, PLAN, rival, rowOf, status } from './bridged-ledger.ts'
import { OldCode } from './old-code.ts'

export function describeInstallation(server: MysqlServer): void {
  test('an installation that is stopped again and again under load is finished by the last one, and nothing is lost or doubled', async () => {
    const users = Array.from({ length: 120 }, (_, index) => [index + 1, 1_000, 0] as const)
    await using database = await oldSystem(server, users)
    await using old = new OldCode(database.url())
    const load = { goesOn: true }
    const work = Array.from({ length: 4 }, async (_, worker) => {
      for (let call = 0; load.goesOn; call++) {
        const user = 1 + ((call * 37 + worker * 91) % 130)
        const id = `load-${worker}-${call}`
        const way = (['row-lock', 'cas', 'update-first', 'insert-first'] as const)[call % 4]!
        if (user > 120 && call % 5 === 0) {
          await database.query(`INSERT IGNORE INTO users (id, balance, frozen_balance) VALUES (${user}, 50, 0)`)
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
    // A server ends a transaction that has read a table and goes on to write it while somebody waits to make a trigger.
    old.counts.errors.delete(1213)
    assert.deepEqual([...old.counts.errors], [], 'the old code was never refused otherwise')
    await using ledger = await openLedger(database.url(), { sweep: false })
    await assertExact(database, ledger)
  })

  test('a transaction whose snapshot is older than the bridge loses no write', async () => {
    await using database = await oldSystem(server, [
      [1, 10, 0],
      [2, 20, 0],
    ])
    await using snapshot = await rival(database)
    await snapshot.query('CREATE TABLE other (id INT PRIMARY KEY)')
    await snapshot.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await snapshot.beginTransaction()
    // A read of another table makes the snapshot, and keeps nobody from adding triggers to this one.
    await snapshot.query('SELECT * FROM other')
    await install(database)
    await snapshot.query('UPDATE users SET balance = balance - 3 WHERE id = 1').then(
      () => snapshot.commit(),
      // MariaDB from 11.6 on refuses to change what is newer than the snapshot.
      () => snapshot.rollback(),
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
    const cases = [
      [
        [`CREATE TABLE users (id BIGINT PRIMARY KEY, balance DOUBLE NOT NULL, frozen_balance BIGINT NOT NULL)`],
        /floating-point/,
      ],
      [
        [`CREATE TABLE users (id BIGINT NOT NULL, balance BIGINT NOT NULL, frozen_balance BIGINT NOT NULL)`],
        /no unique index/,
      ],
      [
        [
          `CREATE TABLE teams (id BIGINT PRIMARY KEY)`,
          `CREATE TABLE users (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL, frozen_balance BIGINT NOT NULL, team BIGINT,
             CONSTRAINT of_team FOREIGN KEY (team) REFERENCES teams (id) ON DELETE CASCADE)`,
        ],
        /foreign key of_team changes or deletes rows/,
      ],
    ] as const
    for (const [tables, message] of cases) {
      const log =
        'CREATE TABLE compute_freeze_logs (id BIGINT PRIMARY KEY, request_id VARCHAR(64), user_id BIGINT, amount BIGINT, status VARCHAR(9))'
      await using database = await oldSystem(server, [], [...tables, log])
      const ran = await runHoldfast(['bridge', 'install', '--store', database.url()])
      assert.match(ran.stderr, message)
      const [made] = await database.query(`SHOW TABLES LIKE 'bridge%'`)
      assert.equal(made, undefined)
    }
  })
}

export function describeOperation(server: MysqlServer): void {
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
    await database.query(`SET @holdfast_side = 'ledger'`)
    await database.query('UPDATE users SET balance = 11 WHERE id = 1')
    await database.query('SET @holdfast_side = NULL')
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
    await using old = await rival(database)
    await old.beginTransaction()
    await old.query('UPDATE users SET balance = 9 WHERE id = 1')
    await using bridge = await openBridge(database.url(), null)
    const paused = bridge.pause()
    await sleep(300)
    // Refused at once, or when the pause has come through; it may also have been first.
    const meanwhile = errorOf(database.query('UPDATE users SET balance = balance + 1 WHERE id = 2'))
    await ledger.deposit({ account: 'user:3', amount: 5n })
    assert.equal(await Promise.race([paused, sleep(300, 'waits')]), 'waits')
    await old.commit()
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
    await old.query('UPDATE users SET balance = 8 WHERE id = 1')
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
    const left = await database.query(
      `SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()`,
    )
    assert.deepEqual(left, [])
    await using old = new OldCode(database.url())
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

  test('the old system needs no right to the ledger, the service one right to the old table, and the installing user no administrator’s', async () => {
    await using database = await oldSystem(server, [[8, 100, 0]])
    const tables = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EXECUTE'
    const owner = await database.createUser(tables)
    const store = database.url({ user: owner })
    await trusted(database, async () => {
      const ran = await runHoldfast(['bridge', 'install', '--store', store, '--version-column', 'version'])
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    })
    const app = await database.createUser('USAGE')
    const serving = await database.createUser('SELECT')
    for (const table of ['users', 'compute_freeze_logs']) {
      await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${database.name}.${table} TO '${app}'@'%'`)
    }
    for (const table of ['accounts', 'standings', 'assets', 'balances', 'api_keys']) {
      await database.query(`GRANT INSERT, UPDATE ON ${database.name}.${table} TO '${serving}'@'%'`)
    }
    for (const table of ['actors', 'requests', 'hold_changes', 'house_accounts', 'journal', 'rates', 'feed']) {
      await database.query(`GRANT INSERT ON ${database.name}.${table} TO '${serving}'@'%'`)
    }
    await database.query(`GRANT INSERT, DELETE ON ${database.name}.commits TO '${serving}'@'%'`)
    await database.query(`GRANT UPDATE ON ${database.name}.users TO '${serving}'@'%'`)
    await using old = new OldCode(database.url({ user: app }))
    assert.equal(await old.freeze('cas', 'a', 8, 40), true)
    await using ledger = await openLedger(database.url({ user: serving }), { sweep: false })
    await ledger.freeze({ account: 'user:8', amount: 60n })
    assert.deepEqual(await rowOf(database, 8), [100, 100, 2])
    assert.equal(await old.freeze('row-lock', 'b', 8, 1), false)
    assert.deepEqual([...old.counts.errors], [])
    for (const [command, ...flags] of [
      ['status'],
      ['verify'],
      ['pause'],
      ['pause', '--resume'],
      ['remove', '--hand-over'],
    ]) {
      const ran = await runHoldfast(['bridge', command!, ...flags, '--store', store])
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    }
  })

  test('doctor takes the triggers of a bridge for its own', async () => {
    await using database = await oldSystem(server, [[8, 100, 0]])
    await install(database)
    await database.query('CREATE TRIGGER stranger AFTER INSERT ON journal FOR EACH ROW SET @stranger = 1')
    const { stdout } = await runHoldfast(['doctor', '--store', database.url(), '--json'])
    const triggers = [...stdout.matchAll(/"id":"tables.trigger"[^}]*/g)].map(String)
    assert.equal(triggers.length, 1, stdout)
    assert.match(triggers[0]!, /stranger/)
  })
}

/** Lets a user without an administrator's rights make triggers, as MySQL with a binary log must be told. */
async function trusted(database: MysqlDatabase, action: () => Promise<void>): Promise<void> {
  const [before] = await database.query('SELECT @@GLOBAL.log_bin_trust_function_creators AS trust')
  await database.query('SET GLOBAL log_bin_trust_function_creators = 1')
  try {
    await action()
  } finally {
    await database.query(`SET GLOBAL log_bin_trust_function_creators = ${Number(before!['trust'])}`)
  }
}
