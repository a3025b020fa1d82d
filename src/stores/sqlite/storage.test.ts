import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs, { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { startChild } from '../../../harness/children.ts'
import { charge, deposit } from '../../../test/support/commands.ts'
import { Engine } from '../../engine/engine.ts'
import { openSqliteStorage, type SqliteOptions } from './storage.ts'

const HERE = { reads: 'caller' } as const

class Place implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-storage-'))
  readonly path = join(this.folder, 'ledger.db')

  /** One process of the ledger, from its start to its clean stop. */
  async session(act: (engine: Engine) => Promise<unknown>, options: SqliteOptions = {}): Promise<void> {
    const storage = await openSqliteStorage(this.path, options)
    const engine = new Engine(storage.store)
    await act(engine)
    await storage.reader.account('user:8')
    await engine.stop()
    await storage.close()
  }

  /** The balance in a copy of the database file alone; null if the copy has no such user. */
  async copied(): Promise<bigint | null> {
    const copy = join(this.folder, 'copy.db')
    rmSync(copy, { force: true })
    copyFileSync(this.path, copy)
    await using storage = await openSqliteStorage(copy, { ...HERE, migrate: false })
    return (await storage.reader.account('user:8'))?.balances[0]?.available ?? null
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

for (const reads of ['thread', 'caller'] as const) {
  test(`after a clean stop the one file is all, with reads on the ${reads}`, async () => {
    using place = new Place()
    await place.session((engine) => engine.submit(deposit('d', 'user:8', 1_000n)), { reads })
    assert.deepEqual(readdirSync(place.folder), ['ledger.db'])
    assert.equal(await place.copied(), 1_000n)
  })
}

test('after a clean stop the one file has what the writing thread committed', async () => {
  using place = new Place()
  await place.session(async (engine) => {
    await engine.submit(deposit('d', 'user:8', 100_000n))
    // The first round starts the thread.
    for (let round = 0; round < 5; round++) {
      const ids = Array.from({ length: 1_000 }, (_, index) => `c${round}-${index}`)
      await Promise.all(ids.map((id) => engine.submit(charge(id, 'user:8', 1n))))
    }
  })
  assert.deepEqual(readdirSync(place.folder), ['ledger.db'])
  assert.equal(await place.copied(), 95_000n)
})

test('a process that only reads leaves the one file behind as well', async () => {
  using place = new Place()
  await place.session((engine) => engine.submit(deposit('d', 'user:8', 1_000n)))
  await place.session(async () => {}, { ...HERE, migrate: false })
  assert.deepEqual(
    readdirSync(place.folder).filter((file) => file !== 'copy.db'),
    ['ledger.db'],
  )
})

test('what a killed process left in the log is on disk before the next one answers', async () => {
  using place = new Place()
  const program = `
    import { openSqliteStorage } from ${JSON.stringify(resolve(import.meta.dirname, 'storage.ts'))}
    await openSqliteStorage(${JSON.stringify(place.path)}, { reads: 'caller' })
    console.log('open')
    setInterval(() => {}, 1_000)`
  const child = startChild(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.ok(existsSync(`${place.path}-wal`))
  const synced: string[] = []
  const names = new Map<number, string>()
  await spied(
    'openSync',
    (path, descriptor) => names.set(descriptor as number, String(path)),
    () =>
      spied(
        'fsyncSync',
        (descriptor) => synced.push(names.get(descriptor as number)!),
        () =>
          place.session(async () => {
            assert.deepEqual(synced, [`${fs.realpathSync(place.path)}-wal`])
          }, HERE),
      ),
  )
})

/** Passes each call of a function of node:fs to `watch`, with its first argument and its result. */
async function spied(
  name: 'openSync' | 'fsyncSync',
  watch: (argument: unknown, result: unknown) => void,
  act: () => Promise<void>,
): Promise<void> {
  const original = fs[name] as (...parameters: unknown[]) => unknown
  Object.assign(fs, {
    [name]: (...parameters: unknown[]) => {
      const result = original(...parameters)
      watch(parameters[0], result)
      return result
    },
  })
  syncBuiltinESMExports()
  try {
    await act()
  } finally {
    Object.assign(fs, { [name]: original })
    syncBuiltinESMExports()
  }
}
