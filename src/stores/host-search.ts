/**
 * The server that all connections of a process use, of those that its store URL names. It is looked for when the first connection is made, and
 * again before the next one whenever a connection was lost, refused or found read-only. A process whose URL names one server never looks.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { asFault, Fault } from '../engine/faults.ts'
import { chooseHost, type ChosenHost, type HostLook, type HostState } from './host-choice.ts'
import { nameOfHost, type Host } from './hosts.ts'

export interface HostSearchOptions {
  /** In the order of the URL; at least one. */
  readonly hosts: readonly Host[]
  /** Asks a server, on a connection of its own. @throws Fault */
  readonly look: (host: Host) => Promise<HostLook>
  /** What the server is looked for: `look` refuses one that does not serve for that. Default `write`. */
  readonly purpose?: Purpose
}

export type Purpose = 'write' | 'read'

/** The process uses another server from now on. Names and ports. */
export interface HostMove {
  readonly from: string
  readonly to: string
}

/**
 * A server that has not answered for so long may be cut off. With a store URL of several servers it is asked then, and as often again, whether
 * another one has taken over: its promotion ends the wait, and not only the statement timeout.
 */
export const SILENT_MS = 1_000
/** For how long a result serves further connections. A pool that fills up needs one search. */
const FOUND_MS = 1_000
/** After a search without a result, calls fail with the same fault for this time. */
const PAUSE_MS = 100
/** A server that does not answer within this time is left out: the others must not wait for it. */
const LOOK_MS_MAX = 1_500
/** How long the others may still answer after one said that it takes writes. */
const SETTLE_MS = 200

export class HostSearch {
  readonly #options: HostSearchOptions
  #current: ChosenHost | null = null
  /** When `#current` was last confirmed; -Infinity after a doubt. */
  #foundAt = -Infinity
  #failure: Fault | null = null
  #failedAt = -Infinity
  #searching: Promise<Host> | null = null
  #onMove: (move: HostMove) => void = () => undefined

  constructor(options: HostSearchOptions) {
    this.#options = options
  }

  /** Whether there is a choice. */
  get isSeveral(): boolean {
    return this.#options.hosts.length > 1
  }

  /** Whether a server that takes reads only is as good as any other. */
  get isForReading(): boolean {
    return this.#options.purpose === 'read'
  }

  /** The server in use; before the first search, the first one of the URL. */
  get current(): Host {
    return this.#current?.host ?? this.#options.hosts[0]!
  }

  /** @param action called when another server is in use from now on: connections to the one before must not be used again */
  onMove(action: (move: HostMove) => void): void {
    this.#onMove = action
  }

  /**
   * The server for a new connection.
   *
   * @throws Fault `store_unavailable` when none serves the purpose, `store_misconfigured` when several do and only one may
   */
  async find(): Promise<Host> {
    if (!this.isSeveral) return this.current
    const now = performance.now()
    if (this.#current !== null && now - this.#foundAt < FOUND_MS) return this.#current.host
    if (this.#failure !== null && now - this.#failedAt < PAUSE_MS) throw this.#failure
    this.#searching ??= this.#search().finally(() => (this.#searching = null))
    return await this.#searching
  }

  /** A connection was lost, refused, or is to a server that takes no writes. */
  doubt(): void {
    this.#foundAt = -Infinity
  }

  /** Whether another server serves the purpose now, so that a call which `host` does not answer can be given up. Never rejects. */
  async isElsewhere(host: Host): Promise<boolean> {
    this.doubt()
    const found = await this.find().catch(() => null)
    return found !== null && nameOfHost(found) !== nameOfHost(host)
  }

  /** What each server says now. Takes at most `LOOK_MS_MAX`. */
  async states(): Promise<readonly HostState[]> {
    return await Promise.all(this.#options.hosts.map((host) => this.#stateOf(host)))
  }

  async #search(): Promise<Host> {
    const before = this.#current
    this.#foundAt = performance.now()
    try {
      const known = { host: before?.host ?? null, term: before?.term ?? 0 }
      const found = chooseHost(await this.#statesSoon(), known, this.isForReading ? 'can be read' : 'takes writes')
      this.#current = found
      this.#failure = null
    } catch (error) {
      this.#failure = asFault(error)
      this.#failedAt = performance.now()
      this.doubt()
      throw this.#failure
    }
    const [from, to] = [before?.host ?? this.#current.host, this.#current.host].map(nameOfHost) as [string, string]
    if (from !== to) this.#onMove({ from, to })
    return this.#current.host
  }

  /** As `states`, but those that are late after one has said that it takes writes are left out. */
  async #statesSoon(): Promise<readonly HostState[]> {
    const found = Promise.withResolvers<void>()
    const states = this.#options.hosts.map((host): HostState => ({ host, look: late(SETTLE_MS) }))
    const looks = this.#options.hosts.map(async (host, index) => {
      const state = await this.#stateOf(host)
      states[index] = state
      if (!(state.look instanceof Fault) && state.look.refusal === null) found.resolve()
    })
    await Promise.race([Promise.all(looks), found.promise.then(() => sleep(SETTLE_MS))])
    return [...states]
  }

  async #stateOf(host: Host): Promise<HostState> {
    const over = new AbortController()
    const limit = sleep(LOOK_MS_MAX, late(LOOK_MS_MAX), { signal: over.signal }).catch(() => late(LOOK_MS_MAX))
    const look = this.#options.look(host).catch((error: unknown) => asFault(error))
    try {
      return { host, look: await Promise.race([look, limit]) }
    } finally {
      over.abort()
    }
  }
}

function late(ms: number): Fault {
  return new Fault('store_unavailable', `it did not answer within ${ms} ms`)
}
