/** Services under load whose store URL names all servers of a cluster, while these are stopped, killed and promoted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { note } from '../../harness/notes.ts'
import type { PrivateServer } from '../support/private-server.ts'
import type { NetworkHost } from '../support/test-network.ts'
import { Deployment } from './deployment.ts'
import { assertHeard, beBusy } from './hearing.ts'
import { describeProof } from './proof.ts'
import { SteadyCallers } from './steady-callers.ts'

/** The database of the first `createDatabase` of a private server. */
const DATABASE = 'ledger_1'
const PROCESSES = 2
const CALLERS = 40
const STEADY_CALLERS = 4
const LOAD_MS = 1_000
/** Includes a cluster's own promotion, which may have to wait for a lease to end. */
const FAILOVER_MS_MAX = 120_000
/** Longer than any failover of these tests, so that the outcome of every lost commit is found. */
const PARAMETERS = ['--doubt-ms-max', '100000', '--call-timeout-ms', '100000']

interface Failover {
  readonly what: string
  /** From the end of the old primary. */
  readonly promotionMs: number
  /** From the promotion until every process had acknowledged a new command. */
  readonly gapMs: number
}

export class FailoverRun implements AsyncDisposable {
  readonly deployment: Deployment
  readonly steady: SteadyCallers
  readonly failovers: Failover[] = []

  private constructor(deployment: Deployment) {
    this.deployment = deployment
    this.steady = new SteadyCallers(deployment.urls, STEADY_CALLERS)
  }

  static async start(store: string): Promise<FailoverRun> {
    const options = { processes: PROCESSES, callers: CALLERS, parameters: PARAMETERS }
    return new FailoverRun(await Deployment.start(store, options))
  }

  /** Under load. @param end of the old primary */
  async failOver(what: string, end: () => Promise<void>, promote: () => Promise<void>): Promise<void> {
    const { deployment } = this
    await beBusy(deployment, LOAD_MS)
    const endedAt = performance.now()
    await end()
    await promote()
    const promotedAt = performance.now()
    await deployment.callers.acknowledgements(FAILOVER_MS_MAX)
    const gapMs = performance.now() - promotedAt
    this.failovers.push({ what, promotionMs: promotedAt - endedAt, gapMs })
  }

  /** As `failOver`, by taking the cable off the host of the old primary, and on again; nothing where it has no host of its own. */
  async cutOff(what: string, host: NetworkHost | null, promote: () => Promise<void>): Promise<void> {
    if (host === null) return
    await this.failOver(what, () => host.cut(), promote)
    await host.mend()
  }

  async finish(): Promise<void> {
    await beBusy(this.deployment, LOAD_MS)
    await this.steady.stop()
    await this.deployment.finish()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.steady.stop()
    await this.deployment[Symbol.asyncDispose]()
  }
}

export function urlOf(servers: readonly PrivateServer[]): string {
  const hosts = servers.map(({ address: { host, port } }) => `${host}:${port}`)
  const user = servers[0]!.name === 'postgres' ? 'postgres' : 'root'
  return `${servers[0]!.name}://${user}@${hosts.join(',')}/${DATABASE}`
}

export function describeRun(cluster: string, current: () => FailoverRun): void {
  test('the services follow the writes, and nobody is left in doubt', (t) => {
    const { deployment, failovers } = current()
    const counts = assertHeard(t, deployment)
    for (const { what, promotionMs, gapMs } of failovers) {
      t.diagnostic(
        `${what}: promoted after ${Math.round(promotionMs)} ms, all processes again ${Math.round(gapMs)} ms later.`,
      )
      note({ what: 'failover', cluster, kind: what, promotionMs, gapMs, acknowledged: counts.get('acknowledged')! })
    }
    assert.equal(counts.get('commit_in_doubt'), undefined)
  })

  test('the client’s retries absorb every fault', async () => {
    const { deployment, steady } = current()
    assert.deepEqual(steady.errors, [])
    assert.equal(await steady.missing(deployment.ledger), 0n)
  })

  describeProof(() => current().deployment)
}
