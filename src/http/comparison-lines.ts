/** The answer of a comparison, line by line: findings, what is being done, and how fast the caller takes it. */
import { Readable } from 'node:stream'
import { LedgerError } from '../api/error.ts'
import type { ReconcileListener } from '../reconcile/reconciliation.ts'

/** The lines of an answer. What its caller does not take is waited for. */
export class Lines extends Readable {
  readonly #gone = new AbortController()
  #isFull = false
  #waiting: (() => void)[] = []

  /** Aborted when the caller is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** @param line a `ReconcileLine`, with amounts that become decimal strings */
  say(line: object): void {
    const text = JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    this.#isFull = !this.push(`${text}\n`)
  }

  /** Resolves when the caller has taken enough. @throws the reason of the signal */
  async room(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#isFull) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    signal.throwIfAborted()
  }

  override _read(): void {
    this.#isFull = false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#gone.abort(new LedgerError('request_timeout', 'The caller disconnected before the answer was complete.'))
    done(error)
  }
}

/** Findings as lines, up to so many; the summary counts all. */
export class Report implements ReconcileListener {
  readonly #lines: Lines
  #left: number
  leftOutCount = 0

  constructor(lines: Lines, linesMax: number) {
    this.#lines = lines
    this.#left = linesMax
  }

  finding({ fix, ...found }: Parameters<ReconcileListener['finding']>[0]): void {
    this.#say({ type: 'finding', ...found, remedy: fix })
  }

  unreadable(row: Parameters<ReconcileListener['unreadable']>[0]): void {
    this.#say({ type: 'unreadable', ...row })
  }

  #say(line: object): void {
    if (this.#left > 0) this.#lines.say(line)
    else this.leftOutCount += 1
    this.#left -= 1
  }
}

export type State = 'reading' | 'comparing' | 'searching'

/** Says what is being done when that changes, and then once in a while. */
export class Progress {
  readonly #lines: Lines
  readonly #about: { readonly linesCount: number; readonly beatMs: number }
  #state: State | null = null
  #count = 0
  #saidAt = 0

  constructor(lines: Lines, about: { readonly linesCount: number; readonly beatMs: number }) {
    this.#lines = lines
    this.#about = about
  }

  become(state: State): void {
    if (state === this.#state) return
    this.#state = state
    this.#count = 0
    this.#say()
  }

  step(state: State): void {
    // While extras are searched, entries are read too.
    if (state === 'searching' || this.#state !== 'searching') this.become(state)
    this.#count += 1
    if (performance.now() - this.#saidAt >= this.#about.beatMs) this.#say()
  }

  #say(): void {
    this.#saidAt = performance.now()
    const { linesCount } = this.#about
    this.#lines.say({ type: 'progress', state: this.#state!, count: this.#count, linesCount })
  }
}
