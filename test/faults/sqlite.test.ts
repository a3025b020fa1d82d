/** Laws 4, 6, 7 and 8 on SQLite: the disk is full, the file is locked or read-only, or the end of its log is torn. */
import assert from 'node:assert/strict'
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { Deployment } from '../crash/deployment.ts'
import { assertHeard, beBusy } from '../crash/hearing.ts'
import { describeProof } from '../crash/proof.ts'
import { startChild } from '../../harness/children.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { FaultLog } from './fault-log.ts'
import { SmallDisk } from './small-disk.ts'

const CALLERS = 30
/** Room for a few thousand commands and the log. */
const DISK_MB = 24
const FULL_MS = 1_500
/** Within this time, answers that were in flight arrive. */
const SETTLING_MS = 300
/** Longer than a commit waits for the lock of another process. */
const STRANGER_MS = 6_000
const BACK_MS = 3_000
/** A process that is alive answers within this time, on a machine that is busy; one that waits with a commit would take up to `STRANGER_MS`. */
const ALIVE_MS_MAX = 2_000

describe('faults of sqlite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-faults-'))
  after(() => rmSync(folder, { recursive: true }))

  describe('the disk is full', { skip: SmallDisk.missing() }, () => {
    const log = new FaultLog()
    const applied: number[] = []
    let disk: SmallDisk
    const owned = new AsyncDisposableStack()
    let deployment: Deployment

    before(async () => {
      disk = owned.use(SmallDisk.mount(DISK_MB))
      const store = `sqlite:${join(disk.folder, 'ledger.db')}`
      deployment = owned.use(await Deployment.start(store, { processes: 1, callers: CALLERS }))
      // Once while the log still grows, and once when the database file has to grow.
      for (const loadMs of [200, 1_500]) {
        await beBusy(deployment, loadMs)
        disk.fill()
        applied.push(await acknowledgedWithin(deployment, FULL_MS))
        disk.empty()
        const since = performance.now()
        await log.recovery(deployment, { kind: 'disk full', since, boundMs: BACK_MS })
      }
      await deployment.finish()
    })

    after(() => owned.disposeAsync())

    test('commits go on by themselves when there is room again', (t) => {
      log.assertBack(t, 'sqlite', 2)
      const counts = assertHeard(t, deployment)
      assert.equal(counts.get('service_unreachable'), undefined)
      assert.equal(applied[0], 0, 'acknowledged while there was no room to write it')
    })

    describeProof(() => deployment)
  })

  describe('another process has the write lock for longer than a commit waits', () => {
    const path = join(folder, 'locked.db')
    const log = new FaultLog()
    const aliveMs: number[] = []
    const owned = new AsyncDisposableStack()
    let deployment: Deployment

    before(async () => {
      deployment = owned.use(await Deployment.start(`sqlite:${path}`, { processes: 1, callers: CALLERS }))
      await beBusy(deployment, 0)
      await using stranger = await Stranger.lock(path)
      const until = performance.now() + STRANGER_MS
      while (performance.now() < until) {
        const askedAt = performance.now()
        const response = await fetch(`${deployment.urls[0]}/v1/accounts/user:8`)
        assert.equal(response.status, 200)
        await response.arrayBuffer()
        aliveMs.push(performance.now() - askedAt)
        await sleep(50)
      }
      await stranger.leave()
      await log.recovery(deployment, { kind: 'write lock held', since: performance.now(), boundMs: BACK_MS })
      await deployment.finish()
    })

    after(() => owned.disposeAsync())

    test('who reads is answered meanwhile, and who writes as soon as it is free', (t) => {
      log.assertBack(t, 'sqlite', 1)
      assertHeard(t, deployment)
      const longest = Math.max(...aliveMs)
      t.diagnostic(`${aliveMs.length} reads meanwhile; the longest took ${Math.round(longest)} ms.`)
      assert.ok(longest < ALIVE_MS_MAX, `${longest} ms`)
    })

    describeProof(() => deployment)
  })

  describe('the file is made read-only', { skip: withoutChattr(folder) }, () => {
    const path = join(folder, 'read-only.db')
    const log = new FaultLog()
    const owned = new AsyncDisposableStack()
    let deployment: Deployment
    let applied = -1
    let whileReadOnly: unknown = null

    before(async () => {
      deployment = owned.use(await Deployment.start(`sqlite:${path}`, { processes: 1, callers: CALLERS }))
      await beBusy(deployment, 0)
      setReadOnly(path, true)
      try {
        applied = await acknowledgedWithin(deployment, FULL_MS)
        // A process that starts now detects it before it accepts a call.
        whileReadOnly = await ServiceProcess.start(`sqlite:${path}`).catch((error: unknown) => error)
      } finally {
        setReadOnly(path, false)
      }
      await log.recovery(deployment, { kind: 'file read-only', since: performance.now(), boundMs: BACK_MS })
      await deployment.finish()
    })

    after(async () => {
      if (whileReadOnly instanceof ServiceProcess) await whileReadOnly.kill()
      await owned.disposeAsync()
    })

    test('commits go on by themselves when it can be written again', (t) => {
      log.assertBack(t, 'sqlite', 1)
      assertHeard(t, deployment)
      assert.equal(applied, 0, 'acknowledged while it could not be written')
    })

    test('a service does not start on a file that it cannot write', () => {
      assert.ok(whileReadOnly instanceof Error, 'it started')
      assert.match(whileReadOnly.message, /readonly|not permitted|unable to open|read-only/i)
    })

    describeProof(() => deployment)
  })
})

/** The number of commands acknowledged within this time, except those that were already committed. */
async function acknowledgedWithin({ callers }: Deployment, ms: number): Promise<number> {
  await sleep(SETTLING_MS)
  const before = callers.acknowledgedCount
  await sleep(ms - SETTLING_MS)
  return callers.acknowledgedCount - before
}

/** Another program that has the file open in a write transaction. */
class Stranger implements AsyncDisposable {
  readonly #child: ChildProcess

  static async lock(path: string): Promise<Stranger> {
    const program = `
      const { DatabaseSync } = require('node:sqlite')
      const database = new DatabaseSync(${JSON.stringify(path)}, { timeout: 10_000 })
      database.exec('BEGIN IMMEDIATE')
      console.log('locked')
      setInterval(() => {}, 1_000)`
    const child = startChild(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return new Stranger(child)
  }

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  async leave(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave()
  }
}

/** Why files cannot be made read-only for root; false if they can. */
function withoutChattr(folder: string): string | false {
  const [on, off] = ['+i', '-i'].map((flag) => spawnSync('chattr', [flag, folder]).status)
  return on !== 0 || off !== 0 ? 'chattr cannot be used here' : false
}

function setReadOnly(path: string, isReadOnly: boolean): void {
  for (const file of [path, `${path}-wal`]) {
    const { status, stderr } = spawnSync('chattr', [isReadOnly ? '+i' : '-i', file], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
}
