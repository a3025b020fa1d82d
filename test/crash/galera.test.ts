/** Every law, and every acknowledged command, on a Galera cluster that is written through two of its nodes at once. */
import { after, before, describe, test } from 'node:test'
import { GaleraCluster, galeraUnderTest } from '../support/galera-cluster.ts'
import { Deployment } from './deployment.ts'
import { assertHeard, beBusy } from './hearing.ts'
import { describeProof } from './proof.ts'

const PROCESSES = 4
const CALLERS = 60
const LOAD_MS = Number(process.env['HOLDFAST_GALERA_LOAD_MS'] ?? 5_000)

const { installation, reason } = galeraUnderTest()
if (installation === null) test('a Galera cluster', { skip: reason }, () => {})
else
  describe('a Galera cluster that is written through two nodes', () => {
    let cluster: GaleraCluster
    let deployment: Deployment

    before(async () => {
      cluster = await GaleraCluster.start(installation)
      const store = await cluster.nodes[0]!.createDatabase()
      const stores = cluster.nodes.slice(0, 2).map((node) => node.url('ledger_1'))
      deployment = await Deployment.start(store, { processes: PROCESSES, callers: CALLERS, stores })
      await beBusy(deployment, LOAD_MS)
      await deployment.finish()
    })

    after(async () => {
      await deployment?.[Symbol.asyncDispose]()
      await cluster?.[Symbol.asyncDispose]()
    })

    test('processes on different nodes get in each other’s way only for a while', (t) => {
      assertHeard(t, deployment)
    })

    describeProof(() => deployment)
  })
