/** Does the faults of a live run to its workers, their connections and its database, and undoes all of them at the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../simulation/chance.ts'
import { SLOW_PAUSE_MS, type FaultProxy } from '../support/fault-proxy.ts'
import type { LiveFault, LiveFaultKind } from './faults.ts'
import type { Ground } from './ground.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface Victims {
  readonly workers: readonly WorkerProcess[]
  /** One before each worker; none where there is no network. */
  readonly proxies: readonly FaultProxy[]
  readonly ground: Ground
}

export class Troublemaker {
  /** How often each fault struck. One that found nothing to strike is not among them. */
  readonly hits = new Map<LiveFaultKind, number>()
  readonly #victims: Victims
  readonly #chance: Chance
  readonly #underWay = new Set<Promise<void>>()
  readonly #undone = new AbortController()

  constructor(victims: Victims, chance: Chance) {
    this.#victims = victims
    this.#chance = chance
  }

  strike(fault: LiveFault): void {
    const done = this.#strike(fault).catch((error: unknown) => {
      // A stranger that did not get its lock, an administrator who was too late: nothing was struck.
      if (!this.#undone.signal.aborted) this.#failed.push(`${JSON.stringify(fault)}: ${String(error)}`)
    })
    this.#underWay.add(done)
    void done.finally(() => this.#underWay.delete(done))
  }

  readonly #failed: string[] = []

  /** Faults that could not be done, and why. */
  get failed(): readonly string[] {
    return this.#failed
  }

  /** From here on nothing goes wrong any more: every worker is there and reaches the database. */
  async calm(): Promise<void> {
    this.#undone.abort()
    await Promise.all(this.#underWay)
    for (const proxy of this.#victims.proxies) {
      proxy.thaw()
      proxy.slowAll(0)
      // What is armed and was not met would strike later.
      proxy.disarm()
    }
    await Promise.all(this.#victims.workers.map(bringUp))
  }

  async #strike(fault: LiveFault): Promise<void> {
    const { ground } = this.#victims
    switch (fault.kind) {
      case 'end':
        if (await ground.end(fault.what, fault.server, this.#chance)) this.#hit(fault)
        return
      case 'stranger':
        await ground.lockOut(fault.account, fault.ms)
        return this.#hit(fault)
      case 'kill':
      case 'stop':
      case 'pause':
        return await this.#strikeWorker(fault, this.#victims.workers[fault.worker]!)
      case 'cut':
      case 'freeze':
      case 'slow':
      case 'strike':
        return await this.#strikeNetwork(fault, this.#victims.proxies[fault.worker]!)
    }
  }

  async #strikeWorker(
    fault: Extract<LiveFault, { kind: 'kill' | 'stop' | 'pause' }>,
    worker: WorkerProcess,
  ): Promise<void> {
    if (!worker.isReady) return
    this.#hit(fault)
    if (fault.kind === 'pause') {
      worker.pause()
      await this.#wait(fault.ms)
      return worker.resume()
    }
    await (fault.kind === 'kill' ? worker.kill() : worker.stop())
    await this.#wait(fault.downMs)
    // What did not come up will be tried again by the next fault, or at the end.
    await worker.start()
  }

  async #strikeNetwork(
    fault: Extract<LiveFault, { kind: 'cut' | 'freeze' | 'slow' | 'strike' }>,
    proxy: FaultProxy,
  ): Promise<void> {
    switch (fault.kind) {
      case 'cut':
        this.#hit(fault)
        return proxy.cutAll()
      case 'freeze':
        this.#hit(fault)
        proxy.freezeAll()
        await this.#wait(fault.ms)
        return proxy.thaw()
      case 'slow':
        this.#hit(fault)
        proxy.slowAll(SLOW_PAUSE_MS)
        await this.#wait(fault.ms)
        return proxy.slowAll(0)
      case 'strike': {
        const { action, step, commit: kind } = fault
        const struck = proxy.strikeNext({ action, step, kind }).then(() => true)
        const isOver = new Promise<boolean>((resolve) => {
          this.#undone.signal.addEventListener('abort', () => resolve(false), { once: true })
        })
        if (!(await Promise.race([struck, isOver]))) return
        this.#hit(fault)
        if (action !== 'freeze') return
        await this.#wait(fault.ms)
        proxy.thaw()
      }
    }
  }

  #hit({ kind }: LiveFault): void {
    this.hits.set(kind, (this.hits.get(kind) ?? 0) + 1)
  }

  /** Until it is over, or everything is. */
  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#undone.signal }).catch(() => undefined)
  }
}

/** Attempts to bring a worker up once nothing is wrong any more. */
const STARTS_MAX = 5

async function bringUp(worker: WorkerProcess): Promise<void> {
  worker.resume()
  let reason: string | null = null
  for (let attempt = 0; attempt < STARTS_MAX; attempt++) {
    reason = await worker.start()
    if (reason === null) return
  }
  throw new Error(`A worker does not come up although nothing is wrong: ${reason}`)
}
