import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { codeOf, resultOf } from '../../test/support/outcome-codes.ts'
import { charge, deposit, freeze, leg, release, settle, transfer } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { Command } from '../domain/command.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Engine } from './engine.ts'
import { Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'

const RATE = { accountCommandsPerSecondMax: 10, accountBurstMax: 3 }
const HOLDS = { accountHoldsMax: 2 }

async function open(limits: Partial<EngineLimits>, storage = openMemoryStorage()) {
  const clock = new ManualClock()
  const store = new FaultyStore(storage.store)
  const engine = new Engine(store, { limits, clock })
  for (const account of ['user:8', 'user:9']) await engine.submit(deposit(`first ${account}`, account, 1_000n))
  let ids = 0
  const submit = async (command: Command): Promise<string> => await resultOf(engine.submit(command))
  const freezeNext = async (account = 'user:8'): Promise<string> => await submit(freeze(`h${ids++}`, account, 1n))
  return { clock, store, engine, submit, freezeNext, storage }
}

describe('the rate of an account', () => {
  test('lets a burst through, then so many commands a second, and says when the next one may come', async () => {
    const { engine, freezeNext, clock } = await open(RATE)
    for (let index = 0; index < 3; index++) assert.equal(await freezeNext(), 'applied')
    const refusal = await engine.submit(freeze('more', 'user:8', 1n)).then(
      () => null,
      (fault: unknown) => fault,
    )
    assert.ok(refusal instanceof Fault)
    assert.deepEqual([refusal.code, refusal.applied, refusal.retryAfterMs], ['rate_limited', 'no', 100])
    await clock.advance(99)
    assert.equal(await freezeNext(), 'rate_limited/no')
    await clock.advance(1)
    assert.equal(await freezeNext(), 'applied')
    assert.equal(await freezeNext(), 'rate_limited/no')
    await clock.advance(10_000)
    const answers = [await freezeNext(), await freezeNext(), await freezeNext(), await freezeNext()]
    assert.deepEqual(answers, ['applied', 'applied', 'applied', 'rate_limited/no'])
  })

  test('is that of each account, and only of the one that pays', async () => {
    const { submit, freezeNext } = await open(RATE)
    while ((await freezeNext('user:8')) === 'applied');
    assert.equal(await submit(transfer('t1', [leg('user:8', 'user:9', 1n)])), 'rate_limited/no')
    assert.equal(await submit(charge('c1', 'user:8', 1n)), 'rate_limited/no')
    assert.equal(await submit(transfer('t2', [leg('user:9', 'user:8', 1n)])), 'applied')
    assert.equal(await submit(deposit('d', 'user:8', 1n)), 'applied')
    assert.equal(await submit(charge('c2', 'user:8', 1n, { overdraft: true })), 'applied')
    assert.equal(await submit(settle('h0', 1n)), 'applied')
    assert.equal(await submit(release('h1')), 'applied')
  })

  test('lets a group through that is larger than the burst, and what exceeds it is owed', async () => {
    const { engine, freezeNext, clock } = await open(RATE)
    const commands = Array.from({ length: 13 }, (_, index) => freeze(`g${index}`, 'user:8', 1n))
    const outcomes = await engine.submit({ kind: 'group', commands })
    assert.deepEqual(new Set(outcomes.map(codeOf)), new Set(['applied']))
    await clock.advance(1_000)
    assert.equal(await freezeNext(), 'rate_limited/no')
    await clock.advance(100)
    assert.equal(await freezeNext(), 'applied')
  })

  test('of an account that was quiet for longest is forgotten first', async () => {
    const { freezeNext } = await open({ ...RATE, accountsLimitedMax: 1 })
    while ((await freezeNext('user:8')) === 'applied');
    assert.equal(await freezeNext('user:9'), 'applied')
    assert.equal(await freezeNext('user:8'), 'applied')
  })
})

describe('the open holds of an account', () => {
  test('are at most so many; an end, a rejection and an expiry make room', async () => {
    const { submit, freezeNext, engine, clock } = await open(HOLDS)
    assert.equal(await submit(freeze('too much', 'user:8', 5_000n)), 'insufficient_funds')
    assert.deepEqual([await freezeNext(), await freezeNext()], ['applied', 'applied'])
    assert.equal(await freezeNext(), 'rate_limited/no')
    assert.equal(await freezeNext('user:9'), 'applied')
    assert.equal(await submit(freeze('h0', 'user:8', 1n)), 'replayed')
    assert.equal(await submit(settle('h0', 1n)), 'applied')
    assert.equal(await submit(freeze('short', 'user:8', 1n, { expiresInMs: 5_000 })), 'applied')
    assert.equal(await freezeNext(), 'rate_limited/no')
    await clock.advance(5_000)
    assert.equal(await freezeNext(), 'applied')
    await engine.stop()
  })

  test('count also in groups and while their freezes are on the way', async () => {
    const { engine, submit, freezeNext, store } = await open(HOLDS)
    const group = (ids: readonly string[]): Promise<string> =>
      engine.submit({ kind: 'group', commands: ids.map((id) => freeze(id, 'user:8', 1n)) }).then(
        (outcomes) => outcomes.map(codeOf).join(),
        (fault: Fault) => `${fault.code}/${fault.applied}`,
      )
    assert.equal(await group(['a', 'b', 'c']), 'rate_limited/no')
    const { promise, resolve } = Promise.withResolvers<void>()
    store.gate = promise
    const first = submit(freeze('a', 'user:8', 1n))
    assert.equal(await group(['b', 'c']), 'rate_limited/no')
    const second = freezeNext()
    assert.equal(await freezeNext(), 'rate_limited/no')
    resolve()
    assert.deepEqual(await Promise.all([first, second]), ['applied', 'applied'])
  })

  test('that another process has ended are found ended, and make room at the next call', async () => {
    const { freezeNext, storage, clock } = await open(HOLDS)
    assert.deepEqual([await freezeNext(), await freezeNext()], ['applied', 'applied'])
    const other = await open({}, storage)
    assert.equal(await other.submit(settle('h0', 1n)), 'applied')
    assert.equal(await freezeNext(), 'rate_limited/no')
    await clock.advance(0)
    assert.equal(await freezeNext(), 'applied')
    assert.equal(await freezeNext(), 'rate_limited/no')
  })

  test('that may have been opened by a lost commit are looked up too', async () => {
    const { submit, freezeNext, store, clock } = await open({ ...HOLDS, doubtMsMax: 1, attemptsMax: 2 })
    store.script.push('doubt-lost', ...Array<'unavailable'>(20).fill('unavailable'))
    const lost = submit(freeze('lost', 'user:8', 1n))
    await clock.advance(5_000)
    assert.equal(await lost, 'commit_in_doubt/unknown')
    store.script.length = 0
    await clock.advance(5_000)
    assert.equal(await freezeNext(), 'applied')
    assert.equal(await freezeNext(), 'rate_limited/no')
    await clock.advance(0)
    assert.equal(await freezeNext(), 'applied')
  })

  test('are not looked up more than once a second, and a database that does not answer changes nothing', async () => {
    const { freezeNext, store, clock } = await open(HOLDS)
    await freezeNext()
    await freezeNext()
    store.calls.length = 0
    store.script.push('unavailable')
    for (let index = 0; index < 5; index++) assert.equal(await freezeNext(), 'rate_limited/no')
    assert.deepEqual(store.calls, ['load'])
    await clock.advance(1_000)
    assert.equal(await freezeNext(), 'rate_limited/no')
    assert.deepEqual(store.calls, ['load', 'load'])
  })
})
