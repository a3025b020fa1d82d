import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHistogram } from '../load/meter.ts'
import type { Seen, Trial } from '../run/strategy-run.ts'
import { resultsOf, type Played } from './result.ts'

const TRIAL: Trial = {
  scenario: 'life',
  users: 1,
  distribution: 'uniform',
  ids: 'v4',
  inFlight: 100,
  connections: 50,
  processes: 1,
  rate: null,
  warmupSeconds: 1,
  seconds: 2,
  lockTimeoutMs: 50_000,
  statementPauseMs: 0,
  drainMsMax: 60_000,
  seed: 7,
}
const SETTING = {
  store: 'sqlite:',
  server: { flavour: 'sqlite', version: '3.50.0', settings: {} },
  trial: TRIAL,
} as const

function seen(commands: number, fields: Partial<Seen> = {}): Seen {
  const latencies = newHistogram()
  for (let ms = 1; ms <= 100; ms++) latencies.recordValue(ms * 1_000)
  return {
    commands,
    calls: 100,
    sumMs: 5_050,
    maxMs: 100,
    latencies,
    errors: {},
    errorMessages: {},
    counts: {
      retries: 50,
      lockTimeouts: 0,
      deadlocks: 0,
      casWins: 0,
      casLosses: 0,
      batches: 4,
      batchedCommands: 100,
    },
    samples: [],
    findings: [],
    ...fields,
  }
}

test('figures are those of the measured time', () => {
  const [result] = resultsOf([{ strategy: 'holdfast', rounds: [seen(2_000)] }], SETTING)
  const { commandsPerSecond, meanMs, p50Ms, p95Ms, p99Ms, maxMs, retriesPerCommand, batchMean } = result!
  assert.deepEqual(
    { commandsPerSecond, meanMs, maxMs, retriesPerCommand, batchMean },
    { commandsPerSecond: 1_000, meanMs: 50.5, maxMs: 100, retriesPerCommand: 0.5, batchMean: 25 },
  )
  assert.ok(Math.abs(p50Ms - 50) < 0.1 && Math.abs(p95Ms - 95) < 0.1 && Math.abs(p99Ms - 99) < 0.1)
})

test('of several rounds the median one is shown, in relation to the others’ medians', () => {
  const played: readonly Played[] = [
    { strategy: 'update-first', rounds: [seen(90), seen(300), seen(100)] },
    { strategy: 'raw', rounds: [seen(4_000), seen(8_000), seen(1)] },
    { strategy: 'holdfast', rounds: [seen(9_000), seen(10), seen(3_000)] },
  ]
  const results = resultsOf(played, SETTING)
  assert.deepEqual(
    results.map(({ commands, ratioToUpdateFirst, ratioToRaw }) => [commands, ratioToUpdateFirst, ratioToRaw]),
    [
      [100, 1, 0.025],
      [4_000, 40, 1],
      [3_000, 30, 0.75],
    ],
  )
  assert.deepEqual(results[0]!.roundsCommandsPerSecond, [45, 150, 50])
})

test('a ratio to what was not run, or came to nothing, is null', () => {
  const results = resultsOf(
    [
      { strategy: 'update-first', rounds: [seen(0)] },
      { strategy: 'holdfast', rounds: [seen(10)] },
    ],
    SETTING,
  )
  assert.deepEqual([results[1]!.ratioToUpdateFirst, results[1]!.ratioToRaw], [null, null])
})

test('the books are exact when they are after every round', () => {
  const rounds = [seen(1), seen(2, { findings: ['a coin appeared'] }), seen(3)]
  const [result] = resultsOf([{ strategy: 'cas', rounds }], SETTING)
  assert.deepEqual([result!.consistent, result!.findings], [false, ['a coin appeared']])
})

test('what is not counted is null, and the share of swaps that found their version is shown', () => {
  const counts = { ...seen(1).counts, retries: null, batches: null, batchedCommands: null, casWins: 1, casLosses: 3 }
  const [result] = resultsOf([{ strategy: 'cas', rounds: [seen(1, { counts })] }], SETTING)
  const { retriesPerCommand, batchMean, casSuccessRate } = result!
  assert.deepEqual([retriesPerCommand, batchMean, casSuccessRate], [null, null, 0.25])
})
