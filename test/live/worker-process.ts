/** The workers of one place, one after another: a worker is started, killed or stopped, and started again. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Ask } from '../simulation/history.ts'
import { forkChild } from '../../harness/children.ts'
import { askService } from './service-call.ts'
import type { FromWorker, Patience, Role, Told, ToWorker } from './dispatches.ts'

const WORKER = join(import.meta.dirname, 'worker.ts')
/** The limit for opening the ledger or starting the service on a busy machine and a slow database. */
const START_MS_MAX = 60_000
/** Longer than an engine drains. */
const STOP_MS_MAX = 20_000

interface Life {
  readonly child: ChildProcess
  readonly waiting: Map<number, (told: Told | null) => void>
  readonly closed: Promise<unknown>
  /** The URL of a service that is ready. */
  url: string | null
  isReady: boolean
}

export class WorkerProcess {
  /** 1 for the first process. Each life has a house stripe of its own. */
  life = 0
  readonly #roleOf: (life: number) => Role
  #life: Life | null = null
  #starting: Promise<string | null> | null = null
  #lastNumber = 0

  constructor(roleOf: (life: number) => Role) {
    this.#roleOf = roleOf
  }

  get isReady(): boolean {
    return this.#life?.isReady ?? false
  }

  /** Null when it is ready; otherwise the reason why it did not start. A worker that did not start has ended when this resolves. */
  async start(): Promise<string | null> {
    if (this.isReady) return null
    this.#starting ??= this.#start().finally(() => (this.#starting = null))
    return await this.#starting
  }

  async #start(): Promise<string | null> {
    await this.#life?.closed
    const role = this.#roleOf(++this.life)
    const child = forkChild(WORKER, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const life: Life = { child, waiting: new Map(), closed: once(child, 'close'), url: null, isReady: false }
    this.#life = life
    child.on('error', () => undefined)
    const begun = new Promise<FromWorker | null>((resolve) => {
      child.on('message', (message: FromWorker) => {
        if (message.kind !== 'answer') return resolve(message)
        life.waiting.get(message.number)?.(message)
        life.waiting.delete(message.number)
      })
      setTimeout(() => resolve(null), START_MS_MAX).unref()
      void life.closed.then(() => {
        this.#end(life)
        resolve(null)
      })
    })
    send(child, { kind: 'begin', role })
    const answer = await begun
    if (answer?.kind === 'ready' && this.#life === life) {
      life.url = answer.url
      life.isReady = true
      return null
    }
    await this.kill()
    return answer?.kind === 'failed' ? answer.message : 'it ended, or did not start in time'
  }

  /** Null when there is no answer and none will come. */
  async ask(ask: Ask, patience: Patience): Promise<Told | null> {
    const life = this.#life
    if (life === null || !life.isReady) return null
    const number = ++this.#lastNumber
    const ended = new Promise<Told | null>((resolve) => life.waiting.set(number, resolve))
    if (life.url === null) {
      send(life.child, { kind: 'ask', number, ask, ...patience })
      return await ended
    }
    return await Promise.race([askService(life.url, ask, patience), ended]).finally(() => life.waiting.delete(number))
  }

  async kill(): Promise<void> {
    const life = this.#life
    if (life === null) return
    life.child.kill('SIGKILL')
    await life.closed
  }

  /** Stops the worker in order if possible. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === null) return
    if (life.url === null) send(life.child, { kind: 'stop' })
    else life.child.kill('SIGTERM')
    const bound = setTimeout(() => life.child.kill('SIGKILL'), STOP_MS_MAX)
    await life.closed
    clearTimeout(bound)
  }

  /** Suspends the process at an arbitrary point. */
  pause(): void {
    this.#life?.child.kill('SIGSTOP')
  }

  resume(): void {
    this.#life?.child.kill('SIGCONT')
  }

  #end(life: Life): void {
    life.isReady = false
    if (this.#life === life) this.#life = null
    for (const resolve of life.waiting.values()) resolve(null)
    life.waiting.clear()
  }
}

function send(child: ChildProcess, message: ToWorker): void {
  // The process may have ended by now, which its `close` event reports.
  if (child.connected) child.send(message, () => undefined)
}
