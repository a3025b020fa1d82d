/** Traces from a program through the client, the service and its engine, and the lines of the log that name them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SpanKind } from '@opentelemetry/api'
import { connect, type ConnectOptions } from '../../src/client/index.ts'
import { Engine } from '../../src/engine/engine.ts'
import { buildServer } from '../../src/http/server.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { CommandLog } from '../../src/telemetry/command-log.ts'
import { openTracing } from '../../src/telemetry/tracing.ts'
import { captureLog } from '../support/log-lines.ts'
import { TinyTracer } from '../support/tiny-tracer.ts'

const TRACE = '00-4e0598be598e37eb315d6cc24e0598be-00f067aa0ba902b7-01'

/** The service, with the headers that arrived. */
async function serve() {
  const storage = openMemoryStorage()
  const { lines, log } = captureLog('info')
  const tracing = await openTracing()
  const commandLog = new CommandLog({ log, share: 1 })
  const engine = new Engine(storage.store, { observers: tracing === null ? [commandLog] : [commandLog, tracing] })
  const app = buildServer({ engine, reader: storage.reader, store: storage, sweeper: null, tracing })
  const received: (string | undefined)[] = []
  app.addHook('preHandler', async ({ headers }) => void received.push(headers['traceparent'] as string | undefined))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const close = async (): Promise<void> => {
    await app.close()
    await engine.stop()
  }
  return { url, lines, received, [Symbol.asyncDispose]: close }
}

async function tracesSent(options: ConnectOptions, run = (call: () => Promise<unknown>) => call()): Promise<unknown> {
  await using service = await serve()
  await using ledger = connect(service.url, options)
  await run(async () => {
    await ledger.deposit({ account: 'user:8', amount: 1n })
    await ledger.account('user:8')
  })
  return service.received
}

describe('the trace of a call', () => {
  test('leads from the program through the client to the spans of the service and its log', async () => {
    using tracer = new TinyTracer()
    await using service = await serve()
    await using ledger = connect(service.url)
    const { result, span: program } = tracer.inSpan('program', () => ledger.deposit({ account: 'user:8', amount: 1n }))
    await result
    await nextTurn()
    const [call] = tracer.named('holdfast.deposit')
    assert.deepEqual([call!.kind, call!.parentId], [SpanKind.SERVER, program.context.spanId])
    const [batch] = tracer.named('holdfast.batch')
    const { traceId } = program.context
    assert.deepEqual([call!.context.traceId, batch!.context.traceId], [traceId, traceId])
    assert.deepEqual(call!.links, [batch!.context])
    assert.equal(service.lines[0]!['traceId'], traceId)
  })

  test('is that of a caller without OpenTelemetry too, for each route of a command', async () => {
    using tracer = new TinyTracer()
    await using service = await serve()
    const post = async (path: string, body: object): Promise<number> => {
      const headers = { 'content-type': 'application/json', traceparent: TRACE }
      return (await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(body) })).status
    }
    assert.equal(await post('/v1/deposits', { account: 'user:8', amount: '9' }), 201)
    assert.equal(await post('/v1/holds', { requestId: 'h', account: 'user:8', amount: '5' }), 201)
    assert.equal(await post('/v1/holds/h/settle', { amount: '5' }), 200)
    const commands = [1, 2].map((amount) => ({ kind: 'deposit', account: 'user:9', amount: String(amount) }))
    assert.equal(await post('/v1/batches', { commands, atomic: true }), 200)
    assert.equal(await post('/v1/batches', { commands }), 200)
    const calls = tracer.spans.filter(({ name }) => name !== 'holdfast.batch')
    assert.deepEqual(
      calls.map(({ name, parentId, context, endedAt }) => [name, parentId, context.traceId, endedAt !== null]),
      ['deposit', 'freeze', 'settle', 'batch_request', 'batch_request'].map((name) => {
        return [`holdfast.${name}`, '00f067aa0ba902b7', '4e0598be598e37eb315d6cc24e0598be', true]
      }),
    )
  })

  test('is sent by the client if the application gives one, or has OpenTelemetry, and otherwise not', async () => {
    assert.deepEqual(await tracesSent({}), [undefined, undefined])
    assert.deepEqual(await tracesSent({ trace: () => TRACE }), [TRACE, TRACE])
    assert.deepEqual(await tracesSent({ trace: () => undefined }), [undefined, undefined])
    assert.deepEqual(await tracesSent({ trace: () => 'x\r\nx: y' }), [undefined, undefined])
    const broken = (): never => assert.fail('a tracer with a defect')
    assert.deepEqual(await tracesSent({ trace: broken }), [undefined, undefined])
    using tracer = new TinyTracer()
    assert.deepEqual(await tracesSent({}), [undefined, undefined], 'no span is active')
    let expected = ''
    const sent = await tracesSent({}, async (call) => {
      const { result, span } = tracer.inSpan('program', call)
      expected = `00-${span.context.traceId}-${span.context.spanId}-01`
      await result
    })
    assert.deepEqual(sent, [expected, expected])
  })
})
