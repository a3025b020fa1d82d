/** The comparison of clocks, on a clock that a test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { Instant } from '../domain/ids.ts'
import { ClockWatch, type ClockEvent } from './clock-watch.ts'
import { Fault } from './faults.ts'
import { ENGINE_LIMITS } from './limits.ts'
import type { StoreClock } from './store.ts'

const { clockDifferenceMsMax, clockCheckIntervalMs, clockRetryMs, clockJumpMsMax } = ENGINE_LIMITS
const HOUR_MS = 3_600_000

/** A process and a database, each with its own clock. */
class Bench {
  readonly clock = new ManualClock()
  readonly events: ClockEvent[] = []
  readonly watch: ClockWatch
  looks = 0
  newestAt: Instant | null = null
  /** Duration of a query. */
  answerMs = 0
  fails = false
  readonly #hasServer: boolean

  constructor({ hasServer = true, acceptRowsAhead = false, offMs = 0 } = {}) {
    this.#hasServer = hasServer
    this.clock.offMs = offMs
    const store = { clock: () => this.#answer() }
    const onClockEvent = (event: ClockEvent): void => void this.events.push(event)
    this.watch = new ClockWatch({ store, clock: this.clock, limits: ENGINE_LIMITS }, { acceptRowsAhead, onClockEvent })
  }

  /** The time of a correct clock. */
  get trueNow(): Instant {
    return this.clock.now() - this.clock.offMs
  }

  get kinds(): readonly string[] {
    return this.events.map(({ kind }) => kind)
  }

  /** The outcome of a command after `ms` have passed. */
  async met(ms = 0): Promise<string> {
    await this.clock.advance(ms)
    const checked = this.watch.check().then(
      () => 'served',
      (error: unknown) => (error as Fault).code,
    )
    await this.clock.advance(this.answerMs)
    return await checked
  }

  async message(): Promise<string> {
    return await this.watch.check().then(
      () => '',
      (error: unknown) => (error as Fault).message,
    )
  }

  async #answer(): Promise<StoreClock> {
    this.looks++
    // The server reads its clock when the query arrives.
    const serverAt = this.#hasServer ? this.trueNow : null
    if (this.answerMs > 0) await this.clock.sleep(this.answerMs)
    if (this.fails) throw new Fault('store_unavailable', 'The database does not answer.')
    return { serverAt, newestAt: this.newestAt }
  }
}

for (const [offMs, how] of [
  [
    20 * 60_000,
    /^The clock of this process is 1200 s ahead of that of the database's server; at most 5 s are allowed\./,
  ],
  [
    -8 * HOUR_MS,
    /^The clock of this process is 28800 s behind that of the database's server; at most 5 s are allowed\./,
  ],
] as const) {
  test(`a clock that is ${offMs} ms off the server's is refused, with how far and which way, and served when it is right`, async () => {
    const bench = new Bench({ offMs })
    assert.equal(await bench.met(), 'clock_wrong')
    assert.match(await bench.message(), how)
    assert.equal(await bench.met(10 * clockRetryMs), 'clock_wrong')
    bench.clock.offMs = 0
    assert.equal(await bench.met(), 'served')
    assert.equal(bench.watch.now(), bench.trueNow)
    assert.deepEqual(bench.kinds, ['wrong', 'right'])
  })
}

test('clocks that differ from the server by half of the bound are served: two of them differ by the whole of it', async () => {
  for (const offMs of [clockDifferenceMsMax / 2, -clockDifferenceMsMax / 2]) {
    assert.equal(await new Bench({ offMs }).met(), 'served')
    assert.equal(await new Bench({ offMs: offMs + Math.sign(offMs) }).met(), 'clock_wrong')
  }
})

test('a slow answer proves no more than its time allows: neither that a clock is wrong nor that it is right again', async () => {
  const slow = new Bench({ offMs: -clockDifferenceMsMax })
  slow.answerMs = clockDifferenceMsMax
  assert.equal(await slow.met(), 'served')
  slow.answerMs = 0
  assert.equal(await slow.met(clockCheckIntervalMs), 'served')
  assert.equal(await slow.met(), 'clock_wrong')
  slow.answerMs = clockDifferenceMsMax
  assert.equal(await slow.met(clockRetryMs), 'clock_wrong')
  assert.deepEqual(slow.kinds, ['wrong'])
})

test('the time of day that jumps is compared before the next command, and nothing else is waited for', async () => {
  const bench = new Bench()
  assert.equal(await bench.met(), 'served')
  assert.equal(await bench.met(clockCheckIntervalMs - 1), 'served')
  bench.clock.offMs = clockJumpMsMax
  assert.equal(await bench.met(), 'served')
  assert.equal(bench.looks, 1)
  bench.clock.offMs = HOUR_MS
  assert.equal(bench.watch.isSure(), false)
  assert.equal(await bench.met(), 'clock_wrong')
  assert.equal(bench.looks, 2)
  bench.clock.offMs = 0
  assert.equal(await bench.met(), 'served')
  assert.equal(bench.looks, 3)
})

test('while the clock is right a look keeps nobody waiting, comes once an interval, and proves nothing when it fails', async () => {
  const bench = new Bench()
  assert.equal(await bench.met(), 'served')
  bench.fails = true
  bench.answerMs = 100
  for (let interval = 1; interval <= 3; interval++) {
    await bench.clock.advance(clockCheckIntervalMs)
    assert.equal(bench.watch.isSure(), true)
    assert.equal(bench.watch.isSure(), true)
    await bench.clock.advance(bench.answerMs)
    assert.equal(bench.looks, 1 + interval)
  }
  bench.clock.offMs = HOUR_MS
  assert.equal(await bench.met(), 'store_unavailable')
})

test('before the first look nothing is served, and a look that fails says why', async () => {
  const bench = new Bench()
  assert.equal(bench.watch.isSure(), false)
  bench.fails = true
  assert.equal(await bench.met(), 'store_unavailable')
  bench.fails = false
  assert.equal(await bench.met(), 'served')
})

test('a clock that is wrong is compared once per pause, however many ask', async () => {
  const bench = new Bench({ offMs: HOUR_MS })
  await Promise.all(Array.from({ length: 50 }, () => bench.message()))
  for (let index = 0; index < 50; index++) await bench.message()
  assert.equal(bench.looks, 1)
  await bench.clock.advance(clockRetryMs)
  await bench.message()
  assert.equal(bench.looks, 2)
  assert.deepEqual(bench.kinds, ['wrong'])
})

test('a clock that jumps at every look is refused after a few, and not asked forever', async () => {
  const bench = new Bench()
  const jump = (): null => {
    bench.clock.offMs += HOUR_MS
    return null
  }
  Object.defineProperty(bench, 'newestAt', { get: jump })
  assert.equal(await bench.met(), 'clock_wrong')
  assert.equal(bench.looks, 3)
})

test('where nobody else has a clock, rows of the future refuse it with both explanations, until it has come to them', async () => {
  const bench = new Bench({ hasServer: false, offMs: -8 * HOUR_MS })
  bench.newestAt = bench.trueNow
  assert.equal(await bench.met(), 'clock_wrong')
  const message = await bench.message()
  assert.match(message, /^The newest rows of the database are 28800 s ahead of the clock of this process\./)
  assert.match(message, /If this clock is behind, correct it.*If it was ahead when those rows were written/)
  assert.match(message, /wait until 2030-01-31T12:00:00\.000Z, or set HOLDFAST_ACCEPT_ROWS_AHEAD=true/)
  // The clock is corrected.
  bench.clock.offMs = 0
  assert.equal(await bench.met(), 'served')
  assert.deepEqual(bench.kinds, ['wrong', 'right'])
  const slow = new Bench({ hasServer: false })
  slow.newestAt = slow.trueNow + HOUR_MS
  assert.equal(await slow.met(), 'clock_wrong')
  assert.equal(await slow.met(HOUR_MS - clockDifferenceMsMax - 1), 'clock_wrong')
  assert.equal(await slow.met(clockRetryMs), 'served')
})

test('rows that are ahead by no more than clocks may differ are nobody’s fault', async () => {
  const bench = new Bench({ hasServer: false })
  bench.newestAt = bench.trueNow + clockDifferenceMsMax
  assert.equal(await bench.met(), 'served')
  assert.deepEqual(bench.watch.warnings, [])
})

test('a process that saw its clock set back believes it, as far as the rows may be its own, and warns until when', async () => {
  const bench = new Bench({ hasServer: false, offMs: 8 * HOUR_MS })
  assert.equal(await bench.met(), 'served')
  await bench.clock.advance(5_000)
  bench.newestAt = bench.watch.now()
  bench.clock.offMs = 0
  assert.equal(await bench.met(), 'served')
  assert.equal(bench.watch.now(), bench.trueNow)
  assert.match(bench.watch.warnings.join(), /up to 28800 s ahead of the clock.* Until 2030-01-31T20:00:05\.000Z/)
  assert.deepEqual(bench.kinds, ['rows_ahead'])
  await bench.clock.advance(clockCheckIntervalMs)
  await bench.met(1)
  assert.deepEqual(bench.kinds, ['rows_ahead'])
  // This process cannot have written rows that are later than every time of its clock.
  bench.newestAt = bench.trueNow + 9 * HOUR_MS
  await bench.met(clockCheckIntervalMs)
  assert.equal(await bench.met(), 'clock_wrong')
})

test('rows ahead are served with a warning where the operator says that the clock is right', async () => {
  const bench = new Bench({ hasServer: false, acceptRowsAhead: true })
  bench.newestAt = bench.trueNow + HOUR_MS
  assert.equal(await bench.met(), 'served')
  assert.match(bench.watch.warnings.join(), /up to 3600 s ahead/)
  await bench.met(HOUR_MS)
  await bench.met()
  assert.deepEqual(bench.watch.warnings, [])
})

test('where a server says that the clock is right, rows ahead of it are a warning', async () => {
  const bench = new Bench()
  bench.newestAt = bench.trueNow + HOUR_MS
  assert.equal(await bench.met(), 'served')
  assert.match(bench.watch.warnings.join(), /up to 3600 s ahead of the clock.* Until 2030-01-31T13:00:00\.000Z/)
  assert.deepEqual(bench.kinds, ['rows_ahead'])
})

test('where a server confirms that the clock was rightly set ahead, as after a sleep, nothing rests', async () => {
  const bench = new Bench({ offMs: -HOUR_MS })
  bench.clock.offMs = 0
  assert.equal(await bench.met(), 'served')
  bench.watch.requireSettled()
  assert.deepEqual([bench.watch.warnings, bench.kinds], [[], []])
})

test('time waits for a clock that is set back a little, and follows one that is set back by more', async () => {
  const bench = new Bench({ hasServer: false })
  await bench.met()
  const first = bench.watch.now()
  bench.clock.offMs = -clockDifferenceMsMax
  await bench.met()
  assert.equal(bench.watch.now(), first)
  await bench.clock.advance(clockDifferenceMsMax + 1)
  assert.equal(bench.watch.now(), first + 1)
  bench.clock.offMs -= clockDifferenceMsMax + 1
  await bench.met()
  assert.equal(bench.watch.now(), first - clockDifferenceMsMax)
})

test('a listener that throws delays nobody', async () => {
  const bench = new Bench({ offMs: HOUR_MS })
  bench.events.push = () => {
    throw new Error('deaf')
  }
  assert.equal(await bench.met(), 'clock_wrong')
  bench.clock.offMs = 0
  assert.equal(await bench.met(), 'served')
})
