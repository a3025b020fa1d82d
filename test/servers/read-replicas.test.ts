/** `serve --read-only` on real replicas: a hot standby of PostgreSQL, a read-only replica of MariaDB and MySQL; and on primaries. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCOPES } from '../../src/access/scope.ts'
import { migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { until } from '../support/mysql-ledger.ts'
import { PostgresPair, WITHOUT_POSTGRES_PAIR } from '../support/postgres-pair.ts'
import type { PrivateServer } from '../support/private-server.ts'
import { ask, assertOnlyReads } from '../support/reading-service.ts'
import { ReplicatedServers } from '../support/replicated-servers.ts'

/** Includes replication on a busy machine. */
const WAIT_MS_MAX = 60_000

/** Fills a ledger. @returns the key of an administrator */
async function fill(ledger: EmbeddedLedger): Promise<string> {
  await ledger.deposit({ requestId: 'd1', account: 'user:8', amount: 100n })
  await ledger.freeze({ requestId: 'h1', account: 'user:8', amount: 10n })
  // Moves the commits into the feed.
  assert.equal((await ledger.entries()).items.length, 2)
  return (await ledger.keys.create({ name: 'reader', scopes: [...SCOPES] })).secret
}

/** Resolves when the service shows the entry. */
async function shown(service: ServiceProcess, entry: string, key: string): Promise<void> {
  const isThere = async (): Promise<boolean> => (await ask(service, `/v1/entries/${entry}`, { key })).status === 200
  await until(isThere, `${entry} at the replica`, WAIT_MS_MAX)
}

/**
 * @param replica the store URL of a replica
 * @param reader the store URL of the primary, as a user who may only SELECT
 */
async function assertBothRead(ledger: EmbeddedLedger, replica: string, reader: string): Promise<void> {
  const key = await fill(ledger)
  await until(
    async () => {
      const opened = await openLedger(replica, { readOnly: true }).catch(() => null)
      if (opened === null) return false
      const keys = await opened.keys.list()
      await opened.close()
      return keys.items.length === 1
    },
    'the ledger at the replica',
    WAIT_MS_MAX,
  )
  for (const store of [replica, reader]) {
    await using service = await ServiceProcess.start(store, ['--read-only'])
    await shown(service, 'h1', key)
    await assertOnlyReads(service, key)
    assert.deepEqual((await ask(service, '/readyz')).body['warnings'], [])
    const entry = `d-${store.length}-${store === replica ? 'replica' : 'primary'}`
    await ledger.deposit({ requestId: entry, account: 'user:8', amount: 1n })
    await shown(service, entry, key)
    // What is not in the feed yet, a process that writes brings there.
    const feed = async (): Promise<number> =>
      ((await ask(service, '/v1/entries', { key })).body['items'] as unknown[]).length
    const before = await feed()
    await ledger.entries({ limit: 1 })
    await until(async () => (await feed()) === before + 1, `${entry} in the feed`, WAIT_MS_MAX)
  }
  const [{ lastUsedAt } = { lastUsedAt: undefined }] = (await ledger.keys.list()).items
  assert.equal(lastUsedAt, null)
}

describe('a replica of PostgreSQL', { skip: WITHOUT_POSTGRES_PAIR }, () => {
  test('a hot standby is read, and so is a primary by a user who may only SELECT', async () => {
    let url = ''
    await using pair = await PostgresPair.start(async (primary) => {
      url = await primary.createDatabase()
      await migrateLedger(url)
      await primary.execute('CREATE ROLE reader LOGIN IN ROLE pg_read_all_data')
    })
    const { primary, standby } = pair
    await using ledger = await openLedger(url)
    const at = (server: PrivateServer, user: string): string => server.url(new URL(url).pathname.slice(1), { user })
    await assertBothRead(ledger, at(standby, 'reader'), at(primary, 'reader'))

    // A URL of several servers: the first that answers. Whoever writes is elsewhere.
    const several = new URL(at(standby, 'reader'))
    const list = `${standby.address.host}:${standby.address.port},${primary.address.host}:${primary.address.port}`
    await using both = await openLedger(several.href.replace(several.host, list), { readOnly: true })
    assert.equal((await both.balance('user:8')).held, 10n)
    await standby.kill()
    const isMoved = async (): Promise<boolean> =>
      await both.balance('user:8').then(
        () => true,
        () => false,
      )
    await until(isMoved, 'an answer of the other server', WAIT_MS_MAX)
  })
})

for (const name of ['mariadb', 'mysql'] as const) {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`a replica of ${name}`, { skip: reason }, () => {})
  else describe(`a replica of ${name}`, () => describeReplica(installation))
}

function describeReplica(installation: Installation): void {
  test('a read-only replica is read, and so is a primary by a user who may only SELECT', async () => {
    await using servers = await ReplicatedServers.start(installation)
    const { primary, replica } = servers
    await replica.execute('SET GLOBAL read_only = 1')
    await primary.execute(`CREATE USER 'reader'@'%'`)
    await primary.execute(`GRANT SELECT ON *.* TO 'reader'@'%'`)
    await migrateLedger(servers.urlAt(primary))
    await using ledger = await openLedger(servers.urlAt(primary))
    const database = new URL(servers.urlAt(primary)).pathname.slice(1)
    await assertBothRead(ledger, replica.url(database, { user: 'reader' }), primary.url(database, { user: 'reader' }))
  })
}
