/**
 * Amounts and sums of amounts: whole minor units of an asset, as `bigint`.
 *
 * One command moves an amount. A balance is a sum of amounts within a signed 64-bit integer, which every supported database stores
 * exactly in a BIGINT column. JavaScript numbers are accepted only at the edges, and only if they are exact.
 */

export type Amount = bigint

/**
 * 10^16, the largest amount of a command, and the largest amount that a leg across assets pays. A balance has room for 922 such amounts.
 */
export const AMOUNT_MAX: Amount = 10_000_000_000_000_000n

/** 2^63 − 1, the largest balance, and the largest sum in a row, such as the settled total of a hold. */
export const BALANCE_MAX = 9_223_372_036_854_775_807n
/** −2^63, the lowest balance. Only house accounts and accounts with a credit limit go below zero. */
export const BALANCE_MIN = -9_223_372_036_854_775_808n

export function isInt64(value: bigint): boolean {
  return value >= BALANCE_MIN && value <= BALANCE_MAX
}

const DECIMAL = /^-?(0|[1-9][0-9]{0,18})$/

/**
 * Reads a whole number from unchecked input: a `bigint`, a safe integer, or a decimal string without sign `+`, exponent, fraction or
 * leading zeros. Returns null for any other value and for values outside int64.
 */
export function parseInt64(value: unknown): bigint | null {
  if (typeof value === 'bigint') return isInt64(value) ? value : null
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : null
  if (typeof value !== 'string' || !DECIMAL.test(value) || value === '-0') return null
  const whole = BigInt(value)
  return isInt64(whole) ? whole : null
}

/** Like `parseInt64`, for an amount: 0 to `AMOUNT_MAX`. */
export function amountIn(value: unknown): Amount | null {
  const amount = parseInt64(value)
  return amount !== null && amount >= 0n && amount <= AMOUNT_MAX ? amount : null
}
