/**
 * All live keys in the memory of a process, read anew about once a second while there are calls.
 *
 * A key that is not there costs no query: when the ring is a little old it is read again, once for all who wait, so any number of unknown
 * keys causes a few queries a second. A revoked key ends in every process when that reads its ring, at most `ageMsMax` later; when the
 * database does not answer for so long, nobody is let in.
 *
 * The hash of each header is remembered, so a known caller costs two look-ups.
 */
import type { Instant } from '../domain/ids.ts'
import { callerOfKey, callerOfToken, type CallerKey } from './caller-key.ts'
import { hashOf, isSecret } from './key-format.ts'
import { isLive, type KeyRecord } from './key.ts'
import type { KeyStore } from './key-store.ts'
import { claimsIn, isTokenInTime, isTokenOf, keyIdOf, looksLikeToken, type TokenClaims } from './token.ts'

export interface KeyRingLimits {
  /** An older ring is read again, while it still serves. */
  readonly refreshAgeMs: number
  /** An older ring is read before anything is decided on it. */
  readonly ageMsMax: number
  /** A younger ring is not read again for a key that it lacks, nor after a failure. */
  readonly missAgeMs: number
  /** How long a call waits for the ring. */
  readonly waitMsMax: number
  /** Headers whose hash is remembered. */
  readonly headersMax: number
  /** How often the last use of a key is written. */
  readonly touchMs: number
}

const KEY_RING_LIMITS: KeyRingLimits = {
  refreshAgeMs: 1_000,
  ageMsMax: 5_000,
  missAgeMs: 250,
  waitMsMax: 5_000,
  headersMax: 10_000,
  touchMs: 60_000,
}

/** The database did not answer in time. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/** Why a credential is refused, as a sentence. */
export interface Refusal {
  readonly refused: string
}

type Verdict = CallerKey | Refusal

interface Secret {
  readonly key: KeyRecord
  readonly caller: CallerKey
  /** The end of the grace of a previous secret; null: it is the current one. */
  readonly until: Instant | null
}

interface Ring {
  readonly required: boolean
  readonly byHash: ReadonlyMap<string, Secret>
  /** The hashes by the ids that tokens name. */
  readonly hashes: ReadonlyMap<string, string>
  /** By `performance.now()`. It began to be read then. */
  readonly readAt: number
}

/** What is remembered of a header. */
interface Credential {
  readonly hash: string
  /** Of a token that was made with the secret of this hash. */
  readonly claims: TokenClaims | null
}

const MALFORMED: Refusal = {
  refused:
    'A credential is a key (hf_… with 41 characters) or a token (hft_…), and this is neither, or has a wrong character.',
}
const UNKNOWN: Refusal = { refused: 'The key is not known here, or it was revoked, rotated, or has expired.' }
const BAD_TOKEN: Refusal = { refused: 'The token was not made with a key that is known here and still valid.' }
const LATE_TOKEN: Refusal = { refused: 'The token has expired, or was made for a longer time than is possible.' }

export class KeyRing {
  readonly #store: Pick<KeyStore, 'live' | 'touch'>
  readonly #limits: KeyRingLimits
  #ring: Ring | null = null
  #reading: Promise<Ring> | null = null
  #failure: { readonly error: unknown; readonly at: number } | null = null
  readonly #credentials = new Map<string, Credential>()
  /** When the last use of each key was written, by this process or another. */
  readonly #touched = new Map<number, Instant>()
  readonly #used = new Set<number>()
  #touching = false

  constructor(store: Pick<KeyStore, 'live' | 'touch'>, limits: Partial<KeyRingLimits> = {}) {
    this.#store = store
    this.#limits = { ...KEY_RING_LIMITS, ...limits }
  }

  /** Whether callers need a key; null: the ring has to be read first, with `read`. */
  get required(): boolean | null {
    return this.#current()?.required ?? null
  }

  /** Whether callers need a key; reads the ring if it is too old to serve. @throws what the store throws, and KeysUnavailable */
  async read(): Promise<boolean> {
    return (this.#current() ?? (await this.#refresh())).required
  }

  /** As `read`, and certainly soon after the first key was made. @throws as `read` */
  async readNew(): Promise<boolean> {
    const ring = this.#current()
    const isNew = ring !== null && performance.now() - ring.readAt <= this.#limits.missAgeMs
    return (isNew ? ring : await this.#refresh()).required
  }

  /** A key was changed by this process: what was read before is not used again. */
  forget(): void {
    this.#ring = null
    // What is being read may be older than the change.
    this.#reading = null
  }

  /** Who sent this credential, if that is known without waiting; null: ask `identify`. */
  recall(text: string): CallerKey | null {
    const ring = this.#current()
    const credential = this.#credentials.get(text)
    if (ring === null || credential === undefined) return null
    const verdict = this.#judge(ring, credential)
    return 'refused' in verdict ? null : verdict
  }

  /** Who sent this credential. @throws as `read` */
  async identify(text: string): Promise<Verdict> {
    const isToken = looksLikeToken(text)
    const claims = isToken ? claimsIn(text) : null
    if (isToken ? claims === null : !isSecret(text)) return MALFORMED
    if (claims !== null && !isTokenInTime(claims, Date.now())) return LATE_TOKEN
    let ring = this.#current() ?? (await this.#refresh())
    let verdict = await this.#look(ring, text, claims)
    if ('refused' in verdict && performance.now() - ring.readAt > this.#limits.missAgeMs) {
      ring = await this.#refresh()
      verdict = await this.#look(ring, text, claims)
    }
    return verdict
  }

  async #look(ring: Ring, text: string, claims: TokenClaims | null): Promise<Verdict> {
    let credential = this.#credentials.get(text)
    if (credential === undefined) {
      const hash = claims === null ? await hashOf(text) : ring.hashes.get(claims.keyId)
      // A token that was not proven is not remembered: its secret may come with the next ring.
      if (hash === undefined || (claims !== null && !(await isTokenOf(text, hash)))) return BAD_TOKEN
      credential = { hash, claims }
      this.#remember(text, credential)
    }
    return this.#judge(ring, credential)
  }

  #judge({ byHash }: Ring, { hash, claims }: Credential): Verdict {
    const now = Date.now()
    const secret = byHash.get(hash)
    if (secret === undefined || !isLive(secret.key, now) || (secret.until !== null && secret.until <= now)) {
      return claims === null ? UNKNOWN : BAD_TOKEN
    }
    if (claims !== null && !isTokenInTime(claims, now)) return LATE_TOKEN
    this.#use(secret.key.number, now)
    return claims === null ? secret.caller : callerOfToken(secret.caller, claims)
  }

  #remember(text: string, credential: Credential): void {
    if (this.#credentials.size >= this.#limits.headersMax) this.#credentials.clear()
    this.#credentials.set(text, credential)
  }

  /** The ring, if it may serve. */
  #current(): Ring | null {
    const ring = this.#ring
    if (ring === null) return null
    const ageMs = performance.now() - ring.readAt
    // A failure shows when the ring is too old.
    if (ageMs > this.#limits.refreshAgeMs) this.#refresh().catch(() => undefined)
    return ageMs <= this.#limits.ageMsMax ? ring : null
  }

  async #refresh(): Promise<Ring> {
    const { waitMsMax, missAgeMs } = this.#limits
    if (this.#reading === null && this.#failure !== null && performance.now() - this.#failure.at < missAgeMs) {
      throw this.#failure.error
    }
    const reading = (this.#reading ??= this.#begin())
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new KeysUnavailable(`The keys were not read within ${waitMsMax} ms.`)), waitMsMax)
    })
    try {
      return await Promise.race([reading, tooLate])
    } finally {
      clearTimeout(timer)
    }
  }

  #begin(): Promise<Ring> {
    const reading = this.#read()
    // After `forget`, another one has taken its place.
    const end = (ring: Ring | null): void => {
      if (this.#reading !== reading) return
      this.#reading = null
      if (ring !== null) this.#ring = ring
    }
    reading.then(end, () => end(null))
    return reading
  }

  async #read(): Promise<Ring> {
    const readAt = performance.now()
    try {
      const { required, keys } = await this.#store.live(Date.now())
      const ring = ringOf(required, keys, readAt)
      this.#failure = null
      for (const { number, lastUsedAt } of keys) {
        if (lastUsedAt !== null) this.#touched.set(number, Math.max(this.#touched.get(number) ?? 0, lastUsedAt))
      }
      return ring
    } catch (error) {
      this.#failure = { error, at: performance.now() }
      throw error
    }
  }

  #use(number: number, now: Instant): void {
    if (now - (this.#touched.get(number) ?? 0) < this.#limits.touchMs) return
    this.#touched.set(number, now)
    this.#used.add(number)
    if (!this.#touching) void this.#touch()
  }

  /** One write at a time, and no call waits for it. It is not worth an error. */
  async #touch(): Promise<void> {
    this.#touching = true
    while (this.#used.size > 0) {
      const numbers = [...this.#used]
      this.#used.clear()
      await this.#store.touch(numbers, Date.now()).catch(() => undefined)
    }
    this.#touching = false
  }
}

function ringOf(required: boolean, keys: readonly KeyRecord[], readAt: number): Ring {
  const byHash = new Map<string, Secret>()
  for (const key of keys) {
    byHash.set(key.hash, { key, caller: callerOfKey(key, null), until: null })
    if (key.previousHash === null) continue
    const until = key.previousUntil
    byHash.set(key.previousHash, { key, caller: callerOfKey(key, until), until })
  }
  const hashes = new Map([...byHash.keys()].map((hash) => [keyIdOf(hash), hash]))
  return { required, byHash, hashes, readAt }
}
