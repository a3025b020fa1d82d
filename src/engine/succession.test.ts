/** The change from a full stripe of a house account to the next one; the conformance suite covers it for every store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resultOf } from '../../test/support/outcome-codes.ts'
import { charge, declare, deposit } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { BALANCE_MAX } from '../domain/amount.ts'
import { HOUSE_STRIPE_TURNS, HOUSE_STRIPES } from '../domain/house-stripes.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Footprint } from '../domain/footprint.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import type { Storage } from '../stores/storage.ts'
import { Engine } from './engine.ts'
import { Fault } from './faults.ts'

/** A store that can become unreachable before the next stripe is looked up. */
class StripesAway extends FaultyStore {
  areAway = false

  override async load(footprint: Footprint): Promise<Snapshot> {
    if (this.areAway && footprint.balances.size === HOUSE_STRIPE_TURNS) {
      throw new Fault('store_unavailable', 'The database does not answer.')
    }
    return await super.load(footprint)
  }
}

interface Bench {
  readonly storage: Storage
  readonly store: StripesAway
  readonly engine: Engine
}

/** Stripe 0 of `@issuer` has room for 10 more. */
async function nearlyFull(): Promise<Bench> {
  const storage = openMemoryStorage()
  const store = new StripesAway(storage.store)
  const engine = new Engine(store)
  await engine.submit(declare('gem'))
  await engine.submit(deposit('first', 'rich', BALANCE_MAX - 9n))
  return { storage, store, engine }
}

async function rowsOf({ storage }: Bench, account: string): Promise<readonly (readonly [number, bigint])[]> {
  const page = await storage.reader.postings({ account, asset: 'credit', kind: null, limit: 100, cursor: null })
  return page.items.map(({ stripe, availableDelta }) => [stripe, availableDelta])
}

async function assertLawful({ storage }: Bench): Promise<void> {
  for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
}

test('when the next stripe cannot be looked for, what needs it has no effect, and what came with it stands', async () => {
  const bench = await nearlyFull()
  const { engine, store } = bench
  store.areAway = true
  // Forces the decision under locks, with everything in one transaction.
  store.script.push('stale')
  const [fits, does, not] = [deposit('a', 'user:1', 4n), deposit('b', 'user:2', 6n), deposit('c', 'user:3', 7n)]
  const results = await Promise.all([fits, does, not].map((command) => resultOf(engine.submit(command))))
  assert.deepEqual(results, ['applied', 'applied', 'store_unavailable/no'])
  assert.equal(await bench.storage.reader.account('user:3'), null)
  store.areAway = false
  assert.equal(await resultOf(engine.submit(not)), 'applied')
  assert.deepEqual((await rowsOf(bench, '@issuer')).at(-1), [HOUSE_STRIPES, -7n])
  await assertLawful(bench)
})

test('other assets and other house accounts keep their stripes', async () => {
  const bench = await nearlyFull()
  const { engine, storage } = bench
  assert.equal(await resultOf(engine.submit(deposit('a', 'user:1', 100n))), 'applied')
  assert.equal(await resultOf(engine.submit(deposit('b', 'user:1', 100n, { asset: 'gem' }))), 'applied')
  assert.equal(await resultOf(engine.submit(charge('c', 'user:1', 100n))), 'applied')
  assert.deepEqual(await rowsOf(bench, '@revenue'), [[0, 100n]])
  const gems = await storage.reader.postings({ account: '@issuer', asset: 'gem', kind: null, limit: 1, cursor: null })
  assert.equal(gems.items[0]?.stripe, 0)
  // Later commands continue in the new stripe.
  assert.equal(await resultOf(engine.submit(deposit('d', 'user:1', 1n))), 'applied')
  assert.deepEqual((await rowsOf(bench, '@issuer')).filter(([stripe]) => stripe === HOUSE_STRIPES).length, 2)
  await assertLawful(bench)
})

test('engines that share a full stripe all go on', async () => {
  const bench = await nearlyFull()
  const engines = [bench.engine, new Engine(bench.store), new Engine(bench.store)]
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      resultOf(engines[index % 3]!.submit(deposit(`d${index}`, `user:${index % 4}`, 7n))),
    ),
  )
  assert.deepEqual(results, Array(30).fill('applied'))
  assert.equal((await bench.storage.reader.account('@issuer'))?.balances[0]?.available, -(BALANCE_MAX - 9n) - 210n)
  await assertLawful(bench)
})

for (const mishap of ['doubt-applied', 'doubt-lost', 'stale', 'contended'] as const) {
  test(`a command on its way to another stripe has one effect, whatever happens to its commit: ${mishap}`, async () => {
    const bench = await nearlyFull()
    // Without this command the batch writes nothing, so the first transaction finds the stripe full under its lock.
    bench.store.script.push('none', mishap)
    const result = await resultOf(bench.engine.submit(deposit('a', 'user:1', 100n)))
    assert.equal(result, mishap === 'doubt-applied' ? 'replayed' : 'applied')
    assert.equal(bench.store.script.length, 0)
    assert.deepEqual(
      (await rowsOf(bench, '@issuer')).filter(([stripe]) => stripe !== 0),
      [[HOUSE_STRIPES, -100n]],
    )
    await assertLawful(bench)
  })
}

test('an exhausted supply is reported after one read of all stripes', async () => {
  const bench = await nearlyFull()
  for (let turn = 0; turn < HOUSE_STRIPE_TURNS; turn++) {
    const amount = turn === 0 ? 9n : BALANCE_MAX
    const filling = new Engine(bench.storage.store, { houseStripe: turn * HOUSE_STRIPES })
    assert.equal(await resultOf(filling.submit(deposit(`f${turn}`, `rich:${turn}`, amount))), 'applied')
  }
  bench.store.calls.length = 0
  assert.equal(await resultOf(bench.engine.submit(deposit('a', 'user:1', 2n))), 'balance_overflow')
  assert.equal(bench.store.calls.filter((call) => call === 'exclusive').length, 1)
  await assertLawful(bench)
})
