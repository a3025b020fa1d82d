/** The port to the table of keys. Its rows are no part of the books: they may be changed, and no command waits for them. */
import type { Instant } from '../domain/ids.ts'
import type { KeyRecord, KeyTerms } from './key.ts'

export interface LiveKeys {
  /** Whether a key was ever made. If so, callers need one, even if all are revoked. */
  readonly required: boolean
  /** Those that are neither revoked nor expired; at most `KEYS_LOADED_MAX`, the oldest first. */
  readonly keys: readonly KeyRecord[]
}

/** More than `KEYS_MAX`, because processes that make keys at the same instant do not see each other's. */
export const KEYS_LOADED_MAX = 2_000

export interface KeysQuery {
  /** Only keys with a larger number. */
  readonly after: number
  readonly limit: number
}

/** Every method throws Fault `store_unavailable`, `store_misconfigured`; a change also `commit_in_doubt`. */
export interface KeyStore {
  live(now: Instant): Promise<LiveKeys>
  /** All keys, also revoked ones, in the order of their numbers. */
  list(query: KeysQuery): Promise<readonly KeyRecord[]>
  find(name: string): Promise<KeyRecord | null>
  /** `taken`: there is or was a key of this name. `full`: there are `liveMax` live keys. */
  create(terms: KeyTerms, secret: NewSecret, liveMax: number): Promise<KeyRecord | 'taken' | 'full'>
  /**
   * Gives the key a new secret; the one before stays valid until `previousUntil`, and the one before that ends. Null if there is no such
   * key, or it is not live.
   */
  rotate(name: string, secret: NewSecret, previousUntil: Instant | null): Promise<KeyRecord | null>
  /** Ends a key for good; once revoked, the first time stays. Null if there is no such key. */
  revoke(name: string, at: Instant): Promise<KeyRecord | null>
  /** Notes that keys were used. It may be lost, so it need not be on disk when this returns. */
  touch(numbers: readonly number[], at: Instant): Promise<void>
}

export interface NewSecret {
  readonly hash: string
  readonly at: Instant
}
