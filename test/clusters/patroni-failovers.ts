/** PostgreSQL under Patroni, which promotes by itself: etcd and three members, one of them a synchronous standby. */
import { after, before, describe, test } from 'node:test'
import { describeRun, FailoverRun } from '../crash/failover-run.ts'
import { PatroniCluster, withoutPatroni } from './patroni-cluster.ts'
import { promoted, writableHost } from './writable-host.ts'

const reason = withoutPatroni()
if (reason !== false) test('Patroni', { skip: reason }, () => {})
else {
  describe('Patroni, three members', () => {
    const owned = new AsyncDisposableStack()
    let run: FailoverRun

    before(async () => {
      const cluster = owned.use(await PatroniCluster.start())
      const { store } = cluster
      run = owned.use(await FailoverRun.start(store))
      const leader = async (): Promise<string> => (await writableHost(store))!
      // A new leader says that it takes writes before it has the synchronous standby that a commit waits for.
      const writes = async (old: string): Promise<void> => await cluster.at(await promoted(store, old)).write()
      const first = await leader()
      await run.failOver(
        'planned switchover',
        () => cluster.switchOver(),
        () => writes(first),
      )
      await run.steady.bePatient()
      await cluster.awaitSynchronous()
      const second = await leader()
      await run.failOver(
        'SIGKILL of the leader and its Patroni',
        () => cluster.at(second).kill(),
        () => writes(second),
      )
      await cluster.at(second).start()
      await cluster.awaitSynchronous()
      const third = await leader()
      await run.failOver(
        'the machine of the leader stands still',
        () => cluster.at(third).freeze(),
        () => writes(third),
      )
      await cluster.at(third).thaw()
      await cluster.awaitSynchronous()
      const fourth = await leader()
      await run.cutOff('the network of the leader is cut', cluster.at(fourth).host, () => writes(fourth))
      await cluster.awaitSynchronous()
      await run.finish()
    })

    after(() => owned.disposeAsync())

    describeRun('Patroni (PostgreSQL), 3 members', () => run)
  })
}
