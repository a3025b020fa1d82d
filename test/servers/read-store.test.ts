/** A service that writes, and reads its lists from a real replica: which rows it shows while the replica is held up, too far behind, or away. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client } from 'pg'
import { migrateLedger } from '../../src/ledger.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { until } from '../support/mysql-ledger.ts'
import { PostgresPair, WITHOUT_POSTGRES_PAIR } from '../support/postgres-pair.ts'
import { ask } from '../support/reading-service.ts'
import { ReplicatedServers } from '../support/replicated-servers.ts'

/** Includes replication, and a restart of a server, on a busy machine. */
const WAIT_MS_MAX = 90_000

interface Site {
  readonly primary: string
  readonly replica: string
  hold(): Promise<void>
  go(): Promise<void>
  kill(): Promise<void>
  restart(): Promise<void>
}

const deposit = async (service: ServiceProcess, requestId: string): Promise<void> => {
  const { status, text } = await ask(service, '/v1/deposits', { post: { requestId, account: 'user:8', amount: '1' } })
  assert.equal(status, 201, text)
}

/** The request ids of the statement, newest first. */
async function statementOf(service: ServiceProcess): Promise<string> {
  const { status, text, body } = await ask(service, '/v1/accounts/user%3A8/postings')
  assert.equal(status, 200, text)
  return (body['items'] as { entryId: string }[]).map(({ entryId }) => entryId).join(' ')
}

async function assertSplit(site: Site): Promise<void> {
  const patient = ['--read-store', site.replica, '--replica-lag-ms-max', '600000']
  await using service = await ServiceProcess.start(site.primary, patient)
  await using strict = await ServiceProcess.start(site.primary, [
    '--read-store',
    site.replica,
    '--replica-lag-ms-max',
    '2500',
  ])
  await deposit(service, 'd1')
  const shows = (one: ServiceProcess, ids: string) => async () => (await statementOf(one).catch(String)) === ids
  await until(shows(service, 'd1'), 'd1 in the statement', WAIT_MS_MAX)
  await until(async () => (await ask(strict, '/readyz')).text.includes('"role":"replica"'), 'the replica', WAIT_MS_MAX)

  await site.hold()
  await deposit(service, 'd2')
  // What is looked up by name is read where it was written; the list is the replica's.
  assert.equal((await ask(service, '/v1/entries/d2')).status, 200)
  assert.equal((await ask(service, '/v1/accounts/user%3A8/balances/credit')).body['available'], '2')
  assert.equal(await statementOf(service), 'd1')
  const file = (await ask(service, '/v1/accounts/user%3A8/postings/export?format=ndjson')).text
  assert.ok(file.includes('"d1"') && !file.includes('"d2"'), file)
  // Beyond the bound it is the primary's, the service is ready all the same, and says so.
  await until(shows(strict, 'd2 d1'), 'the statement of the primary', WAIT_MS_MAX)
  const { status, body } = await ask(strict, '/readyz')
  assert.equal(status, 200)
  assert.match(String(body['warnings']), /Lists are read from the primary. The replica may be \d+ ms behind/)
  assert.match(strict.log, /lists are read from the primary/)

  await site.kill()
  assert.equal(await statementOf(service), 'd2 d1')
  await deposit(service, 'd3')
  assert.equal(await statementOf(service), 'd3 d2 d1')
  // A service that starts now does without it.
  await using late = await ServiceProcess.start(site.primary, patient)
  assert.equal(await statementOf(late), 'd3 d2 d1')
  await site.restart()
  await site.go()
  for (const one of [service, strict, late]) {
    const isUsed = async (): Promise<boolean> => {
      assert.equal(await statementOf(one).then((ids) => ids.endsWith('d1')), true)
      return (
        one.log.lastIndexOf('lists are read from the replica') > one.log.lastIndexOf('lists are read from the primary')
      )
    }
    await until(isUsed, 'the replica in use again', WAIT_MS_MAX)
    await until(shows(one, 'd3 d2 d1'), 'everything at the replica', WAIT_MS_MAX)
  }
}

describe('a replica of PostgreSQL beside the primary', { skip: WITHOUT_POSTGRES_PAIR }, () => {
  test('takes the lists while it is not too far behind, and nothing that a command answers', async () => {
    let url = ''
    await using pair = await PostgresPair.start(async (primary) => {
      url = await primary.createDatabase()
      await migrateLedger(url)
      await primary.execute('CREATE ROLE reader LOGIN IN ROLE pg_read_all_data')
    })
    const { standby } = pair
    const database = new URL(url).pathname.slice(1)
    const replay = async (step: 'pause' | 'resume'): Promise<void> => {
      const client = new Client({ connectionString: standby.url(database) })
      await client.connect()
      await client.query(`SELECT pg_wal_replay_${step}()`)
      await client.end()
    }
    await assertSplit({
      primary: url,
      replica: standby.url(database, { user: 'reader' }),
      hold: () => replay('pause'),
      go: () => replay('resume'),
      kill: () => standby.kill(),
      restart: () => standby.start(),
    })
  })
})

for (const name of ['mariadb', 'mysql'] as const) {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`a replica of ${name} beside the primary`, { skip: reason }, () => {})
  else describe(`a replica of ${name} beside the primary`, () => describeReplica(installation))
}

function describeReplica(installation: Installation): void {
  test('takes the lists while it is not too far behind, and nothing that a command answers', async () => {
    await using servers = await ReplicatedServers.start(installation)
    const { primary, replica, words } = servers
    const right = installation.name === 'mariadb' ? 'REPLICA MONITOR' : 'REPLICATION CLIENT'
    await primary.execute(`CREATE USER 'reader'@'%'`)
    await primary.execute(`GRANT SELECT, ${right} ON *.* TO 'reader'@'%'`)
    await migrateLedger(servers.urlAt(primary))
    const database = new URL(servers.urlAt(primary)).pathname.slice(1)
    await assertSplit({
      primary: servers.urlAt(primary),
      replica: replica.url(database, { user: 'reader' }),
      hold: () => replica.execute(words.stop),
      go: () => replica.execute(words.start),
      kill: () => replica.kill(),
      restart: () => replica.start(),
    })
  })
}

test('a wrong URL of a replica, and one beside a service that only reads, end the start', async () => {
  for (const [parameters, message] of [
    [['--read-store', 'nonsense'], /not a store URL/],
    [['--read-store', 'sqlite:a.db', '--read-only'], /--read-store is for a service that writes/],
  ] as const) {
    const { exitCode, stderr } = await runHoldfast(['serve', '--store', 'memory:', '--port', '0', ...parameters])
    assert.notEqual(exitCode, 0)
    assert.match(stderr, message)
  }
})
