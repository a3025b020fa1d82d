import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { DatabaseFailure } from '../databases/database.ts'
import { CallFailure } from '../strategies/strategy.ts'
import type { Workload } from './call.ts'
import { closedLoop } from './closed-loop.ts'
import { Meter, type Measured } from './meter.ts'
import { openLoop } from './open-loop.ts'
import { stallingTarget } from './stalling-target.ts'

const SECONDS = 1
const STALL_MS = 300
const DRAIN_MS_MAX = 2_000

function percentileMs({ histogram }: Measured, percent: number): number {
  return decodeFromCompressedBase64(histogram).getValueAtPercentile(percent) / 1_000
}

interface Load {
  readonly workload: Workload
  readonly rate?: number
  readonly inFlight: number
  readonly seconds?: number
  readonly drainMsMax?: number
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Runs `run` on a clock that advances whenever everything waits for it, so that the machine's load makes no difference. */
async function played<Result>(run: () => Promise<Result>): Promise<Result> {
  let now = 0
  mock.method(performance, 'now', () => now)
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const result = run()
    let isOver = false
    void result.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve))
      now += 1
      mock.timers.tick(1)
    }
    return await result
  } finally {
    mock.timers.reset()
    mock.restoreAll()
  }
}

async function measure({ workload, rate, inFlight, seconds = SECONDS, drainMsMax = DRAIN_MS_MAX }: Load) {
  const beginsAt = performance.now()
  const endsAt = beginsAt + seconds * 1_000
  const meter = new Meter({ opensAt: beginsAt, closesAt: endsAt })
  await (rate === undefined
    ? closedLoop(workload, meter, { inFlight, endsAt, drainMsMax })
    : openLoop(workload, meter, { rate, inFlightMax: inFlight, beginsAt, endsAt, drainMsMax }))
  return meter.measured()
}

function always(run: () => Promise<void>): Workload {
  return { next: () => ({ kind: 'freeze', run }) }
}

test('an open loop shows a stall in the latency of every call that it kept waiting', () =>
  played(async () => {
    const workload = stallingTarget({ fromAt: performance.now() + 300, ms: STALL_MS })
    const measured = await measure({ workload, rate: 200, inFlight: 4 })
    // Of 200 calls the 60 that were due during the stall waited, on average half of it; a fifth waited longer than 100 ms.
    assert.ok(percentileMs(measured, 85) > 80, `p85 is ${percentileMs(measured, 85)} ms`)
    assert.ok(percentileMs(measured, 99) > 200, `p99 is ${percentileMs(measured, 99)} ms`)
  }))

test('a closed loop hides the same stall from all but the few calls that were on their way', () =>
  played(async () => {
    const workload = stallingTarget({ fromAt: performance.now() + 300, ms: STALL_MS })
    const measured = await measure({ workload, inFlight: 4 })
    assert.ok(percentileMs(measured, 85) < 50, `p85 is ${percentileMs(measured, 85)} ms`)
  }))

test('an open loop sends as many calls as the rate says, whatever the target does', () =>
  played(async () => {
    const workload = stallingTarget({ fromAt: performance.now() + 700, ms: STALL_MS })
    const { calls } = await measure({ workload, rate: 500, inFlight: 10 })
    assert.equal(calls, 500)
    assert.equal(workload.count, 500)
  }))

test('no loop has more calls in flight than it may', () =>
  played(async () => {
    for (const rate of [undefined, 2_000]) {
      let inFlight = 0
      let most = 0
      const workload = always(async () => {
        most = Math.max(most, ++inFlight)
        await sleep(5)
        inFlight--
      })
      await measure({ workload, inFlight: 7, seconds: 0.2, ...(rate === undefined ? {} : { rate }) })
      assert.equal(most, 7)
    }
  }))

test('calls that are never answered are given up after a while, and count as long as they were waited for', () =>
  played(async () => {
    for (const rate of [undefined, 50]) {
      const workload = always(() => new Promise(() => undefined))
      const load = { workload, inFlight: 3, seconds: 0.2, drainMsMax: 300 }
      const { calls, errors, commands, tally, ...measured } = await measure(
        rate === undefined ? load : { ...load, rate },
      )
      const due = rate === undefined ? 3 : 10
      assert.deepEqual({ calls, errors, commands }, { calls: due, errors: { unanswered: due }, commands: 0 })
      // The outcome of calls that were sent and not answered is unknown.
      assert.equal(tally.unknown, 3)
      assert.ok(percentileMs(measured as Measured, 100) > 300)
    }
  }))

test('what is refused is counted by its code, and is no command', () =>
  played(async () => {
    const refusals = [
      () => Promise.reject(new DatabaseFailure('deadlock', new Error('found one'))),
      () => Promise.reject(new CallFailure('cas_exhausted', 'moved')),
      () => Promise.resolve(),
    ]
    let turn = 0
    const workload = always(async () => {
      await sleep(1)
      await refusals[turn++ % 3]!()
    })
    const { commands, calls, errors, errorMessages, tally } = await measure({ workload, inFlight: 1, seconds: 0.2 })
    assert.equal(calls, turn)
    assert.ok(Math.abs(errors['deadlock']! - turn / 3) <= 1 && Math.abs(errors['cas_exhausted']! - turn / 3) <= 1)
    assert.ok(Math.abs(commands - turn / 3) <= 1)
    assert.deepEqual(errorMessages, { deadlock: 'found one', cas_exhausted: 'moved' })
    assert.equal(tally.freezes, turn - errors['deadlock']! - errors['cas_exhausted']!)
  }))

test('a defect of the lab is not taken for a failure of the strategy', () =>
  played(async () => {
    const workload = always(async () => {
      await sleep(1)
      throw new TypeError('undefined is not a function')
    })
    await assert.rejects(measure({ workload, inFlight: 1, seconds: 0.1 }), TypeError)
  }))

test('what happens before the window opens is tallied, and no part of the figures', () =>
  played(async () => {
    const beginsAt = performance.now()
    const meter = new Meter({ opensAt: beginsAt + 200, closesAt: beginsAt + 400 })
    const workload = always(() => sleep(10))
    await closedLoop(workload, meter, { inFlight: 1, endsAt: beginsAt + 400, drainMsMax: DRAIN_MS_MAX })
    const { commands, calls, tally } = meter.measured()
    assert.ok(tally.freezes > calls + 5, `${tally.freezes} in all, ${calls} in the window`)
    assert.ok(commands > 5)
  }))
