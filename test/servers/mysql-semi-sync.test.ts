/** Semi-synchronous replication: acknowledged commits are on a replica, even after a crash, and a process reports when they are not. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { until } from '../support/mysql-ledger.ts'
import { ask, ReplicatedServers } from '../support/replicated-servers.ts'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'

/** Longer than any test. */
const ACKNOWLEDGEMENT_MS = 600_000
/** Includes a restart of the server after a kill, on a busy machine. */
const WAIT_MS_MAX = 30_000

interface Words {
  readonly primary: string
  readonly replica: string
  /** Where a commit waits for the replica: the server's default first. */
  readonly points: readonly ('AFTER_SYNC' | 'AFTER_COMMIT')[]
  /** Plugins that a server needs as a primary or as a replica. */
  readonly plugins: readonly string[]
}

const WORDS: Readonly<Record<'mariadb' | 'mysql', Words>> = {
  mariadb: {
    primary: 'rpl_semi_sync_master',
    replica: 'rpl_semi_sync_slave',
    points: ['AFTER_COMMIT', 'AFTER_SYNC'],
    plugins: [],
  },
  mysql: {
    primary: 'rpl_semi_sync_source',
    replica: 'rpl_semi_sync_replica',
    points: ['AFTER_SYNC'],
    plugins: [
      `INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'`,
      `INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'`,
    ],
  },
}

for (const name of ['mariadb', 'mysql'] as const) {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`semi-synchronous replication of ${name}`, { skip: reason }, () => {})
  else describe(`semi-synchronous replication of ${name}`, () => describeSemiSync(installation, WORDS[name]))
}

function describeSemiSync(installation: Installation, words: Words): void {
  for (const point of words.points) {
    test(`a commit that only the crashed primary has is not acknowledged to a repeat before a replica has it (${point})`, async () => {
      await using servers = await semiSynchronous(installation, words)
      const { primary, replica } = servers
      await set(servers, words, { wait_point: `'${point}'` })
      await using service = await openLedger(servers.urlAt(primary))
      const deposit = (id: string) => service.deposit({ requestId: id, account: 'user:8', amount: 10n })
      await deposit('d1')
      await servers.caughtUp(2)

      await replica.execute(servers.words.stop)
      const first = deposit('d2')
      const told = new Set<string>()
      void first.then(() => told.add('acknowledged'))
      await waiting(servers)
      await primary.kill()
      const options = { enabled: 'ON', timeout: String(ACKNOWLEDGEMENT_MS), wait_point: point }
      const parameters = Object.entries(options).map(([key, value]) => `--${words.primary}_${key}=${value}`)
      await primary.start(parameters.map((parameter) => parameter.replaceAll('_', '-').replace('AFTER-', 'AFTER_')))
      assert.equal(Number((await ask(servers.urlAt(primary), `SELECT COUNT(*) AS n FROM postings`))[0]!['n']), 4)

      // The engine looks up the outcome and finds the row; only its own wait for the replica delays the answer.
      await waiting(servers)
      assert.equal(told.size, 0)
      await replica.execute(servers.words.start)
      await first
      await servers.caughtUp(4)

      // Another process reads the row and waits for the replica too.
      await replica.execute(servers.words.stop)
      await using other = await openLedger(servers.urlAt(primary))
      const repeat = other.deposit({ requestId: 'd2', account: 'user:8', amount: 10n })
      void repeat.then(() => told.add('repeated'))
      await waiting(servers)
      assert.equal(told.has('repeated'), false)
      await replica.execute(servers.words.start)
      await repeat
      assert.deepEqual(
        (await service.account('user:8')).balances.map(({ available }) => available),
        [20n],
      )
    })
  }

  test('a primary that has fallen back to asynchronous is warned of, until a replica is back', async () => {
    await using servers = await semiSynchronous(installation, words)
    await using service = await openLedger(servers.urlAt(servers.primary))
    const isWarned = async (): Promise<boolean> => (await service.storage.inspect()).join().includes('fallen back')
    await until(async () => !(await isWarned()), 'a replica takes part', WAIT_MS_MAX)
    await servers.replica.execute(servers.words.stop)
    await set(servers, words, { timeout: '1' })
    await service.deposit({ requestId: 'd1', account: 'user:8', amount: 10n })
    await until(isWarned, 'the warning', WAIT_MS_MAX)
    await servers.replica.execute(servers.words.start)
    await until(async () => !(await isWarned()), 'a replica takes part again', WAIT_MS_MAX)
  })
}

/** A migrated database with a semi-synchronous replica. */
async function semiSynchronous(installation: Installation, words: Words): Promise<ReplicatedServers> {
  const servers = await ReplicatedServers.start(installation)
  const { primary, replica } = servers
  await migrateLedger(servers.urlAt(primary))
  await replica.execute(servers.words.stop)
  for (const server of [primary, replica]) for (const plugin of words.plugins) await server.execute(plugin)
  await replica.execute(`SET GLOBAL ${words.replica}_enabled = 1`)
  await replica.execute(servers.words.start)
  await set(servers, words, { timeout: String(ACKNOWLEDGEMENT_MS), enabled: '1' })
  return servers
}

async function set({ primary }: ReplicatedServers, words: Words, settings: Readonly<Record<string, string>>) {
  for (const [key, value] of Object.entries(settings)) {
    await primary.execute(`SET GLOBAL ${words.primary}_${key} = ${value}`)
  }
}

/** Resolves when a commit waits for a replica. */
async function waiting(servers: ReplicatedServers): Promise<void> {
  const isWaiting = async (): Promise<boolean> => {
    const rows = await ask(servers.urlAt(servers.primary), 'SHOW PROCESSLIST').catch(() => [])
    return rows.some((row) => /semi-?sync ACK/i.test(String(row['State'])))
  }
  await until(isWaiting, 'a commit waits for the replica', WAIT_MS_MAX)
}
