/**
 * A verification, an examination and a comparison that this tab has started. They go on while other views are looked at, and end with the key, with the
 * tab, or when they are cancelled.
 */
import { useSyncExternalStore } from 'react'
import type { ExaminationWire, VerificationLine } from '../../src/api/examination.ts'
import type {
  DifferenceWire,
  ReconcileLine,
  ReconcileProgress,
  ReconcileSummaryWire,
  UnreadableWire,
} from '../../src/api/reconciliation.ts'
import { CallError, readLines, write, type Query } from './call.ts'

export type Done = Extract<VerificationLine, { readonly state: string }>

export interface Progress {
  readonly since: number
  readonly state: 'running' | 'done' | 'cancelled' | 'failed'
  /** How long it took, in milliseconds; null while it runs. */
  readonly tookMs: number | null
  readonly error: CallError | null
}

export interface Verification extends Progress {
  /** The check that runs; null when none does. */
  readonly current: Done | null
  readonly done: readonly Done[]
}

export interface Examined extends Progress {
  readonly examination: ExaminationWire | null
}

export interface Comparison extends Progress {
  readonly list: File
  /** How it is read. */
  readonly query: Query
  readonly current: ReconcileProgress | null
  readonly findings: readonly DifferenceWire[]
  readonly unreadable: readonly UnreadableWire[]
  readonly summary: ReconcileSummaryWire | null
}

/** A run of which there is at most one, and which outlives its view. */
class Job<State extends Progress> {
  readonly #work: (job: Job<State>, signal: AbortSignal) => Promise<void>
  readonly #listeners = new Set<() => void>()
  #state: State | null = null
  #running = new AbortController()

  constructor(work: (job: Job<State>, signal: AbortSignal) => Promise<void>) {
    this.#work = work
  }

  get state(): State | null {
    return this.#state
  }

  /** @param empty what it has before anything came */
  async start(empty: Omit<State, keyof Progress>): Promise<void> {
    if (this.#state?.state === 'running') return
    const since = Date.now()
    const running = new AbortController()
    this.#running = running
    this.#become({ ...empty, since, state: 'running', tookMs: null, error: null } as State)
    let ended: Partial<Progress> = { state: 'done' }
    try {
      await this.#work(this, running.signal)
    } catch (error) {
      const problem = error instanceof CallError ? error : new CallError(0, { detail: String(error) })
      ended = running.signal.aborted ? { state: 'cancelled' } : { state: 'failed', error: problem }
    }
    // After `forget`, another one may have begun.
    if (this.#running === running && this.#state !== null)
      this.update({ ...ended, tookMs: Date.now() - since } as Partial<State>)
  }

  update(part: Partial<State>): void {
    if (this.#state !== null) this.#become({ ...this.#state, ...part })
  }

  cancel(): void {
    this.#running.abort()
  }

  forget(): void {
    this.cancel()
    this.#become(null)
  }

  readonly listen = (changed: () => void): (() => void) => {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }

  #become(state: State | null): void {
    this.#state = state
    for (const changed of this.#listeners) changed()
  }
}

export const verification = new Job<Verification>(async (job, signal) => {
  for await (const line of readLines<VerificationLine>(['v1', 'verify'], signal)) {
    if ('error' in line) throw new CallError(Number(line.error['status'] ?? 0), line.error)
    if ('end' in line) {
      job.update({ current: null })
      return
    }
    if (line.state === 'running') job.update({ current: line })
    else job.update({ current: null, done: [...(job.state?.done ?? []), line] })
  }
  throw cut()
})

export const examination = new Job<Examined>(async (job, signal) => {
  job.update({ examination: await write<ExaminationWire>('POST', ['v1', 'doctor'], {}, signal) })
})

/** How often what was found so far is shown, in milliseconds: there can be a hundred thousand lines. */
const SHOWN_MS = 300

export const comparison = new Job<Comparison>(async (job, signal) => {
  const { list, query } = job.state!
  // Systems name the type of a list as they like.
  const type = /\.(ndjson|jsonl)$/i.test(list.name) ? 'application/x-ndjson' : 'text/csv'
  const findings: DifferenceWire[] = []
  const unreadable: UnreadableWire[] = []
  let current: ReconcileProgress | null = null
  let shownAt = 0
  const lines = readLines<ReconcileLine>(['v1', 'reconcile'], signal, {
    query,
    content: list.slice(0, list.size, type),
  })
  for await (const line of lines) {
    if ('error' in line) throw new CallError(Number(line.error['status'] ?? 0), line.error)
    if (line.type === 'summary') {
      job.update({ current: null, findings, unreadable, summary: line })
      return
    }
    if (line.type === 'progress') current = line
    else if (line.type === 'finding') findings.push(line)
    else unreadable.push(line)
    if (performance.now() - shownAt < SHOWN_MS) continue
    shownAt = performance.now()
    job.update({ current, findings: [...findings], unreadable: [...unreadable] })
  }
  throw cut()
})

function cut(): CallError {
  return new CallError(0, { code: 'service_unreachable', detail: 'The answer of the service was cut off.' })
}

export function useJob<State extends Progress>(job: Job<State>): State | null {
  return useSyncExternalStore(job.listen, () => job.state)
}

/** What another key has found is not for this one. */
export function forgetChecks(): void {
  verification.forget()
  examination.forget()
  comparison.forget()
}
