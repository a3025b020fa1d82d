/** Amounts for people, in the decimal places of their asset. The wire and the library count minor units. */
import { BALANCE_MAX, BALANCE_MIN, isInt64 } from '../domain/amount.ts'
import { ASSET_DECIMALS_MAX } from '../domain/asset.ts'
import { decimalText, readDecimal } from '../domain/decimal.ts'
import { LedgerError } from './error.ts'

/**
 * An amount in minor units as a decimal number: `formatAmount(150n, 2)` is `1.50`. It is exact, has exactly `decimals` decimal places, a
 * point before them, a minus for amounts below zero, and no separators. `parseAmount` is its inverse.
 *
 * @param amount in minor units, within int64
 * @param decimals the decimal places of the asset, 0 to 9: `Asset.decimals`
 * @throws LedgerError `invalid_request` when one of the two is out of range
 */
export function formatAmount(amount: bigint, decimals: number): string {
  checkDecimals(decimals)
  if (typeof amount !== 'bigint' || !isInt64(amount)) {
    throw LedgerError.invalid('/amount', `amount must be a bigint from ${BALANCE_MIN} to ${BALANCE_MAX}.`)
  }
  return decimalText(amount, decimals)
}

/**
 * A decimal number as an amount in minor units: `parseAmount('1.5', 2)` is `150n`. It is exact: a number with more decimal places than the
 * asset has is refused, and so are separators, exponents, a plus sign and zeros in front; the message says how to write the number.
 *
 * @param text digits with at most one point, and a minus for amounts below zero
 * @param decimals the decimal places of the asset, 0 to 9: `Asset.decimals`
 * @returns minor units, within int64. Commands accept 1 to `AMOUNT_MAX`
 * @throws LedgerError `invalid_request`
 */
export function parseAmount(text: string, decimals: number): bigint {
  checkDecimals(decimals)
  const amount = typeof text === 'string' ? readDecimal(text, decimals) : 'An amount to be read must be a text.'
  if (typeof amount === 'bigint') return amount
  throw LedgerError.invalid('/amount', amount)
}

function checkDecimals(decimals: number): void {
  if (Number.isInteger(decimals) && decimals >= 0 && decimals <= ASSET_DECIMALS_MAX) return
  throw LedgerError.invalid('/decimals', `decimals must be a whole number from 0 to ${ASSET_DECIMALS_MAX}.`)
}
