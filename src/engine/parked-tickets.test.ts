/** What happens while another transaction keeps the lock of a balance. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, deposit, freeze, settle, transfer } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { resultOf } from '../../test/support/outcome-codes.ts'
import type { Command } from '../domain/command.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Engine } from './engine.ts'
import type { EngineLimits } from './limits.ts'

const LOCKED = 'user:1 credit'
const USERS = ['user:1', 'user:2', 'user:3']

class Bench {
  readonly clock = new ManualClock()
  readonly storage = openMemoryStorage()
  readonly store = new FaultyStore(this.storage.store)
  readonly engine: Engine
  readonly results = new Map<string, string>()

  private constructor(limits: Partial<EngineLimits>) {
    this.engine = new Engine(this.store, { clock: this.clock, limits })
  }

  static async open(limits: Partial<EngineLimits> = {}): Promise<Bench> {
    const bench = new Bench(limits)
    for (const user of USERS) bench.submit(user, deposit(`funds-${user}`, user, 1_000n))
    await bench.clock.advance(0)
    bench.store.calls.length = 0
    bench.results.clear()
    return bench
  }

  submit(name: string, command: Command, timeoutMs?: number): void {
    const options = timeoutMs === undefined ? {} : { timeoutMs }
    void resultOf(this.engine.submit(command, options)).then((result) => this.results.set(name, result))
  }

  get gauges(): readonly [locked: number, aside: number] {
    const { lockedBalances, parkedCommands } = this.engine.gauges()
    return [lockedBalances, parkedCommands]
  }
}

test('commands on a locked balance are parked, and the others of their batch go on at once', async () => {
  const bench = await Bench.open()
  bench.store.lockedKeys.add(LOCKED)
  for (const user of USERS) bench.submit(user, charge(`c-${user}`, user, 1n))
  await bench.clock.advance(0)
  assert.deepEqual(Object.fromEntries(bench.results), { 'user:2': 'applied', 'user:3': 'applied' })
  assert.deepEqual(bench.gauges, [1, 1])
  assert.deepEqual(
    bench.store.calls.filter((call) => call !== 'load'),
    ['commit', 'locked', 'exclusive'],
  )
})

test('once a balance is known to be locked, no batch waits for it again', async () => {
  const bench = await Bench.open()
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('first', charge('c1', 'user:1', 1n))
  await bench.clock.advance(0)
  assert.deepEqual(bench.gauges, [1, 1])
  bench.store.calls.length = 0
  for (const user of USERS) bench.submit(user, charge(`c2-${user}`, user, 1n))
  bench.submit('transfer', transfer('t', [{ from: 'user:2', to: 'user:1', asset: 'credit', amount: 1n }]))
  await bench.clock.advance(0)
  assert.deepEqual([...bench.results.keys()].toSorted(), ['user:2', 'user:3'])
  assert.deepEqual(bench.gauges, [1, 3])
  assert.deepEqual(bench.store.calls.filter((call) => call === 'commit' || call === 'exclusive').length, 1)
})

test('when the balance is free, the commands are decided in their order', async () => {
  const bench = await Bench.open({ lockedLookMs: 50 })
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('all', charge('c1', 'user:1', 1_000n))
  bench.submit('more', charge('c2', 'user:1', 1n))
  await bench.clock.advance(500)
  assert.deepEqual([...bench.results], [])
  bench.store.lockedKeys.clear()
  await bench.clock.advance(50)
  assert.deepEqual(Object.fromEntries(bench.results), { all: 'applied', more: 'insufficient_funds' })
  assert.deepEqual(bench.gauges, [0, 0])
})

test('a balance that becomes free while the rest of its batch is decided is noticed', async () => {
  const bench = await Bench.open()
  const exclusive = bench.store.exclusive.bind(bench.store)
  bench.store.exclusive = async (...parameters) => {
    await bench.clock.sleep(200)
    return await exclusive(...parameters)
  }
  bench.store.lockedKeys.add(LOCKED)
  for (const user of USERS) bench.submit(user, charge(`c-${user}`, user, 1n))
  await bench.clock.advance(100)
  bench.store.lockedKeys.clear()
  await bench.clock.advance(50)
  assert.deepEqual(bench.gauges, [0, 0])
  await bench.clock.advance(300)
  assert.deepEqual(Object.fromEntries(bench.results), Object.fromEntries(USERS.map((user) => [user, 'applied'])))
})

test('a hold that the engine does not remember is parked with its balance', async () => {
  const bench = await Bench.open({ cacheRequestsMax: 0 })
  bench.submit('freeze', freeze('h', 'user:1', 5n))
  await bench.clock.advance(0)
  bench.results.clear()
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('settle', settle('h', 4n))
  bench.submit('other', charge('c', 'user:2', 1n))
  await bench.clock.advance(0)
  assert.deepEqual([...bench.results], [['other', 'applied']])
  bench.store.lockedKeys.clear()
  await bench.clock.advance(50)
  assert.equal(bench.results.get('settle'), 'applied')
})

test('what has waited for too long is answered contention, and so is what comes in beyond the limit', async () => {
  const bench = await Bench.open({ parkedMsMax: 2_000, parkedCommandsMax: 2 })
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('short', charge('c1', 'user:1', 1n), 300)
  bench.submit('long', charge('c2', 'user:1', 1n))
  bench.submit('beyond', charge('c3', 'user:1', 1n))
  await bench.clock.advance(0)
  assert.deepEqual([...bench.results], [['beyond', 'contention/no']])
  await bench.clock.advance(300)
  assert.match(bench.results.get('short')!, /^(contention|deadline_exceeded)\/no$/)
  await bench.clock.advance(1_650)
  assert.equal(bench.results.has('long'), false)
  await bench.clock.advance(100)
  assert.equal(bench.results.get('long'), 'contention/no')
  assert.deepEqual(bench.gauges, [1, 0])
})

test('work after a lost commit is not parked: its outcome is found out', async () => {
  const bench = await Bench.open()
  bench.store.script.push('doubt-applied')
  bench.submit('doubtful', charge('c1', 'user:1', 1n))
  await bench.clock.advance(0)
  assert.equal(bench.results.get('doubtful'), 'replayed')
  bench.store.script.push('doubt-lost')
  bench.submit('lost', charge('c2', 'user:1', 1n))
  // Locked before its outcome is looked for.
  queueMicrotask(() => bench.store.lockedKeys.add(LOCKED))
  await bench.clock.advance(200)
  assert.equal(bench.results.has('lost'), false)
  assert.deepEqual(bench.gauges, [0, 0])
  bench.store.lockedKeys.clear()
  await bench.clock.advance(1_000)
  assert.equal(bench.results.get('lost'), 'applied')
})

test('work after a lost commit is not parked either when the database refuses its batch', async () => {
  const bench = await Bench.open()
  bench.store.script.push('doubt-lost', 'refused')
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('user:1', charge('c1', 'user:1', 1n))
  bench.submit('user:2', charge('c2', 'user:2', 1n))
  await bench.clock.advance(10)
  assert.deepEqual(bench.gauges, [1, 0])
  bench.store.lockedKeys.clear()
  await bench.clock.advance(1_000)
  assert.deepEqual(Object.fromEntries(bench.results), { 'user:1': 'applied', 'user:2': 'applied' })
})

test('an engine that stops answers what it has parked', async () => {
  const bench = await Bench.open()
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('waits', charge('c1', 'user:1', 1n))
  await bench.clock.advance(0)
  await bench.engine.stop()
  await bench.clock.advance(0)
  assert.equal(bench.results.get('waits'), 'shutting_down/no')
})

test('when the database does not say what is locked, everything is tried again', async () => {
  const bench = await Bench.open()
  bench.store.lockedKeys.add(LOCKED)
  bench.submit('waits', charge('c1', 'user:1', 1n))
  await bench.clock.advance(0)
  bench.store.locked = () => Promise.reject(new Error('No answer.'))
  bench.store.lockedKeys.clear()
  await bench.clock.advance(50)
  assert.equal(bench.results.get('waits'), 'applied')
})
