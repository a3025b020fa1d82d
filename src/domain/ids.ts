/**
 * Names and identifiers: accounts, assets, requests.
 *
 * They are printable ASCII, so that every database compares them byte by byte. Request ids do not contain `~`, which marks the entry
 * that ended a hold (journal.ts).
 */

export type AccountName = string
export type AssetCode = string
/** The caller's idempotency key. The id of a hold is the request id of its freeze. */
export type RequestId = string
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number
/** The last millisecond of the year 9999. Common ISO 8601 parsers do not accept longer years. */
export const INSTANT_MAX: Instant = 253_402_300_799_999

/**
 * 1 to 128 printable ASCII characters, so that the ids of other systems are names. No space at either end, because some databases ignore
 * it there; not `.` or `..`, because URLs cannot contain them as a segment, not even percent-encoded. The pattern has no assertions,
 * which not every reader of JSON Schema knows. The name of a house account begins with `@`.
 */
export const ACCOUNT_PATTERN = String.raw`^(?:[!-\-/-~][!-~]?|\.[!-\-/-~]|[!-~][ -~]{1,126}[!-~])$`
/** 1 to 16 characters, beginning with a lower-case letter. */
export const ASSET_PATTERN = '^[a-z][a-z0-9_]{0,15}$'
/** 1 to 128 characters, but not `.` or `..`, as for accounts. UUIDs, ULIDs, base64 and URL-like keys fit. */
export const REQUEST_ID_PATTERN = String.raw`^(?:[A-Za-z0-9:_/@+=-][A-Za-z0-9:_./@+=-]?|\.[A-Za-z0-9:_/@+=-]|[A-Za-z0-9:_./@+=-]{3,128})$`

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

/** The source of deposits. */
export const ISSUER: AccountName = '@issuer'
/** The default payee of charges and holds. */
export const REVENUE: AccountName = '@revenue'

/** The counterparty of legs across assets: it receives one asset and pays in the other. */
export const EXCHANGE: AccountName = '@exchange'

/** House accounts belong to the operator. They have no floor, so a decision does not need their total. */
export function isHouse(name: AccountName): boolean {
  return name.charCodeAt(0) === 64 // '@'
}

/** The asset that exists from the start, with 0 decimal places. */
export const DEFAULT_ASSET: AssetCode = 'credit'
