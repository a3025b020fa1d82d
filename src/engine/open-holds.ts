/**
 * Counts the open holds of accounts, as far as this process knows them: those that it froze. An account is refused only because of holds
 * that are open for certain: those that other processes may have ended are looked up. Holds that were frozen elsewhere, or before this
 * process started, do not count.
 */
import type { Instant, RequestId } from '../domain/ids.ts'
import { Recent } from './recent.ts'

/** How often the holds of one account are looked up, and how many accounts are being looked up at a time. */
const LOOK_INTERVAL_MS = 1_000
const LOOKS_MAX = 4

interface Account {
  /** By hold: when it expires; null while its freeze is not answered. */
  readonly holds: Map<RequestId, Instant | null>
  lookedAt: number
}

export interface OpenHoldsOptions {
  /** Holds that an account may have open at once, as far as known here. */
  readonly holdsMax: number
  /** Accounts that are remembered. */
  readonly accountsMax: number
  /** Which of these holds are open. @throws Fault */
  readonly stillOpen: (holds: readonly RequestId[]) => Promise<ReadonlySet<RequestId>>
}

export class OpenHolds {
  readonly #options: OpenHoldsOptions
  readonly #accounts: Recent<Account>
  #looks = 0

  constructor(options: OpenHoldsOptions) {
    this.#options = options
    this.#accounts = new Recent(options.accountsMax)
  }

  /**
   * Whether the account may open `holds`. Otherwise those that are counted are looked up, so that a later call has the answer.
   *
   * @param now the time of day, by which holds expire
   * @param elapsed a clock that only moves forward, in milliseconds
   */
  hasRoom(name: string, holds: readonly RequestId[], { now, elapsed }: { now: Instant; elapsed: number }): boolean {
    const account = this.#accounts.get(name)
    const { holdsMax } = this.#options
    if (account === undefined) return holds.length <= holdsMax
    for (const [hold, expiresAt] of account.holds)
      if (expiresAt !== null && expiresAt <= now) account.holds.delete(hold)
    const more = holds.filter((hold) => !account.holds.has(hold)).length
    if (account.holds.size + more <= holdsMax) return true
    void this.#look(account, elapsed)
    return false
  }

  /** A freeze is on its way. */
  begin(name: string, hold: RequestId): void {
    let account = this.#accounts.get(name)
    if (account === undefined) {
      account = { holds: new Map(), lookedAt: -Infinity }
      this.#accounts.set(name, account)
    }
    if (!account.holds.has(hold)) account.holds.set(hold, null)
  }

  /** The hold is open, or it may be. */
  opened(name: string, hold: RequestId, expiresAt: Instant): void {
    const holds = this.#accounts.get(name)?.holds
    // One that was frozen elsewhere counts from now on, within the bound of what is remembered.
    if (holds !== undefined && (holds.has(hold) || holds.size < this.#options.holdsMax)) holds.set(hold, expiresAt)
  }

  /** The hold is not open. */
  ended(name: string, hold: RequestId): void {
    this.#accounts.get(name)?.holds.delete(hold)
  }

  async #look(account: Account, elapsed: number): Promise<void> {
    if (elapsed - account.lookedAt < LOOK_INTERVAL_MS || this.#looks >= LOOKS_MAX) return
    account.lookedAt = elapsed
    const known = [...account.holds].filter(([, expiresAt]) => expiresAt !== null).map(([hold]) => hold)
    if (known.length === 0) return
    this.#looks++
    try {
      const open = await this.#options.stillOpen(known)
      for (const hold of known) if (!open.has(hold)) account.holds.delete(hold)
    } catch {
      // The database does not answer: the next call that finds no room looks again.
    } finally {
      this.#looks--
    }
  }
}
