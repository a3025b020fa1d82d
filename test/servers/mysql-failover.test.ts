/** Answers of a process while its server ceases to be the primary, and afterwards. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { openMysqlStorage } from '../../src/stores/mysql/storage.ts'
import { Books } from '../conformance/books.ts'
import { charge, deposit } from '../support/commands.ts'
import { PrivateServer } from '../support/private-server.ts'
import { ReplicatedServers } from '../support/replicated-servers.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const READERS = 40

for (const name of ['mariadb', 'mysql'] as const) {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`failover of ${name}`, { skip: reason }, () => {})
  else {
    describe(`failover of ${name}`, () => {
      describeReadOnly(installation)
      for (const user of ['holdfast', 'root'] as const) {
        test(`after a failover no connection stays with the old primary (${user})`, () => failOver(installation, user))
      }
    })
  }
}

/** @param user `root` may write on a read-only server */
async function failOver(installation: Installation, user: 'holdfast' | 'root'): Promise<void> {
  await using servers = await ReplicatedServers.start(installation)
  const { primary, replica } = servers
  await migrateLedger(servers.urlAt(primary))
  await primary.execute(`CREATE USER 'holdfast'@'%'`)
  await primary.execute(`GRANT SELECT, INSERT, UPDATE ON ledger_1.* TO 'holdfast'@'%'`)
  await primary.execute(`GRANT DELETE ON ledger_1.commits TO 'holdfast'@'%'`)
  await using service = await openLedger(servers.url(user))
  await service.deposit({ requestId: 'd1', account: 'user:8', amount: 1_000n })
  const total = async (): Promise<bigint> => (await service.account('user:8')).balances[0]!.available
  await Promise.all(Array.from({ length: READERS }, total))
  await servers.caughtUp(2)

  await servers.failOver()
  await using other = await openLedger(servers.urlAt(replica))
  await other.deposit({ requestId: 'd2', account: 'user:9', amount: 700n })
  await other.freeze({ requestId: 'h10', account: 'user:9', amount: 50n })

  // No call has failed yet: a rejection must not be based on rows of the old primary.
  await service.freeze({ requestId: 'h11', account: 'user:9', amount: 600n })
  await service.settle('h10', { amount: 50n })
  await service.engine.ready()
  await service.deposit({ requestId: 'd3', account: 'user:8', amount: 500n })
  const totals = await Promise.all(Array.from({ length: READERS }, total))
  assert.deepEqual(new Set(totals), new Set([1_500n]))
  assert.equal((await other.account('user:8')).balances[0]!.available, 1_500n)
}

function describeReadOnly(installation: Installation): void {
  let server: PrivateServer

  before(async () => {
    server = await PrivateServer.start(installation)
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
  })

  for (const user of ['holdfast', 'root'] as const) {
    test(`a server that became read-only takes no commit and decides none, can be read, and recovers (${user})`, async () => {
      const url = await server.createDatabase()
      const database = new URL(url).pathname.slice(1)
      await migrateLedger(url)
      await server.execute(`CREATE USER IF NOT EXISTS 'holdfast'@'%'`)
      await server.execute(`GRANT SELECT, INSERT, UPDATE ON ${database}.* TO 'holdfast'@'%'`)
      await server.execute(`GRANT DELETE ON ${database}.commits TO 'holdfast'@'%'`)
      await using storage = await openMysqlStorage(server.url(database, { user }))
      const books = new Books(storage.store)
      await books.apply(deposit('d', 'user:8', 100n))
      const plan = await books.plan(charge('c', 'user:8', 40n))
      const keys = books.footprint(charge('c', 'user:8', 40n))
      const nothing = await books.plan()
      await server.execute('SET GLOBAL read_only = 1')
      try {
        await assert.rejects(storage.store.commit(plan.changes), { ...UNAVAILABLE, message: /not the primary/ })
        await assert.rejects(
          storage.store.exclusive(keys, () => plan.changes),
          UNAVAILABLE,
        )
        await assert.rejects(
          storage.store.exclusive(keys, () => nothing.changes),
          UNAVAILABLE,
        )
        await assert.rejects(storage.store.load(keys), UNAVAILABLE)
        await assert.rejects(storage.store.ping(), UNAVAILABLE)
        assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 100n)
        assert.match((await storage.inspect()).join(), /read-only/)
      } finally {
        await server.execute('SET GLOBAL read_only = 0')
      }
      await storage.store.ping()
      assert.equal(await storage.store.commit(plan.changes), 'committed')
    })
  }
}
