/** What may look at an engine at work: each case adds one thing to a ledger that has all else in common with it. */
import { openSync } from 'node:fs'
import { join } from 'node:path'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import { pino } from 'pino'
import { LogOutput } from '../../src/cli/log-output.ts'
import { Measures } from '../../src/engine/measures.ts'
import type { EmbeddedLedger, OpenLedgerOptions } from '../../src/ledger.ts'
import { metricsOf } from '../../src/metrics/registry.ts'
import { CommandLog } from '../../src/telemetry/command-log.ts'

export interface Case {
  readonly summary: string
  /** Whether it writes COMMAND_LOG into the folder. */
  readonly logs?: boolean
  /** Whether the ledger without the case counts nothing. */
  readonly counts?: boolean
  /** For the ledger with the case. */
  readonly options: (folder: string) => OpenLedgerOptions
  /** Returns what runs at the end of each stretch of the ledger with the case, and counts as part of it. */
  readonly watch?: (ledger: EmbeddedLedger) => () => Promise<unknown>
}

export const COMMAND_LOG = 'commands.log'

export const CASES = {
  counters: { summary: 'everything is counted, and nobody reads it', counts: true, options: () => ({}) },
  metrics: {
    summary: 'counters, and the metrics are read after each stretch: several times a second',
    counts: true,
    options: () => ({}),
    watch(ledger) {
      const registry = metricsOf(ledger)
      return () => registry.metrics()
    },
  },
  observer: {
    summary: 'an observer of batches that does nothing',
    options: () => ({ observers: [{ onBatch: () => undefined }] }),
  },
  'log-1%': { summary: '--log-commands 0.01, into a file', logs: true, options: (folder) => logged(folder, 0.01) },
  'log-all': { summary: '--log-commands all, into a file', logs: true, options: (folder) => logged(folder, 1) },
  'traces-1%': {
    summary: 'the SDK of OpenTelemetry, which samples one call of a hundred',
    options: () => traced(0.01),
  },
} as const satisfies Readonly<Record<string, Case>>

export type CaseName = keyof typeof CASES

export const CASE_NAMES = Object.keys(CASES) as readonly CaseName[]

const { prototype } = Measures
const COUNTERS = ['batch', 'answering', 'answered'] as const
const COUNTING = new Map(COUNTERS.map((name) => [name, Object.getOwnPropertyDescriptor(prototype, name)!]))

/** Everything but the operations, whose results the engine needs. */
export function setCounting(isOn: boolean): void {
  for (const [name, counting] of COUNTING) {
    Object.defineProperty(prototype, name, isOn ? counting : { ...counting, value: () => 0 })
  }
}

function logged(folder: string, share: number): OpenLedgerOptions {
  const output = new LogOutput(openSync(join(folder, COMMAND_LOG), 'a'), () => undefined)
  return {
    observers: [new CommandLog({ log: pino({}, output), share, together: (action) => output.together(action) })],
  }
}

function traced(share: number): OpenLedgerOptions {
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) })
  const spanProcessors = [new SimpleSpanProcessor(new InMemorySpanExporter())]
  new NodeTracerProvider({ sampler, spanProcessors }).register()
  return { tracing: {} }
}
