/**
 * What an engine has done since its start, as numbers: commands, batches, commits, holds. Plain counters and histograms, because a command
 * takes a few microseconds; src/metrics shows them to Prometheus.
 */
import { commandsOf, type CommandKind, type Work } from '../domain/command.ts'
import type { Hold, HoldState } from '../domain/hold.ts'
import type { FaultCode, Outcome, RejectionCode } from '../domain/outcome.ts'
import type { Clock } from './clock.ts'
import type { Fault } from './faults.ts'
import { ATTEMPTS, COUNTS, Histogram, PARTS, SECONDS } from './histogram.ts'
import type { Circuit } from './observer.ts'
import { Quickest } from './quickest.ts'
import type { CommitResult } from './store.ts'
import type { Ticket, TicketWatch, WorkOutcome } from './ticket.ts'

/** The commands of one kind. */
export class KindMeasures {
  applied = 0
  replayed = 0
  readonly rejected = new Map<RejectionCode, number>()
  readonly faulted = new Map<FaultCode, number>()
  /** From the call to the answer, in seconds. */
  readonly seconds = new Histogram(SECONDS)
}

/** Calls of a store. `commit` takes no locks before it writes, `exclusive` does. */
export const OPERATIONS = ['load', 'commit', 'exclusive', 'locked', 'ping', 'clock'] as const
export type Operation = (typeof OPERATIONS)[number]
/** How a commit may end. */
export type CommitEnd = CommitResult | 'faulted'
export type CommitPath = 'commit' | 'exclusive'

export class Measures implements TicketWatch {
  readonly kinds = new Map<CommandKind, KindMeasures>()
  /** Time that work waited for its batch, in seconds. */
  readonly queueSeconds = new Histogram(SECONDS)
  readonly batchCommands = new Histogram(COUNTS)
  /** Attempts at a batch until it was committed or given up. */
  readonly attempts = new Histogram(ATTEMPTS)
  readonly operations: Readonly<Record<Operation, Histogram>> = {
    load: new Histogram(SECONDS),
    commit: new Histogram(SECONDS),
    exclusive: new Histogram(SECONDS),
    locked: new Histogram(SECONDS),
    ping: new Histogram(SECONDS),
    clock: new Histogram(SECONDS),
  }
  /** The shortest of the last commits, in milliseconds: what the database takes, without the event loop's delays. */
  readonly quickestCommitMs = new Quickest()
  readonly commits: Readonly<Record<CommitPath, Map<CommitEnd, number>>> = { commit: new Map(), exclusive: new Map() }
  /** How often the circuit breakers opened. */
  readonly breakerOpened: Record<Circuit, number> = { reads: 0, writes: 0 }
  readonly holdsEnded = new Map<Exclude<HoldState, 'open'>, number>()
  /** What ended holds settled, as a part of their amounts. */
  readonly settledParts = new Histogram(PARTS)
  readonly #clock: Clock
  #now = 0
  #commitMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A batch was taken from the queue. */
  batch(tickets: readonly Ticket[]): void {
    const now = this.#clock.elapsed()
    let commands = 0
    for (const { size, submittedAt } of tickets) {
      commands += size
      this.queueSeconds.observe((now - submittedAt) / 1_000)
    }
    this.batchCommands.observe(commands)
  }

  /** What the last commit since the previous call took, in milliseconds, on either path; null without any. */
  takeCommitMs(): number | null {
    const ms = this.#commitMs
    this.#commitMs = null
    return ms
  }

  /** The tickets of a batch are about to be answered. Returns the time, on the clock's `elapsed`. */
  answering(): number {
    this.#now = this.#clock.elapsed()
    return this.#now
  }

  answered({ work, submittedAt }: Ticket, outcome: WorkOutcome): number {
    const seconds = (this.#now - submittedAt) / 1_000
    if (!('status' in outcome)) {
      for (const [index, command] of commandsOf(work).entries()) this.#count(command.kind, seconds, outcome[index]!)
    } else if (work.kind !== 'group') this.#count(work.kind, seconds, outcome)
    return this.#now
  }

  failed({ work, submittedAt }: Pick<Ticket, 'work' | 'submittedAt'>, { code }: Fault): number {
    const now = this.#clock.elapsed()
    const seconds = (now - submittedAt) / 1_000
    for (const kind of kindsOf(work)) {
      const measures = this.#of(kind)
      measures.seconds.observe(seconds)
      add(measures.faulted, code)
    }
    return now
  }

  /** Measures a call of the store. */
  async operation<Result>(operation: Operation, call: () => Promise<Result>): Promise<Result> {
    const since = this.#clock.elapsed()
    let end: CommitEnd = 'faulted'
    try {
      const result = await call()
      end = result as CommitResult
      return result
    } finally {
      const ms = this.#clock.elapsed() - since
      this.operations[operation].observe(ms / 1_000)
      if (operation === 'commit' || operation === 'exclusive') {
        add(this.commits[operation], end)
        this.#commitMs = ms
      }
      if (operation === 'commit' && end === 'committed') this.quickestCommitMs.observe(ms)
    }
  }

  #count(kind: CommandKind, seconds: number, outcome: Outcome): void {
    const measures = this.#of(kind)
    measures.seconds.observe(seconds)
    if (outcome.status === 'rejected') return add(measures.rejected, outcome.rejection.code)
    if (outcome.replayed) return void measures.replayed++
    measures.applied++
    if (kind === 'settle' || kind === 'release') this.#countEnd(kind, outcome.answer as Hold)
  }

  #countEnd(kind: 'settle' | 'release', { state, amount, settled }: Hold): void {
    // A late settle ends nothing: the hold has expired before.
    if (state === 'open' || (kind === 'settle' && state === 'expired')) return
    add(this.holdsEnded, state)
    this.settledParts.observe(Number(settled) / Number(amount))
  }

  #of(kind: CommandKind): KindMeasures {
    let measures = this.kinds.get(kind)
    if (measures === undefined) this.kinds.set(kind, (measures = new KindMeasures()))
    return measures
  }
}

/** Of work that may be malformed. */
function kindsOf(work: Work): readonly CommandKind[] {
  try {
    return commandsOf(work).map(({ kind }) => kind)
  } catch {
    return []
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
