/**
 * A store URL that names all servers of a cluster, without a proxy: the services follow the writes when a primary is stopped, killed, or made
 * read-only, and nothing acknowledged is lost.
 *
 * The tests play the tool that promotes. `npm run clusters` does the same with clusters that promote by themselves.
 */
import { after, before, describe, test } from 'node:test'
import { installationUnderTest, type Installation } from '../../harness/server-installations.ts'
import { PostgresPair, WITHOUT_POSTGRES_PAIR } from '../support/postgres-pair.ts'
import type { PrivateServer } from '../support/private-server.ts'
import { until } from '../support/mysql-ledger.ts'
import { ask, ReplicatedServers } from '../support/replicated-servers.ts'
import { describeRun, FailoverRun, urlOf } from './failover-run.ts'

describe('PostgreSQL with a synchronous standby', { skip: WITHOUT_POSTGRES_PAIR }, () => {
  const owned = new AsyncDisposableStack()
  let run: FailoverRun

  before(async () => {
    const pair = owned.use(
      await PostgresPair.start(async (server) => {
        await server.createDatabase()
      }),
    )
    await pair.synchronise()
    const { primary, standby } = pair
    run = owned.use(await FailoverRun.start(urlOf([primary, standby])))
    const promote = (server: PrivateServer) => () => server.execute('SELECT pg_promote()')
    await run.failOver('planned switchover', () => primary.stop(), promote(standby))
    await pair.turnRound()
    await run.failOver('SIGKILL of the primary', () => standby.kill(), promote(primary))
    await run.finish()
  })

  after(() => owned.disposeAsync())

  describeRun('postgres', () => run)
})

const { installation, reason } = installationUnderTest('mariadb')
if (installation === null) test('MariaDB with a semi-synchronous replica', { skip: reason }, () => {})
else describe('MariaDB with a semi-synchronous replica', () => describeMariadb(installation))

function describeMariadb(mariadb: Installation): void {
  const owned = new AsyncDisposableStack()
  let run: FailoverRun

  before(async () => {
    const servers = owned.use(
      await ReplicatedServers.start(mariadb, [
        '--rpl-semi-sync-master-enabled=ON',
        '--rpl-semi-sync-slave-enabled=ON',
        '--rpl-semi-sync-master-wait-point=AFTER_SYNC',
        '--rpl-semi-sync-master-timeout=600000',
        // The replica waits for nobody once it is promoted: there is no third server.
        '--rpl-semi-sync-master-wait-no-slave=OFF',
      ]),
    )
    const { primary, replica } = servers
    await replica.execute('SET GLOBAL read_only = 1')
    run = owned.use(await FailoverRun.start(urlOf([primary, replica])))
    await run.failOver(
      'SIGKILL of the primary',
      () => primary.kill(),
      () => promote(servers),
    )
    await run.finish()
  })

  after(() => owned.disposeAsync())

  describeRun('mariadb', () => run)
}

/** Applies what the replica has received, as every tool that promotes does, and opens it for writes. */
async function promote(servers: ReplicatedServers): Promise<void> {
  const { replica, words } = servers
  const hasApplied = async (): Promise<boolean> => {
    const [row] = await ask(servers.urlAt(replica), 'SHOW SLAVE STATUS')
    return (
      String(row!['Slave_SQL_Running_State']).includes('waiting for more updates') &&
      row!['Gtid_IO_Pos'] === (await appliedBy(servers))
    )
  }
  await until(hasApplied, 'the replica has applied what it received')
  await replica.execute(words.stop)
  await replica.execute('SET GLOBAL read_only = 0')
}

async function appliedBy(servers: ReplicatedServers): Promise<unknown> {
  return (await ask(servers.urlAt(servers.replica), 'SELECT @@gtid_slave_pos AS position'))[0]!['position']
}
