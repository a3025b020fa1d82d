/**
 * How long a batch lingers for the callers who were just answered: most of them call again at once.
 *
 * On a database that others keep busy, most commits take much longer than they would alone, and one with half of the callers takes about as
 * long as one with all of them. So while most commits are slow, the next batch waits for as many commands as waited or were committed before,
 * but never longer than a part of the last commit, counted from its answers. Nobody waits when the database was not used just before.
 *
 * PostgreSQL's `commit_delay` and MariaDB's `binlog_commit_wait_usec` do the same for whole transactions. Measured in docs/adr/0032.
 */
import type { Clock } from './clock.ts'
import type { EngineLimits } from './limits.ts'
import { Quickest } from './quickest.ts'

/**
 * A commit is slow when it took more than so many times the quickest of the last ones of about its size. Of a process alone 0.16 to 0.28 of
 * the commits were slow, of four processes 0.59 to 0.75 (PostgreSQL 15 and MariaDB 10.11, 100 callers, two processors).
 */
const SLOW_TIMES = 2
const SLOW_PART_MIN = 0.45
/** What the last commit counts for in the part of slow ones: a moving average over some 16. */
const LAST_WEIGHT = 1 / 16
/** A batch lingers for at most this part of the last commit. */
const LINGER_PART = 0.5

/** A shorter rest of a wait is over: timers are no finer than a millisecond. */
const WAIT_MS_MIN = 0.1

type LingerLimits = Pick<EngineLimits, 'batchCommandsMax' | 'lingerMsMax'>

export class Linger {
  readonly #clock: Clock
  readonly #limits: LingerLimits
  /** By the binary logarithm of the number of commands: a process alone is never slow, however large its batches are. */
  readonly #quickestMs: Quickest[] = []
  /** The part of the last commits that were slow. */
  #slowPart = 0
  /** Commands that make further waiting useless. */
  #enough = 0
  /** On the clock's `elapsed`. */
  #until = -Infinity

  constructor(clock: Clock, limits: LingerLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /**
   * A batch of `commands` is about to be answered, while `waiting` commands wait in the queue.
   *
   * @param commitMs what its commit took; null without one
   */
  answering(commands: number, waiting: number, commitMs: number | null): void {
    const { batchCommandsMax, lingerMsMax } = this.#limits
    this.#enough = Math.min(commands + waiting, batchCommandsMax)
    this.#until = -Infinity
    if (commitMs === null) return
    this.#slowPart += LAST_WEIGHT * (Number(this.#isSlow(commands, commitMs)) - this.#slowPart)
    if (this.#slowPart < SLOW_PART_MIN) return
    this.#until = this.#clock.elapsed() + Math.min(commitMs * LINGER_PART, lingerMsMax)
  }

  /** How much longer a batch waits, in milliseconds, when `waiting` commands wait. */
  msLeft(waiting: number): number {
    if (this.#until === -Infinity || waiting >= this.#enough) return 0
    const ms = this.#until - this.#clock.elapsed()
    if (ms >= WAIT_MS_MIN) return ms
    this.#until = -Infinity
    return 0
  }

  #isSlow(commands: number, commitMs: number): boolean {
    const quickest = (this.#quickestMs[31 - Math.clz32(commands)] ??= new Quickest())
    quickest.observe(commitMs)
    return commitMs > SLOW_TIMES * quickest.value
  }
}
