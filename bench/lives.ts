/** A closed loop of hold lives (freeze, then settle) on one account of a ledger, with a fixed number of calls in flight. */
import { createHistogram } from 'node:perf_hooks'
import type { Ledger } from '../src/api/ledger.ts'

export interface Figures {
  readonly commands: number
  readonly commandsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface LivesOptions {
  readonly account: string
  readonly inFlight: number
  /** Commands in total, two per life. */
  readonly commands: number
}

/** Runs the loop. Every command must succeed; the first failure ends the run with its error. */
export async function runLives(ledger: Ledger, options: LivesOptions): Promise<Figures> {
  const { account, inFlight, commands } = options
  const clock = new Stopwatch()
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun < commands) {
      begun += 2
      const hold = await clock.time(() => ledger.freeze({ account, amount: 616n }))
      await clock.time(() => ledger.settle(hold.id, { amount: 500n }))
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  return clock.figures()
}

/** Latencies in microseconds, and the time since construction. */
export class Stopwatch {
  readonly #histogram = createHistogram()
  readonly #beganAt = performance.now()

  async time<Result>(call: () => Promise<Result>): Promise<Result> {
    const before = performance.now()
    const result = await call()
    this.#histogram.record(Math.max(1, Math.round((performance.now() - before) * 1_000)))
    return result
  }

  figures(): Figures {
    const seconds = (performance.now() - this.#beganAt) / 1_000
    const commands = this.#histogram.count
    return {
      commands,
      commandsPerSecond: commands / seconds,
      p50Ms: this.#histogram.percentile(50) / 1_000,
      p99Ms: this.#histogram.percentile(99) / 1_000,
    }
  }
}
