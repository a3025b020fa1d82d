/**
 * Laws 4, 6 and 7 under SIGKILL: of the service, of the database, and of one of several processes, each under load.
 *
 * The tests do not choose the moment of a kill within a command. A kill hits commands at every stage, and most of them around COMMIT, where
 * they spend most of their time.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest, type Installation, type ServerName } from '../../harness/server-installations.ts'
import { note } from '../../harness/notes.ts'
import { countsOf } from './callers.ts'
import { Deployment } from './deployment.ts'
import { assertHeard, attemptsIn, beBusy, inWords, RECOVERY_MS_MAX } from './hearing.ts'
import { describeProof } from './proof.ts'

const SERVICE_KILLS = 2
const DATABASE_KILLS = 3
const CALLERS = 40
const PROCESSES = 4
/** The number of the process that is killed. */
const VICTIM = 2
const CALLERS_OF_PROCESSES = 120
/** The duration of the load before one of several processes is killed, and after. */
const SHARED_LOAD_MS = 1_000

/** On the clock of `performance.now()`. */
interface Kill {
  readonly killedAt: number
  /** When the restarted process or database accepted calls again. */
  readonly backAt: number
  /** When every process had acknowledged a command again. */
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

/** The crash tests on a database server that the tests start themselves. */
export function describeServerCrashes(name: ServerName): void {
  const { installation, reason } = installationUnderTest(name)
  if (installation === null) test(`crashes on ${name}`, { skip: reason }, () => {})
  else describe(`crashes on ${name}`, () => describeInstalled(installation))
}

function describeInstalled(installation: Installation): void {
  const owned = new AsyncDisposableStack()
  let server: PrivateServer
  const newDatabase: NewDatabase = () => server.createDatabase()

  before(async () => {
    server = owned.use(await PrivateServer.start(installation))
  })

  after(() => owned.disposeAsync())

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
    const owned = new AsyncDisposableStack()
    let deployment: Deployment
    const kills: Kill[] = []

    before(async () => {
      deployment = owned.use(await Deployment.start(await newDatabase(), { processes: 1, callers: CALLERS }))
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

    after(() => owned.disposeAsync())

    test('a service that is started again acknowledges again', (t) => {
      assertHeard(t, deployment)
      assertMet(t, deployment, 'SIGKILL of the service', kills)
    })

    describeProof(() => deployment)
  })
}

function describeDatabaseKills(newDatabase: NewDatabase, server: () => PrivateServer): void {
  describe('SIGKILL of the database in the middle of load', () => {
    const owned = new AsyncDisposableStack()
    let deployment: Deployment
    const kills: Kill[] = []

    before(async () => {
      deployment = owned.use(await Deployment.start(await newDatabase(), { processes: 2, callers: CALLERS }))
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

    after(() => owned.disposeAsync())

    test('every process goes on by itself once the database is there again', (t) => {
      const counts = assertHeard(t, deployment)
      assertMet(t, deployment, 'SIGKILL of the database', kills)
      assert.equal(counts.get('service_unreachable'), undefined, 'the processes were there all the time')
    })

    describeProof(() => deployment)
  })
}

function describeProcessKills(newDatabase: NewDatabase): void {
  describe(`SIGKILL of one of ${PROCESSES} processes on one user`, () => {
    const owned = new AsyncDisposableStack()
    let deployment: Deployment
    let killedAt = 0

    before(async () => {
      deployment = owned.use(
        await Deployment.start(await newDatabase(), { processes: PROCESSES, callers: CALLERS_OF_PROCESSES }),
      )
      await beBusy(deployment, SHARED_LOAD_MS)
      await deployment.killService(VICTIM)
      killedAt = performance.now()
      await beBusy(deployment, SHARED_LOAD_MS)
      await deployment.finish()
    })

    after(() => owned.disposeAsync())

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
      const store = deployment.ledger.storage.kind
      note({ what: 'fault', store, kind: `SIGKILL of one of ${PROCESSES} processes`, recoveryMs: 0 })
    })

    describeProof(() => deployment)
  })
}

/** Asserts that the kills hit commands in progress. Such a command failed, or was answered only after the restart. */
function assertMet(t: TestContext, { calls, ledger }: Deployment, kind: string, kills: readonly Kill[]): void {
  const attempts = attemptsIn(calls)
  let metCount = 0
  for (const [index, { killedAt, backAt, acknowledgedAt }] of kills.entries()) {
    const underWay = attempts.filter(({ sentAt, answeredAt }) => sentAt < killedAt && killedAt < answeredAt)
    const met = underWay.filter(({ outcome, answeredAt }) => outcome.status === 'faulted' || answeredAt > backAt)
    const [backMs, acknowledgedMs] = [backAt, acknowledgedAt].map((at) => Math.round(at - killedAt))
    t.diagnostic(
      `Kill ${index + 1} met ${met.length} commands; back after ${backMs} ms, acknowledging after ${acknowledgedMs} ms.`,
    )
    note({ what: 'fault', store: ledger.storage.kind, kind, recoveryMs: acknowledgedMs! })
    metCount += met.length
  }
  // A single kill may fall between two batches on a busy machine.
  assert.ok(metCount > 0)
}

/** Varies the time of the kill: early and late in a batch, and around checkpoints. */
function loadMsBefore(kill: number): number {
  return 300 + 137 * kill
}

function now(): number {
  return performance.now()
}
