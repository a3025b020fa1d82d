import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { deposit, freeze, leg, release, settle, transfer } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { captureLog, type Line } from '../../test/support/log-lines.ts'
import type { EngineLimits } from '../engine/limits.ts'
import type { Work } from '../domain/command.ts'
import { Engine } from '../engine/engine.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { CommandLog } from './command-log.ts'
import { isSampled } from './sampling.ts'

function open(share = 1, limits: Partial<EngineLimits> = {}) {
  const store = new FaultyStore(openMemoryStorage().store)
  const { lines, log } = captureLog('info')
  const commandLog = new CommandLog({ log, share })
  const engine = new Engine(store, { observers: [commandLog], limits })
  return { store, engine, lines, commandLog }
}

/** Some fields of a line. */
function pick(line: Line | undefined, ...names: string[]): readonly unknown[] {
  return names.map((name) => line?.[name])
}

describe('the log of commands', () => {
  test('has one line for each command, with its outcome and its batch', async () => {
    const { engine, lines } = open()
    const origin = { callId: 'call-1', traceId: 'a'.repeat(32) }
    await engine.submit(deposit('d', 'user:8', 9_007_199_254_740_993n), { origin })
    await engine.submit(deposit('d', 'user:8', 9_007_199_254_740_993n))
    await engine.submit(freeze('h', 'user:8', 50n))
    await engine.submit(freeze('much', 'user:9', 500n))
    await engine.submit(settle('h', 25n))
    await engine.submit(release('h')).catch(() => undefined)
    await nextTurn()
    assert.deepEqual(
      lines.map((line) => pick(line, 'kind', 'account', 'asset', 'amount', 'requestId', 'hold', 'outcome', 'code')),
      [
        ['deposit', 'user:8', 'credit', '9007199254740993', 'd', undefined, 'applied', undefined],
        ['deposit', 'user:8', 'credit', '9007199254740993', 'd', undefined, 'replayed', undefined],
        ['freeze', 'user:8', 'credit', '50', 'h', 'h', 'applied', undefined],
        ['freeze', 'user:9', 'credit', '500', 'much', 'much', 'rejected', 'insufficient_funds'],
        ['settle', 'user:8', 'credit', '25', 'h', 'h', 'applied', undefined],
        ['release', undefined, undefined, undefined, 'h', 'h', 'rejected', 'hold_not_open'],
      ],
    )
    assert.deepEqual(
      lines.map((line) => pick(line, 'level', 'msg', 'attempts', 'path', 'batch', 'batchCommands')),
      lines.map((_, index) => [30, 'command', 1, 'swap', index + 1, 1]),
    )
    assert.deepEqual(pick(lines[0], 'callId', 'traceId'), ['call-1', 'a'.repeat(32)])
    for (const { elapsedMs, queueMs } of lines) {
      assert.ok(Number(queueMs) >= 0 && Number(elapsedMs) >= Number(queueMs), `${String(elapsedMs)} ${String(queueMs)}`)
    }
  })

  test('is written after the answers', async () => {
    const { engine, lines } = open()
    await engine.submit(deposit('d', 'user:8', 1n))
    assert.equal(lines.length, 0)
    await nextTurn()
    assert.equal(lines.length, 1)
  })

  test('counts the transactions that a batch took, and says when it was locked', async () => {
    const { engine, store, lines } = open()
    store.script.push('contended', 'stale', 'none')
    await engine.submit(deposit('d', 'user:8', 1n))
    store.script.push('doubt-applied', 'none')
    await engine.submit(deposit('e', 'user:8', 1n))
    await nextTurn()
    assert.deepEqual(pick(lines[0], 'attempts', 'path', 'outcome'), [3, 'locked', 'applied'])
    assert.deepEqual(pick(lines[1], 'outcome', 'path'), ['replayed', 'locked'])
  })

  test('has what faulted: in a batch, and before any', async () => {
    const { engine, store, lines } = open(1, { queueCommandsMax: 2, batchesInFlightMax: 1, attemptsMax: 2 })
    store.script.push('contended', 'contended', 'contended')
    await assert.rejects(engine.submit(deposit('d', 'user:8', 1n)), { code: 'contention' })
    const late = engine.submit(freeze('late', 'user:8', 1n), { signal: AbortSignal.abort() })
    await assert.rejects(late, { code: 'deadline_exceeded' })
    const answers = await Promise.allSettled(
      [1, 2, 3, 4].map((number) => engine.submit(deposit(`x${number}`, 'user:8', 1n))),
    )
    assert.ok(answers.some(({ status }) => status === 'rejected'))
    await engine.stop()
    await assert.rejects(engine.submit(deposit('after', 'user:8', 1n)), { code: 'shutting_down' })
    await nextTurn()
    const ends = new Map(lines.map((line) => [line['requestId'], pick(line, 'outcome', 'code', 'attempts')]))
    assert.deepEqual(ends.get('d'), ['faulted', 'contention', 2])
    assert.deepEqual(ends.get('late'), ['faulted', 'deadline_exceeded', 0])
    assert.deepEqual(ends.get('after'), ['faulted', 'shutting_down', 0])
    const overloaded = lines.filter(({ code }) => code === 'overloaded')
    assert.equal(overloaded.length, answers.filter(({ status }) => status === 'rejected').length)
    assert.equal(lines.length, 7, 'one line for each of the commands')
  })

  test('has what gave up while its batch was under way, once, with its batch', async () => {
    const { engine, store, lines } = open()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    store.gate = promise.then(() => {})
    await assert.rejects(engine.submit(deposit('slow', 'user:8', 1n), { timeoutMs: 300 }), {
      code: 'deadline_exceeded',
    })
    resolve(undefined)
    await engine.stop()
    await nextTurn()
    assert.equal(lines.length, 1)
    assert.deepEqual(pick(lines[0], 'requestId', 'outcome', 'code', 'applied', 'batch'), [
      'slow',
      'faulted',
      'deadline_exceeded',
      'unknown',
      1,
    ])
  })

  test('has what a stop leaves: in the queue, and under way', async () => {
    const { engine, store, lines } = open(1, { batchesInFlightMax: 1, drainMsMax: 10 })
    const { promise, resolve } = Promise.withResolvers<undefined>()
    store.gate = promise.then(() => {})
    const taken = engine.submit(deposit('taken', 'user:8', 1n))
    while (store.calls.length === 0) await nextTurn()
    const queued = [1, 2].map((number) => engine.submit(deposit(`queued-${number}`, 'user:8', 1n)))
    const answers = Promise.allSettled([taken, ...queued])
    await engine.stop()
    await answers
    resolve(undefined)
    while (lines.length < 3) await nextTurn()
    assert.deepEqual(
      new Map(lines.map((line) => [line['requestId'], pick(line, 'code', 'batch')])),
      new Map([
        ['taken', ['commit_in_doubt', 1]],
        ['queued-1', ['shutting_down', undefined]],
        ['queued-2', ['shutting_down', undefined]],
      ]),
    )
    assert.equal(lines.length, 3)
  })

  test('has every command of a group, and what a transfer moves', async () => {
    const { engine, lines } = open()
    await engine.submit({ kind: 'group', commands: [deposit('a', 'user:8', 9n), deposit('b', 'user:9', 1n)] })
    await engine.submit(transfer('t', [leg('user:8', 'user:9', 2n), leg('user:8', 'user:7', 3n)]))
    await nextTurn()
    assert.deepEqual(
      lines.map((line) => pick(line, 'requestId', 'account', 'amount', 'legs', 'batch', 'batchCommands')),
      [
        ['a', 'user:8', '9', undefined, 1, 2],
        ['b', 'user:9', '1', undefined, 1, 2],
        ['t', 'user:8', '5', 2, 2, 1],
      ],
    )
  })

  test('survives malformed work, which the engine answers as a defect', async () => {
    const { engine, lines } = open()
    const malformed = [{ kind: 'group', commands: [] }, { kind: 'transfer', requestId: 't', legs: null }, null]
    for (const work of malformed) await assert.rejects(engine.submit(work as unknown as Work), { code: 'internal' })
    await engine.submit(deposit('d', 'user:8', 1n))
    await nextTurn()
    assert.equal(lines.at(-1)!['requestId'], 'd')
  })

  test('of a share chooses request ids, so that repeats are there if the first was', async () => {
    const share = 0.25
    const { engine, lines } = open(share)
    const ids = Array.from({ length: 400 }, (_, number) => `request-${number}`)
    for (const _ of [1, 2]) await Promise.all(ids.map((id) => engine.submit(deposit(id, 'user:8', 1n))))
    await nextTurn()
    const logged = lines.map(({ requestId }) => String(requestId)).sort()
    const chosen = ids.filter((id) => isSampled(id, share))
    assert.deepEqual(logged, [...chosen, ...chosen].sort())
    assert.ok(chosen.length > 60 && chosen.length < 140, `${chosen.length} of 400`)
  })

  test('drops nothing, and loses no order, when many batches wait for their lines', async () => {
    const { engine, lines, commandLog } = open(1, { batchCommandsMax: 1 })
    await Promise.all(Array.from({ length: 700 }, (_, number) => engine.submit(deposit(`d${number}`, 'user:8', 1n))))
    commandLog.flush()
    assert.deepEqual(
      lines.map(({ requestId }) => requestId),
      Array.from({ length: 700 }, (_, number) => `d${number}`),
    )
  })
})

test('a share of ids is a share of counted, random and long ones', () => {
  const kinds = [
    (number: number) => String(number),
    (number: number) => `order-${String(number).padStart(9, '0')}`,
    (number: number) => `${number}${'x'.repeat(100)}`,
    () => crypto.randomUUID(),
  ]
  for (const kind of kinds) {
    let count = 0
    for (let number = 0; number < 20_000; number++) if (isSampled(kind(number), 0.01)) count++
    // 200 are expected; the standard deviation is 14.
    assert.ok(count > 110 && count < 290, `${count} of ${kind(0)}`)
  }
  assert.equal(isSampled('anything', 0), false)
  assert.equal(isSampled('anything', 1), true)
})
