/** Holds, commands and times when the clock of a process is wrong and is then corrected. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit, freeze } from '../../test/support/commands.ts'
import { Site, TTL_MS, type SweepingProcess } from '../../test/support/sweeping.ts'
import type { Command } from '../domain/command.ts'
import type { Fault } from './faults.ts'
import { ENGINE_LIMITS } from './limits.ts'

const HOUR_MS = 3_600_000
const { expiryIntervalMs, clockRestMs, clockRetryMs } = ENGINE_LIMITS

async function codeOf({ engine }: SweepingProcess, command: Command): Promise<string> {
  try {
    const outcome = await engine.submit(command)
    return 'status' in outcome ? outcome.status : 'group'
  } catch (error) {
    return `${(error as Fault).code}/${(error as Fault).applied}/${(error as Fault).retryAfterMs}`
  }
}

/** A process with a clock of its own, on a database whose server has the true time. */
function processBesideServer(site: Site): SweepingProcess {
  const { clock } = site
  const process = site.process()
  process.store.serverClock = () => clock.now() - clock.offMs
  return process
}

test('a process that is ahead of the database ends no hold and serves nothing, and goes on by itself when it is right', async () => {
  await using site = new Site()
  const { clock } = site
  const process = processBesideServer(site)
  await process.give()
  await process.freeze(1)
  process.sweeper.start()
  clock.offMs = 20 * 60_000
  await clock.advance(TTL_MS - 2 * expiryIntervalMs)
  assert.equal(await process.stateOf('h00000'), 'open')
  assert.equal(await codeOf(process, deposit('d-1', 'user:8', 1n)), `clock_wrong/no/${clockRetryMs}`)
  await assert.rejects(process.engine.ready(), { code: 'clock_wrong', message: /1200 s ahead of/ })
  // Only the clock watch reports it.
  assert.deepEqual([process.events, process.submitted], [[], []])
  assert.equal(process.sweeper.status.lagMs, 0)
  clock.offMs = 0
  await process.engine.ready()
  assert.equal(await codeOf(process, deposit('d-1', 'user:8', 1n)), 'applied')
  await clock.advance(4 * expiryIntervalMs)
  assert.equal(await process.stateOf('h00000'), 'expired')
  await process.assertLawful()
})

test('a process that was ahead at its start gives holds the life that was asked for once it is right', async () => {
  await using site = new Site()
  const { clock } = site
  clock.offMs = 8 * HOUR_MS
  const process = site.process()
  process.sweeper.start()
  await process.do(deposit('funds', 'user:8', 100n))
  await clock.advance(2_000)
  clock.offMs = 0
  const frozenAt = clock.now()
  await process.do(freeze('short', 'user:8', 1n, { expiresInMs: 2_000 }))
  await process.do(freeze('exact', 'user:8', 1n, { expiresAt: frozenAt + 600_000 }))
  const short = await process.storage.reader.hold('short')
  assert.deepEqual([short!.createdAt, short!.expiresAt], [frozenAt, frozenAt + 2_000])
  for (const [index, id] of ['d-1', 'd-2'].entries()) {
    await process.do(deposit(id, 'user:8', 1n))
    assert.equal((await process.storage.reader.entry(id))!.at, frozenAt + index * 10)
    await clock.advance(10)
  }
  assert.equal((await process.storage.reader.accountAt('user:8', clock.now()))!.balances[0]!.available, 100n)
  await clock.advance(2_000 + 2 * expiryIntervalMs)
  assert.deepEqual([await process.stateOf('short'), await process.stateOf('exact')], ['expired', 'open'])
  await process.engine.ready()
})

test('another process refuses rows of the future where no server has a clock, unless they are accepted', async () => {
  await using site = new Site()
  const { clock } = site
  clock.offMs = 8 * HOUR_MS
  await site.process().do(deposit('funds', 'user:8', 100n))
  clock.offMs = 0
  const other = site.process()
  assert.equal(await codeOf(other, deposit('d-1', 'user:8', 1n)), `clock_wrong/no/${clockRetryMs}`)
  const accepting = site.process({}, {}, { acceptRowsAhead: true, houseStripe: 0 })
  assert.equal(await codeOf(accepting, deposit('d-1', 'user:8', 1n)), 'applied')
  assert.match(accepting.engine.clockWarnings.join(), /up to 28800 s ahead of the clock/)
  // The row that it wrote after the first process, in the same stripe, is the newest one now.
  await clock.advance(clockRetryMs)
  assert.equal(await codeOf(other, deposit('d-2', 'user:8', 1n)), 'applied')
})

test('a clock that is set ahead for a moment ends no hold where no server has a clock, and one that stays so does', async () => {
  await using site = new Site()
  const { clock } = site
  const process = site.process()
  await process.give()
  await process.do(freeze('hour', 'user:8', 1n, { expiresInMs: HOUR_MS }))
  process.sweeper.start()
  await clock.advance(2 * expiryIntervalMs)
  clock.offMs = 24 * HOUR_MS
  await clock.advance(2_500)
  assert.match(
    process.engine.clockWarnings.join(),
    /was set ahead by 86400 s, or its machine was suspended.* for 30 s\./,
  )
  clock.offMs = 0
  await clock.advance(2 * expiryIntervalMs)
  assert.deepEqual([await process.stateOf('hour'), process.engine.clockWarnings], ['open', []])
  clock.offMs = HOUR_MS
  await clock.advance(clockRestMs)
  assert.equal(await process.stateOf('hour'), 'open')
  await clock.advance(2 * expiryIntervalMs)
  assert.deepEqual([await process.stateOf('hour'), process.engine.clockWarnings], ['expired', []])
  assert.deepEqual(process.events, [])
})
