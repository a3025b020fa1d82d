/** What a bridge promises only on MySQL and MariaDB, or differently there. */
import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { openLedger } from '../../src/ledger.ts'
import type { MysqlDatabase } from '../../harness/mysql-servers.ts'
import { runHoldfast } from '../../harness/service-process.ts'
import { assertExact, available, errorOf, install, oldSystem, rowOf, status } from './bridged-ledger.ts'
import { MysqlOldDatabase } from './mysql-server.ts'
import { OldCode } from './old-code.ts'
import type { OldServer } from './old-server.ts'

export function describeMysqlBridge(server: OldServer): void {
  test('REPLACE does not delete a user who has coins', async () => {
    await using database = await oldSystem(server, [[4, 40, 0]])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    const replace = 'REPLACE INTO users (id, balance, frozen_balance) VALUES (4, 1, 0)'
    assert.match(await errorOf(database.query(replace)), /still has coins/)
    await assertExact(database, ledger)
  })

  test('LOAD DATA is followed', async () => {
    await using database = await oldSystem(server, [])
    await install(database)
    await using ledger = await openLedger(database.url(), { sweep: false })
    const file = join(tmpdir(), `${database.name}.tsv`)
    await writeFile(file, Array.from({ length: 500 }, (_, index) => `${index + 1}\t${index}\t0\n`).join(''))
    try {
      assert.ok(database instanceof MysqlOldDatabase)
      await load(
        database.database,
        file,
        `LOAD DATA LOCAL INFILE '${file}' INTO TABLE users (id, balance, frozen_balance)`,
      )
    } finally {
      await rm(file)
    }
    assert.equal(await available(ledger, 'user:500'), 499n)
    await assertExact(database, ledger)
    assert.equal((await status(database)).accounts.attached, 500)
  })

  test('the old system needs no right to the ledger, the service one right to the old table, and the installing user no administrator’s', async () => {
    await using database = await oldSystem(server, [[8, 100, 0]])
    assert.ok(database instanceof MysqlOldDatabase)
    const tables = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EXECUTE'
    const owner = await database.database.createUser(tables)
    const store = database.url({ user: owner })
    await trusted(database.database, async () => {
      const ran = await runHoldfast(['bridge', 'install', '--store', store, '--version-column', 'version'])
      assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr)
    })
    const app = await database.database.createUser('USAGE')
    const serving = await database.database.createUser('SELECT')
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
    await using old = new OldCode(server, database.url({ user: app }))
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

  test('an index by which compare-and-swap would meet the ledger in a deadlock has to go first on MariaDB', async () => {
    const users = [1, 2, 3].map((id) => [id, 1_000_000, 0] as const)
    await using database = await oldSystem(server, users)
    await database.query('CREATE INDEX idx_users_id_version ON users (id, version)')
    if (server.name === 'mariadb') {
      await assert.rejects(
        install(database),
        /The index idx_users_id_version of .*: DROP INDEX `idx_users_id_version` ON/,
      )
      const [made] = await database.query(server.dialect.tablesMade)
      assert.equal(made, undefined)
      // What the bridge does not write is never waited for.
      await using other = await oldSystem(server, users)
      await other.query('CREATE INDEX idx_users_id_updated ON users (id, updated_at)')
      await other.query('CREATE INDEX idx_users_balance ON users (balance, id)')
      await install(other)
      assert.deepEqual((await status(other)).hindrances, [])
      await other.query('CREATE INDEX idx_users_id_version ON users (id, version)')
      assert.match((await status(other)).hindrances.join(' '), /^The index idx_users_id_version of /)
      const told = await runHoldfast(['bridge', 'status', '--store', other.url()])
      assert.deepEqual([told.exitCode, told.stdout.includes('DROP INDEX')], [1, true])
      await database.query('DROP INDEX idx_users_id_version ON users')
    }
    await install(database)
    const troubles: string[] = []
    await using ledger = await openLedger(database.url(), {
      sweep: false,
      observers: [{ onTrouble: ({ kind }) => troubles.push(kind) }],
    })
    await using old = new OldCode(server, database.url())
    const swaps = Array.from({ length: 6 }, async (_, worker) => {
      for (let call = 0; call < 30; call++) await old.freeze('cas', `${worker}-${call}`, 1 + ((worker + call) % 3), 1)
    })
    const freezes = Array.from({ length: 6 }, async (_, worker) => {
      for (let call = 0; call < 100; call++)
        await ledger.freeze({ account: `user:${1 + ((worker + call) % 3)}`, amount: 1n })
    })
    await Promise.all([...swaps, ...freezes])
    assert.deepEqual([...old.counts.errors], [])
    assert.ok(!troubles.includes('deadlock'), String(troubles))
    await assertExact(database, ledger)
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

/** Runs a LOAD DATA LOCAL, on a server that allows it for the time. */
async function load(database: MysqlDatabase, file: string, sql: string): Promise<void> {
  const [before] = await database.query('SELECT @@GLOBAL.local_infile AS allowed')
  await database.query('SET GLOBAL local_infile = 1')
  const connection = await createConnection({ uri: database.url(), infileStreamFactory: () => createReadStream(file) })
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
    await database.query(`SET GLOBAL local_infile = ${Number(before!['allowed'])}`)
  }
}
