/** Three servers of MySQL in a group with a single primary. */
import { after, before, describe, test } from 'node:test'
import { installationUnderTest } from '../../harness/server-installations.ts'
import { describeRun, FailoverRun, urlOf } from '../crash/failover-run.ts'
import { MysqlGroup } from './mysql-group.ts'
import { promoted, writableHost } from './writable-host.ts'

const { installation, reason } = installationUnderTest('mysql')
if (installation === null) test('Group Replication', { skip: reason }, () => {})
else {
  describe('Group Replication, three servers', () => {
    const owned = new AsyncDisposableStack()
    let run: FailoverRun

    before(async () => {
      const group = owned.use(await MysqlGroup.start(installation))
      const store = urlOf(group.servers)
      run = owned.use(await FailoverRun.start(store))
      const first = (await writableHost(store))!
      await run.failOver(
        'planned switchover',
        () => group.switchTo(group.servers[1]!),
        async () => void (await promoted(store, first)),
      )
      const second = (await writableHost(store))!
      await run.steady.bePatient()
      await run.failOver(
        'SIGKILL of the primary',
        () => group.at(second).kill(),
        async () => void (await promoted(store, second)),
      )
      await group.rejoin(group.at(second))
      const third = (await writableHost(store))!
      await run.cutOff(
        'the network of the primary is cut',
        group.at(third).host,
        async () => void (await promoted(store, third)),
      )
      await run.finish()
    })

    after(() => owned.disposeAsync())

    describeRun('Group Replication (MySQL), 3 servers', () => run)
  })
}
