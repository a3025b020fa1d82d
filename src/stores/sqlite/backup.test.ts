import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Books } from '../../../test/conformance/books.ts'
import { deposit, freeze } from '../../../test/support/commands.ts'
import { Engine } from '../../engine/engine.ts'
import type { BackupProgress, BackupReport } from '../backup.ts'
import type { Storage } from '../storage.ts'
import { backupSqlite } from './backup.ts'
import { openSqliteStorage } from './storage.ts'

const PAGE_BYTES = 2_048
/** About 5,000 pages. */
const BALLAST = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
  INSERT INTO ballast SELECT hex(zeroblob(800)) FROM n`
const HERE = { reads: 'caller' } as const

class Place implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'))
  readonly path = join(this.folder, 'ledger.db')
  readonly target = join(this.folder, 'copy.db')
  readonly storage: Promise<Storage> = openSqliteStorage(this.path, HERE)

  /** A ledger with a hold, which a process has open. */
  static async open(): Promise<Place> {
    const place = new Place()
    const books = Books.ofToday((await place.storage).store)
    await books.apply(deposit('d', 'user:8', 1_000n), freeze('h', 'user:8', 10n))
    return place
  }

  async backUp(onProgress?: BackupProgress): Promise<BackupReport> {
    return await backupSqlite(this.path, this.target, onProgress)
  }

  /** Changes rows as no command would. */
  plant(sql: string): void {
    using database = new DatabaseSync(this.path)
    database.exec(`PRAGMA ignore_check_constraints = ON; ${sql}`)
  }

  /** The files in the folder other than the ledger's. */
  get copies(): readonly string[] {
    return readdirSync(this.folder).filter((file) => !file.startsWith('ledger.db'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.storage).close()
    rmSync(this.folder, { recursive: true })
  }
}

test('a copy is the books of one instant, although commits go on while it is made', async () => {
  await using place = await Place.open()
  place.plant(`CREATE TABLE ballast (text TEXT);
    ${BALLAST}`)
  const engine = new Engine((await place.storage).store)
  const commits: Promise<unknown>[] = []
  const report = await place.backUp(() => void commits.push(engine.submit(deposit(`m${commits.length}`, 'user:8', 1n))))
  await Promise.all(commits)
  assert.ok(commits.length > 5, `${commits.length} commits meanwhile`)
  assert.deepEqual([report.broken, report.checks.length], [[], 22])
  await using copy = await openSqliteStorage(place.target, { ...HERE, migrate: false })
  // No later commits: a backup that restarted at each commit would contain some.
  const { available, held } = (await copy.reader.account('user:8'))!.balances[0]!
  assert.deepEqual([available, held], [990n, 10n])
})

test('until it is whole a copy has another name; then it is one file, for its owner alone', async () => {
  await using place = await Place.open()
  const { bytes } = await place.backUp(() => assert.ok(!existsSync(place.target)))
  assert.deepEqual(place.copies, ['copy.db'])
  const { mode, size } = lstatSync(place.target)
  assert.deepEqual([mode & 0o777, size], [0o600, bytes])
})

const TAKEN: Readonly<Record<string, (place: Place) => void>> = {
  'a file': ({ target }) => writeFileSync(target, 'mine'),
  'a link to nothing': ({ target }) => symlinkSync('nothing.db', target),
  'the log of a database that is gone': ({ target }) => writeFileSync(`${target}-wal`, 'mine'),
}

for (const [what, make] of Object.entries(TAKEN)) {
  test(`${what} of the name is not overwritten`, async () => {
    await using place = await Place.open()
    make(place)
    const before = place.copies
    await assert.rejects(place.backUp(), {
      name: 'BackupError',
      message: /is there already, and nothing is overwritten/,
    })
    assert.deepEqual(place.copies, before)
  })
}

test('a file that somebody makes while the copy is made is not overwritten', async () => {
  await using place = await Place.open()
  const backup = place.backUp(() => writeFileSync(place.target, 'mine'))
  await assert.rejects(backup, { name: 'BackupError', message: /is there already/ })
  assert.deepEqual([place.copies, lstatSync(place.target).size], [['copy.db'], 4])
})

test('a ledger with a broken law leaves no copy, and says which law', async () => {
  await using place = await Place.open()
  place.plant(`UPDATE balances SET held = 11 WHERE account = 'user:8'`)
  const { broken } = await place.backUp()
  assert.deepEqual(
    broken.map(({ id }) => id),
    ['1b', '2c', '3b'],
  )
  assert.deepEqual(place.copies, [])
})

test('a copy with damaged pages is not kept', async () => {
  await using place = await Place.open()
  place.plant(`CREATE TABLE ballast (text TEXT); ${BALLAST}`)
  await (await place.storage).close()
  const file = openSync(place.path, 'r+')
  writeSync(file, Buffer.alloc(PAGE_BYTES, 7), 0, PAGE_BYTES, lstatSync(place.path).size - PAGE_BYTES)
  closeSync(file)
  await assert.rejects(place.backUp(), { name: 'BackupError', message: /The copy is damaged/ })
  assert.deepEqual(place.copies, [])
})

test('a copy that cannot be written leaves nothing, and says why', async () => {
  await using place = await Place.open()
  const target = join(place.folder, 'nowhere', 'copy.db')
  await assert.rejects(backupSqlite(place.path, target), {
    name: 'BackupError',
    message: /There is no folder .* Make it first/,
  })
  await assert.rejects(backupSqlite(place.path, join(place.folder, 'x'.repeat(250))), {
    name: 'BackupError',
    message: /ENAMETOOLONG.*name another file/,
  })
  assert.deepEqual(place.copies, [])
})

test('a file that is no ledger of this version is not copied', async () => {
  await using place = await Place.open()
  place.plant('DELETE FROM migrations')
  await assert.rejects(place.backUp(), { name: 'MigrationError', message: /lacks 0001_added_rows.*holdfast migrate/ })
  assert.deepEqual(place.copies, [])
})
