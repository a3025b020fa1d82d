/**
 * A thread with a connection of its own that commits large batches, so that the engine can decide the next batch meanwhile.
 *
 *   none ──start──▶ starting ──▶ ready ──close──▶ gone    (without its file: none ──start──▶ gone)
 *                       └────dies────┴───────────▶ gone
 *
 * A thread that dies, or has no file, is not started again: later batches are committed on the calling thread.
 */
import { Worker } from 'node:worker_threads'
import { Fault } from '../../engine/faults.ts'
import type { CommitResult } from '../../engine/store.ts'
import type { FlatChanges } from './writes.ts'
import type { SqliteConnectionOptions } from './connection.ts'
import { threadFile } from './thread-files.ts'

/** The data that the thread starts with. */
export interface ThreadData extends SqliteConnectionOptions {
  readonly path: string
}

/** The message when the thread is ready, and then one per commit, in their order. */
export type ThreadReport =
  | { readonly ready: true }
  | { readonly result: CommitResult }
  | { readonly fault: FaultFields }

/** The fields of a fault: its class is lost between threads. */
export interface FaultFields extends Pick<Fault, 'code' | 'message' | 'applied' | 'retryAfterMs'> {}

interface Caller {
  readonly resolve: (result: CommitResult) => void
  readonly reject: (fault: Fault) => void
}

export class WritingThread {
  readonly #data: ThreadData
  #worker: Worker | null = null
  #state: 'none' | 'starting' | 'ready' | 'gone' = 'none'
  /** Commits under way, the oldest first. */
  #callers: Caller[] = []
  #whenIdle: (() => void)[] = []

  constructor(data: ThreadData) {
    this.#data = data
  }

  get isBusy(): boolean {
    return this.#callers.length > 0
  }

  /** Whether `commit` may be called. */
  get isReady(): boolean {
    return this.#state === 'ready'
  }

  /** Starts the thread, at the first call only. */
  start(): void {
    if (this.#state !== 'none') return
    const file = threadFile('writing-thread')
    if (file === null) {
      this.#state = 'gone'
      return
    }
    this.#state = 'starting'
    const worker = new Worker(file, { workerData: this.#data })
    worker.unref()
    worker.on('message', (report: ThreadReport) => this.#hear(report))
    worker.on('error', (error: unknown) => this.#lose(error))
    worker.on('exit', () => this.#lose(undefined))
    this.#worker = worker
  }

  /** Only when `isReady`. @throws Fault as the write port's `commit` */
  commit(changes: FlatChanges): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#callers.push({ resolve, reject })
      // Only running commits keep the process alive.
      this.#worker!.ref()
      this.#worker!.postMessage(changes)
    })
  }

  /** Resolves when no commit is under way. */
  async idle(): Promise<void> {
    if (this.isBusy) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
  }

  /** Lets running commits finish, and ends the thread. */
  async close(): Promise<void> {
    await this.idle()
    const worker = this.#worker
    this.#state = 'gone'
    if (worker === null) return
    worker.ref()
    const gone = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage(null)
    await gone
  }

  #hear(report: ThreadReport): void {
    if ('ready' in report) {
      if (this.#state === 'starting') this.#state = 'ready'
      return
    }
    const caller = this.#callers.shift()!
    if ('result' in report) caller.resolve(report.result)
    else caller.reject(new Fault(report.fault.code, report.fault.message, optionsOf(report.fault)))
    if (!this.isBusy) this.#rest()
  }

  /** The results of running commits are unknown. */
  #lose(cause: unknown): void {
    this.#worker = null
    this.#state = 'gone'
    const message = 'The thread that was committing ended.'
    for (const caller of this.#callers.splice(0)) {
      caller.reject(new Fault('commit_in_doubt', message, { applied: 'unknown', cause }))
    }
    this.#rest()
  }

  #rest(): void {
    this.#worker?.unref()
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }
}

function optionsOf({ applied, retryAfterMs }: FaultFields): { applied: Fault['applied']; retryAfterMs?: number } {
  return retryAfterMs === null ? { applied } : { applied, retryAfterMs }
}
