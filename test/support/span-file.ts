/**
 * Starts the SDK of OpenTelemetry in a process that is given `--import` of this file, as an operator's own file would. Every span that ends
 * is appended to the file that `SPAN_FILE` names, one JSON object per line.
 */
import { appendFileSync } from 'node:fs'
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import { spanLineOf } from './span-line.ts'

const file = process.env['SPAN_FILE']
if (file === undefined) throw new Error('SPAN_FILE names no file.')

const exporter: SpanExporter = {
  export(spans, done) {
    for (const span of spans) appendFileSync(file, `${JSON.stringify(spanLineOf(span))}\n`)
    done({ code: 0 })
  },
  shutdown: () => Promise.resolve(),
}
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
