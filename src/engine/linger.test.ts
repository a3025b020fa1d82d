/** A batch lingers for the callers who were just answered, when the database is busy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Engine } from './engine.ts'
import type { EngineLimits } from './limits.ts'

const QUICK_MS = 2
const SLOW_MS = 20

class Bench {
  readonly clock = new ManualClock()
  readonly store = new FaultyStore(openMemoryStorage().store)
  readonly engine: Engine
  /** By request id, the time at which it was answered. */
  readonly answeredAt = new Map<string, number>()
  #served = 0

  constructor(limits: Partial<EngineLimits> = {}) {
    this.engine = new Engine(this.store, { clock: this.clock, limits })
  }

  /** Submits deposits, whose commit takes so long if they are the next batch. */
  submit(commitMs: number, ...ids: readonly string[]): void {
    this.store.gate = this.clock.sleep(commitMs)
    for (const id of ids) {
      void this.engine.submit(deposit(id, 'user:8', 1n)).then(() => this.answeredAt.set(id, this.clock.elapsed()))
    }
  }

  /** Batches of `size` commands, all at once, whose commits take so long. Returns the time of the last answers. */
  async serve(commitMs: number, rounds: number, size: number): Promise<number> {
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: size }, () => `served-${this.#served++}`)
      this.submit(commitMs, ...ids)
      await this.clock.advance(commitMs)
      assert.equal(this.answeredAt.get(ids[0]!), this.clock.elapsed())
    }
    this.store.calls.length = 0
    return this.clock.elapsed()
  }

  /** One quick commit and then many slow ones, of three commands each. */
  async becomeBusy(): Promise<number> {
    await this.serve(QUICK_MS, 1, 3)
    return await this.serve(SLOW_MS, 20, 3)
  }

  get commits(): number {
    return this.store.calls.filter((call) => call === 'commit').length
  }
}

test('after a slow commit, those who were answered are one batch again, however they come back', async () => {
  const bench = new Bench()
  const answered = await bench.becomeBusy()
  bench.submit(0, 'a2')
  await bench.clock.advance(1)
  bench.submit(0, 'b2')
  await bench.clock.advance(1)
  assert.equal(bench.commits, 0)
  bench.submit(0, 'c2')
  await bench.clock.advance(0)
  assert.equal(bench.commits, 1)
  assert.deepEqual(
    ['a2', 'b2', 'c2'].map((id) => bench.answeredAt.get(id)),
    Array(3).fill(answered + 2),
    'nobody waits longer than for the last of them',
  )
})

test('whoever waited during the slow commit is waited with', async () => {
  const bench = new Bench()
  await bench.becomeBusy()
  bench.submit(SLOW_MS, 'a1', 'b1', 'c1')
  await bench.clock.advance(1)
  bench.submit(SLOW_MS - 1, 'd1')
  await bench.clock.advance(SLOW_MS - 1)
  bench.submit(0, 'a2', 'b2')
  await bench.clock.advance(1)
  assert.equal(bench.answeredAt.has('d1'), false)
  bench.submit(0, 'c2')
  await bench.clock.advance(0)
  assert.equal(bench.commits, 2)
  assert.equal(bench.answeredAt.get('d1'), bench.answeredAt.get('c2'))
})

test('no batch lingers longer than its limit, counted from the answers', async () => {
  const bench = new Bench({ lingerMsMax: 5 })
  const answered = await bench.becomeBusy()
  await bench.clock.advance(3)
  bench.submit(0, 'a2')
  await bench.clock.advance(10)
  assert.equal(bench.answeredAt.get('a2'), answered + 5)
})

test('no batch lingers longer than half of the last commit', async () => {
  const bench = new Bench({ lingerMsMax: 1_000 })
  const answered = await bench.becomeBusy()
  bench.submit(0, 'a2')
  await bench.clock.advance(SLOW_MS)
  assert.equal(bench.answeredAt.get('a2'), answered + SLOW_MS / 2)
})

test('nobody waits long after the last answers, nor when the limit says never', async () => {
  const late = new Bench()
  const answered = await late.becomeBusy()
  await late.clock.advance(100)
  late.submit(0, 'a2')
  await late.clock.advance(0)
  assert.equal(late.answeredAt.get('a2'), answered + 100)

  const never = new Bench({ lingerMsMax: 0 })
  const slow = await never.becomeBusy()
  never.submit(0, 'a2')
  await never.clock.advance(0)
  assert.equal(never.answeredAt.get('a2'), slow)
})

test('nobody waits when few commits are slow, or when they are slow because they are large', async () => {
  const mixed = new Bench()
  for (let round = 0; round < 20; round++) {
    await mixed.serve(QUICK_MS, 3, 3)
    await mixed.serve(SLOW_MS, 1, 3)
  }
  mixed.submit(0, 'a2')
  await mixed.clock.advance(0)
  assert.equal(mixed.commits, 1)

  const large = new Bench()
  await large.serve(QUICK_MS, 20, 1)
  await large.serve(SLOW_MS, 20, 100)
  large.submit(0, 'a2')
  await large.clock.advance(0)
  assert.equal(large.commits, 1)
})

test('a full batch does not linger, and an engine that stops does not either', async () => {
  const bench = new Bench({ batchCommandsMax: 2 })
  await bench.serve(QUICK_MS, 1, 2)
  await bench.serve(SLOW_MS, 20, 2)
  bench.submit(0, 'a2', 'b2')
  await bench.clock.advance(0)
  assert.ok(bench.answeredAt.has('b2'))

  const stopping = new Bench()
  const answered = await stopping.becomeBusy()
  stopping.submit(0, 'a2')
  const stopped = stopping.engine.stop()
  await stopping.clock.advance(0)
  await stopped
  assert.equal(stopping.answeredAt.get('a2'), answered)
})
