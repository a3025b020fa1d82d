/** The file is locked by another program, its disk is full, or it is read-only. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { Books } from '../../../test/conformance/books.ts'
import { charge, deposit, freeze } from '../../../test/support/commands.ts'
import { openConnection } from './connection.ts'
import { migrateSqlite } from './storage.ts'
import { LOCK_ATTEMPT_MS_MAX, SqliteStore } from './store.ts'
import { SqliteTables } from './tables.ts'
import { WritingThread } from './writing-thread.ts'

const UNAVAILABLE = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
const BUSY_MS = 400
const PATIENT_MS = 10_000

class Place implements AsyncDisposable {
  readonly path: string
  readonly database: DatabaseSync
  readonly store: SqliteStore
  readonly books: Books
  readonly #folder: string
  readonly #thread: WritingThread

  /** `user:8` has 1,000 coins. */
  static async open(busyTimeoutMs = BUSY_MS): Promise<Place> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-trouble-'))
    await migrateSqlite(join(folder, 'ledger.db'))
    const place = new Place(folder, busyTimeoutMs)
    await place.books.apply(deposit('d', 'user:8', 1_000n))
    return place
  }

  private constructor(folder: string, busyTimeoutMs: number) {
    this.#folder = folder
    this.path = join(folder, 'ledger.db')
    this.database = openConnection(this.path, { busyTimeoutMs: LOCK_ATTEMPT_MS_MAX })
    this.#thread = new WritingThread({ path: this.path, busyTimeoutMs })
    this.store = new SqliteStore(new SqliteTables(this.database), this.#thread, { busyTimeoutMs })
    this.books = new Books(this.store)
  }

  /** Another connection in a write transaction. */
  stranger(): DatabaseSync {
    const stranger = new DatabaseSync(this.path)
    stranger.exec('BEGIN IMMEDIATE')
    return stranger
  }

  available(): unknown {
    return this.database.prepare(`SELECT available FROM balances WHERE account = 'user:8'`).get()!['available']
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.close()
    this.database.close()
    rmSync(this.#folder, { recursive: true })
  }
}

test('while somebody else has the write lock the process does other things, and commits come through in their order', async () => {
  await using place = await Place.open(PATIENT_MS)
  const first = await place.books.plan(charge('c1', 'user:8', 1n))
  using stranger = place.stranger()
  const results: string[] = []
  const commit = place.store.commit(first.changes).then((result) => results.push(`first ${result}`))
  const locked = place.books
    .exclusive(charge('c2', 'user:8', 1n))
    .then(({ result }) => results.push(`second ${result}`))
  let longest = 0
  for (let turn = 0; turn < 20; turn++) {
    const since = performance.now()
    await sleep(5)
    longest = Math.max(longest, performance.now() - since)
  }
  assert.deepEqual(results, [])
  assert.ok(longest < PATIENT_MS / 2, `the process stood still for ${longest} ms`)
  stranger.exec('ROLLBACK')
  await Promise.all([commit, locked])
  assert.deepEqual(results, ['first committed', 'second committed'])
  assert.equal(place.available(), 998n)
})

test('a write lock that is held too long makes a commit and an exclusive contended, and the store not ready', async () => {
  await using place = await Place.open()
  const { changes } = await place.books.plan(charge('c', 'user:8', 1n))
  using stranger = place.stranger()
  assert.equal(await place.store.commit(changes), 'lock_timeout')
  assert.equal((await place.books.exclusive(charge('c', 'user:8', 1n))).result, 'lock_timeout')
  await assert.rejects(place.store.ping(), UNAVAILABLE)
  stranger.exec('ROLLBACK')
  await place.store.ping()
  assert.equal(await place.store.commit(changes), 'committed')
})

test('a commit that there is no room for leaves nothing behind, and is made when there is room', async () => {
  await using place = await Place.open()
  const metadata = { note: 'n'.repeat(1_000) }
  const holds = Array.from({ length: 200 }, (_, index) => freeze(`h${index}`, 'user:8', 1n, { metadata }))
  const { changes } = await place.books.plan(...holds)
  const pages = Number(place.database.prepare('PRAGMA page_count').get()!['page_count'])
  place.database.exec(`PRAGMA max_page_count = ${pages}`)
  await assert.rejects(place.store.commit(changes), UNAVAILABLE)
  assert.equal(place.available(), 1_000n)
  place.database.exec(`PRAGMA max_page_count = ${pages * 1_000}`)
  assert.equal(await place.store.commit(changes), 'committed')
  assert.equal(place.available(), 800n)
})

test('a store that was opened for reading alone is not ready', async () => {
  await using place = await Place.open()
  const database = new DatabaseSync(place.path, { readOnly: true, readBigInts: true })
  const thread = new WritingThread({ path: place.path, busyTimeoutMs: BUSY_MS })
  const store = new SqliteStore(new SqliteTables(database), thread, { busyTimeoutMs: BUSY_MS })
  await assert.rejects(store.ping(), { ...UNAVAILABLE, code: 'store_misconfigured', message: /readonly/ })
  await thread.close()
  database.close()
})
