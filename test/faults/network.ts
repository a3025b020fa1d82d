/** The network between the service and its database fails at every step of a commit, and completely. */
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { Deployment } from '../crash/deployment.ts'
import { assertHeard, attemptsIn, beBusy } from '../crash/hearing.ts'
import { describeProof } from '../crash/proof.ts'
import type { CommitKind } from '../support/commit-dialogue.ts'
import { ACTIONS, FaultProxy, SLOW_PAUSE_MS, STEPS, type Action, type ArmedFault } from '../support/fault-proxy.ts'
import type { PrivateServer } from '../support/private-server.ts'
import { FaultLog } from './fault-log.ts'
import { isLongRun } from './long-run.ts'

const CALLERS = 30
const STATEMENT_MS_MAX = 1_000
const LOCK_MS_MAX = 1_000
/** The wait in addition to the statement timeout: PostgreSQL's own answer to it may take this long. */
const MARGIN_MS = 2_000
/** Recovery of two processes that compete for the same locks, on a busy machine. */
const BUSY_MS = 3_000
/** How long a server keeps the transaction of a silent client that holds locks, with a statement timeout of one second. */
const SILENT_CLIENT_MS_MAX = 2_000
const STRIKE_MS_MAX = 20_000
const CALM_MS = 60

const FULL: readonly ArmedFault[] = (['plain', 'exclusive'] as const).flatMap((kind) =>
  ACTIONS.flatMap((action) => STEPS.map((step) => ({ action, step, kind }))),
)
/** Every cut, and a selection of the other faults. */
const SHORT = FULL.filter(
  ({ action, step, kind }) =>
    action === 'cut' ||
    (action === 'freeze' && (step === 'within the request' || (step === 'before the answer' && kind === 'plain'))) ||
    (action === 'slow' && step === 'within the answer' && kind === 'plain'),
)

export function describeNetworkFaults(server: () => PrivateServer): void {
  for (const kind of ['plain', 'exclusive'] as const) {
    describe(`the network to the database fails around a commit (${kind})`, () => describeSteps(server, kind))
  }
  describe('the network to the database fails as a whole', () => describeWhole(server))
}

async function throughProxy(server: PrivateServer): Promise<{ readonly store: string; readonly proxy: FaultProxy }> {
  const url = new URL(await server.createDatabase())
  const proxy = await FaultProxy.open(server.name, server.address)
  url.port = String(proxy.port)
  url.searchParams.set('statement_timeout_ms', String(STATEMENT_MS_MAX))
  url.searchParams.set('lock_timeout_ms', String(LOCK_MS_MAX))
  url.searchParams.set('connect_timeout_ms', String(STATEMENT_MS_MAX))
  return { store: url.href, proxy }
}

function describeSteps(server: () => PrivateServer, kind: CommitKind): void {
  const faults = (isLongRun() ? FULL : SHORT).filter((fault) => fault.kind === kind)
  const log = new FaultLog()
  const owned = new AsyncDisposableStack()
  let deployment: Deployment
  let proxy: FaultProxy

  before(async () => {
    const place = await throughProxy(server())
    proxy = owned.use(place.proxy)
    // One process alone does not lock before it writes; two processes that have conflicted on one user do.
    const processes = kind === 'plain' ? 1 : 2
    deployment = owned.use(await Deployment.start(place.store, { processes, callers: CALLERS }))
    await beBusy(deployment, 0)
    for (const fault of faults) {
      const since = await within(proxy.strikeNext(fault), `a commit (${kind}) to strike`)
      const boundMs = boundOf(fault)
      await log.recovery(deployment, { kind: fault.action, detail: `${fault.step} (${kind})`, since, boundMs })
      // The data that the network held back arrives now.
      proxy.thaw()
      await sleep(CALM_MS)
    }
    await deployment.finish()
  })

  after(() => owned.disposeAsync())

  test('after a cut, a freeze and a slow-down at every step the service is back by itself', (t) => {
    log.assertBack(t, server().name, faults.length)
    assertHeard(t, deployment)
  })

  describeProof(() => deployment)
}

function boundOf({ action }: ArmedFault): number {
  if (action !== 'freeze') return BUSY_MS
  // First the process gives up the silent connection, then the server does.
  return BUSY_MS + Math.max(STATEMENT_MS_MAX + MARGIN_MS, SILENT_CLIENT_MS_MAX + LOCK_MS_MAX)
}

function describeWhole(server: () => PrivateServer): void {
  const log = new FaultLog()
  const owned = new AsyncDisposableStack()
  let deployment: Deployment
  let proxy: FaultProxy
  /** The period of every freeze. */
  const frozen: { readonly from: number; readonly until: number }[] = []

  before(async () => {
    const place = await throughProxy(server())
    proxy = owned.use(place.proxy)
    deployment = owned.use(await Deployment.start(place.store, { processes: 2, callers: CALLERS }))
    await beBusy(deployment, 0)
    for (const action of ACTIONS) {
      const since = await strikeAll(action)
      const boundMs = BUSY_MS + MARGIN_MS
      await log.recovery(deployment, { kind: action, detail: 'of every connection', since, boundMs })
      await sleep(CALM_MS)
    }
    await deployment.finish()
  })

  /** Returns when the fault had ended. */
  async function strikeAll(action: Action): Promise<number> {
    const from = performance.now()
    if (action === 'cut') {
      proxy.cutAll()
    } else if (action === 'freeze') {
      proxy.freezeAll()
      await sleep(STATEMENT_MS_MAX + MARGIN_MS)
      proxy.thaw()
      frozen.push({ from, until: performance.now() })
    } else {
      proxy.slowAll(SLOW_PAUSE_MS)
      await sleep(STATEMENT_MS_MAX)
      proxy.slowAll(0)
    }
    return performance.now()
  }

  after(() => owned.disposeAsync())

  test('the service is back by itself once the network is', (t) => {
    log.assertBack(t, server().name, ACTIONS.length)
    assertHeard(t, deployment)
    const longest = Math.max(...attemptsIn(deployment.calls).map(({ sentAt, answeredAt }) => answeredAt - sentAt))
    t.diagnostic(`The longest call took ${Math.round(longest)} ms.`)
  })

  describeProof(() => deployment)
}

async function within(strike: Promise<number>, what: string): Promise<number> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`In vain: ${what}.`)), STRIKE_MS_MAX)
  return await Promise.race([strike, promise]).finally(() => clearTimeout(timer))
}
