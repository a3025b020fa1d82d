/**
 * Several services on one database: lives of many users, from callers that keep a connection each.
 *
 * The callers are shared out evenly. Either every caller calls about any user, as behind a balancer that knows nothing, or only about the
 * users of its service, as with the header `Holdfast-Account`.
 */
import { randomUUID } from 'node:crypto'
import { ServiceProcess } from '../../harness/service-process.ts'
import { brokenLaws } from '../audit/ledger.ts'
import type { ScratchServer } from '../databases/scratch.ts'
import { HttpConnection } from '../http-load.ts'
import { Stopwatch } from '../lives.ts'
import { accountOf, prepareAccounts } from '../strategies/ledger-accounts.ts'
import { countsIn, type ServiceCounts } from './counts.ts'

export const ROUTINGS = ['any', 'home'] as const
/** `any`: every service is called about every user; `home`: each user has one service. */
export type Routing = (typeof ROUTINGS)[number]

export interface ServicesOptions {
  readonly services: number
  readonly routing: Routing
  /** Callers in total, each with one call at a time. */
  readonly callers: number
  readonly users: number
  readonly seconds: number
  readonly warmUpSeconds: number
}

export interface ServicesResult {
  readonly commandsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** On average. */
  readonly commandsPerBatch: number
  /** Commits that met another writer, as a part of the batches. */
  readonly conflictShare: number
  /** Laws that the books break, as sentences. */
  readonly findings: readonly string[]
}

const FUNDS = 1e12

/** @throws Error when a call fails */
export async function measureServices(server: ScratchServer, options: ServicesOptions): Promise<ServicesResult> {
  const { services: count, routing, callers, users, seconds, warmUpSeconds } = options
  const database = await server.create()
  try {
    const accounts = Array.from({ length: users }, (_, user) => accountOf(user))
    await prepareAccounts({ url: database.url, funds: FUNDS }, accounts)
    await using services = await startServices(database.url, count)
    const connections = await Promise.all(
      Array.from({ length: callers }, (_, caller) => HttpConnection.open(services.portOf(caller))),
    )
    const userOf = (caller: number): number => {
      const drawn = Math.floor(Math.random() * users)
      return routing === 'any' ? drawn : drawn - (drawn % count) + (caller % count)
    }
    const work = async (until: number, watch: Stopwatch): Promise<void> => {
      await Promise.all(connections.map((connection, caller) => lives(connection, () => userOf(caller), until, watch)))
    }
    await work(performance.now() + warmUpSeconds * 1_000, new Stopwatch())
    const before = await services.counts()
    const watch = new Stopwatch()
    await work(performance.now() + seconds * 1_000, watch)
    const { commandsPerSecond, p50Ms, p99Ms } = watch.figures()
    const after = await services.counts()
    for (const connection of connections) connection.close()
    const batches = after.batches - before.batches
    return {
      commandsPerSecond,
      p50Ms,
      p99Ms,
      commandsPerBatch: (after.commands - before.commands) / batches,
      conflictShare: (after.conflicts - before.conflicts) / batches,
      findings: await brokenLaws(database),
    }
  } finally {
    await database.drop()
  }
}

interface Services extends AsyncDisposable {
  portOf(caller: number): number
  counts(): Promise<ServiceCounts>
}

async function startServices(url: string, count: number): Promise<Services> {
  const started: ServiceProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()))
  }
  try {
    for (let stripe = 0; stripe < count; stripe++) {
      started.push(
        await ServiceProcess.start(url, ['--log-level', 'silent'], { HOLDFAST_HOUSE_STRIPE: String(stripe) }),
      )
    }
    await Promise.all(started.map((service) => service.ready()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    portOf: (caller) => Number(new URL(started[caller % count]!.url).port),
    async counts() {
      const texts = await Promise.all(started.map(async ({ url: of }) => (await fetch(`${of}/metrics`)).text()))
      return countsIn(texts)
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function lives(connection: HttpConnection, user: () => number, until: number, watch: Stopwatch): Promise<void> {
  while (performance.now() < until) {
    const requestId = randomUUID()
    await watch.time(() => post(connection, '/v1/holds', { requestId, account: accountOf(user()), amount: '616' }))
    await watch.time(() => post(connection, `/v1/holds/${requestId}/settle`, { amount: '500' }))
  }
}

async function post(connection: HttpConnection, path: string, body: object): Promise<void> {
  const { status, body: answer } = await connection.post(path, JSON.stringify(body))
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${answer}`)
}
