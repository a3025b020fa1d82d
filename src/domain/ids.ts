/**
 * Names and identifiers: who owns coins, which coin, which request.
 *
 * All of them are plain ASCII so that every database compares them byte by byte, and none of them contains `~`, which
 * marks the entry that ended a hold (see journal.ts).
 */

export type AccountName = string
export type AssetCode = string
/** The caller's idempotency key. A hold's id is the request id that froze it. */
export type RequestId = string
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number
/** The last millisecond of the year 9999: a later one has no place in ISO 8601 as everybody reads it. */
export const INSTANT_MAX: Instant = 253_402_300_799_999

/** 1 to 64 characters. With `@` in front, the account is the operator's own. */
export const ACCOUNT_PATTERN = '^[A-Za-z0-9:_./@-]{1,64}$'
/** 1 to 16 characters, a lower-case letter first. */
export const ASSET_PATTERN = '^[a-z][a-z0-9_]{0,15}$'
/** 1 to 128 characters. UUIDs, ULIDs, base64 and URL-like keys fit. */
export const REQUEST_ID_PATTERN = '^[A-Za-z0-9:_./@+=-]{1,128}$'

const account = new RegExp(ACCOUNT_PATTERN)
const asset = new RegExp(ASSET_PATTERN)
const requestId = new RegExp(REQUEST_ID_PATTERN)

export function isAccountName(value: unknown): value is AccountName {
  return typeof value === 'string' && account.test(value)
}

export function isAssetCode(value: unknown): value is AssetCode {
  return typeof value === 'string' && asset.test(value)
}

export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' && requestId.test(value)
}

/** Where deposits come from. */
export const ISSUER: AccountName = '@issuer'
/** Where charges and settled coins go unless a payee is named. */
export const REVENUE: AccountName = '@revenue'

/** What stands between two assets: it takes the coins of the one and pays those of the other. */
export const EXCHANGE: AccountName = '@exchange'

/** House accounts belong to the operator. They have no floor, so nothing needs their total while deciding. */
export function isHouse(name: AccountName): boolean {
  return name.charCodeAt(0) === 64 // '@'
}

/** The asset that exists from the start, with 0 decimals. */
export const DEFAULT_ASSET: AssetCode = 'credit'
