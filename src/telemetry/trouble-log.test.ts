import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deposit, freeze } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { captureLog } from '../../test/support/log-lines.ts'
import { ManualClock } from '../../test/support/manual-clock.ts'
import type { EngineLimits } from '../engine/limits.ts'
import { Engine } from '../engine/engine.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { LOG_INTERVALS } from './limits.ts'
import { TroubleLog } from './trouble-log.ts'

function open(level = 'info', limits: Partial<EngineLimits> = {}) {
  const clock = new ManualClock()
  const store = new FaultyStore(openMemoryStorage().store)
  const { lines, log } = captureLog(level)
  const troubles = new TroubleLog(log, clock)
  const engine = new Engine(store, { observers: [troubles], limits })
  troubles.watchRefusals(engine.measures)
  return { clock, store, engine, lines, troubles }
}

/** The sum of the counts of the lines about one kind of trouble. */
function sumOf(lines: ReturnType<typeof open>['lines'], trouble: string): number {
  return lines.filter((line) => line['trouble'] === trouble).reduce((sum, { count }) => sum + Number(count), 0)
}

describe('the log of trouble', () => {
  test('has absorbed deadlocks at once, then counted, and none is missing', async () => {
    const { clock, store, engine, lines, troubles } = open()
    for (let number = 0; number < 5; number++) {
      store.script.push('contended', 'contended')
      await engine.submit(deposit(`d${number}`, 'user:8', 1n))
    }
    assert.deepEqual(
      lines.map(({ level, trouble, path, count }) => [level, trouble, path, count]),
      [[40, 'deadlock', 'swap', 1]],
    )
    await clock.advance(LOG_INTERVALS.troubleMs)
    assert.equal(lines.length, 2)
    assert.equal(sumOf(lines, 'deadlock'), engine.stats.deadlock)
    store.script.push('contended')
    await engine.submit(freeze('h', 'user:8', 1n))
    troubles.flush()
    assert.equal(sumOf(lines, 'deadlock'), engine.stats.deadlock)
    assert.ok(engine.stats.deadlock >= 10)
  })

  test('has a lost commit, and what became of it', async () => {
    const { store, engine, lines } = open('info', { doubtMsMax: 20, breakerFailures: 100 })
    store.script.push('doubt-applied')
    await engine.submit(deposit('d', 'user:8', 1n))
    store.script.push('doubt-applied', ...Array<'doubt-lost'>(50).fill('doubt-lost'))
    await assert.rejects(engine.submit(deposit('e', 'user:8', 1n)), { code: 'commit_in_doubt' })
    assert.deepEqual(
      lines.map(({ level, trouble, isKnown, count }) => [level, trouble, isKnown, count]),
      [
        [40, 'doubt', undefined, 1],
        [40, 'doubt_ended', true, 1],
        [40, 'doubt_ended', false, 1],
      ],
    )
  })

  test('has the openings and closings of the circuit breaker, with the fault', async () => {
    const { store, engine, lines } = open('info', { breakerFailures: 2, breakerOpenMs: 1 })
    store.script.push('unavailable', 'unavailable')
    for (const id of ['a', 'b']) await assert.rejects(engine.submit(deposit(id, 'user:8', 1n)))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await engine.submit(deposit('c', 'user:8', 1n))
    const [opened, closed, ...more] = lines
    assert.deepEqual([opened?.['level'], opened?.['code'], opened?.['circuit']], [50, 'store_unavailable', 'writes'])
    assert.deepEqual([closed?.['level'], closed?.['circuit'], Number(closed?.['openMs']) >= 1], [30, 'writes', true])
    assert.equal(more.length, 0)
  })

  test('has a batch that was halved', async () => {
    const { store, engine, lines } = open()
    store.refuses = ({ entries }) => entries.some(({ id }) => id === 'bad')
    await Promise.allSettled(['a', 'bad', 'c'].map((id) => engine.submit(deposit(id, 'user:8', 1n))))
    assert.deepEqual([lines[0]?.['trouble'], lines[0]?.['commands'], lines[0]?.['code']], ['split', 3, 'store_refused'])
  })

  test('counts refusals for want of funds per interval, without names', async () => {
    const { clock, engine, lines } = open()
    for (let number = 0; number < 3; number++) await engine.submit(freeze(`h${number}`, 'user:secret', 1n))
    assert.equal(lines.length, 0)
    await clock.advance(LOG_INTERVALS.refusalsMs)
    await clock.advance(LOG_INTERVALS.refusalsMs)
    assert.deepEqual(
      lines.map(({ level, code, count }) => [level, code, count]),
      [[30, 'insufficient_funds', 3]],
    )
    assert.doesNotMatch(JSON.stringify(lines), /secret/)
  })

  test('names the account of such a refusal at level debug', async () => {
    const { engine, lines } = open('debug')
    await engine.submit(freeze('h', 'user:8', 7n))
    assert.deepEqual(
      lines.map(({ level, account, required, requestId }) => [level, account, required, requestId]),
      [[20, 'user:8', '7', 'h']],
    )
  })

  test('counts what the limits of accounts refuse', async () => {
    const { engine, lines, troubles } = open('info', { accountCommandsPerSecondMax: 1, accountBurstMax: 2 })
    await engine.submit(deposit('d', 'user:8', 100n))
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, number) => engine.submit(freeze(`h${number}`, 'user:8', 1n))),
    )
    troubles.flush()
    const refused = answers.filter(({ status }) => status === 'rejected').length
    assert.ok(refused >= 5)
    assert.equal(
      lines.reduce((sum, { count }) => sum + Number(count), 0),
      refused,
    )
    assert.deepEqual([...new Set(lines.map(({ code }) => code))], ['rate_limited'])
  })
})
