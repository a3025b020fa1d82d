/** The database server answers, but not normally: a row is locked, its connections are used up, reads are slow, or it is read-only. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { Deployment } from '../crash/deployment.ts'
import { assertHeard, attemptsIn, beBusy, inWords } from '../crash/hearing.ts'
import { countsOf } from '../crash/callers.ts'
import { describeProof } from '../crash/proof.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import type { PrivateServer } from '../support/private-server.ts'
import type { ServerName } from '../../harness/server-installations.ts'
import { FaultLog } from './fault-log.ts'
import { connectTo, type ServerClient } from '../../harness/server-client.ts'

const CALLERS = 30
const LOCK_MS_MAX = 1_000
const POOL_MS_MAX = 2_000
const STATEMENT_MS_MAX = 3_000
const FAULT_MS = 2_500
/** Much longer than a call waits for a connection, so that calls fail while there are none. */
const STARVED_MS = 3 * POOL_MS_MAX
/** More connections than the two service processes need. */
const CONNECTIONS_MAX = 14
const READERS = 40
/** Some reads are served within `POOL_MS_MAX`, even on a slow machine, but never all of them. */
const READ_PAUSE_MS = 8
/** A lock wait of the server, a pause of the circuit breaker, and two processes on a busy machine. */
const BACK_MS = 5_000

type Parameters = Readonly<Record<ServerName, readonly string[]>>

const FEW_CONNECTIONS: Parameters = {
  mariadb: [`--max-connections=${CONNECTIONS_MAX}`],
  mysql: [`--max-connections=${CONNECTIONS_MAX}`],
  postgres: ['-c', `max_connections=${CONNECTIONS_MAX}`],
}
const READ_ONLY: Parameters = {
  mariadb: ['--read-only=1'],
  mysql: ['--read-only=1'],
  postgres: ['-c', 'default_transaction_read_only=on'],
}

/** On the clock of `performance.now()`. */
interface Window {
  readonly from: number
  readonly until: number
}

interface Place {
  /** Leads through the proxy. */
  readonly store: string
  readonly direct: string
  readonly proxy: FaultProxy
}

export function describeServerStates(server: () => PrivateServer): void {
  describe('the server does not do what it should', () => {
    const log = new FaultLog()
    const readStatuses: number[] = []
    let place: Place
    const owned = new AsyncDisposableStack()
    let deployment: Deployment
    let readOnly: Window
    let starved: Window

    before(async () => {
      place = await openPlace(server())
      owned.use(place.proxy)
      deployment = owned.use(await Deployment.start(place.store, { processes: 2, callers: CALLERS }))
      await beBusy(deployment, 0)

      await holdLock(place.direct)
      await log.recovery(deployment, { kind: 'row lock held', since: performance.now(), boundMs: BACK_MS })

      // Opens a connection in advance: through the slowed proxy it would take too long.
      await read(deployment)
      place.proxy.slowAll(READ_PAUSE_MS)
      readStatuses.push(...(await readALot(deployment)))
      place.proxy.slowAll(0)
      await log.recovery(deployment, { kind: 'slow reads, pool of 1', since: performance.now(), boundMs: BACK_MS })

      await restart(server(), FEW_CONNECTIONS)
      starved = await takeConnections(place)
      await log.recovery(deployment, { kind: 'connections taken', since: performance.now(), boundMs: BACK_MS })

      await restart(server(), READ_ONLY)
      readOnly = await windowOf(() => sleep(FAULT_MS))
      await server().kill()
      await server().start()
      await log.recovery(deployment, { kind: 'server read-only', since: performance.now(), boundMs: BACK_MS })
      await deployment.finish()
    })

    after(() => owned.disposeAsync())

    test('the service is back by itself after a held lock, a starved pool, a server without room, and one that is read-only', (t) => {
      log.assertBack(t, server().name, 4)
      assertHeard(t, deployment)
      const attempts = attemptsIn(deployment.calls)
      const within = ({ from, until }: Window) =>
        attempts.filter(({ sentAt, answeredAt }) => sentAt >= from && answeredAt <= until)
      const meeting = ({ from, until }: Window) =>
        attempts.filter(({ sentAt, answeredAt }) => sentAt < until && answeredAt > from)
      // On a slow machine an attempt may wait for a connection longer than there are none.
      const [full, fixed] = [meeting(starved), within(readOnly)]
      t.diagnostic(`Without connections: ${inWords(countsOf(full))}. Read-only: ${inWords(countsOf(fixed))}.`)
      assert.ok(meeting(readOnly).length > 0, 'nobody asked for anything while the server was read-only')
      assert.ok(full.some(({ outcome }) => outcome.status === 'faulted'))
      const written = fixed.filter(({ outcome }) => outcome.status === 'applied' && !outcome.replayed)
      assert.equal(written.length, 0, 'written on a server that is read-only')
    })

    test('a read through a pool that is too small is answered or refused', (t) => {
      const served = readStatuses.filter((status) => status === 200).length
      const refused = readStatuses.filter((status) => status === 503).length
      t.diagnostic(`${served} reads served, ${refused} refused.`)
      assert.ok(served > 0, 'no read was served')
      assert.equal(served + refused, readStatuses.length)
    })

    describeProof(() => deployment)
  })
}

/** The store's user is not an administrator: administrators may write on a read-only server, and have reserved connections. */
async function openPlace(server: PrivateServer): Promise<Place> {
  const [user, database] = ['holdfast', 'states']
  const isPostgres = server.name === 'postgres'
  await server.execute(isPostgres ? `CREATE ROLE ${user} LOGIN` : `CREATE USER ${user}@'%'`)
  await server.execute(`CREATE DATABASE ${database} ${isPostgres ? `OWNER ${user}` : ''}`)
  if (!isPostgres) await server.execute(`GRANT ALL ON ${database}.* TO ${user}@'%'`)
  const direct = server.url(database, { user })
  const proxy = await FaultProxy.open(server.name, server.address)
  const url = new URL(direct)
  url.port = String(proxy.port)
  const tuning = {
    pool_size: 1,
    lock_timeout_ms: LOCK_MS_MAX,
    connect_timeout_ms: POOL_MS_MAX,
    statement_timeout_ms: STATEMENT_MS_MAX,
    ...(isPostgres ? {} : { pool_timeout_ms: POOL_MS_MAX }),
  }
  for (const [name, value] of Object.entries(tuning)) url.searchParams.set(name, String(value))
  return { store: url.href, direct, proxy }
}

/** Holds a row lock for longer than a statement waits for it. */
async function holdLock(direct: string): Promise<void> {
  const stranger = await connectTo(direct)
  await stranger.query('START TRANSACTION')
  await stranger.query(`SELECT id FROM balances WHERE account = 'user:8' FOR UPDATE`)
  await sleep(FAULT_MS)
  await stranger.query('ROLLBACK')
  await stranger.end()
}

/** More concurrent reads than one connection can serve while they wait for it. */
async function readALot(deployment: Deployment): Promise<readonly number[]> {
  return await Promise.all(Array.from({ length: READERS }, () => read(deployment)))
}

async function read({ urls }: Deployment): Promise<number> {
  const response = await fetch(`${urls[0]}/v1/accounts/user:8`)
  await response.arrayBuffer()
  return response.status
}

/** Other clients take every connection, and every one that becomes free, before the service. */
async function takeConnections({ direct, proxy }: Place): Promise<Window> {
  const strangers: ServerClient[] = []
  const window = await windowOf(async () => {
    const until = performance.now() + STARVED_MS
    while (performance.now() < until) {
      const stranger = await connectTo(direct).catch(() => null)
      if (stranger !== null) strangers.push(stranger)
      else proxy.cutAll()
    }
  })
  await Promise.all(strangers.map((stranger) => stranger.end()))
  return window
}

async function restart(server: PrivateServer, parameters: Parameters): Promise<void> {
  await server.kill()
  await server.start(parameters[server.name])
}

async function windowOf(action: () => Promise<void>): Promise<Window> {
  const from = performance.now()
  await action()
  return { from, until: performance.now() }
}
