/** Three nodes of Galera, of which all processes use one. */
import { after, before, describe, test } from 'node:test'
import { describeRun, FailoverRun, urlOf } from '../crash/failover-run.ts'
import { GaleraCluster, galeraUnderTest } from '../support/galera-cluster.ts'
import type { PrivateServer } from '../support/private-server.ts'
import { promoted, writableHost } from './writable-host.ts'

const { installation, reason } = galeraUnderTest()
if (installation === null) test('Galera', { skip: reason }, () => {})
else {
  describe('Galera, three nodes', () => {
    const owned = new AsyncDisposableStack()
    let run: FailoverRun

    before(async () => {
      const cluster = owned.use(await GaleraCluster.start(installation, { hasNetwork: true }))
      const [first, second] = cluster.nodes
      await first!.createDatabase()
      const store = urlOf(cluster.nodes)
      run = owned.use(await FailoverRun.start(store))
      // A node says that it takes writes before the others have agreed that a killed one left; a change of the schema waits for that.
      const writes = async (old: PrivateServer): Promise<void> => {
        const name = await promoted(store, nameOf(old.address))
        const node = cluster.nodes.find(({ address }) => nameOf(address) === name)!
        await node.executeAll(['CREATE DATABASE proof', 'DROP DATABASE proof'])
      }
      const nameOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`
      await run.failOver(
        'planned stop of the node in use',
        () => first!.stop(),
        () => writes(first!),
      )
      await cluster.rejoin(first!)
      await run.steady.bePatient()
      await run.failOver(
        'SIGKILL of the node in use',
        () => second!.kill(),
        () => writes(second!),
      )
      await cluster.rejoin(second!)
      const used = (await writableHost(store))!
      const node = cluster.nodes.find(({ address }) => nameOf(address) === used)!
      await run.cutOff('the network of the node in use is cut', node.host, () => writes(node))
      await run.finish()
    })

    after(() => owned.disposeAsync())

    describeRun('Galera (MariaDB), 3 nodes', () => run)
  })
}
