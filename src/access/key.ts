/** A key as it is kept: everything but the secret. */
import type { Confinement } from '../domain/confinement.ts'
import type { Instant } from '../domain/ids.ts'
import type { Scope } from './scope.ts'

/** What is given to a new key, besides its number and times. */
export interface KeyTerms {
  /** Unique for ever, also after the key was revoked: entries and logs name keys. */
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Null: not confined. */
  readonly within: Confinement | null
  /** The rate limit; null: none of its own. */
  readonly commandsPerSecond: number | null
  readonly burst: number | null
  /** Null: it does not expire. */
  readonly expiresAt: Instant | null
}

export interface KeyRecord extends KeyTerms {
  /** Of its row. It stays when the key is rotated. */
  readonly number: number
  /** SHA-256 of the secret, in hexadecimal digits. */
  readonly hash: string
  /** The hash of the secret before the last rotation, which is valid until `previousUntil`. Both or none. */
  readonly previousHash: string | null
  readonly previousUntil: Instant | null
  readonly createdAt: Instant
  readonly rotatedAt: Instant | null
  /** At most about a minute old. */
  readonly lastUsedAt: Instant | null
  readonly revokedAt: Instant | null
}

/** A key that was just made, without the number of its row. */
export function newKey(terms: KeyTerms, hash: string, createdAt: Instant): Omit<KeyRecord, 'number'> {
  const never = { previousHash: null, previousUntil: null, rotatedAt: null, lastUsedAt: null, revokedAt: null }
  return { ...terms, hash, createdAt, ...never }
}

/** Letters, digits and . _ : @ / + -, beginning with a letter or digit: what a log, a path and a shell take as they are. */
export const KEY_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,63}$'
export const KEY_NAME_RULE = '1 to 64 characters of A-Z a-z 0-9 . _ : @ / + -, beginning with a letter or digit'
const name = new RegExp(KEY_NAME_PATTERN)

export function isKeyName(value: unknown): value is string {
  return typeof value === 'string' && name.test(value)
}

/** Keys that are neither revoked nor expired. Each process has all of them in memory. */
export const KEYS_MAX = 1_000
/** Prefixes of accounts, and assets, that confine one key. */
export const CONFINED_MAX = 32
export const RATE_MAX = 1_000_000
/** How long the previous secret stays valid after a rotation, at most and by default. */
export const GRACE_MS_MAX = 30 * 86_400_000
export const GRACE_MS_DEFAULT = 86_400_000

/** Whether a key is neither revoked nor expired. */
export function isLive({ revokedAt, expiresAt }: Pick<KeyRecord, 'revokedAt' | 'expiresAt'>, now: Instant): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now)
}
