/**
 * A parcel: the commands of one call, on their way to the service and back. Most calls are one command, a `batch` several.
 *
 *   waiting ──leave──▶ travelling ──arrive──▶ back ──receive, refuse, end──▶ answered
 *    │ ▲ ▲                  │                │  │                            ▲
 *    │ │ └───────wait───────┼────────────────┘  │ pause                      │
 *    │ └───────────wait─────┼──── pausing ◀─────┘                            │
 *    └──────────────────────┴────────┴───give up (deadline, abort), end──────┘
 *
 * It is always answered with outcomes, one per command; a command whose answer never came is `faulted`.
 */
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome, CallOptions } from '../api/ledger.ts'
import { commandToWire } from '../api/contracts.ts'
import { assertTransition, type Transitions } from '../domain/assert.ts'
import { type Command } from '../domain/command.ts'
import { requestOf } from '../domain/rules.ts'

export interface ParcelOptions extends CallOptions {
  /** The commands take effect together or not at all. */
  readonly atomic?: boolean
  readonly timeoutMsDefault: number
}

/** The longest that `setTimeout` can wait. */
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
  /** On the clock of `performance.now()`, which nobody sets. */
  readonly deadlineAt: number
  readonly #commands: readonly Command[]
  readonly #texts: readonly string[]
  /** Of an open command: the fault that it met last. */
  readonly #outcomes: (BatchOutcome | undefined)[]
  /** Indexes of the commands that are not done yet. */
  #open: number[]
  #failures = 0
  readonly #resolve: (outcomes: BatchOutcome[]) => void
  #state: State = 'waiting'
  /** While it travels: to be called when nobody waits for it any more. */
  #abandon: (() => void) | null = null
  #stopWaiting = (): void => {}
  #onAnswer = (): void => {}

  constructor(commands: readonly Command[], options: ParcelOptions, resolve: (outcomes: BatchOutcome[]) => void) {
    this.atomic = options.atomic ?? false
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

  get answered(): boolean {
    return this.#state === 'answered'
  }

  /** Attempts that left something open. */
  get failures(): number {
    return this.#failures
  }

  /** The commands that are not done yet. */
  get open(): readonly Command[] {
    return this.#open.map((index) => this.#commands[index]!)
  }

  /** Their JSON, ready to stand in an array. */
  get text(): string {
    const [first] = this.#open
    return this.#open.length === 1 ? this.#texts[first!]! : this.#open.map((index) => this.#texts[index]!).join(',')
  }

  onAnswer(action: () => void): void {
    this.#onAnswer = action
  }

  /** It leaves in a request, which `abandon` tells that nobody waits for this parcel any more. */
  leave(abandon: () => void): void {
    this.#become('travelling')
    this.#abandon = abandon
  }

  /** It is back from its request; nothing happens when it gave up meanwhile. */
  arrive(): void {
    if (!this.answered) this.#become('back')
    this.#abandon = null
  }

  /** It waits for another attempt, after a pause. */
  pause(): void {
    this.#become('pausing')
  }

  /** It waits for a request again. */
  wait(): void {
    this.#become('waiting')
  }

  /**
   * Takes in one outcome per open command. Commands that are worth another attempt stay open, and the error of one of
   * them is returned; null when all are done.
   */
  receive(outcomes: readonly BatchOutcome[]): LedgerError | null {
    const stillOpen: number[] = []
    let again: LedgerError | null = null
    for (const [position, index] of this.#open.entries()) {
      const outcome = outcomes[position]!
      if (outcome.status !== 'faulted') {
        this.#outcomes[index] = outcome
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

  /** What it travelled in failed as a whole. Everything stays open. */
  lose(error: LedgerError): void {
    if (this.answered) return
    this.#failures += 1
    for (const index of this.#open) this.#fault(index, error)
  }

  /** The service will never take the command at `position` of the open ones. */
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

  /** There is no further attempt: what is open keeps the fault that it met last. */
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

  /** Keeps the error, with the request id to repeat, and with the doubt that an earlier attempt left. */
  #fault(index: number, error: LedgerError): void {
    const requestId = requestOf(this.#commands[index]!)
    const before = this.#outcomes[index]
    const doubted = before?.status === 'faulted' && before.error.applied === 'unknown'
    const { code, message, details, pointer, retryAfterMs, applied, cause } = error
    const told = new LedgerError(code, message, {
      details: requestId === null ? details : { ...details, requestId },
      applied: doubted ? 'unknown' : applied,
      retryAfterMs,
      ...(pointer === null ? {} : { pointer }),
      cause,
    })
    this.#outcomes[index] = { status: 'faulted', error: told }
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
