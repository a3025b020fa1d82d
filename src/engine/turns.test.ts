/** Batches on balances that another engine writes too: see Recovery.takeTurn. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, deposit, freeze, refund, release, settle } from '../../test/support/commands.ts'
import type { BalanceName } from '../domain/balance.ts'
import type { Command } from '../domain/command.ts'
import type { Snapshot } from '../domain/snapshot.ts'
import type { Footprint } from '../domain/footprint.ts'
import type { Changes } from '../domain/changes.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { systemClock } from './clock.ts'
import { Engine, type EngineOptions } from './engine.ts'
import type { CommitResult, Store, StoreClock } from './store.ts'

const USER = 'user:8'

/** Records what is read under locks. */
class WatchedStore implements Store {
  readonly connectionsLost = 0
  readonly underLocks: Footprint[] = []
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  load(footprint: Footprint): Promise<Snapshot> {
    return this.#store.load(footprint)
  }

  commit(changes: Changes): Promise<CommitResult> {
    return this.#store.commit(changes)
  }

  exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    this.underLocks.push(footprint)
    return this.#store.exclusive(footprint, plan)
  }

  locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    return this.#store.locked(balances)
  }

  ping(): Promise<void> {
    return this.#store.ping()
  }

  clock(): Promise<StoreClock> {
    return this.#store.clock()
  }
}

interface Pair {
  readonly engine: Engine
  readonly other: Engine
  readonly store: WatchedStore
}

/** Two engines on one balance of 1,000; the first knows that there is another writer. */
async function openPair(options: EngineOptions = {}): Promise<Pair> {
  const storage = openMemoryStorage()
  const store = new WatchedStore(storage.store)
  const engine = new Engine(store, options)
  const other = new Engine(storage.store, { houseStripe: 1 })
  await ask(engine, deposit('funds', USER, 1_000n))
  await ask(other, charge('other-1', USER, 1n))
  await ask(engine, charge('own-1', USER, 1n))
  assert.equal(engine.stats.stale, 1)
  store.underLocks.length = 0
  return { engine, other, store }
}

async function ask(engine: Engine, command: Command): Promise<string> {
  const outcome = await engine.submit(command)
  return outcome.status === 'applied' ? (outcome.replayed ? 'replayed' : 'applied') : outcome.rejection.code
}

test('on a contended balance no row is read for new request ids, nor for holds that are remembered', async () => {
  const { engine, store } = await openPair()
  assert.equal(await ask(engine, freeze('h', USER, 10n)), 'applied')
  assert.equal(await ask(engine, settle('h', 4n)), 'applied')
  assert.deepEqual(
    store.underLocks.map(({ requests }) => [...requests]),
    [[], []],
  )
})

test('a hold that is not remembered is read under the lock', async () => {
  const { engine, other, store } = await openPair()
  assert.equal(await ask(other, freeze('h', USER, 10n)), 'applied')
  // The engine knows from its cached rows that the balance is contended.
  const both = await Promise.all([ask(engine, charge('own-2', USER, 1n)), ask(engine, settle('h', 4n))])
  assert.deepEqual(both, ['applied', 'applied'])
  assert.deepEqual(
    store.underLocks.map(({ requests }) => [...requests]),
    [['h']],
  )
})

test('a request id that the other engine has used is answered with the first effect', async () => {
  const { engine, other } = await openPair()
  assert.equal(await ask(other, charge('twice', USER, 5n)), 'applied')
  assert.equal(await ask(engine, charge('twice', USER, 5n)), 'replayed')
  assert.equal(await ask(other, charge('thrice', USER, 5n)), 'applied')
  assert.equal(await ask(engine, charge('thrice', USER, 6n)), 'request_id_reused')
})

test('a repeat is not refused under a lock for want of what its original took', async () => {
  const { engine, other } = await openPair()
  assert.equal(await ask(other, charge('all', USER, 998n)), 'applied')
  assert.equal(await ask(engine, charge('all', USER, 998n)), 'replayed')
  assert.equal(await ask(engine, charge('more', USER, 1n)), 'insufficient_funds')
})

test('a remembered hold that the other engine ended or changed is not ended a second time', async () => {
  const { engine, other } = await openPair()
  for (const [hold, ends] of [
    ['a', settle('a', 3n)],
    ['b', release('b')],
  ] as const) {
    assert.equal(await ask(engine, freeze(hold, USER, 10n)), 'applied')
    assert.equal(await ask(other, ends), 'applied')
    assert.equal(await ask(engine, settle(hold, 9n)), 'hold_not_open')
  }
  assert.equal(await ask(engine, freeze('c', USER, 10n)), 'applied')
  assert.equal(await ask(engine, settle('c', 10n)), 'applied')
  assert.equal(await ask(other, refund('r1', 'c', 7n)), 'applied')
  assert.equal(await ask(engine, refund('r2', 'c', 4n)), 'refund_above_settled')
  assert.equal(await ask(engine, refund('r3', 'c', 3n)), 'applied')
})

test('a balance counts as contended for as long as the other engine writes it, and no longer', async () => {
  let elapsedMs = 0
  const clock = { ...systemClock, elapsed: () => elapsedMs }
  const { engine, other, store } = await openPair({ clock, limits: { contendedMs: 60 } })
  for (let turn = 2; turn < 10; turn++) {
    elapsedMs += 50
    await ask(other, charge(`other-${turn}`, USER, 1n))
    await ask(engine, charge(`own-${turn}`, USER, 1n))
  }
  assert.equal(engine.stats.stale, 1, 'no batch was decided without the lock')
  elapsedMs += 50
  await ask(engine, charge('alone-1', USER, 1n))
  elapsedMs += 50
  store.underLocks.length = 0
  await ask(engine, charge('alone-2', USER, 1n))
  assert.equal(store.underLocks.length, 0)
})
