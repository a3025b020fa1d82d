/** An engine's cached rows after changes by other writers or by the database itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resultOf } from '../../test/support/outcome-codes.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { Command, FreezeCommand } from '../domain/command.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { systemClock } from './clock.ts'
import { Engine, type EngineOptions } from './engine.ts'

function depositOf(requestId: string, amount: bigint, account = 'user:8'): Command {
  return { kind: 'deposit', requestId, account, asset: 'credit', amount, memo: null, metadata: null }
}

function freezeOf(requestId: string, amount: bigint): FreezeCommand {
  const unlimited = { expiresInMs: null, expiresAt: null, onExpiry: null, metadata: null }
  return { kind: 'freeze', requestId, account: 'user:8', payee: '@revenue', asset: 'credit', amount, ...unlimited }
}

function settleOf(hold: string, amount: bigint): Command {
  return { kind: 'settle', hold, amount, overage: 'reject', payee: null, late: false }
}

function amendOf(requestId: string, hold: string, amount: bigint): Command {
  return { kind: 'amend', requestId, hold, amount, by: null, expiresInMs: null, expiresAt: null }
}

/** Two engines on one database; the first one's connection can fail. */
function openTwo(options: EngineOptions = {}) {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  const first = new Engine(store, options)
  const second = new Engine(storage.store, { ...options, houseStripe: 1 })
  return {
    storage,
    store,
    first: (command: Command) => resultOf(first.submit(command)),
    second: (command: Command) => resultOf(second.submit(command)),
  }
}

test('a hold that another process ended or lowered is not stuck where it was opened, though a constraint is met before a guard', async () => {
  for (const [change, expected] of [
    [settleOf('h', 200n), 'replayed'],
    [amendOf('a', 'h', 250n), 'applied'],
  ] as const) {
    const { store, first, second } = openTwo({ limits: { contendedMs: 0 } })
    await first(depositOf('d', 1_000n))
    await first(freezeOf('h', 300n))
    assert.equal(await second(change), 'applied')
    // When the first engine decides on the hold, the balance is read again and the hold comes from the cache.
    store.script.push('refused')
    assert.equal(await first(settleOf('h', 200n)), expected)
  }
})

test('a refusal is final only after the rows were read under their locks', async () => {
  const { store, first } = openTwo()
  await first(depositOf('d', 1_000n))
  store.script.push('refused')
  assert.equal(await first(freezeOf('h', 10n)), 'applied')
  store.script.push('refused', 'refused')
  assert.equal(await first(freezeOf('i', 10n)), 'store_refused/no')
})

test('on balances that others write too, a refusal of what was decided on remembered holds is not final either', async () => {
  const { store, first } = openTwo()
  await first(depositOf('d', 1_000n))
  store.script.push('stale')
  await first(depositOf('e', 1n))
  await first(freezeOf('h', 10n))
  store.calls.length = 0
  store.script.push('refused')
  assert.equal(await first(settleOf('h', 10n)), 'applied')
  assert.deepEqual(store.calls, ['exclusive', 'exclusive'])
})

test('a balance that another process moved takes the remembered holds of its account along', async () => {
  const { store, first, second } = openTwo({ limits: { contendedMs: 0 } })
  await first(depositOf('d', 1_000n))
  await first(freezeOf('h', 10n))
  await second(depositOf('e', 1n))
  await first(depositOf('f', 1n))
  store.calls.length = 0
  assert.equal(await first(settleOf('h', 10n)), 'applied')
  assert.deepEqual(store.calls, ['load', 'commit'])
})

test('after the database went back in time, a repeat is applied once more and nothing is refused from memory', async () => {
  const { store, first } = openTwo()
  const older = openMemoryStorage()
  const other = new Engine(older.store)
  for (const submit of [first, (command: Command) => resultOf(other.submit(command))])
    await submit(depositOf('d', 1_000n))
  assert.equal(await first(depositOf('lost', 500n)), 'applied')
  assert.equal(await first(freezeOf('h', 1_200n)), 'applied')
  assert.equal(await first(settleOf('h', 150n)), 'applied')
  store.becomes(older.store)
  const repeats = [depositOf('lost', 500n), freezeOf('h', 1_200n), settleOf('h', 150n)]
  assert.deepEqual(
    [await first(repeats[0]!), await first(repeats[1]!), await first(repeats[2]!)],
    Array(3).fill('applied'),
  )
  assert.equal((await older.reader.account('user:8'))!.balances[0]!.available, 1_350n)
  for (const repeat of repeats) assert.equal(await first(repeat), 'replayed')
  store.becomes(openMemoryStorage().store)
  assert.equal(await first({ ...freezeOf('h', 1n), payee: 'user:9' }), 'insufficient_funds')
  assert.equal(await first(settleOf('h', 150n)), 'hold_not_found')
})

test('one row that shows less than was remembered is enough to distrust all of them', async () => {
  const { store, first } = openTwo()
  await first(depositOf('d', 1_000n))
  assert.equal(await first({ kind: 'declare', asset: 'gem', decimals: 0, name: 'Gem' }), 'applied')
  store.becomes(openMemoryStorage().store)
  assert.equal(await first(freezeOf('h', 10n)), 'insufficient_funds')
  assert.equal(await first({ ...freezeOf('i', 10n), asset: 'gem' }), 'unknown_asset')
})

test('after the database went back to before a house account was declared, nothing is posted on it', async () => {
  const { store, first } = openTwo()
  const older = openMemoryStorage()
  const other = new Engine(older.store)
  for (const submit of [first, (command: Command) => resultOf(other.submit(command))]) {
    await submit(depositOf('d', 1_000n))
    await submit(freezeOf('h', 10n))
  }
  assert.equal(await first({ kind: 'house', account: '@promo' }), 'applied')
  const gift = (requestId: string): Command => {
    const legs = [{ from: '@promo', to: 'user:8', asset: 'credit', amount: 5n }]
    return { kind: 'transfer', requestId, legs, memo: null, metadata: null }
  }
  store.becomes(older.store)
  assert.equal(await first({ ...freezeOf('f', 1n), payee: '@promo' }), 'unknown_account')
  assert.equal(await first(gift('t')), 'unknown_account')
  assert.equal(await older.reader.account('@promo'), null)
  assert.equal((await older.reader.account('user:8'))!.balances[0]!.available, 990n)
  assert.equal(await first({ kind: 'house', account: '@promo' }), 'applied')
  assert.equal(await first(gift('t')), 'applied')
})

test('after a connection was lost nothing is remembered', async () => {
  const { store, first } = openTwo()
  await first(depositOf('d', 1_000n))
  await first(freezeOf('h', 10n))
  store.connectionsLost++
  store.calls.length = 0
  assert.equal(await first(settleOf('h', 10n)), 'applied')
  assert.equal(await first(depositOf('e', 10n)), 'applied')
  assert.deepEqual(store.calls, ['load', 'commit', 'load', 'commit'])
})

test('a repeat is answered by rows that are read for it, also within the batch of its original', async () => {
  const { store, first } = openTwo()
  await first(depositOf('d', 1_000n))
  store.calls.length = 0
  assert.equal(await first(depositOf('d', 1_000n)), 'replayed')
  assert.deepEqual(store.calls, ['load'])
  const twice = [first(freezeOf('h', 10n)), first(freezeOf('h', 10n))]
  assert.deepEqual(await Promise.all(twice), ['applied', 'replayed'])
})

test('a batch has as many attempts as its limit says, the first included', async () => {
  const { store, first } = openTwo({ limits: { attemptsMax: 3, pauseMsMax: 1 } })
  await first(depositOf('d', 1_000n))
  store.calls.length = 0
  store.script.push('stale', 'contended', 'stale', 'none')
  assert.equal(await first(freezeOf('h', 10n)), 'contention/no')
  assert.deepEqual(store.calls, ['commit', 'exclusive', 'exclusive'])
})

test('a call that waits for a row locked by another program gets contention before the deadline, and nothing is in doubt', async () => {
  const clock = new ManualClock()
  const { store, first, storage } = openTwo({ clock })
  await first(depositOf('d', 1_000n))
  const lockTimeoutMs = 5_000
  const waitInVain = async (): Promise<'lock_timeout'> => {
    await clock.sleep(lockTimeoutMs)
    return 'lock_timeout'
  }
  const exclusive = store.exclusive.bind(store)
  store.commit = waitInVain
  store.exclusive = waitInVain
  const engine = new Engine(store, { clock })
  const answers: string[] = []
  const hear = (name: string, timeoutMs?: number): void =>
    void resultOf(engine.submit(freezeOf(name, 10n), timeoutMs === undefined ? {} : { timeoutMs })).then((code) =>
      answers.push(`${name} ${code}`),
    )
  hear('default')
  hear('hasty', 12_000)
  hear('patient', 60_000)
  await clock.advance(12_000)
  assert.deepEqual(answers, ['hasty contention/no'].slice(0, answers.length))
  await clock.advance(18_000)
  assert.deepEqual(answers.toSorted(), ['default contention/no', 'hasty contention/no'])
  store.exclusive = exclusive
  await clock.advance(10_000)
  assert.deepEqual(answers.at(-1), 'patient applied')
  assert.equal((await storage.reader.account('user:8'))!.balances[0]!.held, 10n)
})

test('a process whose running numbers are those of another one passes over them', async () => {
  const clock = { ...systemClock, random: () => 0.25 }
  const { storage, first, second } = openTwo({ clock })
  for (let index = 0; index < 50; index++) assert.equal(await first(depositOf(`d${index}`, 1n)), 'applied')
  for (let index = 0; index < 5; index++) assert.equal(await second(depositOf(`e${index}`, 1n, 'user:9')), 'applied')
  assert.equal((await storage.reader.account('user:9'))?.balances[0]?.available, 5n)
})
