/** What happened in a live run: the calls of all callers, in the form that a simulation uses. */
import type { Ask, Call } from '../simulation/history.ts'
import { tickNow, type Told } from './dispatches.ts'

type Writable<Row> = { -readonly [Field in keyof Row]: Row[Field] }

export class LiveHistory {
  readonly calls: Call[] = []
  /** The number of calls that were sent and are neither answered nor given up. */
  #openCount = 0
  readonly #startedAt = performance.now()

  get openCount(): number {
    return this.#openCount
  }

  /** Milliseconds since the start. */
  get now(): number {
    return performance.now() - this.#startedAt
  }

  /** Makes the call and records its result. Null when there was no answer. */
  async keep(
    call: { readonly engine: number; readonly life: number; readonly ask: Ask; readonly timeoutMs: number | null },
    { isProbe, make }: { readonly isProbe: boolean; readonly make: () => Promise<Told | null> },
  ): Promise<Told | null> {
    const kept: Writable<Call> = {
      ...call,
      invokedTick: tickNow(),
      invokedAt: this.now,
      queuedBefore: 0,
      isProbe,
      abortedAt: null,
      answer: null,
    }
    this.calls.push(kept)
    this.#openCount++
    const told = await make().finally(() => this.#openCount--)
    if (told === null) return null
    const { result, invokedTick, answeredTick: tick, clockLeast, clockMost } = told
    kept.invokedTick = invokedTick
    kept.answer = { tick, at: this.now, result, clockLeast, clockMost }
    return told
  }
}
