/** How a server's settings, and a kill during COMMIT, affect a commit. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createConnection, type Connection } from 'mysql2/promise'
import { openMysqlStorage } from '../../src/stores/mysql/storage.ts'
import { Books, codeOf } from '../conformance/books.ts'
import { charge, deposit, open } from '../support/commands.ts'
import { until } from '../support/mysql-ledger.ts'
import { PrivateServer } from '../support/private-server.ts'
import { ask } from '../support/replicated-servers.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'

/** Makes every COMMIT wait for a replica that never connects. */
const WAIT = {
  mariadb: {
    prepare: [
      'SET GLOBAL rpl_semi_sync_master_timeout = 600000',
      'SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC',
    ],
    begin: 'SET GLOBAL rpl_semi_sync_master_enabled = 1',
    end: 'SET GLOBAL rpl_semi_sync_master_enabled = 0',
  },
  mysql: {
    prepare: [
      `INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'`,
      'SET GLOBAL rpl_semi_sync_source_timeout = 600000',
    ],
    begin: 'SET GLOBAL rpl_semi_sync_source_enabled = 1',
    end: 'SET GLOBAL rpl_semi_sync_source_enabled = 0',
  },
}

for (const name of ['mariadb', 'mysql'] as const) {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`aborts of ${name}`, { skip: reason }, () => {})
  else describe(`aborts of ${name}`, () => describeAborts(installation, WAIT[name]))
}

function describeAborts(installation: Installation, wait: (typeof WAIT)['mysql']): void {
  let server: PrivateServer

  before(async () => {
    const serve: Installation['serve'] = (place) => [...installation.serve(place), '--innodb-rollback-on-timeout=ON']
    server = await PrivateServer.start({ ...installation, serve })
    for (const statement of wait.prepare) await server.execute(statement)
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
  })

  test('a lock that is waited for in vain undoes the whole commit where the server rolls all of it back', async () => {
    await using behind = await Behind.create(server, { lockTimeoutMs: 1_000 })
    assert.equal(await behind.commit(), 'lock_timeout')
    await behind.assertNothing()
  })

  if (installation.name === 'mariadb') {
    test('a commit that takes longer than max_statement_time has no effect', async () => {
      await server.execute('SET GLOBAL max_statement_time = 1')
      try {
        await using behind = await Behind.create(server, { lockTimeoutMs: 20_000 })
        await assert.rejects(behind.commit(), { name: 'Fault', code: 'store_unavailable', applied: 'no' })
        await behind.assertNothing()
      } finally {
        await server.execute('SET GLOBAL max_statement_time = 0')
      }
    })
  }

  for (const kill of ['KILL QUERY', 'KILL']) {
    test(`a commit that is ended by ${kill} in its COMMIT is never said to have had no effect`, async () => {
      const url = await server.createDatabase()
      await using storage = await openMysqlStorage(url, { migrate: true })
      const books = new Books(storage.store)
      await books.apply(deposit('d', 'user:8', 100n))
      const work = charge('c', 'user:8', 40n)
      const plan = await books.plan(work)
      await server.execute(wait.begin)
      const outcome = storage.store.commit(plan.changes).catch((error: { code: string }) => error.code)
      const waiting = async () => (await ask(url, 'SHOW PROCESSLIST')).find((row) => /ACK/.test(String(row['State'])))
      await until(async () => (await waiting()) !== undefined, 'the commit waits')
      await server.execute(`${kill} ${String((await waiting())!['Id'])}`)
      await server.execute(wait.end)
      // The commit is in the server's log; whether the server confirms it is open.
      assert.ok(['committed', 'commit_in_doubt'].includes(await outcome), await outcome)
      const { result, outcomes } = await books.exclusive(work)
      assert.equal(result, 'committed')
      assert.deepEqual(outcomes.map(codeOf), ['replayed'])
      assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 60n)
    })
  }
}

/** A commit that has written nearly all of its rows when it reaches a lock of another transaction. */
class Behind implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack
  readonly #storage: Awaited<ReturnType<typeof openMysqlStorage>>
  readonly #plan: Awaited<ReturnType<Books['plan']>>
  readonly #rival: Connection

  static async create(server: PrivateServer, options: { readonly lockTimeoutMs: number }): Promise<Behind> {
    await using parts = new AsyncDisposableStack()
    const url = await server.createDatabase()
    const storage = parts.use(await openMysqlStorage(url, { ...options, migrate: true }))
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 40n), open('o', 'user:9', 0n, { metadata: { plan: 'x' } }))
    const rival = await createConnection(url.replace(/^mariadb:/, 'mysql:'))
    parts.defer(() => rival.destroy())
    await rival.query('START TRANSACTION')
    await rival.query(`INSERT INTO accounts (account, metadata) VALUES ('user:9', '{}')`)
    return new Behind(parts.move(), storage, plan, rival)
  }

  private constructor(
    parts: AsyncDisposableStack,
    storage: Awaited<ReturnType<typeof openMysqlStorage>>,
    plan: Awaited<ReturnType<Books['plan']>>,
    rival: Connection,
  ) {
    this.#parts = parts
    this.#storage = storage
    this.#plan = plan
    this.#rival = rival
  }

  async commit(): Promise<string> {
    return await this.#storage.store.commit(this.#plan.changes)
  }

  /** Asserts that nothing was written, and that the commit succeeds once the lock is gone. */
  async assertNothing(): Promise<void> {
    assert.equal((await this.#storage.reader.account('user:8'))?.balances[0]?.available, 100n)
    assert.equal(await this.#storage.reader.entry('c'), null)
    await this.#rival.query('ROLLBACK')
    assert.equal(await this.commit(), 'committed')
    assert.equal((await this.#storage.reader.account('user:8'))?.balances[0]?.available, 60n)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}
