/**
 * Keeps the log of an SQLite file short, and warns when that is not possible.
 *
 * A commit that finds `CHECKPOINT_PAGES` in the log moves them into the file, on its own thread. While a program keeps a read open, the log
 * cannot restart, and grows with every commit. When that read ends, moving the pages may take longer than callers can wait. So from
 * `logBytesMax` on commits move no pages, and a thread moves them concurrently:
 *
 *   short ──log > logBytesMax──▶ long (thread: every lookMs) ──log ≤ logBytesMax──▶ short
 */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { CHECKPOINT_PAGES } from './connection.ts'
import { logOf } from './database-file.ts'
import { threadFile } from './thread-files.ts'

export interface LogLimits {
  /** A longer log causes a warning. */
  readonly logBytesMax: number
  /** Time between two looks at the log. */
  readonly lookMs: number
}

const LOG_LIMITS: LogLimits = { logBytesMax: 16 * 1_048_576, lookMs: 1_000 }

const MEBIBYTE = 1_048_576
export class LogKeeper {
  readonly #file: string
  readonly #writes: DatabaseSync
  readonly #limits: LogLimits
  #timer: NodeJS.Timeout | undefined
  #worker: Worker | null = null
  /** Whether the thread is working on a 'move'. */
  #isMoving = false

  /** @param writes the connection whose commits move the pages while the log is short */
  constructor(file: string, writes: DatabaseSync, limits: LogLimits = LOG_LIMITS) {
    this.#file = file
    this.#writes = writes
    this.#limits = limits
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#limits.lookMs).unref()
  }

  /** Whether the log is long and the thread runs. */
  get isLong(): boolean {
    return this.#worker !== null
  }

  /** Warnings whose text stays the same while the log grows a little, so that each is logged once. */
  warnings(): readonly string[] {
    const bytes = this.bytes()
    const { logBytesMax } = this.#limits
    if (bytes <= logBytesMax) return []
    const passed = logBytesMax * 2 ** Math.floor(Math.log2(bytes / logBytesMax))
    // Without the folder, because anybody may read the warnings.
    const name = basename(this.#file)
    return [
      `The log ${logOf(name)} has more than ${Math.floor(passed / MEBIBYTE)} MiB and cannot be emptied: a program that has the file open ` +
        `has been reading for long. Find it (fuser ${name}) and let it end its transaction.`,
    ]
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#end()
  }

  #look(): void {
    const isLong = this.bytes() > this.#limits.logBytesMax
    if (isLong) this.#move()
    else if (this.#worker !== null && !this.#isMoving) void this.#end()
  }

  #move(): void {
    if (this.#isMoving) return
    const entry = threadFile('log-keeper')
    // Commits then go on moving pages, as far as readers let them.
    if (entry === null) return
    this.#worker ??= this.#begin(entry)
    this.#isMoving = true
    this.#worker.postMessage('move')
  }

  #begin(entry: URL): Worker {
    this.#checkpointAt(0)
    const worker = new Worker(entry, { workerData: { file: this.#file } })
    worker.unref()
    worker.on('message', () => (this.#isMoving = false))
    // A lost thread leaves only a long log; the next look starts another thread.
    worker.on('error', () => {})
    worker.on('exit', () => this.#forget(worker))
    return worker
  }

  async #end(): Promise<void> {
    const worker = this.#worker
    if (worker === null) return
    this.#forget(worker)
    const gone = new Promise((resolve) => worker.once('exit', resolve))
    worker.ref()
    worker.postMessage('end')
    await gone
  }

  #forget(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = null
    this.#isMoving = false
    this.#checkpointAt(CHECKPOINT_PAGES)
  }

  #checkpointAt(pages: number): void {
    if (this.#writes.isOpen) this.#writes.exec(`PRAGMA wal_autocheckpoint = ${pages}`)
  }

  /** The size of the log. */
  bytes(): number {
    return statSync(logOf(this.#file), { throwIfNoEntry: false })?.size ?? 0
  }
}
