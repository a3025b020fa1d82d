/**
 * Balances whose rows another transaction has locked for longer than a commit waits: that of an old application that is busy elsewhere, or
 * of an operator. A batch waits as a whole, so commands on these balances are parked (parked-tickets.ts) and the others go on without them.
 *
 * They are looked at again every `lockedLookMs`, until they are free. Balances of house accounts are not among them: this process has
 * stripes of its own, which its own commits lock.
 */
import type { BalanceName } from '../domain/balance.ts'
import { isHouse } from '../domain/ids.ts'
import type { Clock } from './clock.ts'
import type { EngineLimits } from './limits.ts'
import type { Store } from './store.ts'

type LockedLimits = Pick<EngineLimits, 'lockedBalancesMax' | 'lockedLookMs'>

export class LockedBalances {
  /** Is called after a look that found some of them free. */
  onFreed: (() => void) | null = null
  readonly #store: Pick<Store, 'locked'>
  readonly #clock: Clock
  readonly #limits: LockedLimits
  readonly #locked = new Map<string, BalanceName>()
  #cancelLook: (() => void) | null = null
  #isClosed = false

  constructor(store: Pick<Store, 'locked'>, clock: Clock, limits: LockedLimits) {
    this.#store = store
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#locked.size
  }

  /** Those of the keys that are of locked balances. */
  among(keys: Iterable<string>): readonly string[] {
    const locked: string[] = []
    if (this.#locked.size > 0) for (const key of keys) if (this.#locked.has(key)) locked.push(key)
    return locked
  }

  /** Finds out which of these balances are locked, after a lock was not given in time. Never rejects: a database that does not answer says none. */
  async look(balances: ReadonlyMap<string, BalanceName>): Promise<void> {
    if (this.#isClosed) return
    const users = new Map([...balances].filter(([, { account }]) => !isHouse(account)))
    for (const key of await this.#find(users)) {
      if (this.#isClosed || this.#locked.size >= this.#limits.lockedBalancesMax) break
      this.#locked.set(key, users.get(key)!)
    }
    this.#lookLater()
  }

  /** From now on none counts as locked, and none is looked at. */
  close(): void {
    this.#isClosed = true
    this.#locked.clear()
    this.#cancelLook?.()
    this.#cancelLook = null
  }

  #lookLater(): void {
    if (this.#locked.size === 0 || this.#cancelLook !== null) return
    this.#cancelLook = this.#clock.after(this.#limits.lockedLookMs, () => void this.#lookAgain())
  }

  async #lookAgain(): Promise<void> {
    const looked = new Map(this.#locked)
    const still = await this.#find(looked)
    this.#cancelLook = null
    if (this.#isClosed) return
    for (const key of looked.keys()) if (!still.has(key)) this.#locked.delete(key)
    if (still.size < looked.size) this.onFreed?.()
    this.#lookLater()
  }

  async #find(balances: ReadonlyMap<string, BalanceName>): Promise<ReadonlySet<string>> {
    if (balances.size === 0) return new Set()
    try {
      return await this.#store.locked(balances)
    } catch {
      return new Set()
    }
  }
}
