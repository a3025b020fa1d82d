/**
 * Amounts: whole minor units of an asset, as `bigint`, within a signed 64-bit integer.
 *
 * Every database that Holdfast runs on stores them exactly in a BIGINT column. JavaScript numbers are accepted
 * only at the edges, and only where they are exact.
 */

export type Amount = bigint

/** 2^63 − 1, the largest amount and the largest balance. */
export const AMOUNT_MAX: Amount = 9_223_372_036_854_775_807n
/** −2^63, the lowest balance (only house accounts and credit limits go below zero). */
export const AMOUNT_MIN: Amount = -9_223_372_036_854_775_808n

export function isInt64(value: bigint): boolean {
  return value >= AMOUNT_MIN && value <= AMOUNT_MAX
}

const DECIMAL = /^-?(0|[1-9][0-9]{0,18})$/

/**
 * Reads an amount as it arrives from outside: a `bigint`, a safe integer, or a decimal string without sign `+`,
 * exponent, fraction or leading zeros. Anything else, and anything beyond int64, is `null`.
 */
export function parseAmount(value: unknown): Amount | null {
  if (typeof value === 'bigint') return isInt64(value) ? value : null
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null
  if (typeof value !== 'string' || !DECIMAL.test(value) || value === '-0') return null
  const amount = BigInt(value)
  return isInt64(amount) ? amount : null
}
