import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, deposit, freeze, settle } from '../../test/support/commands.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { Site, TTL_MS } from '../../test/support/sweeping.ts'
import type { Outcome } from '../domain/outcome.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Fault } from './faults.ts'
import { ENGINE_LIMITS } from './limits.ts'
import { Sweeper } from './sweeper.ts'

const INTERVAL_MS = ENGINE_LIMITS.expiryIntervalMs

test('a hold that is due is ended within an interval, and its coins go back; any other stays open', async () => {
  await using site = new Site()
  const process = site.process()
  await process.give()
  await process.do(freeze('early', 'user:8', 5n, { expiresInMs: 1_000 }))
  await process.do(freeze('late', 'user:8', 7n, { expiresInMs: 60_000 }))
  process.sweeper.start()
  await site.clock.advance(900)
  assert.equal(await process.stateOf('early'), 'open')
  await site.clock.advance(100 + 1.25 * INTERVAL_MS)
  assert.equal(await process.stateOf('early'), 'expired')
  assert.equal(await process.stateOf('late'), 'open')
  assert.equal(await process.held(), 7n)
  assert.deepEqual(process.submitted, ['early'])
  const { swept, faults, lagMs, backlog } = process.sweeper.status
  assert.deepEqual({ swept, faults, lagMs, backlog }, { swept: 1, faults: 0, lagMs: 0, backlog: 0 })
  await process.assertLawful()
})

test('what a hold says about its expiry is done by the sweeper', async () => {
  await using site = new Site()
  const process = site.process()
  await process.give()
  await process.do(freeze('fee', 'user:8', 10n, { expiresInMs: 1_000, onExpiry: { settle: 3n } }))
  process.sweeper.start()
  await site.clock.advance(1_000 + 1.25 * INTERVAL_MS)
  const { state, settled, released } = (await process.storage.reader.hold('fee'))!
  assert.deepEqual([state, settled, released], ['expired', 3n, 7n])
})

test('several engines over one store end each due hold once', async () => {
  await using site = new Site()
  const processes = [site.process(), site.process(), site.process()]
  await processes[0]!.give()
  const holds = await processes[0]!.freeze(1_000)
  await site.clock.advance(TTL_MS + 100)
  for (const { sweeper } of processes) sweeper.start()
  await site.clock.advance(10 * INTERVAL_MS)
  for (const hold of holds) assert.equal(await processes[0]!.stateOf(hold), 'expired')
  const swept = processes.map(({ sweeper }) => sweeper.status.swept)
  assert.equal(
    swept.reduce((sum, count) => sum + count),
    1_000,
    String(swept),
  )
  const submittedCount = processes.reduce((sum, { submitted }) => sum + submitted.length, 0)
  assert.ok(submittedCount > 1_000, 'they never met')
  assert.deepEqual(
    processes.map(({ sweeper }) => sweeper.status.faults),
    [0, 0, 0],
  )
  await processes[0]!.assertLawful()
})

test('where another process was faster, the round ends', async () => {
  await using site = new Site()
  const winner = site.process()
  await winner.give()
  await winner.freeze(1_000)
  await site.clock.advance(TTL_MS + 100)
  // It reads first, and submits after the other process has ended the holds that it found.
  const { reader } = winner.storage
  const loser = site.process(
    {},
    {
      reader: {
        due: async (query) => {
          const found = await reader.due(query)
          for (const { id } of found.holds) await winner.do({ kind: 'release', hold: id, cause: 'expiry' })
          return found
        },
      },
    },
  )
  loser.sweeper.start()
  await site.clock.advance(INTERVAL_MS / 2)
  const { rounds, swept, backlog } = loser.sweeper.status
  assert.deepEqual(
    { rounds, swept, backlog, looks: loser.looks.length },
    { rounds: 1, swept: 0, backlog: 800, looks: 1 },
  )
})

test('a hold that is extended between the look and the release stays open, and is ended later', async () => {
  await using site = new Site()
  const other = site.process()
  await other.give()
  await other.do(freeze('h', 'user:8', 5n, { expiresInMs: 1_000 }))
  const { reader } = other.storage
  let amendsCount = 0
  const process = site.process(
    {},
    {
      reader: {
        due: async (query) => {
          const found = await reader.due(query)
          if (found.holds.length > 0 && amendsCount === 0) {
            amendsCount++
            await other.do(amend('a', 'h', { expiresInMs: 20_000 }))
          }
          return found
        },
      },
    },
  )
  process.sweeper.start()
  await site.clock.advance(5_000)
  assert.deepEqual([amendsCount, process.submitted], [1, ['h']])
  assert.equal(await process.stateOf('h'), 'open')
  const { swept, faults, aside, lagMs } = process.sweeper.status
  assert.deepEqual({ swept, faults, aside, lagMs }, { swept: 0, faults: 0, aside: 0, lagMs: 0 })
  await site.clock.advance(20_000)
  assert.equal(await process.stateOf('h'), 'expired')
  await process.assertLawful()
})

test('a backlog of many thousand due holds is swept in rounds of a bound, and callers are answered in between', async () => {
  await using site = new Site()
  const limits = { expiryRoundMax: 2_000, expiryPageMax: 200 }
  const process = site.process(limits)
  await process.give()
  await process.freeze(7_100)
  await site.clock.advance(3_600_000)
  process.sweeper.start()
  const left: number[] = []
  for (let round = 1; round <= 4; round++) {
    while (process.sweeper.status.rounds < round) {
      await site.clock.advance(INTERVAL_MS / 4)
      await process.do(deposit(`d-${process.looks.length}-${site.clock.now()}`, 'user:8', 1n))
    }
    left.push(await process.openCount())
    assert.equal(process.sweeper.status.backlog, left.at(-1))
  }
  assert.deepEqual(left, [5_100, 3_100, 1_100, 0])
  assert.ok(Math.max(...process.looks) <= limits.expiryPageMax)
  assert.equal(process.submitted.length, 7_100)
  assert.equal(await process.held(), 0n)
  await process.assertLawful()
})

test('the sweeper leaves half of the queue to callers', async () => {
  await using site = new Site()
  const process = site.process({ queueCommandsMax: 9 })
  await process.give()
  for (let index = 0; index < 30; index++) await process.freeze(1, `h${index}-`)
  await site.clock.advance(TTL_MS + 100)
  process.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  assert.deepEqual([process.sweeper.status.swept, process.sweeper.status.faults], [30, 0])
  assert.deepEqual(new Set(process.looks), new Set([4]))
})

test('a new process continues where the previous one was lost', async () => {
  await using site = new Site()
  const lost = site.process({ expiryRoundMax: 300 })
  await lost.give()
  await lost.freeze(1_000)
  await site.clock.advance(TTL_MS + 100)
  lost.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  assert.equal(lost.sweeper.status.swept, 300)
  const stopped = lost.stop()
  await site.clock.advance(1)
  await stopped
  const next = site.process()
  next.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  assert.equal(next.sweeper.status.swept, 700)
  assert.equal(await next.openCount(), 0)
  await next.assertLawful()
})

test('a fault ends the round, and the next one comes after the interval and loses nothing', async () => {
  for (const mishap of ['unavailable', 'doubt-applied', 'contended'] as const) {
    await using site = new Site()
    const process = site.process({ attemptsMax: 1, doubtMsMax: 0, expiryPageMax: 100 })
    await process.give()
    await process.freeze(300)
    await site.clock.advance(TTL_MS + 100)
    process.store.script.push(mishap, mishap, mishap)
    process.sweeper.start()
    await site.clock.advance(0.6 * INTERVAL_MS)
    const { rounds, faults, backlog, lagMs } = process.sweeper.status
    assert.deepEqual({ rounds, faults, backlog }, { rounds: 1, faults: 1, backlog: null }, mishap)
    assert.ok(lagMs > 0, mishap)
    assert.equal(process.submitted.length, 100)
    assert.deepEqual(
      process.events.map(({ kind }) => kind),
      ['faulted'],
    )
    process.store.script.length = 0
    await site.clock.advance(3 * INTERVAL_MS)
    assert.equal(await process.openCount(), 0, mishap)
    assert.equal(process.sweeper.status.lagMs, 0)
    await process.assertLawful()
  }
})

test('a look that fails ends the round, whatever it fails with', async () => {
  for (const failure of [new Fault('store_unavailable', 'Gone.'), new TypeError('A defect.')]) {
    await using site = new Site()
    let isAway = true
    const { reader } = openMemoryStorage(site.tables)
    const process = site.process(
      {},
      {
        reader: {
          due: (query) => (isAway ? Promise.reject(failure) : reader.due(query)),
        },
      },
    )
    await process.give()
    await process.freeze(3)
    await site.clock.advance(TTL_MS + 100)
    process.sweeper.start()
    await site.clock.advance(3 * INTERVAL_MS)
    assert.deepEqual([process.sweeper.status.faults, process.submitted], [3, []])
    isAway = false
    await site.clock.advance(2 * INTERVAL_MS)
    assert.equal(await process.openCount(), 0)
    assert.equal(process.sweeper.status.backlog, 0)
    isAway = true
    await site.clock.advance(2 * INTERVAL_MS)
    assert.equal(process.sweeper.status.backlog, null, 'nobody knows')
  }
})

test('holds that cannot be ended are left aside for a while, and those after them get their turn', async () => {
  await using site = new Site()
  const process = site.process({ expiryPageMax: 4, expiryRoundMax: 40, expiryAsideMs: 30_000 })
  await process.give()
  const stuck = new Set(await process.freeze(10, 'a'))
  const others = await process.freeze(20, 'b')
  await site.clock.advance(TTL_MS + 100)
  process.store.refuses = ({ holdChanges }) => holdChanges.some(({ after }) => stuck.has(after.id))
  process.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  for (const hold of others) assert.equal(await process.stateOf(hold), 'expired', hold)
  const { aside, backlog, faults } = process.sweeper.status
  assert.deepEqual({ aside, backlog, faults }, { aside: 10, backlog: 10, faults: 0 })
  const refused = process.events.filter((event) => event.kind === 'refused')
  assert.deepEqual(
    refused.map(({ reason }) => reason),
    refused.map(() => 'store_refused'),
  )
  assert.equal(
    refused.reduce((sum, { holdsCount }) => sum + holdsCount, 0),
    10,
  )
  const submittedCount = process.submitted.length
  await site.clock.advance(20_000)
  assert.equal(process.submitted.length, submittedCount, 'they are aside')
  process.store.refuses = () => false
  await site.clock.advance(12_000)
  assert.equal(await process.openCount(), 0)
  assert.equal(process.sweeper.status.aside, 0)
  await process.assertLawful()
})

test('no more holds are left aside than the limit says', async () => {
  await using site = new Site()
  const refuse = (): Promise<Outcome> => Promise.reject(new Fault('store_refused', 'A constraint says no.'))
  const process = site.process({ expiryPageMax: 10, expiryRoundMax: 100, expiryAsideMax: 7 }, { submit: refuse })
  await process.give()
  await process.freeze(50)
  await site.clock.advance(TTL_MS + 100)
  process.sweeper.start()
  await site.clock.advance(3 * INTERVAL_MS)
  assert.equal(process.sweeper.status.aside, 7)
  assert.ok(process.sweeper.status.rounds >= 2)
  assert.ok(Math.max(...process.looks) <= 10)
})

test('stopping waits for the page under way, and begins no other', async () => {
  await using site = new Site()
  const process = site.process({ expiryPageMax: 100 })
  await process.give()
  await process.freeze(300)
  await site.clock.advance(TTL_MS + 100)
  let openGate = (): void => {}
  process.store.gate = new Promise((resolve) => (openGate = resolve))
  process.sweeper.start()
  await site.clock.advance(INTERVAL_MS / 2)
  let isStopped = false
  const stopped = process.sweeper.stop().then(() => (isStopped = true))
  await site.clock.advance(100)
  assert.equal(isStopped, false)
  openGate()
  await stopped
  await site.clock.advance(10 * INTERVAL_MS)
  assert.deepEqual([process.submitted.length, process.looks.length, process.sweeper.status.swept], [100, 1, 100])
  assert.equal(await process.openCount(), 200)
  assert.equal(process.sweeper.status.rounds, 1)
})

test('what a look finds after the stop is not submitted', async () => {
  await using site = new Site()
  const { reader } = openMemoryStorage(site.tables)
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => (answer = resolve))
  const process = site.process(
    {},
    {
      reader: { due: (query) => asked.then(() => reader.due(query)) },
    },
  )
  await process.give()
  await process.freeze(3)
  await site.clock.advance(TTL_MS + 100)
  process.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  const stopped = process.sweeper.stop()
  answer()
  await stopped
  assert.deepEqual([process.submitted, await process.openCount()], [[], 3])
})

test('stopping does not wait longer than its limit for a round', async () => {
  await using site = new Site()
  const process = site.process(
    { drainMsMax: 500 },
    {
      reader: { due: () => new Promise(() => {}) },
    },
  )
  process.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  let isStopped = false
  void process.sweeper.stop().then(() => (isStopped = true))
  await site.clock.advance(499)
  assert.equal(isStopped, false)
  await site.clock.advance(1)
  assert.equal(isStopped, true)
})

test('a sweeper that was stopped before it began does not begin', async () => {
  await using site = new Site()
  const process = site.process()
  await process.sweeper.stop()
  process.sweeper.start()
  await site.clock.advance(10 * INTERVAL_MS)
  assert.deepEqual([process.looks, process.sweeper.status.rounds], [[], 0])
})

test('rounds of several processes are spread over the interval by chance', async () => {
  for (const [chance, firstMs, pauseMs] of [
    [0, 0, 750],
    [0.5, 500, 1_000],
    [0.999, 999, 1_249.5],
  ] as const) {
    const clock = new ManualClock()
    clock.chance = chance
    await using site = new Site(clock)
    const process = site.process()
    process.sweeper.start()
    if (firstMs > 0) {
      await clock.advance(firstMs - 1)
      assert.equal(process.looks.length, 0)
    }
    await clock.advance(1)
    assert.equal(process.looks.length, 1)
    await clock.advance(10 * pauseMs)
    assert.equal(process.looks.length, 11)
  }
})

test('the operator hears when due holds are left over for too long, and when they are not any more', async () => {
  await using site = new Site()
  const process = site.process({ expiryPageMax: 10, expiryRoundMax: 10, expiryLagMsMax: 30_000 })
  await process.give()
  await process.freeze(100)
  await site.clock.advance(TTL_MS + 29_000)
  process.sweeper.start()
  await site.clock.advance(4 * INTERVAL_MS)
  assert.equal(process.sweeper.status.isBehind, true)
  await site.clock.advance(20 * INTERVAL_MS)
  assert.equal(process.sweeper.status.isBehind, false)
  const [behind, ...rest] = process.events
  assert.ok(behind?.kind === 'behind')
  assert.ok(behind.status.lagMs > 30_000 && behind.status.backlog! > 0)
  assert.deepEqual(
    rest.map(({ kind }) => kind),
    ['caught_up'],
  )
})

test('the operator hears when nobody could look for due holds for too long', async () => {
  await using site = new Site()
  const away = (): Promise<never> => Promise.reject(new Fault('store_unavailable', 'Gone.'))
  const process = site.process({}, { reader: { due: away } })
  process.sweeper.start()
  await site.clock.advance(ENGINE_LIMITS.expiryLagMsMax + 5 * INTERVAL_MS)
  assert.equal(process.sweeper.status.isBehind, true)
  // The fault is reported at once, and then once a minute.
  assert.deepEqual(
    process.events.map(({ kind }) => kind),
    ['faulted', 'faulted', 'behind'],
  )
})

test('a listener that throws does not keep holds open', async () => {
  await using site = new Site()
  const process = site.process(
    {},
    {
      onEvent: () => {
        throw new Error('A defect of the listener.')
      },
    },
  )
  await process.give()
  await process.freeze(3)
  await site.clock.advance(TTL_MS + 100)
  process.store.script.push('unavailable')
  process.sweeper.start()
  await site.clock.advance(3 * INTERVAL_MS)
  assert.deepEqual([process.sweeper.status.faults, await process.openCount()], [1, 0])
})

test('a time of day that is set back keeps no round from coming, and ends no hold early', async () => {
  await using site = new Site()
  const process = site.process()
  await process.give()
  await process.do(freeze('h', 'user:8', 5n, { expiresInMs: 60_000 }))
  process.sweeper.start()
  site.clock.offMs = -3_600_000
  await site.clock.advance(10 * INTERVAL_MS)
  assert.equal(process.looks.length, 10)
  assert.equal(await process.stateOf('h'), 'open')
  site.clock.offMs = 0
  await site.clock.advance(52_000)
  assert.equal(await process.stateOf('h'), 'expired')
})

test('a settle that comes at the same moment as the sweeper ends the hold once', async () => {
  await using site = new Site()
  const process = site.process()
  const other = site.process()
  await process.give()
  const holds = await process.freeze(200)
  await site.clock.advance(TTL_MS + 100)
  process.sweeper.start()
  const racing: Promise<Outcome>[] = []
  site.clock.after(INTERVAL_MS / 2, () => {
    for (const hold of holds) racing.push(other.engine.submit(settle(hold, 1n)))
  })
  await site.clock.advance(INTERVAL_MS)
  const outcomes = await Promise.all(racing)
  const settled = outcomes.filter(({ status }) => status === 'applied').length
  assert.equal(settled + process.sweeper.status.swept, 200)
  assert.equal(await process.held(), 0n)
  await process.assertLawful()
})

test('a round that begins after the stop is a defect', async () => {
  const pauses: (() => void)[] = []
  const clock = new ManualClock()
  clock.after = (_, action) => {
    pauses.push(action)
    return () => undefined
  }
  const sweeper = new Sweeper({
    reader: { due: () => assert.fail() },
    submit: () => assert.fail(),
    now: () => assert.fail(),
    clock,
    limits: ENGINE_LIMITS,
  })
  sweeper.start()
  await sweeper.stop()
  assert.throws(() => pauses[0]!(), /"stopped" to "sweeping"/)
})
