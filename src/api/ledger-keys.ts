/** The keys of a ledger over their port. The library and the routes of the service share it. */
import { hashOf, newSecret } from '../access/key-format.ts'
import { KEYS_MAX } from '../access/key.ts'
import type { KeyStore } from '../access/key-store.ts'
import { LedgerError } from './error.ts'
import { graceMsOf, keyNameParameter, keyTermsOf } from './key-input.ts'
import { keyOfRecord, keyWithJson, secretKeyOfRecord, secretKeyWithJson } from './key.ts'
import type { Key, Keys, SecretKey } from './keys.ts'
import type { Page } from '../engine/reader.ts'
import { pageQueryOf } from './queries.ts'
import { pageWithJson } from './resource.ts'

export class LedgerKeys implements Keys {
  readonly #store: KeyStore
  readonly #errorOf: (thrown: unknown) => unknown

  /** @param errorOf converts an error of the store to the error to throw */
  constructor(store: KeyStore, errorOf: (thrown: unknown) => unknown) {
    this.#store = store
    this.#errorOf = errorOf
  }

  async create(input: unknown): Promise<SecretKey> {
    const at = Date.now()
    const terms = keyTermsOf(input, at)
    const secret = newSecret()
    const hash = await hashOf(secret)
    const made = await this.#use((store) => store.create(terms, { hash, at }, KEYS_MAX))
    if (made === 'taken') throw keyExists(terms.name)
    if (made === 'full') throw tooManyKeys()
    return secretKeyWithJson(secretKeyOfRecord(made, secret))
  }

  async list(input: unknown = {}): Promise<Page<Key>> {
    const { limit, cursor } = pageQueryOf(input)
    const rows = await this.#use((store) => store.list({ after: afterOf(cursor), limit: limit + 1 }))
    const items = rows.slice(0, limit).map(keyOfRecord)
    const next = rows.length > limit ? String(items.at(-1)!.number) : null
    return pageWithJson({ items, next }, keyWithJson)
  }

  async rotate(name: unknown, input?: unknown): Promise<SecretKey> {
    const key = keyNameParameter(name)
    const graceMs = graceMsOf(input)
    const secret = newSecret()
    const hash = await hashOf(secret)
    const at = Date.now()
    const rotated = await this.#use((store) => store.rotate(key, { hash, at }, graceMs === 0 ? null : at + graceMs))
    if (rotated !== null) return secretKeyWithJson(secretKeyOfRecord(rotated, secret))
    throw (await this.#use((store) => store.find(key))) === null ? keyNotFound(key) : keyEnded(key)
  }

  async revoke(name: unknown): Promise<Key> {
    const key = keyNameParameter(name)
    const revoked = await this.#use((store) => store.revoke(key, Date.now()))
    if (revoked === null) throw keyNotFound(key)
    return keyWithJson(keyOfRecord(revoked))
  }

  async #use<Result>(action: (store: KeyStore) => Promise<Result>): Promise<Result> {
    try {
      return await action(this.#store)
    } catch (error) {
      throw this.#errorOf(error)
    }
  }
}

function afterOf(cursor: string | null): number {
  if (cursor === null) return 0
  if (/^[0-9]{1,15}$/.test(cursor)) return Number(cursor)
  throw LedgerError.invalidParameter('cursor', 'cursor must be the `next` of a page.')
}

function keyExists(key: string): LedgerError {
  const message = `There is or was a key "${key}". A name is given once; "rotate" gives the same key another secret.`
  return new LedgerError('key_exists', message, { details: { key } })
}

function tooManyKeys(): LedgerError {
  const message = `There are ${KEYS_MAX} keys already that are neither revoked nor expired. Revoke one first.`
  return new LedgerError('too_many_keys', message, { details: { keysMax: KEYS_MAX } })
}

function keyNotFound(key: string): LedgerError {
  return new LedgerError('key_not_found', `There is no key "${key}".`, { details: { key } })
}

function keyEnded(key: string): LedgerError {
  const message = `The key "${key}" is revoked or has expired, and gets no other secret. Make a key with another name.`
  return new LedgerError('key_ended', message, { details: { key } })
}
