/** Carries out the faults of a live run on its workers, their connections and its database, and ends all of them at the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Chance } from '../simulation/chance.ts'
import { SLOW_PAUSE_MS, type FaultProxy } from '../support/fault-proxy.ts'
import type { LiveFault, LiveFaultKind } from './faults.ts'
import type { Ground } from './ground.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface Victims {
  readonly workers: readonly WorkerProcess[]
  /** One proxy per worker; none when there is no network. */
  readonly proxies: readonly FaultProxy[]
  readonly ground: Ground
}

export class Troublemaker {
  /** The number of hits by kind. A fault without a target is not counted. */
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
      // The lock was not granted, or the statement had already ended: the fault had no effect.
      if (!this.#undone.signal.aborted) this.#failed.push(`${JSON.stringify(fault)}: ${String(error)}`)
    })
    this.#underWay.add(done)
    void done.finally(() => this.#underWay.delete(done))
  }

  readonly #failed: string[] = []

  /** Faults that could not be carried out, with the reason. */
  get failed(): readonly string[] {
    return this.#failed
  }

  /** Ends all faults: afterwards every worker runs and reaches the database. */
  async calm(): Promise<void> {
    this.#undone.abort()
    await Promise.all(this.#underWay)
    for (const proxy of this.#victims.proxies) {
      proxy.thaw()
      proxy.slowAll(0)
      // A strike that has not been triggered would happen later.
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
    // A worker that did not start is started again by the next fault, or at the end.
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

  /** Waits for this time, or until the faults end. */
  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#undone.signal }).catch(() => undefined)
  }
}

/** The number of attempts to start a worker when there are no faults any more. */
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
