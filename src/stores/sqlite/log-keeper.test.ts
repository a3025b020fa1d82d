import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openConnection } from './connection.ts'
import { LogKeeper } from './log-keeper.ts'

const LIMITS = { logBytesMax: 4 * 1_048_576, lookMs: 5 }
const PATIENCE_MS = 30_000

class Place implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
  readonly path = join(this.#folder, 'ledger.db')
  readonly writes = openConnection(this.path, { busyTimeoutMs: 1_000 })
  readonly keeper = new LogKeeper(this.path, this.writes, LIMITS)

  constructor() {
    this.writes.exec('PRAGMA synchronous = OFF; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)')
    this.keeper.start()
  }

  get logBytes(): number {
    return statSync(`${this.path}-wal`).size
  }

  /** Commits until the log has this length. */
  writeUntil(bytes: number): void {
    while (this.logBytes < bytes) this.write()
  }

  write(): void {
    this.writes.prepare('INSERT INTO rows (text) VALUES (?)').run('x'.repeat(50_000))
  }

  /** Another program in a read transaction. */
  reader(): DatabaseSync {
    const reader = new DatabaseSync(this.path, { readOnly: true })
    reader.exec('BEGIN; SELECT count(*) FROM rows')
    reader.prepare('SELECT count(*) FROM rows').get()
    return reader
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    const endsAt = performance.now() + PATIENCE_MS
    while (!isSo()) {
      assert.ok(performance.now() < endsAt, `never ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper.close()
    this.writes.close()
    rmSync(this.#folder, { recursive: true })
  }
}

test('a log that a reader keeps from being emptied is warned of, and shrinks when the reader is gone, without a commit', async () => {
  await using place = new Place()
  const reader = place.reader()
  assert.deepEqual(place.keeper.warnings(), [])
  place.writeUntil(9 * 1_048_576)
  await place.until(() => place.keeper.isLong, 'long')
  const [warning, ...more] = place.keeper.warnings()
  assert.deepEqual(more, [])
  assert.match(warning!, /ledger\.db-wal has more than 8 MiB and cannot be emptied/)
  place.write()
  assert.deepEqual(place.keeper.warnings(), [warning], 'the same sentence, so that it is logged once')
  reader.close()
  await place.until(() => place.logBytes < LIMITS.logBytesMax && !place.keeper.isLong, 'short again')
  assert.deepEqual(place.keeper.warnings(), [])
})

test('commits leave a long log to the thread, and empty a short one themselves', async () => {
  await using place = new Place()
  const pages = (): unknown => Object.values(place.writes.prepare('PRAGMA wal_autocheckpoint').get()!)[0]
  assert.equal(pages(), 1_000n)
  const reader = place.reader()
  place.writeUntil(5 * 1_048_576)
  await place.until(() => place.keeper.isLong, 'long')
  assert.equal(pages(), 0n)
  reader.close()
  await place.until(() => !place.keeper.isLong, 'short again')
  assert.equal(pages(), 1_000n)
  for (let count = 0; count < 1_000; count++) place.write()
  assert.ok(place.logBytes < LIMITS.logBytesMax, `${place.logBytes} bytes`)
})

test('a log is truncated when it restarts, whichever process let it grow', async () => {
  await using place = new Place()
  await place.keeper.close()
  const reader = place.reader()
  place.writeUntil(20 * 1_048_576)
  reader.close()
  place.write()
  place.write()
  assert.ok(place.logBytes <= 8 * 1_048_576, `${place.logBytes} bytes`)
})
