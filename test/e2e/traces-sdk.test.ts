/** Traces with the SDK of OpenTelemetry itself: in a program, through the client, and in a service that was started with `--import`. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SpanKind, SpanStatusCode, trace, type SpanContext } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { ServiceProcess } from '../../harness/service-process.ts'
import { connect } from '../../src/client/index.ts'
import { openLedger } from '../../src/ledger.ts'
import { spanLineOf, type SpanLine } from '../support/span-line.ts'

const PRELOAD = pathToFileURL(resolve(import.meta.dirname, '../support/span-file.ts')).href
const TRACE_ID = '4e0598be598e37eb315d6cc24e0598be'
const PARENT_ID = '00f067aa0ba902b7'

const exported = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exported)] })
provider.register()

/** Runs in a span of the program, and returns its context. */
async function inSpan(run: () => Promise<unknown>): Promise<SpanContext> {
  return await trace.getTracer('program').startActiveSpan('program', async (span) => {
    await run()
    span.end()
    return span.spanContext()
  })
}

/** A service over a file, with the spans that its SDK has exported. */
async function serve(parameters: readonly string[] = []) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-traces-'))
  const [store, file] = [`sqlite:${join(folder.path, 'holdfast.db')}`, join(folder.path, 'spans.ndjson')]
  const environment = { NODE_OPTIONS: `--import ${PRELOAD}`, SPAN_FILE: file }
  const service = await ServiceProcess.start(store, parameters, environment)
  const spans = (): readonly SpanLine[] => {
    const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SpanLine)
  }
  const close = async (): Promise<void> => {
    await service.kill()
    await folder.remove()
  }
  return { url: service.url, store, service, spans, [Symbol.asyncDispose]: close }
}

describe('the SDK of OpenTelemetry', () => {
  beforeEach(() => exported.reset())
  after(() => provider.shutdown())

  test('exports a span for each call of a program, linked with the span of its batch', async () => {
    await using ledger = await openLedger('memory:')
    const program = await inSpan(() =>
      Promise.all(['user:8', 'user:9'].map((account) => ledger.deposit({ account, amount: 5n }))),
    )
    const spans = exported.getFinishedSpans().map(spanLineOf)
    const [batch, ...more] = spans.filter(({ name }) => name === 'holdfast.batch')
    const calls = spans.filter(({ name }) => name === 'holdfast.deposit')
    assert.deepEqual([calls.length, more.length], [2, 0])
    for (const call of calls) {
      assert.deepEqual([call.traceId, call.parentId], [program.traceId, program.spanId])
      assert.deepEqual(call.links, [batch!.spanId])
    }
    assert.deepEqual(batch!.links, calls.map(({ spanId }) => spanId).toSorted())
    assert.equal(batch!.parentId, calls[0]!.spanId)
  })

  test('gets the trace of a program through the client, and exports it from a service, with attempts as events', async () => {
    await using service = await serve(['--log-commands', 'all'])
    await using ledger = connect(service.url)
    await ledger.deposit({ account: 'user:8', amount: 9n })
    await using second = await openLedger(service.store, { sweep: false, tracing: false })
    await second.deposit({ account: 'user:8', amount: 9n })
    const program = await inSpan(() => ledger.deposit({ account: 'user:8', amount: 9n }))
    await service.service.stop()
    const spans = service.spans().filter(({ traceId }) => traceId === program.traceId)
    assert.deepEqual(spans.map(({ name }) => name).toSorted(), ['holdfast.batch', 'holdfast.deposit'])
    const call = spans.find(({ name }) => name === 'holdfast.deposit')!
    const batch = spans.find(({ name }) => name === 'holdfast.batch')!
    assert.deepEqual([call.kind, call.parentId, call.links], [SpanKind.SERVER, program.spanId, [batch.spanId]])
    assert.deepEqual([batch.parentId, batch.links], [call.spanId, [call.spanId]])
    assert.deepEqual(
      batch.events.map(({ name, attributes }) => [name, ...Object.values(attributes)]),
      [
        ['attempt', 'swap'],
        ['conflict', 'stale'],
        ['attempt', 'locked'],
      ],
    )
    const times = [batch.startedAt, ...batch.events.map(({ at }) => at), batch.endedAt]
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
    )
    assert.deepEqual([batch.attributes['holdfast.attempts'], batch.attributes['holdfast.result']], [2, 'committed'])
    assert.match(service.service.log, new RegExp(`"traceId":"${program.traceId}".*"msg":"command"`))
  })

  test('exports what a caller without it sampled, and nothing of what it did not', async () => {
    await using service = await serve()
    const freeze = async (flags: string, amount: string): Promise<number> => {
      const headers = { 'content-type': 'application/json', traceparent: `00-${TRACE_ID}-${PARENT_ID}-${flags}` }
      const body = JSON.stringify({ account: 'user:8', amount })
      return (await fetch(`${service.url}/v1/holds`, { method: 'POST', headers, body })).status
    }
    assert.deepEqual([await freeze('01', '5'), await freeze('00', '6')], [402, 402])
    assert.equal(await freeze('01', 'x'), 400)
    await service.service.stop()
    const calls = service.spans().filter(({ name }) => name !== 'holdfast.batch')
    assert.deepEqual(
      calls.map(({ name, traceId, parentId, statusCode, attributes }) => {
        const { 'holdfast.outcome': outcome, 'holdfast.code': code } = attributes
        return { name, traceId, parentId, statusCode, outcome, code }
      }),
      [
        {
          name: 'holdfast.freeze',
          traceId: TRACE_ID,
          parentId: PARENT_ID,
          statusCode: SpanStatusCode.UNSET,
          outcome: 'rejected',
          code: 'insufficient_funds',
        },
      ],
    )
  })

  test('gets no more links of a batch than it keeps', async () => {
    await using ledger = await openLedger('memory:')
    const accounts = Array.from({ length: 200 }, (_, index) => `user:${index}`)
    await Promise.all(accounts.map((account) => ledger.deposit({ account, amount: 5n })))
    const batches = exported.getFinishedSpans().filter(({ name }) => name === 'holdfast.batch')
    const links = batches.map((span) => span.links.length)
    assert.ok(links.includes(128), String(links))
    assert.ok(batches.every((span) => span.droppedLinksCount === 0))
  })
})
