/** One line per command, or per command of a share of the request ids. The lines are written after the answers, in a later turn. */
import type { Logger } from 'pino'
import { commandsOf, requestIdIn, type Command } from '../domain/command.ts'
import type { Outcome } from '../domain/outcome.ts'
import { Fault } from '../engine/faults.ts'
import type { ObservedBatch, Observer } from '../engine/observer.ts'
import type { AnsweredWork } from '../engine/ticket.ts'
import { factsOf } from './command-facts.ts'
import { COMMAND_EVENTS_MAX, COMMAND_LINES_MAX } from './limits.ts'
import { isSampled } from './sampling.ts'

export interface CommandLogOptions {
  readonly log: Logger
  /** The part of the request ids whose commands are logged: above 0, up to 1. Commands without a request id always are. */
  readonly share: number
  /** Writes the lines of `action` together. Default: each on its own. */
  readonly together?: (action: () => void) => void
}

/** The batch of a command, and when its work was submitted and answered. */
interface Circumstances {
  readonly batch: ObservedBatch | null
  readonly answered: AnsweredWork
}

export class CommandLog implements Observer {
  readonly #log: Logger
  readonly #share: number
  readonly #together: (action: () => void) => void
  #batches: ObservedBatch[] = []
  #unbatched: AnsweredWork[] = []
  #isScheduled = false

  constructor({ log, share, together = (action) => action() }: CommandLogOptions) {
    this.#log = log
    this.#share = share
    this.#together = together
  }

  readonly onBatch = (batch: ObservedBatch): void => {
    this.#batches.push(batch)
    this.#schedule()
  }

  readonly onUnbatched = (answered: AnsweredWork): void => {
    this.#unbatched.push(answered)
    this.#schedule()
  }

  /** Writes the lines that are due. */
  flush(): void {
    const [batches, unbatched] = [this.#batches, this.#unbatched]
    this.#batches = []
    this.#unbatched = []
    const lines: object[] = []
    for (const batch of batches) {
      for (const answered of batch.answered) this.#addLines({ batch, answered }, lines)
    }
    for (const answered of unbatched) this.#addLines({ batch: null, answered }, lines)
    for (let from = 0; from < lines.length; from += COMMAND_LINES_MAX) {
      const some = lines.slice(from, from + COMMAND_LINES_MAX)
      this.#together(() => some.forEach((line) => this.#log.info(line, 'command')))
    }
  }

  #schedule(): void {
    if (this.#batches.length + this.#unbatched.length >= COMMAND_EVENTS_MAX) return this.flush()
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.flush()
    })
  }

  /** None for malformed work, which only a program that uses the engine itself can submit. */
  #addLines(circumstances: Circumstances, lines: object[]): void {
    const { work, answer } = circumstances.answered
    try {
      const outcomes = answer instanceof Fault || !('status' in answer) ? answer : [answer]
      for (const [index, command] of commandsOf(work).entries()) {
        if (!this.#isLogged(command)) continue
        const outcome = outcomes instanceof Fault ? outcomes : outcomes[index]!
        lines.push(lineOf(command, outcome, circumstances))
      }
    } catch {
      // The fault `internal` says enough about it.
    }
  }

  #isLogged(command: Command): boolean {
    const id = requestIdIn(command)
    return id === null || isSampled(id, this.#share)
  }
}

function lineOf(command: Command, outcome: Outcome | Fault, { batch, answered }: Circumstances): object {
  const { submittedAt, answeredAt, origin } = answered
  return {
    ...factsOf(command, outcome instanceof Fault || outcome.status === 'rejected' ? null : outcome.answer),
    ...endOf(outcome),
    elapsedMs: rounded(answeredAt - submittedAt),
    queueMs: rounded((batch?.takenAt ?? answeredAt) - submittedAt),
    attempts: batch?.attempts ?? 0,
    path: batch?.path ?? undefined,
    batch: batch?.number,
    batchCommands: batch?.size,
    traceId: origin?.traceId,
    callId: origin?.callId,
  }
}

function endOf(outcome: Outcome | Fault): object {
  if (outcome instanceof Fault) {
    const { code, applied } = outcome
    return { outcome: 'faulted', code, applied: applied === 'unknown' ? applied : undefined }
  }
  if (outcome.status === 'rejected') return { outcome: 'rejected', code: outcome.rejection.code }
  return { outcome: outcome.replayed ? 'replayed' : 'applied' }
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
