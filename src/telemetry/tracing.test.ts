import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { TinyTracer } from '../../test/support/tiny-tracer.ts'
import type { EngineLimits } from '../engine/limits.ts'
import { EmbeddedLedger, openLedger } from '../ledger.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import type { TracingOptions } from './call-tracing.ts'
import { openTracing } from './tracing.ts'

async function open(options: TracingOptions = {}, limits: Partial<EngineLimits> = {}) {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  const ledger = new EmbeddedLedger({ ...storage, store }, { sweep: false, limits }, await openTracing(options))
  return { store, ledger }
}

describe('traces', () => {
  test('have a span for each call, and one for its batch, which are linked', async () => {
    using tracer = new TinyTracer()
    const { ledger } = await open()
    const { result, span: program } = tracer.inSpan('program', () =>
      Promise.all([
        ledger.deposit({ account: 'user:8', amount: 5n }),
        ledger.deposit({ account: 'user:9', amount: 5n }),
      ]),
    )
    await result
    const calls = tracer.named('holdfast.deposit')
    const [batch, ...more] = tracer.named('holdfast.batch')
    assert.equal(calls.length, 2)
    assert.equal(more.length, 0)
    for (const call of calls) {
      assert.deepEqual([call.kind, call.parentId], [SpanKind.INTERNAL, program.context.spanId])
      assert.deepEqual(call.attributes, {
        'holdfast.command': 'deposit',
        'holdfast.batch': 1,
        'holdfast.outcome': 'applied',
      })
      assert.deepEqual(call.links, [batch!.context])
      assert.notEqual(call.endedAt, null)
    }
    assert.equal(batch!.parentId, calls[0]!.context.spanId)
    assert.deepEqual(
      batch!.links,
      calls.map(({ context }) => context),
    )
    assert.deepEqual(batch!.attributes, {
      'holdfast.batch': 1,
      'holdfast.commands': 2,
      'holdfast.attempts': 1,
      'holdfast.path': 'swap',
      'holdfast.result': 'committed',
    })
    const { startedAt, endedAt } = batch!
    assert.ok(Math.abs(Date.now() - startedAt) < 60_000 && endedAt! >= startedAt, `${startedAt} to ${endedAt}`)
    await ledger.close()
  })

  test('have attempts and conflicts as events of the batch', async () => {
    using tracer = new TinyTracer()
    const { ledger, store } = await open()
    store.script.push('contended', 'stale')
    await ledger.deposit({ account: 'user:8', amount: 5n })
    const [{ events, startedAt, endedAt, attributes } = assert.fail('no span')] = tracer.named('holdfast.batch')
    assert.deepEqual(
      events.map(({ name, attributes }) => [name, ...Object.values(attributes)]),
      [
        ['attempt', 'swap'],
        ['conflict', 'deadlock'],
        ['attempt', 'locked'],
        ['conflict', 'stale'],
        ['attempt', 'locked'],
      ],
    )
    assert.deepEqual([attributes['holdfast.attempts'], attributes['holdfast.path']], [3, 'locked'])
    for (const { at } of events) assert.ok(at >= startedAt && at <= endedAt! + 1, `${at}`)
    await ledger.close()
  })

  test('show rejections as outcomes and faults as errors', async () => {
    using tracer = new TinyTracer()
    const { ledger, store } = await open()
    await assert.rejects(ledger.freeze({ account: 'user:8', amount: 5n }), { code: 'insufficient_funds' })
    store.script.push('unavailable')
    await assert.rejects(ledger.deposit({ account: 'user:8', amount: 5n }), { code: 'store_unavailable' })
    const [freeze] = tracer.named('holdfast.freeze')
    assert.deepEqual(
      [freeze!.attributes['holdfast.outcome'], freeze!.attributes['holdfast.code'], freeze!.status],
      ['rejected', 'insufficient_funds', null],
    )
    const [deposit] = tracer.named('holdfast.deposit')
    assert.deepEqual(deposit!.status, { code: SpanStatusCode.ERROR, message: 'store_unavailable' })
    assert.equal(tracer.named('holdfast.batch').at(-1)!.attributes['holdfast.result'], 'faulted')
    await ledger.close()
  })

  test('of a caller that gave up show its batch, whose span comes after the end of the call', async () => {
    using tracer = new TinyTracer()
    const { ledger, store } = await open()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    store.gate = promise.then(() => {})
    await assert.rejects(ledger.deposit({ account: 'user:8', amount: 5n }, { timeoutMs: 20 }), {
      code: 'deadline_exceeded',
    })
    resolve(undefined)
    await ledger.close()
    const [batch] = tracer.named('holdfast.batch')
    assert.deepEqual(batch!.links, [tracer.named('holdfast.deposit')[0]!.context])
  })

  test('have no name, id or amount, unless that is asked for', async () => {
    using tracer = new TinyTracer()
    const call = { account: 'user:secret', requestId: 'secret-id', amount: 424_242n }
    const { ledger } = await open()
    await ledger.deposit(call)
    assert.doesNotMatch(JSON.stringify(tracer.spans), /secret|424242/)
    const { ledger: detailed } = await open({ details: true })
    await detailed.deposit(call)
    const { attributes } = tracer.named('holdfast.deposit').at(-1)!
    assert.deepEqual(
      [attributes['holdfast.account'], attributes['holdfast.request_id'], attributes['holdfast.amount']],
      ['user:secret', 'secret-id', '424242'],
    )
    await Promise.all([ledger.close(), detailed.close()])
  })

  test('have one span for a call with several commands', async () => {
    using tracer = new TinyTracer()
    const { ledger } = await open()
    const command = { kind: 'deposit', account: 'user:8', amount: 1n } as const
    await ledger.batch([command, command])
    await ledger.batch([command, command, command], { atomic: true })
    assert.deepEqual(
      tracer.named('holdfast.batch_request').map(({ attributes }) => attributes['holdfast.commands']),
      [2, 3],
    )
    assert.equal(tracer.named('holdfast.batch')[0]!.links.length, 1)
    await ledger.close()
  })

  test('that are not sampled cost no spans, of batches neither', async () => {
    using tracer = new TinyTracer(() => false)
    const { ledger } = await open()
    await ledger.deposit({ account: 'user:8', amount: 5n })
    assert.deepEqual(tracer.spans, [])
    await ledger.close()
  })

  test('are not made without a tracer, or when they are switched off', async () => {
    await using without = await openLedger('memory:')
    assert.deepEqual([without.tracing, without.engine.observesBatches], [null, false])
    using _ = new TinyTracer()
    await using off = await openLedger('memory:', { tracing: false })
    assert.deepEqual([off.tracing, off.engine.observesBatches], [null, false])
    await using on = await openLedger('memory:')
    assert.equal(on.engine.observesBatches, true)
  })
})
