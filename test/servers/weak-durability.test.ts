/** A server that can lose acknowledged commits is reported: at start, by `/readyz` while the service runs, and by `verify`. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Engine } from '../../src/engine/engine.ts'
import { buildServer } from '../../src/http/server.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { MysqlLedger, until } from '../support/mysql-ledger.ts'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import { WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { PostgresLedger } from '../support/postgres-ledger.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'

/** The warnings of `/readyz`, with a new look at the database each time. */
async function readiness(storage: Storage): Promise<string> {
  const engine = new Engine(storage.store)
  const app = buildServer(
    { engine, reader: storage.reader, store: storage, sweeper: null },
    { limits: { warningsAgeMsMax: 0 } },
  )
  const { statusCode, body } = await app.inject('/readyz')
  await app.close()
  await engine.stop()
  assert.equal(statusCode, 200, body)
  return (JSON.parse(body) as { warnings: string[] }).warnings.join('\n')
}

/** The warnings of `verify`, as text and as JSON; in both, every law holds. */
async function verification(store: string): Promise<{ readonly text: string; readonly json: string }> {
  const text = await runHoldfast(['verify', '--store', store])
  assert.equal(text.exitCode, 0, text.stderr)
  const { exitCode, stdout, stderr } = await runHoldfast(['verify', '--store', store, '--json'])
  assert.equal(exitCode, 0, stderr)
  const { ok, warnings } = JSON.parse(stdout) as { ok: boolean; warnings: string[] }
  assert.equal(ok, true)
  return { text: text.stdout, json: warnings.join('\n') }
}

/** The log of the service at its start. */
async function firstWords(store: string): Promise<string> {
  await using service = await ServiceProcess.start(store)
  return service.log
}

async function assertReported(store: string, opened: Storage, pattern: RegExp): Promise<void> {
  assert.match(await readiness(opened), pattern)
  assert.match(await firstWords(store), pattern)
  const { text, json } = await verification(store)
  assert.match(text, pattern)
  assert.match(json, pattern)
}

interface WeakSetting {
  readonly variable: string
  readonly weak: number
  readonly sound: number
}

/** The server is shared, so the setting is changed only while `action` runs. */
async function whileWeak(ledger: MysqlLedger, setting: WeakSetting, action: () => Promise<void>): Promise<void> {
  const { variable, weak, sound } = setting
  await ledger.database.query(`SET GLOBAL ${variable} = ${weak}`)
  try {
    await action()
  } finally {
    await ledger.database.query(`SET GLOBAL ${variable} = ${sound}`)
  }
}

for (const { name, url, reason } of mysqlServers()) {
  describe(`a ${name} server that can lose commits`, { skip: url === null && reason }, () => {
    test('is reported as soon as it does and no longer, wherever an operator looks', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const { database, storage } = ledger
      const setting = { variable: 'innodb_flush_log_at_trx_commit', weak: 2, sound: 1 }
      const pattern = /innodb_flush_log_at_trx_commit is 2/
      assert.doesNotMatch(await readiness(storage), pattern)
      await whileWeak(ledger, setting, () => assertReported(database.url(), storage, pattern))
      assert.doesNotMatch(await readiness(storage), pattern)
      assert.doesNotMatch((await verification(database.url())).json, pattern)
    })

    test('is reported for a binary log that lags behind, where there is one', async () => {
      await using ledger = await MysqlLedger.create(url!)
      const [row] = await ledger.database.query('SELECT @@GLOBAL.log_bin AS log_bin, @@GLOBAL.sync_binlog AS sound')
      const setting = { variable: 'sync_binlog', weak: 100, sound: Number(row!['sound']) }
      await whileWeak(ledger, setting, async () => {
        const pattern = /sync_binlog is 100 while the binary log is on/
        if (Number(row!['log_bin']) === 1) assert.match(await readiness(ledger.storage), pattern)
        else assert.doesNotMatch(await readiness(ledger.storage), /sync_binlog/)
      })
    })

    test('cannot be asked any more when the ledger is closed', async () => {
      await using ledger = await MysqlLedger.create(url!)
      await ledger.storage.close()
      await assert.rejects(ledger.storage.inspect(), { name: 'Fault', code: 'store_unavailable' })
    })
  })
}

/** A database's defaults apply to new connections only. */
async function renewConnections(ledger: PostgresLedger, storage: Storage): Promise<void> {
  await ledger.terminate()
  const answers = async (): Promise<boolean> => {
    const both = await Promise.allSettled([storage.store.ping(), storage.inspect()])
    return both.every(({ status }) => status === 'fulfilled')
  }
  await until(answers, 'the ledger has new connections')
}

describe('a PostgreSQL database whose default is to lose commits', { skip: WITHOUT_POSTGRES }, () => {
  test('is reported wherever an operator looks, and no longer than that', async () => {
    await using ledger = await PostgresLedger.create()
    const { client, name } = ledger.database
    const storage = await ledger.open()
    assert.equal(await readiness(storage), '')
    await client.query(`ALTER DATABASE ${name} SET synchronous_commit = off`)
    await renewConnections(ledger, storage)
    const pattern = /synchronous_commit is off by default/
    await assertReported(ledger.database.url(), storage, pattern)
    await client.query(`ALTER DATABASE ${name} RESET synchronous_commit`)
    await renewConnections(ledger, storage)
    assert.equal(await readiness(storage), '')
    assert.equal((await verification(ledger.database.url())).json, '')
  })

  test('cannot be asked any more when the ledger is closed', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open()
    await storage.close()
    await assert.rejects(storage.inspect(), { name: 'Fault', code: 'store_unavailable' })
  })
})
