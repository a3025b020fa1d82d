/**
 * The health port: `/livez`, `/healthz` and `/readyz` on a port of their own, answered by a thread, however busy the main thread is.
 *
 *   main thread ──beat, every `beatMs`──▶ thread: alive ──no beat for `stuckMsMax`──▶ unresponsive
 *               ──answer of its /readyz──▶ thread: that answer ──older than `reportAgeMsMax`──▶ unresponsive
 *
 * A beat needs nothing but a turn of the event loop. An answer of `/readyz` also needs the database, so one that is late says nothing about
 * whether the process is alive. Upholds law 8.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { LedgerError } from '../api/error.ts'

export interface HealthLimits {
  /** The interval of beats and of looks at `/readyz`. */
  readonly beatMs: number
  /** After this time an answer of `/readyz` counts no more. */
  readonly reportAgeMsMax: number
  /** After this time without a beat the process is not alive. Longer than any pause from which it recovers by itself. */
  readonly stuckMsMax: number
  /** Open connections; a further one is closed at once. */
  readonly connectionsMax: number
  /** The time for a request to arrive. */
  readonly requestTimeoutMs: number
}

export const HEALTH_LIMITS: HealthLimits = {
  beatMs: 1_000,
  reportAgeMsMax: 5_000,
  stuckMsMax: 30_000,
  connectionsMax: 100,
  requestTimeoutMs: 5_000,
}

/** An answer of `/readyz`. */
export interface Readiness {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The data that the thread starts with. */
export interface HealthThreadData {
  readonly host: string
  readonly port: number
  readonly limits: HealthLimits
}

export type ToHealthThread = 'beat' | 'end' | Readiness
export type FromHealthThread =
  | { readonly address: AddressInfo }
  | { readonly failed: { readonly code: string | undefined; readonly message: string } }

/** The health port cannot be opened. */
class HealthPortError extends Error {
  override readonly name = 'HealthPortError'
}

export class HealthPort {
  readonly address: AddressInfo
  readonly #worker: Worker
  readonly #beats: NodeJS.Timeout
  readonly #limits: HealthLimits
  #looks: NodeJS.Timeout | undefined
  #isLooking = false
  #isEnding = false

  private constructor(worker: Worker, address: AddressInfo, limits: HealthLimits) {
    this.#worker = worker
    this.address = address
    this.#limits = limits
    this.#beats = setInterval(() => this.#send('beat'), limits.beatMs).unref()
  }

  /** `/readyz` answers `starting` until there is an answer of the service. @throws HealthPortError */
  static async open(
    { host, port }: { readonly host: string; readonly port: number },
    limits: HealthLimits = HEALTH_LIMITS,
  ): Promise<HealthPort> {
    const here = import.meta.url
    const entry = new URL(`./health-port-entry${here.endsWith('.ts') ? '.ts' : '.js'}`, here)
    const worker = new Worker(entry, { workerData: { host, port, limits } satisfies HealthThreadData })
    const [report] = (await once(worker, 'message')) as [FromHealthThread]
    if ('address' in report) return new HealthPort(worker, report.address, limits)
    const { code, message } = report.failed
    const advice = 'Choose another one with --health-port, 0 for a free one, or none.'
    throw new HealthPortError(
      code === 'EADDRINUSE'
        ? `The health port ${port} is already in use. ${advice}`
        : `The health port cannot be opened: ${message}. ${advice}`,
    )
  }

  /** From now on `/readyz` answers as `look` does. @param onLost called if the thread dies */
  watch(look: () => Promise<Readiness>, onLost: (error: Error) => void): void {
    this.#worker.on('error', (error) => onLost(error as Error))
    const lookAgain = async (): Promise<void> => {
      // A look that takes long is not repeated meanwhile; its answer gets old.
      if (this.#isLooking) return
      this.#isLooking = true
      try {
        const found = await look()
        if (!this.#isEnding) this.#send(found)
      } finally {
        this.#isLooking = false
      }
    }
    this.#looks = setInterval(() => void lookAgain(), this.#limits.beatMs).unref()
    void lookAgain()
  }

  /** From now on `/readyz` answers with this error: the service ends. */
  refuse(error: LedgerError): void {
    this.#isEnding = true
    clearInterval(this.#looks)
    const headers = { 'content-type': 'application/problem+json' }
    this.#send({ status: error.status, headers, body: JSON.stringify(error) })
  }

  async close(): Promise<void> {
    this.#isEnding = true
    clearInterval(this.#looks)
    clearInterval(this.#beats)
    const gone = new Promise((resolve) => this.#worker.once('exit', resolve))
    if (this.#worker.threadId < 0) return
    this.#send('end')
    await gone
  }

  #send(message: ToHealthThread): void {
    this.#worker.postMessage(message)
  }
}
