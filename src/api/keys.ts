/** Keys of callers: the part of a `Ledger` that makes, lists and ends them. */
import type { Scope } from '../access/scope.ts'
import type { AssetCode, Instant } from '../domain/ids.ts'
import type { Page } from '../engine/reader.ts'

export interface KeyInput {
  /** 1 to 64 characters of A-Z a-z 0-9 . _ : @ / + -, beginning with a letter or digit. A name is given once, for ever. */
  readonly name: string
  /** What the key may do, at least one. */
  readonly scopes: readonly Scope[]
  /** Confines the key to accounts whose name begins with one of these texts, at most 32. Default: any account. */
  readonly accounts?: readonly string[]
  /** Confines the key to these assets, at most 32. Default: any asset. */
  readonly assets?: readonly AssetCode[]
  /** The largest amount of one command, in minor units. Default: any amount. */
  readonly amountMax?: bigint
  /** The rate limit: 1 to 1,000,000. Default: none of its own. */
  readonly commandsPerSecond?: number
  /** How many commands may come at once: 1 to 1,000,000. Only together with `commandsPerSecond`. */
  readonly burst?: number
  /** At most one of the two. Default: the key does not expire. */
  readonly expiresAt?: Instant
  readonly expiresInMs?: number
}

export interface RotateInput {
  /** How long the secret before stays valid, in milliseconds: 0 to 30 days, default 24 hours. */
  readonly graceMs?: number
}

export interface KeysInput {
  /** 1 to 1000, default 50. */
  readonly limit?: number
  /** `next` of the previous page. */
  readonly cursor?: string
}

/** A key without its secret. */
export interface Key {
  /** It stays when the key is rotated. */
  readonly number: number
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Null: any account; and so on. */
  readonly accounts: readonly string[] | null
  readonly assets: readonly AssetCode[] | null
  readonly amountMax: bigint | null
  readonly commandsPerSecond: number | null
  readonly burst: number | null
  readonly createdAt: Instant
  /** When it got its present secret; null: when it was made. */
  readonly rotatedAt: Instant | null
  /** Until when the secret before the rotation is valid; null: it is not. */
  readonly previousUntil: Instant | null
  readonly expiresAt: Instant | null
  /** At most about a minute old; null: never used. */
  readonly lastUsedAt: Instant | null
  readonly revokedAt: Instant | null
}

/** The answer to whoever makes or rotates a key: the only one that has the secret. */
export interface SecretKey extends Key {
  /** `hf_` and 38 characters. Nobody can read it again. */
  readonly secret: string
  /** What the key admits and its maker may not have meant, as sentences: that an account `user:8` also admits `user:80`. */
  readonly warnings: readonly string[]
}

/** They throw `LedgerError`, as every method of a `Ledger`. A call whose answer was lost is not repeated: look at `list`. */
export interface Keys {
  /** Makes a key. As soon as there is one, the service answers only to callers with a key. Codes: `key_exists`, `too_many_keys`. */
  create(input: KeyInput): Promise<SecretKey>
  /** All keys, also revoked ones, the oldest first. */
  list(input?: KeysInput): Promise<Page<Key>>
  /** Gives a key another secret; the one before stays valid for a while. Codes: `key_not_found`, `key_ended`. */
  rotate(name: string, input?: RotateInput): Promise<SecretKey>
  /** Ends a key and its tokens for good, in every process within seconds. Once revoked, it stays as it is. Codes: `key_not_found`. */
  revoke(name: string): Promise<Key>
}
