/** The port to the keys over the tables in memory. */
import { isLive, newKey, type KeyRecord, type KeyTerms } from '../../access/key.ts'
import {
  KEYS_LOADED_MAX,
  type KeysQuery,
  type KeyStore,
  type LiveKeys,
  type NewSecret,
} from '../../access/key-store.ts'
import type { Instant } from '../../domain/ids.ts'
import type { Connection } from './tables.ts'

export class MemoryKeyStore implements KeyStore {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async live(now: Instant): Promise<LiveKeys> {
    const keys = await this.#keys()
    const live = [...keys.values()].filter((key) => isLive(key, now))
    return { required: keys.size > 0, keys: live.slice(0, KEYS_LOADED_MAX) }
  }

  async list({ after, limit }: KeysQuery): Promise<readonly KeyRecord[]> {
    return [...(await this.#keys()).values()].filter(({ number }) => number > after).slice(0, limit)
  }

  async find(name: string): Promise<KeyRecord | null> {
    return (await this.#keys()).get(name) ?? null
  }

  async create(terms: KeyTerms, { hash, at }: NewSecret, liveMax: number): Promise<KeyRecord | 'taken' | 'full'> {
    const keys = await this.#keys()
    if (keys.has(terms.name)) return 'taken'
    if ([...keys.values()].filter((key) => isLive(key, at)).length >= liveMax) return 'full'
    const key = { ...newKey(terms, hash, at), number: keys.size + 1 }
    keys.set(terms.name, key)
    return key
  }

  async rotate(name: string, { hash, at }: NewSecret, previousUntil: Instant | null): Promise<KeyRecord | null> {
    const keys = await this.#keys()
    const key = keys.get(name)
    if (key === undefined || !isLive(key, at)) return null
    const previousHash = previousUntil === null ? null : key.hash
    const rotated = { ...key, hash, previousHash, previousUntil, rotatedAt: at }
    keys.set(name, rotated)
    return rotated
  }

  async revoke(name: string, at: Instant): Promise<KeyRecord | null> {
    const keys = await this.#keys()
    const key = keys.get(name)
    if (key === undefined) return null
    const revoked = { ...key, revokedAt: key.revokedAt ?? at }
    keys.set(name, revoked)
    return revoked
  }

  async touch(numbers: readonly number[], at: Instant): Promise<void> {
    const keys = await this.#keys()
    for (const key of keys.values()) {
      if (!numbers.includes(key.number)) continue
      keys.set(key.name, { ...key, lastUsedAt: Math.max(key.lastUsedAt ?? at, at) })
    }
  }

  async #keys(): Promise<Map<string, KeyRecord>> {
    return (await this.#connection.tables()).keys
  }
}
