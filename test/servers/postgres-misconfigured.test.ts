/** Misconfigurations are reported with a remedy; once an operator corrects them, the running process continues. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Engine } from '../../src/engine/engine.ts'
import { buildServer } from '../../src/http/server.ts'
import { migrateLedger } from '../../src/ledger.ts'
import { openPostgresStorage } from '../../src/stores/postgres/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { Books } from '../conformance/books.ts'
import { charge } from '../support/commands.ts'
import { administer, PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { PostgresLedger } from '../support/postgres-ledger.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'
import { runHoldfast } from '../../harness/service-process.ts'

const MISCONFIGURED = { name: 'Fault', code: 'store_misconfigured', applied: 'no' }
const ATTEMPTS_MAX = 200
const ASK_AGAIN_MS = 20

const { installation, reason } = installationUnderTest('postgres')

async function readiness(storage: Storage): Promise<{ readonly statusCode: number; readonly body: string }> {
  const engine = new Engine(storage.store)
  const app = buildServer({ engine, reader: storage.reader, store: storage, sweeper: null })
  const { statusCode, body } = await app.inject('/readyz')
  await app.close()
  await engine.stop()
  return { statusCode, body }
}

async function untilReady(storage: Storage): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { statusCode, body } = await readiness(storage)
    if (statusCode === 200) return
    assert.ok(attempt < ATTEMPTS_MAX, body)
    await sleep(ASK_AGAIN_MS)
  }
}

async function untilMisconfigured(storage: Storage, pattern: RegExp): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { statusCode, body } = await readiness(storage)
    if (statusCode === 500) {
      assert.match(body, /store_misconfigured/)
      assert.match(body, pattern)
      return
    }
    assert.ok(attempt < ATTEMPTS_MAX, body)
    await sleep(ASK_AGAIN_MS)
  }
}

describe('a service that runs', { skip: WITHOUT_POSTGRES, concurrency: 3 }, () => {
  test('says which right was taken from it, and goes on when it has it again', async () => {
    await using ledger = await PostgresLedger.create()
    const { client, name } = ledger.database
    const user = `${name}_serving`
    await client.query(`
      CREATE ROLE ${user} LOGIN;
      GRANT SELECT ON migrations, request_ids TO ${user};
      GRANT SELECT, INSERT, UPDATE ON accounts, standings, assets, balances, api_keys TO ${user};
      GRANT SELECT, INSERT ON journal, requests, hold_changes, house_accounts, rates, feed, actors TO ${user};
      GRANT SELECT, INSERT, DELETE ON commits TO ${user}`)
    try {
      const storage = await ledger.open({}, { user })
      await untilReady(storage)
      const { changes } = await new Books(storage.store).plan(charge('c', 'user:1', 1n))
      await client.query(`REVOKE INSERT ON journal FROM ${user}`)
      await assert.rejects(storage.store.commit(changes), { ...MISCONFIGURED, message: /42501.*Grant this user/ })
      await untilMisconfigured(storage, /journal \(INSERT\).*Grant it its rights/)
      await client.query(`GRANT INSERT ON journal TO ${user}`)
      await untilReady(storage)
      assert.equal(await storage.store.commit(changes), 'committed')
      await storage.close()
    } finally {
      await client.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`)
    }
  })

  test('says that its tables are not there, and goes on when they are', async () => {
    await using ledger = await PostgresLedger.create()
    const storage = await ledger.open()
    await ledger.database.client.query('ALTER TABLE rates RENAME TO elsewhere')
    await untilMisconfigured(storage, /42P01.*holdfast migrate/)
    await ledger.database.client.query('ALTER TABLE elsewhere RENAME TO rates')
    await untilReady(storage)
  })

  test('says that it is not let in any more, and goes on when it is', async () => {
    await using ledger = await PostgresLedger.create()
    const user = `${ledger.database.name}_login`
    await administer((client) => client.query(`CREATE ROLE ${user} LOGIN SUPERUSER`))
    try {
      const storage = await ledger.open({}, { user })
      await administer((client) => client.query(`ALTER ROLE ${user} NOLOGIN`))
      await ledger.terminate()
      await untilMisconfigured(storage, /28000.*pg_hba\.conf/)
      await administer((client) => client.query(`ALTER ROLE ${user} LOGIN`))
      await untilReady(storage)
      await storage.close()
    } finally {
      await administer((client) => client.query(`DROP ROLE ${user}`))
    }
  })

  test('reports which engine it was given, and continues when it is PostgreSQL again', async () => {
    await using ledger = await PostgresLedger.create()
    const { client, name } = ledger.database
    const storage = await ledger.open()
    await client.query(`
      CREATE SCHEMA other;
      CREATE FUNCTION other.version() RETURNS text LANGUAGE sql AS $$ SELECT 'CockroachDB CCL v23.1.11' $$;
      ALTER DATABASE ${name} SET search_path = other, pg_catalog, public`)
    await ledger.terminate()
    await untilMisconfigured(storage, /This is CockroachDB.*allowUnsupported=true/)
    await assert.rejects(ledger.open(), { ...MISCONFIGURED, message: /This is CockroachDB/ })
    const insisted = await ledger.open({ allowUnsupported: 'true' })
    assert.match(insisted.warnings.join(), /This is CockroachDB/)
    await client.query(`ALTER DATABASE ${name} RESET search_path`)
    await untilReady(storage)
  })
})

describe('a command', { skip: WITHOUT_POSTGRES, concurrency: 2 }, () => {
  test('ends with what to do about a database that is not there', async () => {
    await using database = await PostgresDatabase.create()
    const url = new URL(database.url())
    url.pathname = `${database.name}_not`
    const { exitCode, stderr } = await runHoldfast(['account', 'user:1', '--store', url.href])
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /store_misconfigured: .*3D000.*Create the database/)
  })

  test('ends with what to do about a driver that lacks the method of authentication, as a process that lives', async () => {
    const demand = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 7])
    const listener = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.write(demand))
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => listener.once('listening', resolve))
      const { port } = listener.address() as AddressInfo
      const opened = openPostgresStorage(`postgres://user:pw@127.0.0.1:${port}/holdfast`)
      await assert.rejects(opened, { ...MISCONFIGURED, message: /scram-sha-256.*pg_hba\.conf/ })
    } finally {
      listener.close()
    }
  })
})

describe('a server that asks for passwords', { skip: installation === null && reason }, () => {
  test('is distinguished from one that is away, whatever it refuses; and the right password is enough', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-rules-'))
    const rules = join(folder, 'pg_hba.conf')
    await writeFile(
      rules,
      `host all postgres 127.0.0.1/32 trust
host all outcast 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
`,
    )
    await chmod(folder, 0o755)
    const guarded: Installation = {
      ...installation!,
      serve: (place) => [...installation!.serve(place), '-c', `hba_file=${rules}`],
    }
    try {
      await using server = await PrivateServer.start(guarded)
      const url = await server.createDatabase()
      await migrateLedger(url)
      await server.execute(`CREATE ROLE clerk LOGIN SUPERUSER PASSWORD 'right'`)
      const as = (user: string, password: string): string => {
        const of = new URL(url)
        of.username = user
        of.password = password
        return of.href
      }
      const refused: readonly (readonly [user: string, password: string, told: RegExp])[] = [
        ['clerk', 'wrong', /28P01.*password in the store URL/],
        ['clerk', '', /client password must be.*PGPASSWORD/],
        ['stranger', 'right', /28P01.*pg_hba\.conf/],
        ['outcast', 'right', /28000.*pg_hba\.conf/],
      ]
      for (const [user, password, message] of refused) {
        await assert.rejects(openPostgresStorage(as(user, password)), { ...MISCONFIGURED, message })
      }
      await using storage = await openPostgresStorage(as('clerk', 'right'))
      await storage.store.ping()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
