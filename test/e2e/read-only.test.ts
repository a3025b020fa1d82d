/** `serve --read-only` over an SQLite file: everything is read, and not a byte of the file changes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, rm, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SCOPES } from '../../src/access/scope.ts'
import { openLedger } from '../../src/ledger.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'
import { ask, assertOnlyReads } from '../support/reading-service.ts'

let folder = ''
let count = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-read-only-'))
})
after(() => rm(folder, { recursive: true }))

const newFile = (): string => join(folder, `ledger-${++count}.db`)

async function fill(store: string): Promise<void> {
  await using ledger = await openLedger(store, { sweep: false })
  await ledger.deposit({ requestId: 'd1', account: 'user:8', amount: 100n })
  await ledger.freeze({ requestId: 'h1', account: 'user:8', amount: 10n, expiresInMs: 1 })
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

test('a service that only reads answers every read, refuses every write, and leaves the file as it was', async () => {
  const file = newFile()
  await fill(`sqlite:${file}`)
  const before = await hashOf(file)
  await using service = await ServiceProcess.start(`sqlite:${file}`, ['--read-only'])
  await assertOnlyReads(service)
  // The hold is long due, and nobody here ends it.
  assert.equal((await ask(service, '/v1/holds/h1')).body['state'], 'open')
  assert.equal((await ask(service, '/readyz')).body['expiry'], null)
  await service.stop()
  assert.equal(await hashOf(file), before)
})

test('it sees what another process commits, and its keys', async () => {
  const store = `sqlite:${newFile()}`
  await fill(store)
  await using service = await ServiceProcess.start(store, ['--read-only'])
  await using ledger = await openLedger(store, { sweep: false })
  await ledger.deposit({ requestId: 'd2', account: 'user:8', amount: 1n })
  assert.equal((await ask(service, '/v1/entries/d2')).status, 200)
  const { secret: key } = await ledger.keys.create({ name: 'reader', scopes: [...SCOPES] })
  for (let attempt = 0; (await ask(service, '/v1/assets')).status !== 401; attempt++) assert.ok(attempt < 10_000)
  await assertOnlyReads(service, key)
  // Who has no key is told so, and not that a service only reads.
  assert.equal((await ask(service, '/v1/deposits', { post: {} })).status, 401)
  assert.equal((await ledger.keys.list()).items[0]?.lastUsedAt, null)
})

test('a ledger in a program that was opened for reading only refuses commands and changes of keys', async () => {
  const store = `sqlite:${newFile()}`
  await fill(store)
  await using ledger = await openLedger(store, { readOnly: true })
  assert.equal((await ledger.balance('user:8')).held, 10n)
  const refused = { name: 'LedgerError', code: 'read_only', status: 405, retryable: false, applied: 'no' }
  const deposit = { requestId: 'd3', account: 'user:8', amount: 1n }
  await assert.rejects(ledger.deposit(deposit), refused)
  await assert.rejects(ledger.batch([{ kind: 'deposit', ...deposit }]), refused)
  await assert.rejects(ledger.keys.create({ name: 'shop', scopes: ['accounts:read'] }), refused)
  assert.deepEqual((await ledger.keys.list()).items, [])
})

test('what is no ledger is not opened for reading, and not made', async () => {
  const file = newFile()
  const missing = await runHoldfast(['serve', '--read-only', '--store', `sqlite:${file}`, '--port', '0'])
  assert.notEqual(missing.exitCode, 0)
  assert.match(missing.stderr, /There is no ledger yet/)
  await assert.rejects(readFile(file), { code: 'ENOENT' })
  await assert.rejects(openLedger('memory:', { readOnly: true }), /nothing to read/)
})
