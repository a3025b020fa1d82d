/**
 * Lines about trouble that the engine absorbs, or answers for the database, and about refusals. No line at level info or above has a name
 * of an account or an id. How often they come is limited (counted-lines.ts); `count` says for how many events a line stands.
 */
import type { Logger } from 'pino'
import { commandsOf } from '../domain/command.ts'
import { systemClock, type Clock } from '../engine/clock.ts'
import { Fault } from '../engine/faults.ts'
import type { Measures } from '../engine/measures.ts'
import type { ObservedBatch, Observer, Trouble } from '../engine/observer.ts'
import type { AnsweredWork } from '../engine/ticket.ts'
import { factsOf } from './command-facts.ts'
import { CountedLines } from './counted-lines.ts'
import { LOG_INTERVALS, type LogIntervals } from './limits.ts'

const NO_FUNDS = 'insufficient_funds'

export class TroubleLog implements Observer {
  readonly #log: Logger
  readonly #clock: Pick<Clock, 'after'>
  readonly #intervals: LogIntervals
  readonly lines: CountedLines<string>
  /** Only at level debug: otherwise batches need not be recorded for it. */
  readonly onBatch?: (batch: ObservedBatch) => void
  #refusals: Refusals | null = null

  constructor(log: Logger, clock: Pick<Clock, 'after'> = systemClock, intervals: LogIntervals = LOG_INTERVALS) {
    this.#log = log
    this.#clock = clock
    this.#intervals = intervals
    this.lines = new CountedLines(intervals.troubleMs, clock)
    if (log.isLevelEnabled('debug')) this.onBatch = (batch) => batch.answered.forEach((work) => this.#showRefused(work))
  }

  readonly onTrouble = (trouble: Trouble): void => {
    // None is left out, because an opening without its end would mislead; they are at least `breakerOpenMs` apart.
    if (trouble.kind === 'breaker_opened') {
      const { circuit, fault } = trouble
      const { code, message: reason } = fault ?? {}
      return this.#log.error(
        { circuit, code, reason },
        'the circuit breaker opened; the database is not called for a while',
      )
    }
    if (trouble.kind === 'breaker_closed') {
      const openMs = Math.round(trouble.openMs)
      return this.#log.info(
        { circuit: trouble.circuit, openMs },
        'the circuit breaker closed; the database is called again',
      )
    }
    const { kind } = trouble
    this.lines.note(kind === 'doubt_ended' ? `${kind} ${trouble.isKnown}` : kind, (count) =>
      this.#write(trouble, count),
    )
  }

  readonly onUnbatched = ({ answer }: AnsweredWork): void => {
    if (!(answer instanceof Fault) || answer.code !== 'rate_limited') return
    this.lines.note('rate_limited', (count) =>
      this.#log.info({ code: 'rate_limited', count }, 'commands were refused by the limits of their accounts'),
    )
  }

  /** From now on writes, once per interval, how many commands were refused for want of funds. */
  watchRefusals(measures: Measures): void {
    this.#refusals = new Refusals(measures)
    this.#wait()
  }

  /** Writes what is counted. */
  flush(): void {
    this.lines.flush()
    this.#writeRefusals()
  }

  #wait(): void {
    this.#clock.after(this.#intervals.refusalsMs, () => {
      this.#writeRefusals()
      this.#wait()
    })
  }

  #writeRefusals(): void {
    const count = this.#refusals?.take() ?? 0
    if (count > 0) this.#log.info({ code: NO_FUNDS, count }, 'commands were refused for want of funds')
  }

  #write(trouble: Exclude<Trouble, { readonly kind: 'breaker_opened' | 'breaker_closed' }>, count: number): void {
    const { kind } = trouble
    switch (kind) {
      case 'deadlock':
        return this.#log.warn(
          { trouble: kind, path: trouble.path, count },
          'the database ended a deadlock at the cost of a transaction, which is tried again',
        )
      case 'lock_timeout':
        return this.#log.warn(
          { trouble: kind, path: trouble.path, count },
          'a lock was not given in time; the transaction is tried again',
        )
      case 'serialization':
        return this.#log.warn(
          { trouble: kind, path: trouble.path, count },
          'the database could not put transactions in an order; one is tried again',
        )
      case 'doubt':
        return this.#log.warn(
          { trouble: kind, commands: trouble.commands, count },
          'the connection was lost around COMMIT; whether the batch was committed is being found out',
        )
      case 'doubt_ended': {
        const fields = { trouble: kind, isKnown: trouble.isKnown, ms: Math.round(trouble.ms), count }
        const message = trouble.isKnown
          ? 'it was found out what became of a lost commit'
          : 'it was not found out in time what became of a lost commit; its commands are answered commit_in_doubt'
        return this.#log.warn(fields, message)
      }
      case 'split':
        return this.#log.warn(
          { trouble: kind, commands: trouble.commands, code: trouble.fault.code, count },
          'a batch was halved, because the database refused a row of it or a rule failed',
        )
    }
  }

  #showRefused({ work, answer }: AnsweredWork): void {
    if (answer instanceof Fault) return
    const outcomes = 'status' in answer ? [answer] : answer
    for (const [index, command] of commandsOf(work).entries()) {
      const outcome = outcomes[index]!
      if (outcome.status !== 'rejected' || outcome.rejection.code !== NO_FUNDS) continue
      const { kind, requestId } = factsOf(command, null)
      const { account, asset, available, required } = outcome.rejection
      const amounts = { available: available.toString(), required: required.toString() }
      this.#log.debug({ code: NO_FUNDS, kind, account, asset, ...amounts, requestId }, 'refused for want of funds')
    }
  }
}

/** Counts the refusals since it was asked before. */
class Refusals {
  readonly #measures: Measures
  #before: number

  constructor(measures: Measures) {
    this.#measures = measures
    this.#before = this.#all()
  }

  take(): number {
    const all = this.#all()
    const since = all - this.#before
    this.#before = all
    return since
  }

  #all(): number {
    let sum = 0
    for (const { rejected } of this.#measures.kinds.values()) sum += rejected.get(NO_FUNDS) ?? 0
    return sum
  }
}
