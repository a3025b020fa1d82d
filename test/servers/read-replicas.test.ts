/** `serve --read-only` on real replicas: a hot standby of PostgreSQL, a read-only replica of MariaDB and MySQL; and on primaries. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
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

/** How far behind the service says that it is: in the header, in `/readyz`, and in the metric. */
async function lagsOf(
  service: ServiceProcess,
  key: string,
): Promise<{ header: string | null; ready: number; seconds: string | null }> {
  const { headers } = await ask(service, '/v1/assets', { key })
  const { text } = await ask(service, '/metrics', { key })
  const [, seconds = null] = /^holdfast_replica_lag_seconds (\S+)$/m.exec(text) ?? []
  return { header: headers.get('holdfast-replica-lag-ms'), ready: (await ask(service, '/readyz')).status, seconds }
}

/** A replica that is held up gets older, and is not ready from its bound on; its rows are still answered. */
async function assertLagShown(
  ledger: EmbeddedLedger,
  replica: string,
  { hold, go }: { readonly hold: () => Promise<void>; readonly go: () => Promise<void> },
): Promise<void> {
  const { secret: key } = await ledger.keys.create({ name: 'lag', scopes: [...SCOPES] })
  await using service = await ServiceProcess.start(replica, ['--read-only', '--replica-lag-ms-max', '30000'])
  await using strict = await ServiceProcess.start(replica, ['--read-only', '--replica-lag-ms-max', '2500'])
  const isReady = async (): Promise<boolean> => (await ask(strict, '/readyz')).status === 200
  await until(isReady, 'a replica that is up to date', WAIT_MS_MAX)
  await until(async () => (await ask(service, '/v1/assets', { key })).status === 200, 'the key', WAIT_MS_MAX)
  const body = (await ask(strict, '/readyz')).body['replica'] as { role: string; lagMs: number }
  assert.equal(body.role, 'replica')
  assert.ok(body.lagMs <= 2_500)
  await hold()
  await ledger.deposit({ requestId: 'held-up', account: 'user:8', amount: 1n })
  await until(async () => !(await isReady()), 'a replica that is too old', WAIT_MS_MAX)
  const { body: problem } = await ask(strict, '/readyz')
  assert.deepEqual([problem['status'], problem['code']], [503, 'replica_behind'])
  assert.match(String(problem['detail']), /may be \d+ ms behind; the bound is 2500 ms/)
  const isShown = async (): Promise<boolean> => {
    const { header, ready, seconds } = await lagsOf(service, key)
    return Number(header) > 2_500 && Number(seconds) > 2.5 && ready === 200
  }
  await until(isShown, 'the lag in the header and the metric', WAIT_MS_MAX)
  assert.equal((await ask(strict, '/v1/entries/held-up', { key })).status, 404)
  await go()
  await shown(strict, 'held-up', key)
  await until(isReady, 'a replica that has caught up', WAIT_MS_MAX)
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
    await assertLagShown(ledger, at(standby, 'reader'), {
      hold: () => replay(at(standby, 'postgres'), 'pause'),
      go: () => replay(at(standby, 'postgres'), 'resume'),
    })

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

async function replay(standby: string, step: 'pause' | 'resume'): Promise<void> {
  const client = new Client({ connectionString: standby })
  await client.connect()
  await client.query(`SELECT pg_wal_replay_${step}()`)
  await client.end()
}

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
    const [atReplica, atPrimary] = [replica, primary].map((server) => server.url(database, { user: 'reader' })) as [
      string,
      string,
    ]
    const isThere = (): Promise<boolean> =>
      openLedger(atReplica, { readOnly: true }).then(
        (opened) => opened.close().then(() => true),
        () => false,
      )
    await until(isThere, 'the tables at the replica', WAIT_MS_MAX)
    await using blind = await openLedger(atReplica, { readOnly: true })
    const { role, lagMs, behind } = await blind.replica!.check()
    assert.deepEqual([role, lagMs], ['replica', null])
    assert.match(behind!, /GRANT REPLICA(TION CLIENT| MONITOR) ON/)
    const right = installation.name === 'mariadb' ? 'REPLICA MONITOR' : 'REPLICATION CLIENT'
    await primary.execute(`GRANT ${right} ON *.* TO 'reader'@'%'`)
    await assertBothRead(ledger, atReplica, atPrimary)
    await assertLagShown(ledger, atReplica, {
      hold: () => replica.execute(servers.words.stop),
      go: () => replica.execute(servers.words.start),
    })
  })
}
