/** Steps of a hold by several processes, or in faster succession than their commits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, deposit, freeze, refund, release, settle, settlePart } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { assertLaws } from '../../test/support/laws.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { quiet } from '../../test/support/quiet.ts'
import type { Command } from '../domain/command.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Tables } from '../stores/memory/tables.ts'
import type { Storage } from '../stores/storage.ts'
import { systemClock } from './clock.ts'
import { Engine, type EngineOptions } from './engine.ts'

const HELD = [
  deposit('d', 'user:8', 100n),
  deposit('d9', 'user:9', 1n),
  freeze('h', 'user:8', 50n, { payee: 'user:9' }),
]

interface Bench {
  readonly tables: Tables
  readonly storage: Storage
  readonly store: FaultyStore
  /** The engine whose commits go through `store`. */
  readonly engine: Engine
  /** Another process on the same database. */
  readonly other: Engine
}

async function open(options: EngineOptions = {}): Promise<Bench> {
  const tables = new Tables()
  const storage = openMemoryStorage(tables)
  const store = new FaultyStore(storage.store)
  const bench = { tables, storage, store, engine: new Engine(store, options), other: another(storage, options.clock) }
  for (const command of HELD) assert.equal(await codeOf(bench.engine, command), 'applied')
  return bench
}

function another(storage: Storage, clock = systemClock): Engine {
  return new Engine(storage.store, { houseStripe: 1, clock })
}

async function codeOf(engine: Engine, command: Command): Promise<string> {
  const outcome = await engine.submit(command)
  return outcome.status === 'applied' ? (outcome.replayed ? 'replayed' : 'applied') : outcome.rejection.code
}

/** The outcomes of the commands if `meanwhile` runs during the commit of the first one. */
async function codesWhile({ engine, store }: Bench, commands: readonly Command[], meanwhile: () => Promise<void>) {
  let openGate = (): void => {}
  store.gate = new Promise((resolve) => (openGate = resolve))
  const codes = commands.map((command) => codeOf(engine, command))
  await quiet()
  await meanwhile()
  openGate()
  return await Promise.all(codes)
}

function assertLawful({ tables }: Bench): void {
  const { requests, balances, postings, holdChanges } = tables
  assertLaws({ requests, balances, postings: [...postings.values()], holdChanges })
}

const ONE_BY_ONE = { limits: { batchCommandsMax: 1 } }

test('steps that arrive together share one commit, and none is lost', async () => {
  const bench = await open()
  const { engine, storage, store } = bench
  const before = store.calls.filter((call) => call === 'commit').length
  const commands = Array.from({ length: 20 }, (_, index) => settlePart(`p${index}`, 'h', 3n))
  const codes = await Promise.all(commands.map((command) => codeOf(engine, command)))
  assert.deepEqual(codes, [...Array<string>(16).fill('applied'), ...Array<string>(4).fill('settle_above_hold')])
  assert.ok(store.calls.filter((call) => call === 'commit').length - before <= 3)
  const hold = await storage.reader.hold('h')
  assert.deepEqual([hold?.state, hold?.held, hold?.settled], ['open', 2n, 48n])
  assertLawful(bench)
})

test('a repeated step whose original is forgotten is found before the end of its hold refuses it', async () => {
  const bench = await open()
  const { engine, other } = bench
  const steps = [settlePart('p', 'h', 5n), amend('a', 'h', { amount: 60n })]
  for (const step of steps) assert.equal(await codeOf(engine, step), 'applied')
  assert.equal(await codeOf(engine, settle('h', 1n)), 'applied')
  // From here on the other engine has cached the hold, but none of its steps.
  assert.equal(await codeOf(other, release('h')), 'hold_not_open')
  for (const step of steps) assert.equal(await codeOf(other, step), 'replayed')
  assert.equal(await codeOf(other, settlePart('q', 'h', 5n)), 'hold_not_open')
  assertLawful(bench)
})

test('a repeated late settle whose original is forgotten is found before anything refuses it', async () => {
  const clock = new ManualClock()
  const bench = await open({ clock })
  const { engine, other, storage } = bench
  assert.equal(await codeOf(engine, freeze('e', 'user:8', 10n, { expiresInMs: 1 })), 'applied')
  await clock.advance(1)
  assert.equal(await codeOf(engine, release('e', 'expiry')), 'applied')
  assert.equal(await codeOf(other, release('e', 'expiry')), 'replayed')
  const late = settle('e', 10n, 'reject', { late: true, payee: 'user:7' })
  assert.equal(await codeOf(engine, late), 'applied')
  assert.equal(await codeOf(other, late), 'replayed')
  assert.equal(await codeOf(another(storage, clock), { ...late, payee: 'user:6' }), 'hold_not_open')
  assertLawful(bench)
})

test('a step rests on the one before as another process made it, not as it was about to be made here', async () => {
  const bench = await open(ONE_BY_ONE)
  const commands = [amend('a', 'h', { expiresInMs: 1_000 }), amend('b', 'h', { onExpiry: { settle: 1n } })]
  let expiresAt = 0
  const codes = await codesWhile(bench, commands, async () => {
    assert.equal(await codeOf(bench.other, amend('a', 'h', { expiresInMs: 600_000 })), 'applied')
    expiresAt = (await bench.storage.reader.hold('h'))!.expiresAt
  })
  assert.deepEqual(codes, ['request_id_reused', 'applied'])
  const hold = await bench.storage.reader.hold('h')
  assert.deepEqual([hold?.expiresAt, hold?.onExpiry], [expiresAt, { settle: 1n }])
  assertLawful(bench)
})

test('a refund rests on the end as another process made it, not as it was about to be made here', async () => {
  const bench = await open(ONE_BY_ONE)
  const codes = await codesWhile(bench, [settle('h', 5n), refund('f', 'h', 5n)], async () => {
    assert.equal(await codeOf(bench.other, settle('h', 5n, 'cap')), 'applied')
  })
  assert.deepEqual(codes, ['hold_not_open', 'applied'])
  const last = another(bench.storage)
  assert.equal(await codeOf(last, settle('h', 5n, 'cap')), 'replayed')
  assert.equal(await codeOf(last, settle('h', 5n)), 'hold_not_open')
  assertLawful(bench)
})

test('a cached hold that is out of date, with a balance that was read again, is not ended twice', async () => {
  const bench = await open({ limits: { cacheBalancesMax: 1 } })
  const { engine, other, storage } = bench
  assert.equal(await codeOf(engine, freeze('g', 'user:8', 50n)), 'applied')
  assert.equal(await codeOf(other, settlePart('p', 'h', 20n)), 'applied')
  // Evicts the balance of user:8 from the cache.
  assert.equal(await codeOf(engine, deposit('e', 'user:1', 1n)), 'applied')
  assert.equal(await codeOf(engine, settle('h', 30n)), 'applied')
  const hold = await storage.reader.hold('h')
  assert.deepEqual([hold?.state, hold?.settled, hold?.released], ['settled', 50n, 0n])
  assertLawful(bench)
})
