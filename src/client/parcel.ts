/**
 * A parcel: the commands of one call, until they are answered. Most calls have one command, a `batch` has several.
 *
 *   waiting ──leave──▶ travelling ──arrive──▶ back ──receive, refuse, end──▶ answered
 *    │ ▲ ▲                  │                │  │                            ▲
 *    │ │ └───────wait───────┼────────────────┘  │ pause                      │
 *    │ └───────────wait─────┼──── pausing ◀─────┘                            │
 *    └──────────────────────┴────────┴───give up (deadline, abort), end──────┘
 *
 * A parcel is always answered with one outcome per command. A command without an answer is `faulted`.
 */
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome, CallOptions } from '../api/ledger.ts'
import { commandToWire } from '../api/contracts.ts'
import { assertTransition, type Transitions } from '../domain/assert.ts'
import { requestIdIn, type Command } from '../domain/command.ts'

export interface ParcelOptions extends CallOptions {
  /** True: the commands take effect together or not at all. */
  readonly atomic?: boolean
  readonly timeoutMsDefault: number
  /** The trace that its call belongs to; null or absent for none. */
  readonly trace?: string | null
  /** The account that it is sent by; null or absent for none. */
  readonly account?: string | null
}

/** The longest time of `setTimeout`. */
const TIMER_MS_MAX = 2_147_483_647

type State = 'waiting' | 'travelling' | 'back' | 'pausing' | 'answered'

const TRANSITIONS: Transitions<State> = {
  waiting: ['travelling', 'answered'],
  travelling: ['back', 'answered'],
  back: ['waiting', 'pausing', 'answered'],
  pausing: ['waiting', 'answered'],
  answered: [],
}

export class Parcel {
  readonly atomic: boolean
  /** An instant of `performance.now()`, a clock that is never adjusted. */
  readonly deadlineAt: number
  readonly trace: string | null
  readonly account: string | null
  readonly #commands: readonly Command[]
  readonly #texts: readonly string[]
  /** For an open command: its last fault. */
  readonly #outcomes: (BatchOutcome | undefined)[]
  /** The indexes of the commands without a final outcome. */
  #open: number[]
  #failures = 0
  readonly #resolve: (outcomes: BatchOutcome[]) => void
  #state: State = 'waiting'
  /** Set while the parcel is in a request; called when the caller no longer waits. */
  #abandon: (() => void) | null = null
  #stopWaiting = (): void => {}
  #onAnswer = (): void => {}

  constructor(commands: readonly Command[], options: ParcelOptions, resolve: (outcomes: BatchOutcome[]) => void) {
    this.atomic = options.atomic ?? false
    this.trace = options.trace ?? null
    this.account = options.account ?? null
    this.#commands = commands
    this.#texts = commands.map((command) => JSON.stringify(commandToWire(command)))
    this.#outcomes = Array.from({ length: commands.length })
    this.#open = commands.map((_, index) => index)
    this.#resolve = resolve
    const timeoutMs = Math.min(options.timeoutMs ?? options.timeoutMsDefault, TIMER_MS_MAX)
    this.deadlineAt = performance.now() + timeoutMs
    this.#wait(timeoutMs, options.signal)
  }

  get size(): number {
    return this.#commands.length
  }

  /** Parcels with one key go to one service. */
  get key(): string {
    return this.account ?? requestIdIn(this.#commands[0]!) ?? ''
  }

  get answered(): boolean {
    return this.#state === 'answered'
  }

  /** The attempts after which a command was still open. */
  get failures(): number {
    return this.#failures
  }

  /** The commands without a final outcome. */
  get open(): readonly Command[] {
    return this.#open.map((index) => this.#commands[index]!)
  }

  /** The JSON of the open commands, separated by commas. */
  get text(): string {
    const [first] = this.#open
    return this.#open.length === 1 ? this.#texts[first!]! : this.#open.map((index) => this.#texts[index]!).join(',')
  }

  onAnswer(action: () => void): void {
    this.#onAnswer = action
  }

  /** The parcel is in a request now. `abandon` is called if the caller no longer waits for it. */
  leave(abandon: () => void): void {
    this.#become('travelling')
    this.#abandon = abandon
  }

  /** The request of the parcel has ended. No effect if the parcel has given up meanwhile. */
  arrive(): void {
    if (!this.answered) this.#become('back')
    this.#abandon = null
  }

  /** The parcel pauses before another attempt. */
  pause(): void {
    this.#become('pausing')
  }

  /** The parcel waits for a request again. */
  wait(): void {
    this.#become('waiting')
  }

  /**
   * Receives one outcome per open command. Commands with a retryable fault stay open, and the error of one of them is returned; null if
   * no command is open.
   */
  receive(outcomes: readonly BatchOutcome[]): LedgerError | null {
    const stillOpen: number[] = []
    let again: LedgerError | null = null
    for (const [position, index] of this.#open.entries()) {
      const outcome = outcomes[position]!
      if (outcome.status !== 'faulted') {
        this.#outcomes[index] = this.#settled(index, outcome)
        continue
      }
      this.#fault(index, outcome.error)
      if (!outcome.error.retryable) continue
      again = outcome.error
      stillOpen.push(index)
    }
    this.#open = stillOpen
    if (again === null) this.#answer()
    else this.#failures += 1
    return again
  }

  /** A repeat that is refused after a lost answer may be a repeat of the attempt whose answer was lost. */
  #settled(index: number, outcome: BatchOutcome): BatchOutcome {
    if (outcome.status !== 'rejected' || outcome.error.code !== 'request_replayed' || !this.#isDoubted(index)) {
      return outcome
    }
    return { status: 'rejected', error: outcome.error.changed({ applied: 'unknown' }) }
  }

  /** Whether an earlier attempt may have had an effect. */
  #isDoubted(index: number): boolean {
    const before = this.#outcomes[index]
    return before?.status === 'faulted' && before.error.applied === 'unknown'
  }

  /** The request failed as a whole. All open commands stay open. */
  lose(error: LedgerError): void {
    if (this.answered) return
    this.#failures += 1
    for (const index of this.#open) this.#fault(index, error)
  }

  /** The service refused the command at `position` of the open commands as invalid. */
  refuse(position: number, error: LedgerError): void {
    if (this.answered) return
    if (this.atomic) {
      this.lose(error)
      return this.end()
    }
    const [index] = this.#open.splice(position, 1)
    if (index !== undefined) this.#fault(index, error)
    if (this.#open.length === 0) this.#answer()
  }

  /** There are no further attempts. The open commands keep their last fault. */
  end(): void {
    this.#answer()
  }

  #giveUp(message: string): void {
    if (this.answered) return
    const applied = this.#state === 'travelling' ? 'unknown' : 'no'
    for (const index of this.#open) this.#fault(index, new LedgerError('deadline_exceeded', message, { applied }))
    this.#answer()
    this.#abandon?.()
  }

  #become(state: State): void {
    assertTransition(TRANSITIONS, this.#state, state)
    this.#state = state
  }

  #answer(): void {
    if (this.answered) return
    this.#become('answered')
    this.#stopWaiting()
    this.#resolve(this.#outcomes as BatchOutcome[])
    this.#onAnswer()
  }

  /** Records the error with the request id. `applied` is 'unknown' if it was after an earlier attempt. */
  #fault(index: number, error: LedgerError): void {
    const requestId = requestIdIn(this.#commands[index]!)
    const doubted = this.#isDoubted(index)
    const recorded = error.changed({
      details: requestId === null ? error.details : { ...error.details, requestId },
      applied: doubted ? 'unknown' : error.applied,
    })
    this.#outcomes[index] = { status: 'faulted', error: recorded }
  }

  #wait(timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) return this.#giveUp('The call was aborted before it began.')
    const timer = setTimeout(() => this.#giveUp(`The call was not answered within ${timeoutMs} ms.`), timeoutMs)
    const onAbort = (): void => this.#giveUp('The call was aborted.')
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#stopWaiting = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }
}
