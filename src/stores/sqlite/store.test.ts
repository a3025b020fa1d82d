import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Work } from '../../domain/command.ts'
import type { Outcome } from '../../domain/outcome.ts'
import { Engine } from '../../engine/engine.ts'
import type { CommitResult } from '../../engine/store.ts'
import { deposit, freeze, settle } from '../../../test/support/commands.ts'
import { openConnection } from './connection.ts'
import type { FlatChanges } from './writes.ts'
import { migrateSqlite } from './storage.ts'
import { SqliteStore } from './store.ts'
import { SqliteTables } from './tables.ts'
import { WritingThread } from './writing-thread.ts'

const OPTIONS = { busyTimeoutMs: 1_000 }
/** Calls in flight for two full batches. */
const CALLS = 1_000

class CountingThread extends WritingThread {
  commits = 0
  /** If set, the message before the next commit ends the thread, so that the commit is never read. */
  endsNext = false

  override commit(changes: FlatChanges): Promise<CommitResult> {
    this.commits++
    if (this.endsNext) super.commit(null as never).catch(() => {})
    this.endsNext = false
    return super.commit(changes)
  }
}

class Bench implements AsyncDisposable {
  readonly thread: CountingThread
  readonly engine: Engine
  readonly #folder: string
  readonly #database: DatabaseSync

  private constructor(folder: string, path: string, threadPath: string) {
    this.#folder = folder
    this.#database = openConnection(path, OPTIONS)
    this.thread = new CountingThread({ ...OPTIONS, path: threadPath })
    this.engine = new Engine(new SqliteStore(new SqliteTables(this.#database), this.thread, OPTIONS))
  }

  static async open(threadPath: (path: string) => string = (path) => path): Promise<Bench> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-thread-'))
    const path = join(folder, 'ledger.db')
    await migrateSqlite(path)
    const bench = new Bench(folder, path, threadPath(path))
    await bench.apply([deposit('d', 'user:8', 1_000_000n)])
    return bench
  }

  /** Submits all of `work` at once; everything must be applied. */
  async apply(work: readonly Work[]): Promise<void> {
    const outcomes = (await Promise.all(work.map((item) => this.engine.submit(item)))) as Outcome[]
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['applied']))
  }

  async warm(): Promise<void> {
    this.thread.start()
    while (!this.thread.isReady) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  /** `held` of the only user, and the number of open holds. */
  held(): [unknown, unknown] {
    const { held } = this.#database.prepare(`SELECT held FROM balances WHERE account = 'user:8'`).get()!
    const { open } = this.#database.prepare(`SELECT count(*) AS open FROM holds WHERE state = 'open'`).get()!
    return [held, open]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop()
    await this.thread.close()
    this.#database.close()
    rmSync(this.#folder, { recursive: true })
  }
}

function ids(): string[] {
  return Array.from({ length: CALLS }, (_, index) => `h${index}`)
}

test('large batches are committed on the thread, and small ones between them stay in order', async () => {
  await using bench = await Bench.open()
  await bench.warm()
  await bench.apply(ids().map((id) => freeze(id, 'user:8', 5n)))
  assert.ok(bench.thread.commits >= 2, `${bench.thread.commits} commits`)
  assert.deepEqual(bench.held(), [5_000n, 1_000n])
  const settled = bench.apply(ids().map((id) => settle(id, 3n)))
  await bench.apply([freeze('last', 'user:8', 7n)])
  await settled
  assert.deepEqual(bench.held(), [7n, 1n])
})

test('a small batch alone never leaves the calling thread', async () => {
  await using bench = await Bench.open()
  await bench.warm()
  await bench.apply(
    ids()
      .slice(0, 100)
      .map((id) => freeze(id, 'user:8', 5n)),
  )
  assert.equal(bench.thread.commits, 0)
})

test('a thread that ends under a commit leaves nobody in doubt and nothing doubled', async () => {
  await using bench = await Bench.open()
  await bench.warm()
  bench.thread.endsNext = true
  await bench.apply(ids().map((id) => freeze(id, 'user:8', 5n)))
  assert.ok(bench.engine.stats.doubts > 0)
  assert.equal(bench.thread.isReady, false)
  await bench.apply(ids().map((id) => settle(id, 3n)))
  assert.deepEqual(bench.held(), [0n, 0n])
})

test('a thread that cannot start is done without', async () => {
  await using bench = await Bench.open((path) => join(path, 'no-such-folder', 'ledger.db'))
  await bench.apply(ids().map((id) => freeze(id, 'user:8', 5n)))
  await bench.apply(ids().map((id) => settle(id, 3n)))
  assert.equal(bench.thread.commits, 0)
  assert.deepEqual(bench.held(), [0n, 0n])
})

test('closing waits for what the thread is committing', async () => {
  await using bench = await Bench.open()
  await bench.warm()
  const frozen = bench.apply(ids().map((id) => freeze(id, 'user:8', 5n)))
  while (!bench.thread.isBusy) await new Promise((resolve) => setImmediate(resolve))
  await bench.engine.stop()
  await bench.thread.close()
  await frozen
  assert.deepEqual(bench.held(), [5_000n, 1_000n])
})
