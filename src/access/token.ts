/**
 * Tokens: short-lived, read only, for one account. Whoever has a key makes them without asking anybody, and they end with the key.
 *
 *   hft_ + base64url(JSON of [key, account, expiresAt]) + . + base64url(HMAC-SHA-256)
 *
 * The secret of the HMAC is the hash of the key, which the service has too. `key` is the beginning of that hash: it says which secret of
 * which key the token was made with, also after a rotation. What is left of the hash, 192 bits, is more than anybody can guess.
 */
import { INSTANT_MAX, isAccountName, type AccountName, type Instant } from '../domain/ids.ts'
import { hashOf } from './key-format.ts'

const PREFIX = 'hft_'
/** Longer than any token: the name of an account has 128 characters at most. */
export const TOKEN_LENGTH_MAX = 512
export const TOKEN_MS_DEFAULT = 15 * 60_000
export const TOKEN_MS_MAX = 24 * 3_600_000
/** How far the clock of the maker may be ahead. */
const AHEAD_MS_MAX = 5 * 60_000

const KEY_ID_LENGTH = 16
const KEY_ID = /^[0-9a-f]{16}$/
const FORM = /^hft_([\w-]{1,448})\.([\w-]{43})$/
/** No other use of the hash signs texts that begin with this. */
const DOMAIN = 'holdfast token 1\n'

export interface TokenClaims {
  /** The beginning of the hash of the secret that it was made with. */
  readonly keyId: string
  readonly account: AccountName
  readonly expiresAt: Instant
}

export function keyIdOf(hash: string): string {
  return hash.slice(0, KEY_ID_LENGTH)
}

export function looksLikeToken(text: string): boolean {
  return text.startsWith(PREFIX)
}

export async function signToken(secret: string, account: AccountName, expiresAt: Instant): Promise<string> {
  const hash = await hashOf(secret)
  const payload = base64Url(JSON.stringify([keyIdOf(hash), account, expiresAt]))
  const mac = await crypto.subtle.sign('HMAC', await hmacKeyOf(hash), bytesOf(DOMAIN + payload))
  return `${PREFIX}${payload}.${base64Url(String.fromCharCode(...new Uint8Array(mac)))}`
}

/** What a token says about itself, before anything is proven; null if it is malformed. */
export function claimsIn(token: string): TokenClaims | null {
  const [, payload] = token.length <= TOKEN_LENGTH_MAX ? (FORM.exec(token) ?? []) : []
  if (payload === undefined) return null
  try {
    const value: unknown = JSON.parse(fromBase64Url(payload))
    if (!Array.isArray(value) || value.length !== 3) return null
    const [keyId, account, expiresAt] = value as readonly unknown[]
    const isRight = typeof keyId === 'string' && KEY_ID.test(keyId) && isAccountName(account) && isInstant(expiresAt)
    return isRight ? { keyId, account, expiresAt } : null
  } catch {
    return null
  }
}

/** Whether a well-formed token was made with the secret of this hash. The comparison takes the same time for every difference. */
export async function isTokenOf(token: string, hash: string): Promise<boolean> {
  const [, payload, mac] = FORM.exec(token) ?? []
  if (payload === undefined || mac === undefined) return false
  const signature = Uint8Array.from(fromBase64Url(mac), (character) => character.charCodeAt(0))
  return await crypto.subtle.verify('HMAC', await hmacKeyOf(hash), signature, bytesOf(DOMAIN + payload))
}

/** A longer life is refused, however the token was made. */
export function isTokenInTime({ expiresAt }: TokenClaims, now: Instant): boolean {
  return expiresAt > now && expiresAt <= now + TOKEN_MS_MAX + AHEAD_MS_MAX
}

function isInstant(value: unknown): value is Instant {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= INSTANT_MAX
}

async function hmacKeyOf(hash: string) {
  const bytes = Uint8Array.from({ length: hash.length / 2 }, (_, index) =>
    Number.parseInt(hash.slice(index * 2, index * 2 + 2), 16),
  )
  return await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** Of a text whose characters are bytes. */
function base64Url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromBase64Url(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}
