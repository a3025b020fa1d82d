/**
 * Amounts and the sums of them: whole minor units of an asset, as `bigint`.
 *
 * An amount is what one command moves. A balance is the sum of many, within a signed 64-bit integer, which every database that
 * Holdfast runs on stores exactly in a BIGINT column. JavaScript numbers are accepted only at the edges, and only where they are exact.
 */

export type Amount = bigint

/**
 * 10^16, the largest amount that a command names or a leg across assets brings. A balance has room for 922 of them, so that no single
 * amount fills one.
 */
export const AMOUNT_MAX: Amount = 10_000_000_000_000_000n

/** 2^63 − 1, the largest balance, and the largest sum that a row keeps, such as what a hold has settled in all. */
export const BALANCE_MAX = 9_223_372_036_854_775_807n
/** −2^63, the lowest balance (only house accounts and credit limits go below zero). */
export const BALANCE_MIN = -9_223_372_036_854_775_808n

export function isInt64(value: bigint): boolean {
  return value >= BALANCE_MIN && value <= BALANCE_MAX
}

const DECIMAL = /^-?(0|[1-9][0-9]{0,18})$/

/**
 * Reads a whole number as it arrives from outside: a `bigint`, a safe integer, or a decimal string without sign `+`, exponent,
 * fraction or leading zeros. Anything else, and anything beyond int64, is `null`.
 */
export function parseInt64(value: unknown): bigint | null {
  if (typeof value === 'bigint') return isInt64(value) ? value : null
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null
  if (typeof value !== 'string' || !DECIMAL.test(value) || value === '-0') return null
  const whole = BigInt(value)
  return isInt64(whole) ? whole : null
}

/** As `parseInt64`, for an amount: 0 to `AMOUNT_MAX`. */
export function parseAmount(value: unknown): Amount | null {
  const amount = parseInt64(value)
  return amount !== null && amount >= 0n && amount <= AMOUNT_MAX ? amount : null
}
