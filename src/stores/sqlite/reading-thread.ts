/**
 * A thread with a connection of its own that reads, so that reads do not block the calling thread.
 *
 *   none ──first read──▶ running ──dies──▶ none
 *                           └────close───▶ closed
 *
 * Look-ups and lists wait in separate queues. The thread runs a few of each at once, which take turns statement by statement: a look-up
 * does not wait for all earlier lists. Long answers arrive in parts, one of which is unpacked per turn of the event loop. Upholds law 8.
 */
import { deserialize } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Auditor } from '../../engine/auditor.ts'
import { Fault, type FaultOptions } from '../../engine/faults.ts'
import { CursorError, FeedCursorError, TooManyBalances, type Reader } from '../../engine/reader.ts'
import type { SqliteConnectionOptions } from './connection.ts'
import type { Parcel } from './parcel.ts'
import type { FaultFields } from './writing-thread.ts'

/** The methods that the thread runs. */
export interface Reads extends Reader {
  audit: Auditor['run']
}

export type Lane = 'lookups' | 'lists'

/** Look-ups read rows by key, or a few at the start of an index; lists are all other reads. */
export const LANE_OF = {
  account: 'lookups',
  balance: 'lookups',
  accountAt: 'lists',
  balances: 'lists',
  stats: 'lists',
  hold: 'lookups',
  holds: 'lists',
  holdHistory: 'lists',
  due: 'lookups',
  postings: 'lists',
  entry: 'lookups',
  feed: 'lists',
  assets: 'lookups',
  rates: 'lists',
  rateHistory: 'lists',
  audit: 'lists',
} as const satisfies Record<keyof Reads, Lane>

export interface ReadingLimits {
  /** Waiting reads, look-ups and lists together; another one is `overloaded`. */
  readonly queueReadsMax: number
  /** A read that waited longer is `overloaded`. */
  readonly waitMsMax: number
  /** Reads that the thread runs at once. Their answers may arrive in one turn of the event loop. */
  readonly atOnceMax: Readonly<Record<Lane, number>>
}

export const READING_LIMITS: ReadingLimits = {
  queueReadsMax: 10_000,
  waitMsMax: 30_000,
  atOnceMax: { lookups: 8, lists: 2 },
}

/** The data that the thread starts with. */
export interface ReadingThreadData extends SqliteConnectionOptions {
  readonly file: string
}

export interface ReadCall {
  readonly id: number
  readonly method: keyof Reads
  readonly parameters: readonly unknown[]
}

/** The answer to the call of this id. */
export type ReadReport = { readonly id: number } & (
  | { readonly parcel: Parcel }
  | { readonly fault: FaultFields }
  | { readonly error: ErrorFields }
)

interface ErrorFields {
  /** The kind of an error that the reads of a page throw; null for a defect. */
  readonly kind: keyof typeof PAGE_ERRORS | null
  readonly message: string
  readonly stack: string | undefined
}

interface Waiting {
  readonly method: keyof Reads
  readonly parameters: readonly unknown[]
  readonly since: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export const PAGE_ERRORS = { CursorError, FeedCursorError, TooManyBalances } as const

export class ReadingThread {
  readonly #entry: URL
  readonly #data: ReadingThreadData
  readonly #limits: ReadingLimits
  readonly #queues: Readonly<Record<Lane, Waiting[]>> = { lookups: [], lists: [] }
  /** Reads that the thread runs. */
  readonly #asked = new Map<number, Waiting>()
  readonly #askedCount: Record<Lane, number> = { lookups: 0, lists: 0 }
  readonly #unpacking = new Unpacking()
  readonly #whenIdle: (() => void)[] = []
  #worker: Worker | null = null
  #isClosed = false
  #lastId = 0

  /** @param entry the file with which the thread starts */
  constructor(entry: URL, data: ReadingThreadData, limits: ReadingLimits = READING_LIMITS) {
    this.#entry = entry
    this.#data = data
    this.#limits = limits
  }

  /** @throws Fault `overloaded`, `store_unavailable`, `store_misconfigured`; and what the method itself throws */
  read<Method extends keyof Reads>(
    method: Method,
    ...parameters: Parameters<Reads[Method]>
  ): Promise<Awaited<ReturnType<Reads[Method]>>> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const { lookups, lists } = this.#queues
    if (this.#isClosed) reject(closed())
    else if (lookups.length + lists.length >= this.#limits.queueReadsMax) {
      reject(overloaded(`${this.#limits.queueReadsMax} reads are waiting already.`))
    } else {
      this.#queues[LANE_OF[method]].push({ method, parameters, since: performance.now(), resolve, reject })
      this.#ask()
    }
    return promise as Promise<Awaited<ReturnType<Reads[Method]>>>
  }

  /** Lets running reads finish, and ends the thread. Waiting reads fail with `store_unavailable`. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const queue of Object.values(this.#queues)) for (const { reject } of queue.splice(0)) reject(closed())
    if (this.#asked.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
    const worker = this.#worker
    if (worker === null) return
    worker.ref()
    const gone = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage(null)
    await gone
  }

  #ask(): void {
    for (const lane of ['lookups', 'lists'] as const) {
      const [queue, atOnceMax] = [this.#queues[lane], this.#limits.atOnceMax[lane]]
      while (this.#askedCount[lane] < atOnceMax && queue.length > 0) {
        const waiting = queue.shift()!
        const waitedMs = performance.now() - waiting.since
        if (waitedMs > this.#limits.waitMsMax) {
          waiting.reject(overloaded(`The read waited for ${Math.round(waitedMs)} ms.`))
          continue
        }
        this.#askedCount[lane]++
        const id = ++this.#lastId
        this.#asked.set(id, waiting)
        const { method, parameters } = waiting
        const worker = this.#running()
        // Only running reads keep the process alive.
        worker.ref()
        worker.postMessage({ id, method, parameters } satisfies ReadCall)
      }
    }
  }

  #running(): Worker {
    if (this.#worker !== null) return this.#worker
    const worker = new Worker(this.#entry, { workerData: this.#data })
    worker.on('message', (report: ReadReport) => this.#hear(report))
    worker.on('error', (error: unknown) => this.#lose(worker, error))
    worker.on('exit', () => this.#lose(worker, undefined))
    this.#worker = worker
    return worker
  }

  #hear(report: ReadReport): void {
    const waiting = this.#asked.get(report.id)!
    if ('parcel' in report) {
      // The read counts as running until it is unpacked, so that a calling thread that is behind gets no more answers.
      return this.#unpacking.unpack(report.parcel, (result) => {
        this.#end(report.id)
        waiting.resolve(result)
      })
    }
    this.#end(report.id)
    waiting.reject('fault' in report ? faultOf(report.fault) : errorOf(report.error))
  }

  #end(id: number): void {
    const ended = this.#asked.get(id)
    // The thread has died.
    if (ended === undefined) return
    this.#asked.delete(id)
    this.#askedCount[LANE_OF[ended.method]]--
    this.#ask()
    this.#rest()
  }

  #rest(): void {
    if (this.#asked.size > 0) return
    this.#worker?.unref()
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  /** The next read starts another thread: reads have no effect, so a failed one can be repeated. */
  #lose(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = null
    const lost = [...this.#asked.values()]
    this.#asked.clear()
    this.#askedCount.lookups = 0
    this.#askedCount.lists = 0
    const options: FaultOptions = { retryAfterMs: 1_000, cause }
    for (const { reject } of lost) reject(new Fault('store_unavailable', 'The thread that was reading ended.', options))
    if (!this.#isClosed) this.#ask()
    this.#rest()
  }
}

/** Assembles answers, one part per turn of the event loop. An answer without parts is passed on at once. */
class Unpacking {
  readonly #parcels: { readonly parcel: Parcel; readonly rows: unknown[]; readonly done: (result: unknown) => void }[] =
    []

  unpack(parcel: Parcel, done: (result: unknown) => void): void {
    if (parcel.parts.length === 0) return done(parcel.head)
    this.#parcels.push({ parcel, rows: [], done })
    if (this.#parcels.length === 1) setImmediate(() => this.#turn())
  }

  #turn(): void {
    const { parcel, rows, done } = this.#parcels[0]!
    const [part, ...parts] = parcel.parts
    rows.push(...(deserialize(part!) as unknown[]))
    if (parts.length > 0) this.#parcels[0] = { parcel: { ...parcel, parts }, rows, done }
    else this.#parcels.shift()
    if (this.#parcels.length > 0) setImmediate(() => this.#turn())
    if (parts.length === 0) done(parcel.key === null ? rows : { ...(parcel.head as object), [parcel.key]: rows })
  }
}

function faultOf({ code, message, applied, retryAfterMs }: FaultFields): Fault {
  return new Fault(code, message, retryAfterMs === null ? { applied } : { applied, retryAfterMs })
}

function errorOf({ kind, message, stack }: ErrorFields): Error {
  const error = kind === null ? new Error(message) : new PAGE_ERRORS[kind]()
  // The place of the error on the thread.
  if (stack !== undefined) error.stack = stack
  return error
}

function overloaded(message: string): Fault {
  return new Fault('overloaded', message, { retryAfterMs: 1_000 })
}

function closed(): Fault {
  return new Fault('store_unavailable', 'The ledger is closed.')
}
