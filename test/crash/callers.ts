/** Callers in a closed loop, which record every outcome. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BatchOutcome, Ledger } from '../../src/api/ledger.ts'
import { commandsOf, fundingOf, type Sent } from './workload.ts'

/** The longest pause after a fault, so that an unreachable service does not get requests without a pause. */
const PAUSE_MS_MAX = 100

export interface Attempt {
  /** The number of the process that was asked. */
  readonly process: number
  /** On the clock of `performance.now()`. */
  readonly sentAt: number
  readonly answeredAt: number
  readonly outcome: BatchOutcome
}

/** One command of one caller. */
export interface Call {
  readonly caller: number
  readonly command: Sent
  /** All but the last one are faults. */
  readonly attempts: readonly Attempt[]
}

/**
 * The fate of a call, as its caller knows it:
 *
 * - `acknowledged`: the answer said that it was applied.
 * - `refused`: it was rejected by a rule.
 * - `failed`: it failed, and every fault said that it had no effect.
 * - `unknown`: there was no answer, or the answer left the outcome open.
 */
export type Fate = 'acknowledged' | 'refused' | 'failed' | 'unknown'

export function fateOf({ attempts }: Call): Fate {
  const last = attempts.at(-1)!.outcome
  if (last.status === 'applied') return 'acknowledged'
  if (last.status === 'rejected') return 'refused'
  return saidNoEffect(attempts) ? 'failed' : 'unknown'
}

/** Whether all of these faults said that the command had no effect. */
function saidNoEffect(attempts: readonly Attempt[]): boolean {
  return attempts.every(({ outcome }) => outcome.status === 'faulted' && outcome.error.applied === 'no')
}

interface Waiting {
  readonly process: number
  readonly since: number
  readonly resolve: () => void
}

/** The number of attempts by result: `acknowledged`, `refused`, or the code of a fault. */
export function countsOf(attempts: readonly Attempt[]): ReadonlyMap<string, number> {
  const words = attempts.map(({ outcome }) => {
    if (outcome.status === 'faulted') return outcome.error.code
    return outcome.status === 'applied' ? 'acknowledged' : 'refused'
  })
  return new Map([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]))
}

export class Callers {
  readonly #ledgers: readonly Ledger[]
  readonly #calls: Call[] = []
  readonly #running: Promise<void>[] = []
  readonly #waiting = new Set<Waiting>()
  #acknowledgedCount = 0
  #stopped = false

  /** @param ledgers one per process; the attempts of a call use them in turn */
  constructor(ledgers: readonly Ledger[]) {
    this.#ledgers = ledgers
  }

  /** In the order in which the calls were made. */
  get calls(): readonly Call[] {
    return this.#calls
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount
  }

  /** Gives every user coins, and starts this many callers. */
  async start(count: number): Promise<void> {
    for (const command of fundingOf()) assert.ok(await this.#call(0, command, 0), `${command.kind} was not applied`)
    for (let caller = 0; caller < count; caller++) this.#running.push(this.#run(caller))
  }

  /** Resolves when every caller has ended. A caller waits for its open attempt and does not retry. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
  }

  /**
   * Resolves when every process has acknowledged a command that was sent after this call.
   *
   * @throws Error when a process does not acknowledge one in time
   */
  async acknowledgements(msMax: number): Promise<void> {
    const since = performance.now()
    const awaited = this.#ledgers.map(async (_, process) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      this.#waiting.add({ process, since, resolve })
      const late = new Error(`Process ${process} acknowledged nothing within ${msMax} ms.`)
      const timer = setTimeout(() => reject(late), msMax)
      await promise.finally(() => clearTimeout(timer))
    })
    await Promise.all(awaited)
  }

  async #run(caller: number): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      for (const [index, command] of commandsOf(`${caller}-${turn}`, caller + turn).entries()) {
        if (!(await this.#call(caller, command, caller + index))) break
      }
    }
  }

  /** Whether the command was applied. Every third caller abandons a failed command; the others repeat it under its request id. */
  async #call(caller: number, command: Sent, first: number): Promise<boolean> {
    const attempts: Attempt[] = []
    this.#calls.push({ caller, command, attempts })
    for (let process = first % this.#ledgers.length; ; process = (process + 1) % this.#ledgers.length) {
      const sentAt = performance.now()
      const [outcome] = await this.#ledgers[process]!.batch([command])
      attempts.push({ process, sentAt, answeredAt: performance.now(), outcome: outcome! })
      if (outcome!.status === 'applied') {
        this.#acknowledgedCount++
        if (!outcome!.replayed) this.#tell(process, sentAt)
        return true
      }
      if (outcome!.status === 'rejected') return false
      if (!this.#stopped) await sleep(Math.random() * PAUSE_MS_MAX)
      if (this.#stopped || caller % 3 === 0) return false
    }
  }

  #tell(process: number, sentAt: number): void {
    for (const waiting of this.#waiting) {
      if (process !== waiting.process || sentAt < waiting.since) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
  }
}
