/** A store with scripted failures: each call takes the next mishap from `script`. */
import { balanceKey, type BalanceName } from '../../src/domain/balance.ts'
import type { Instant } from '../../src/domain/ids.ts'
import type { Snapshot } from '../../src/domain/snapshot.ts'
import type { Changes } from '../../src/domain/changes.ts'
import type { Footprint } from '../../src/domain/footprint.ts'
import { Fault } from '../../src/engine/faults.ts'
import type { CommitResult, Store, StoreClock } from '../../src/engine/store.ts'

export type Mishap =
  /** No mishap. */
  | 'none'
  | 'stale'
  | 'contended'
  /** A constraint violation: before or after the locks, depending on the call. */
  | 'refused'
  /** Nothing is written. */
  | 'unavailable'
  /** The connection is lost around COMMIT, before or after it takes effect. */
  | 'doubt-lost'
  | 'doubt-applied'
  /** An error that is no Fault, before anything is written. */
  | 'crash'

export type StoreCall = 'load' | 'commit' | 'exclusive' | 'locked' | 'ping'

export class FaultyStore implements Store {
  connectionsLost = 0
  readonly calls: StoreCall[] = []
  #store: Store
  /** The mishaps of the next calls, in order; 'none' after the last. */
  readonly script: Mishap[] = []
  /** Changes for which it returns true are refused, as by a constraint. */
  refuses: (changes: Changes) => boolean = () => false
  /** The server's clock; null for a store without one. */
  serverClock: (() => Instant) | null = null
  /** Keys of balances that another transaction has locked. */
  readonly lockedKeys = new Set<string>()
  /** Every commit waits for this promise. */
  gate: Promise<void> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
  }

  /** Replaces the database, as after a failover or a restored backup. */
  becomes(store: Store): void {
    this.#store = store
  }

  async load(footprint: Footprint): Promise<Snapshot> {
    this.calls.push('load')
    return await this.#store.load(footprint)
  }

  async commit(changes: Changes): Promise<CommitResult> {
    this.calls.push('commit')
    const mishap = this.script.shift() ?? 'none'
    await this.gate
    const keys = changes.balances.map(({ after }) => balanceKey(after.account, after.asset, after.stripe))
    if (mishap === 'none' && this.#meetsLock(keys)) return 'lock_timeout'
    return await this.#with(mishap, changes, () => this.#store.commit(changes))
  }

  async exclusive(footprint: Footprint, plan: (snapshot: Snapshot) => Changes): Promise<CommitResult> {
    this.calls.push('exclusive')
    const mishap = this.script.shift() ?? 'none'
    if (mishap === 'stale') return mishap
    if (mishap === 'contended') return 'deadlock'
    if (mishap === 'unavailable' || mishap === 'doubt-lost' || mishap === 'refused') throw faultOf(mishap)
    if (this.#meetsLock((await this.#store.load(footprint)).balances.keys())) return 'lock_timeout'
    const result = await this.#store.exclusive(footprint, (snapshot) => {
      const changes = plan(snapshot)
      if (this.refuses(changes)) throw new Fault('store_refused', 'A constraint is violated.')
      return changes
    })
    if (mishap === 'doubt-applied') throw faultOf(mishap)
    return result
  }

  async locked(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    this.calls.push('locked')
    return new Set([...balances.keys()].filter((key) => this.lockedKeys.has(key)))
  }

  async ping(): Promise<void> {
    this.calls.push('ping')
    if ((this.script.shift() ?? 'none') !== 'none') throw faultOf('unavailable')
    await this.#store.ping()
  }

  async clock(): Promise<StoreClock> {
    const clock = await this.#store.clock()
    return this.serverClock === null ? clock : { ...clock, serverAt: this.serverClock() }
  }

  #meetsLock(keys: Iterable<string>): boolean {
    return [...keys].some((key) => this.lockedKeys.has(key))
  }

  async #with(mishap: Mishap, changes: Changes, commit: () => Promise<CommitResult>): Promise<CommitResult> {
    switch (mishap) {
      case 'none':
        if (this.refuses(changes)) throw new Fault('store_refused', 'A constraint is violated.')
        return await commit()
      case 'stale':
        return mishap
      case 'contended':
        return 'deadlock'
      case 'unavailable':
      case 'refused':
      case 'doubt-lost':
        throw faultOf(mishap)
      case 'doubt-applied':
        await commit()
        throw faultOf(mishap)
      case 'crash':
        throw new TypeError('Something unforeseen.')
    }
  }
}

function faultOf(mishap: Mishap): Fault {
  if (mishap === 'unavailable') return new Fault('store_unavailable', 'The database does not answer.')
  if (mishap === 'refused') return new Fault('store_refused', 'A constraint is violated.')
  return new Fault('commit_in_doubt', 'The connection was lost.', { applied: 'unknown' })
}
