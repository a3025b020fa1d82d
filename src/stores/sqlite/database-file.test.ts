import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deposit } from '../../../test/support/commands.ts'
import { Engine } from '../../engine/engine.ts'
import { openSqliteStorage } from './storage.ts'

const MODE_BITS = 0o777
const MISCONFIGURED = { name: 'Fault', code: 'store_misconfigured', applied: 'no' }

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'holdfast-file-'))

  at(...names: readonly string[]): string {
    return join(this.path, ...names)
  }

  mode(...names: readonly string[]): number {
    return statSync(this.at(...names)).mode & MODE_BITS
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

async function opened(path: string): Promise<void> {
  await (await openSqliteStorage(path, { reads: 'caller' })).close()
}

test('files and folders that are made are for their owner alone', async () => {
  using folder = new Folder()
  await using storage = await openSqliteStorage(folder.at('a', 'b', 'ledger.db'), { reads: 'caller' })
  await new Engine(storage.store).submit(deposit('d', 'user:8', 1n))
  assert.deepEqual([folder.mode('a'), folder.mode('a', 'b')], [0o700, 0o700])
  const files = readdirSync(folder.at('a', 'b')).toSorted()
  assert.deepEqual(files, ['ledger.db', 'ledger.db-shm', 'ledger.db-wal'])
  assert.deepEqual(new Set(files.map((file) => folder.mode('a', 'b', file))), new Set([0o600]))
})

test('a file and a folder that are there keep the rights that somebody gave them', async () => {
  using folder = new Folder()
  chmodSync(folder.path, 0o750)
  writeFileSync(folder.at('ledger.db'), '', { mode: 0o640 })
  await opened(folder.at('ledger.db'))
  assert.deepEqual([folder.mode(), folder.mode('ledger.db')], [0o750, 0o640])
})

test('a link to a file is followed, and the log is next to the file', async () => {
  using folder = new Folder()
  mkdirSync(folder.at('real'))
  await opened(folder.at('real', 'ledger.db'))
  symlinkSync(folder.at('real', 'ledger.db'), folder.at('link.db'))
  await using storage = await openSqliteStorage(folder.at('link.db'), { reads: 'caller' })
  await new Engine(storage.store).submit(deposit('d', 'user:8', 1n))
  assert.deepEqual(readdirSync(folder.path).toSorted(), ['link.db', 'real'])
  assert.ok(readdirSync(folder.at('real')).includes('ledger.db-wal'))
})

test('a link to nothing makes no file elsewhere', async () => {
  using folder = new Folder()
  symlinkSync(folder.at('elsewhere.db'), folder.at('ledger.db'))
  for (const migrate of [true, false]) {
    await assert.rejects(openSqliteStorage(folder.at('ledger.db'), { migrate }), {
      ...MISCONFIGURED,
      message: /is a link to .*elsewhere\.db, which is not there/,
    })
  }
  assert.deepEqual(readdirSync(folder.path), ['ledger.db'])
})

const UNUSABLE: Readonly<Record<string, { readonly make: (path: string) => void; readonly says: RegExp }>> = {
  'a folder': { make: (path) => mkdirSync(path), says: /is no file, but a folder\. Name a file in it/ },
  'a pipe': { make: (path) => void spawnSync('mkfifo', [path]), says: /is no file, but a pipe\. Name a file/ },
  'no database': { make: (path) => writeFileSync(path, 'x'.repeat(5_000)), says: /not a database.* Name another one/ },
  'a loop of links': { make: (path) => symlinkSync(path, path), says: /is a link to / },
}

for (const [kind, { make, says }] of Object.entries(UNUSABLE)) {
  test(`a path that is ${kind} is refused with what to do, and left alone`, async () => {
    using folder = new Folder()
    const path = folder.at('ledger.db')
    make(path)
    await assert.rejects(openSqliteStorage(path), { ...MISCONFIGURED, message: says })
    assert.deepEqual(readdirSync(folder.path), ['ledger.db'])
  })
}

test('a folder that is a file is refused with what to do', async () => {
  using folder = new Folder()
  writeFileSync(folder.at('a'), '')
  await assert.rejects(openSqliteStorage(folder.at('a', 'ledger.db')), {
    ...MISCONFIGURED,
    message: /name another file/,
  })
})

test('a log whose database is gone is not destroyed by a new one', async () => {
  using folder = new Folder()
  writeFileSync(folder.at('ledger.db-wal'), 'the last commits')
  await assert.rejects(openSqliteStorage(folder.at('ledger.db')), {
    ...MISCONFIGURED,
    message: /is missing, but its log/,
  })
  assert.deepEqual(readdirSync(folder.path), ['ledger.db-wal'])
})

test('a damaged file is for an operator to mend', async () => {
  using folder = new Folder()
  const path = folder.at('ledger.db')
  await opened(path)
  const { size } = statSync(path)
  const program = `
    const fs = require('node:fs')
    const file = fs.openSync(${JSON.stringify(path)}, 'r+')
    fs.writeSync(file, Buffer.alloc(${size - 100}, 7), 0, ${size - 100}, 100)`
  assert.equal(spawnSync(process.execPath, ['--eval', program]).status, 0)
  await assert.rejects(openSqliteStorage(path), { ...MISCONFIGURED, message: /damaged|no SQLite database/ })
})

/** Whether a child process can run as another user: permissions do not apply to root. */
const asNobody =
  process.getuid?.() === 0 ? spawnSync('setpriv', ['--reuid=65534', '--clear-groups', 'true']).status === 0 : false

test(
  'a file without the right to write it is refused with what to do',
  { skip: asNobody ? false : 'setpriv cannot be used here' },
  async () => {
    using folder = new Folder()
    chmodSync(folder.path, 0o755)
    const path = folder.at('ledger.db')
    await opened(path)
    const program = `
    import { openSqliteStorage } from ${JSON.stringify(join(import.meta.dirname, 'storage.ts'))}
    await openSqliteStorage(process.argv[1]).catch(({ code, message }) => console.log(code, message))`
    const said = (file: string): string =>
      spawnSync(
        'setpriv',
        ['--reuid=65534', '--clear-groups', process.execPath, '--input-type=module', '--eval', program, file],
        { encoding: 'utf8' },
      ).stdout
    assert.match(said(path), /^store_misconfigured .*may not read and write the file .*EACCES.*Give it that right/)
    chmodSync(path, 0o644)
    assert.match(said(path), /^store_misconfigured .*Give the user of this process the right|may not/)
    assert.match(said(folder.at('new.db')), /^store_misconfigured .*EACCES.*name another file/)
  },
)
