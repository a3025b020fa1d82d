/**
 * Records the results of calls: latencies, errors, acknowledged commands.
 *
 * The tally counts every answer, for the audit. The figures are limited to a window: commands count if they were answered within it;
 * latencies and errors count if the call was due within it, however late its answer came.
 */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { LedgerError } from '../../src/api/error.ts'
import type { Tally } from '../audit/tally.ts'
import { DatabaseFailure } from '../databases/database.ts'
import { CallFailure } from '../strategies/strategy.ts'
import type { Call, CallKind } from './call.ts'

/** One second of the window, or the rest of it. */
export interface Sample {
  /** Seconds from the start of the window to the end of the sample. */
  readonly at: number
  readonly commandsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly residentMb: number
}

export interface Measured {
  readonly tally: Tally
  /** Commands applied within the window. */
  readonly commands: number
  /** Calls due within the window, and the sum of their latencies. */
  readonly calls: number
  readonly sumMs: number
  readonly maxMs: number
  /** Latencies in microseconds, as hdr-histogram-js encodes them. */
  readonly histogram: string
  readonly errors: Readonly<Record<string, number>>
  /** The first message of each error. */
  readonly errorMessages: Readonly<Record<string, string>>
  readonly samples: readonly Sample[]
}

const SAMPLE_MS_MIN = 300

/** Longer latencies are recorded as this one. */
const LATENCY_US_MAX = 600_000_000

export function newHistogram(): Histogram {
  return build({ bitBucketSize: 32, highestTrackableValue: LATENCY_US_MAX, numberOfSignificantValueDigits: 3 })
}

const TALLIED: Readonly<Record<CallKind, keyof Tally>> = {
  freeze: 'freezes',
  settle: 'settles',
  release: 'releases',
  transfer: 'transfers',
}

export class Meter {
  /** By `performance.now`. */
  readonly #opensAt: number
  readonly #closesAt: number
  readonly #tally = { freezes: 0, settles: 0, releases: 0, transfers: 0, unknown: 0 }
  readonly #total = newHistogram()
  readonly #interval = newHistogram()
  readonly #errors = new Map<string, number>()
  readonly #messages = new Map<string, string>()
  readonly #samples: Sample[] = []
  #commands = 0
  #calls = 0
  #sumMs = 0
  #maxMs = 0
  #sampledAt: number
  #sampledCommands = 0
  /** Errors that no strategy may throw: a defect of the lab. */
  #defect: Error | null = null

  constructor(window: { readonly opensAt: number; readonly closesAt: number }) {
    this.#opensAt = window.opensAt
    this.#closesAt = window.closesAt
    this.#sampledAt = window.opensAt
  }

  get commands(): number {
    return this.#commands
  }

  get errorCount(): number {
    return [...this.#errors.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Null before the first sample. */
  get lastSample(): Sample | null {
    return this.#samples.at(-1) ?? null
  }

  /** Runs a call that was due at `dueAt`; never rejects. */
  async run(call: Call, dueAt: number): Promise<void> {
    try {
      await call.run()
      this.#tally[TALLIED[call.kind]]++
      const now = performance.now()
      if (now >= this.#opensAt && now < this.#closesAt) this.#commands++
      this.#latency(dueAt, now)
    } catch (error) {
      this.#failed(error, dueAt)
    }
  }

  /** Records a call that was due and is given up: unanswered, or never sent. */
  giveUp(dueAt: number, now: number, sent: boolean): void {
    if (sent) this.#tally.unknown++
    this.#count('unanswered', 'The call was not answered before the end of the run.', dueAt)
    this.#latency(dueAt, now)
  }

  /** Ends a sample. One that would be too short to be meaningful is dropped. */
  sample(residentMb: number): void {
    const now = Math.min(performance.now(), this.#closesAt)
    const ms = now - this.#sampledAt
    if (ms < SAMPLE_MS_MIN) return
    this.#samples.push({
      at: (now - this.#opensAt) / 1_000,
      commandsPerSecond: (this.#commands - this.#sampledCommands) / (Math.max(ms, 1) / 1_000),
      p50Ms: this.#interval.getValueAtPercentile(50) / 1_000,
      p99Ms: this.#interval.getValueAtPercentile(99) / 1_000,
      residentMb,
    })
    this.#sampledAt = now
    this.#sampledCommands = this.#commands
    this.#total.add(this.#interval)
    this.#interval.reset()
  }

  /** @throws what was not a failure of a strategy */
  measured(): Measured {
    if (this.#defect !== null) throw this.#defect
    this.#total.add(this.#interval)
    this.#interval.reset()
    return {
      tally: { ...this.#tally },
      commands: this.#commands,
      calls: this.#calls,
      sumMs: this.#sumMs,
      maxMs: this.#maxMs,
      histogram: encodeIntoCompressedBase64(this.#total),
      errors: Object.fromEntries(this.#errors),
      errorMessages: Object.fromEntries(this.#messages),
      samples: this.#samples,
    }
  }

  #failed(error: unknown, dueAt: number): void {
    if (error instanceof DatabaseFailure || error instanceof CallFailure || error instanceof LedgerError) {
      if (mayHaveApplied(error)) this.#tally.unknown++
      this.#count(error.code, error.message, dueAt)
      this.#latency(dueAt, performance.now())
    } else {
      this.#defect ??= error instanceof Error ? error : new Error(String(error))
    }
  }

  #count(code: string, message: string, dueAt: number): void {
    if (!this.#isInWindow(dueAt)) return
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1)
    if (!this.#messages.has(code)) this.#messages.set(code, message)
  }

  #latency(dueAt: number, now: number): void {
    if (!this.#isInWindow(dueAt)) return
    const ms = now - dueAt
    this.#calls++
    this.#sumMs += ms
    this.#maxMs = Math.max(this.#maxMs, ms)
    this.#interval.recordValue(Math.min(LATENCY_US_MAX, Math.max(1, Math.round(ms * 1_000))))
  }

  #isInWindow(dueAt: number): boolean {
    return dueAt >= this.#opensAt && dueAt < this.#closesAt
  }
}

function mayHaveApplied(error: DatabaseFailure | CallFailure | LedgerError): boolean {
  if (error instanceof LedgerError) return error.applied === 'unknown'
  return error.code === 'database'
}
