/** Every law and every acknowledged command hold on a Galera cluster that is written through two of its nodes at once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { openLedger } from '../../src/ledger.ts'
import { openMysqlStorage } from '../../src/stores/mysql/storage.ts'
import { Books, codeOf } from '../conformance/books.ts'
import { charge, deposit } from '../support/commands.ts'
import { GaleraCluster, galeraUnderTest } from '../support/galera-cluster.ts'
import { until } from '../support/mysql-ledger.ts'
import type { Installation } from '../../harness/server-installations.ts'
import { Deployment } from './deployment.ts'
import { assertHeard, beBusy } from './hearing.ts'
import { describeProof } from './proof.ts'

const DATABASE = 'ledger_1'
const PROCESSES = 4
const CALLERS = 60
/** For a longer run, set HOLDFAST_GALERA_LOAD_MS=600000. */
const LOAD_MS = Number(process.env['HOLDFAST_GALERA_LOAD_MS'] ?? 5_000)
/** The longest time until a node removes unreachable nodes from the cluster. */
const NOTICE_MS_MAX = 60_000

const { installation, reason } = galeraUnderTest()
if (installation === null) test('a Galera cluster', { skip: reason }, () => {})
else describe('a Galera cluster that is written through two nodes', () => describeCluster(installation))

function describeCluster(mariadb: Installation): void {
  let cluster: GaleraCluster
  let deployment: Deployment

  before(async () => {
    cluster = await GaleraCluster.start(mariadb)
    const store = await cluster.nodes[0]!.createDatabase()
    const stores = cluster.nodes.slice(0, 2).map((node) => node.url(DATABASE))
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

  test('what one node has acknowledged, another one knows, however far behind it is', () => keepBehind(cluster))

  test('of a store URL with all nodes one is used, and another one when that is gone', () => followNodes(cluster))

  test('a node that has lost its cluster is asked nothing', () => loseCluster(cluster))
}

async function keepBehind({ nodes }: GaleraCluster): Promise<void> {
  const [first, second] = nodes.map((node) => node.url(DATABASE))
  await using storage = await openMysqlStorage(first!)
  await using other = await openMysqlStorage(second!)
  const books = new Books(storage.store, 1)
  await using behind = new AsyncDisposableStack()
  const locker = await createConnection({ uri: second!.replace(/^mariadb:/, 'mysql:') })
  behind.defer(() => locker.destroy())
  await locker.query('FLUSH TABLES WITH READ LOCK')
  await books.apply(deposit('late', 'user:late', 100n))
  const plan = new Books(other.store, 2).plan(charge('c', 'user:late', 40n))
  const read = other.reader.account('user:late')
  const areWaiting = async (): Promise<boolean> => {
    const [rows] = await locker.query(`SHOW PROCESSLIST`)
    const working = (rows as { Command: string; db: string | null; Info: string | null }[]).filter(
      ({ Command, db, Info }) => Command === 'Query' && db === DATABASE && Info !== 'SHOW PROCESSLIST',
    )
    return working.length >= 2
  }
  await until(areWaiting, 'both wait for what is to come')
  await locker.query('UNLOCK TABLES')
  assert.deepEqual((await plan).outcomes.flat().map(codeOf), ['applied'])
  assert.equal((await read)?.balances[0]?.available, 100n)
}

async function followNodes({ nodes }: GaleraCluster): Promise<void> {
  const backwards = nodes.toReversed()
  const hosts = backwards.map(({ address: { host, port } }) => `${host}:${port}`).join()
  const moves: string[] = []
  await using ledger = await openLedger(`mariadb://root@${hosts}/${DATABASE}`, {
    sweep: false,
    onHostMove: ({ to }) => moves.push(to),
  })
  await ledger.deposit({ account: 'user:moved', amount: 1n, requestId: 'moved-1' })
  await backwards[0]!.kill()
  const isAgain = (): Promise<boolean> =>
    ledger.deposit({ account: 'user:moved', amount: 1n, requestId: 'moved-2' }).then(
      () => true,
      () => false,
    )
  await until(isAgain, 'another node is used', NOTICE_MS_MAX)
  assert.deepEqual(moves, [`127.0.0.1:${backwards[1]!.address.port}`])
  assert.equal((await ledger.account('user:moved')).balances[0]?.available, 2n)
}

async function loseCluster({ nodes }: GaleraCluster): Promise<void> {
  const [last, ...others] = nodes
  await using storage = await openMysqlStorage(last!.url(DATABASE))
  const books = new Books(storage.store, 3)
  await storage.store.ping()
  await Promise.all(others.map((node) => node.kill()))
  const hasNoticed = (): Promise<boolean> =>
    storage.store.ping().then(
      () => false,
      () => true,
    )
  await until(hasNoticed, 'the node notices', NOTICE_MS_MAX)
  const unavailable = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
  await assert.rejects(storage.store.ping(), unavailable)
  await assert.rejects(storage.store.load(books.footprint(charge('c', 'user:late', 40n))), unavailable)
  await assert.rejects(storage.reader.account('user:late'), unavailable)
}
