/**
 * Laws 4, 6 and 7 under SIGKILL: of the service, of the database, and of one process of several, each in the middle of load.
 *
 * Nothing is arranged for the moment of a kill: it meets commands everywhere on their way, and most of them around COMMIT,
 * where they spend their time.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test, type TestContext } from 'node:test'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { until } from '../support/mysql-ledger.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest, type Installation, type ServerName } from '../support/server-installations.ts'
import { countsOf, type Attempt, type Call } from './callers.ts'
import { Deployment } from './deployment.ts'
import { describeProof } from './proof.ts'

const SERVICE_KILLS = 2
const DATABASE_KILLS = 3
const CALLERS = 40
/** Between two kills. */
const ACKNOWLEDGED_MIN = 100
const PROCESSES = 4
/** Of the processes. */
const VICTIM = 2
const CALLERS_OF_PROCESSES = 120
/** Until a command is acknowledged again. */
const RECOVERY_MS_MAX = 30_000
/** Before one of several processes is killed, and after. */
const SHARED_LOAD_MS = 1_000

/** On the clock of `performance.now()`. */
interface Kill {
  readonly killedAt: number
  /** When what was killed took calls again. */
  readonly backAt: number
  /** When every process had acknowledged something again. */
  readonly acknowledgedAt: number
}

type NewDatabase = () => Promise<string>

export function describeSqliteCrashes(): void {
  describe('crashes on sqlite', () => {
    let folder = ''
    let databaseCount = 0
    const newDatabase: NewDatabase = async () => `sqlite:${join(folder, `${++databaseCount}.db`)}`

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'holdfast-crash-'))
    })

    after(async () => {
      await rm(folder, { recursive: true })
    })

    describeServiceKills(newDatabase)
    describeProcessKills(newDatabase)
  })
}

/** On a server of the tests' own. */
export function describeServerCrashes(name: ServerName): void {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`crashes on ${name}`, { skip: reason }, () => {})
  else describe(`crashes on ${name}`, () => describeInstalled(installation))
}

function describeInstalled(installation: Installation): void {
  let server: PrivateServer
  const newDatabase: NewDatabase = () => server.createDatabase()

  before(async () => {
    server = await PrivateServer.start(installation)
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
  })

  test('the server that will be killed is one that keeps what it acknowledges', async () => {
    const store = await newDatabase()
    await migrateLedger(store)
    await using ledger = await openLedger(store)
    assert.deepEqual(ledger.storage.warnings, [])
  })

  describeServiceKills(newDatabase)
  describeProcessKills(newDatabase)
  describeDatabaseKills(newDatabase, () => server)
}

function describeServiceKills(newDatabase: NewDatabase): void {
  describe('SIGKILL of the service in the middle of load', () => {
    let deployment: Deployment
    const kills: Kill[] = []

    before(async () => {
      deployment = await Deployment.start(await newDatabase(), { processes: 1, callers: CALLERS })
      for (let kill = 0; kill < SERVICE_KILLS; kill++) {
        await beBusy(deployment, loadMsBefore(kill))
        const killedAt = performance.now()
        await deployment.killService(0)
        const acknowledgements = deployment.callers.acknowledgements(RECOVERY_MS_MAX)
        const [backAt] = await Promise.all([deployment.startService(0).then(now), acknowledgements])
        kills.push({ killedAt, backAt, acknowledgedAt: performance.now() })
      }
      await deployment.finish()
    })

    after(async () => {
      await deployment[Symbol.asyncDispose]()
    })

    test('a service that is started again acknowledges again', (t) => {
      assertHeard(t, deployment)
      assertMet(t, deployment, kills)
    })

    describeProof(() => deployment)
  })
}

function describeDatabaseKills(newDatabase: NewDatabase, server: () => PrivateServer): void {
  describe('SIGKILL of the database in the middle of load', () => {
    let deployment: Deployment
    const kills: Kill[] = []

    before(async () => {
      deployment = await Deployment.start(await newDatabase(), { processes: 2, callers: CALLERS })
      for (let kill = 0; kill < DATABASE_KILLS; kill++) {
        await beBusy(deployment, loadMsBefore(kill))
        const killedAt = performance.now()
        await server().kill()
        const acknowledgements = deployment.callers.acknowledgements(RECOVERY_MS_MAX)
        const [backAt] = await Promise.all([server().start().then(now), acknowledgements])
        kills.push({ killedAt, backAt, acknowledgedAt: performance.now() })
      }
      await deployment.finish()
    })

    after(async () => {
      await deployment[Symbol.asyncDispose]()
    })

    test('every process goes on by itself once the database is there again', (t) => {
      const counts = assertHeard(t, deployment)
      assertMet(t, deployment, kills)
      assert.equal(counts.get('service_unreachable'), undefined, 'the processes were there all the time')
    })

    describeProof(() => deployment)
  })
}

function describeProcessKills(newDatabase: NewDatabase): void {
  describe(`SIGKILL of one of ${PROCESSES} processes on one user`, () => {
    let deployment: Deployment
    let killedAt = 0

    before(async () => {
      deployment = await Deployment.start(await newDatabase(), { processes: PROCESSES, callers: CALLERS_OF_PROCESSES })
      await beBusy(deployment, SHARED_LOAD_MS)
      await deployment.killService(VICTIM)
      killedAt = performance.now()
      await beBusy(deployment, SHARED_LOAD_MS)
      await deployment.finish()
    })

    after(async () => {
      await deployment[Symbol.asyncDispose]()
    })

    test('the others go on, without an error that cannot be tried again', (t) => {
      assertHeard(t, deployment)
      for (let process = 0; process < PROCESSES; process++) {
        const all = attemptsIn(deployment.calls).filter((attempt) => attempt.process === process)
        const before = countsOf(all.filter(({ sentAt }) => sentAt < killedAt))
        const afterwards = countsOf(all.filter(({ sentAt }) => sentAt >= killedAt))
        t.diagnostic(`Process ${process}: ${inWords(before)}; after the kill: ${inWords(afterwards)}.`)
        assert.ok(before.get('acknowledged')! > 0, `process ${process} was busy before the kill`)
        if (process === VICTIM) continue
        assert.ok(afterwards.get('acknowledged')! > 0, `process ${process} went on`)
        assert.equal(before.get('service_unreachable') ?? afterwards.get('service_unreachable'), undefined)
      }
    })

    describeProof(() => deployment)
  })
}

/** That every kill met commands on their way: they were neither acknowledged nor refused while what was killed was away. */
function assertMet(t: TestContext, { calls }: Deployment, kills: readonly Kill[]): void {
  const attempts = attemptsIn(calls)
  for (const [index, { killedAt, backAt, acknowledgedAt }] of kills.entries()) {
    const underWay = attempts.filter(({ sentAt, answeredAt }) => sentAt < killedAt && killedAt < answeredAt)
    const met = underWay.filter(({ outcome, answeredAt }) => outcome.status === 'faulted' || answeredAt > backAt)
    const [backMs, acknowledgedMs] = [backAt, acknowledgedAt].map((at) => Math.round(at - killedAt))
    t.diagnostic(
      `Kill ${index + 1} met ${met.length} commands; back after ${backMs} ms, acknowledging after ${acknowledgedMs} ms.`,
    )
    assert.ok(met.length > 0)
  }
}

/** That enough was going on, and nothing was told to a caller that a retry cannot cure. */
function assertHeard(t: TestContext, { calls }: Deployment): ReadonlyMap<string, number> {
  const attempts = attemptsIn(calls)
  const counts = countsOf(attempts)
  t.diagnostic(`Callers heard: ${inWords(counts)}.`)
  for (const { outcome } of attempts) {
    if (outcome.status === 'faulted')
      assert.ok(outcome.error.retryable, `${outcome.error.code}: ${outcome.error.message}`)
  }
  assert.ok(counts.get('acknowledged')! > ACKNOWLEDGED_MIN)
  assert.ok(counts.get('refused')! > 0)
  return counts
}

function attemptsIn(calls: readonly Call[]): readonly Attempt[] {
  return calls.flatMap(({ attempts }) => attempts)
}

/** Lets the callers work for some time, and longer on a machine that is slow. */
async function beBusy({ callers }: Deployment, ms: number): Promise<void> {
  const goal = callers.acknowledgedCount + ACKNOWLEDGED_MIN
  await sleep(ms)
  await until(async () => callers.acknowledgedCount >= goal, `${ACKNOWLEDGED_MIN} commands`, RECOVERY_MS_MAX)
}

/** Not at a round moment: early and late in a batch, and around checkpoints. */
function loadMsBefore(kill: number): number {
  return 300 + 137 * kill
}

function inWords(counts: ReadonlyMap<string, number>): string {
  const words = [...counts.keys()].toSorted((a, b) => a.localeCompare(b))
  const parts = words.map((word) => `${counts.get(word)} ${word}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

function now(): number {
  return performance.now()
}
