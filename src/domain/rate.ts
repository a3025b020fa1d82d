/**
 * Rates: the exact price of one asset in another.
 *
 * A rate is a fraction of two whole numbers, so an amount is rounded only once, at the end, and the remainder is exact. A rate never
 * changes. A new rate gets the next version, and the newest version is in force.
 */
import { BALANCE_MAX, type Amount } from './amount.ts'
import type { AssetCode, Instant } from './ids.ts'

/** Towards zero; away from zero; to the nearest whole unit, a half to the even one. */
export const ROUNDINGS = ['down', 'up', 'half-even'] as const
export type Rounding = (typeof ROUNDINGS)[number]

/** `denominator` minor units of `from` buy `numerator` minor units of `to`. Both are at least 1. */
export interface Rate {
  readonly from: AssetCode
  readonly to: AssetCode
  /** 1, 2, 3, … per pair, without gaps. */
  readonly version: number
  readonly numerator: bigint
  readonly denominator: bigint
  readonly rounding: Rounding
  /** The largest difference between a `toAmount` and the converted amount, in parts per million of the latter. */
  readonly tolerancePpm: number
  readonly declaredAt: Instant
}

/** The two assets of a rate. */
export type RatePair = Pick<Rate, 'from' | 'to'>

/** The largest numerator and denominator: the largest value of a BIGINT column, for rates with many digits. */
export const RATE_TERM_MAX = BALANCE_MAX

/** 100 %. */
export const TOLERANCE_PPM_MAX = 1_000_000

/** The pair as one string, for maps. The codes do not contain the separator. */
export function rateKey(from: AssetCode, to: AssetCode): string {
  return `${from} ${to}`
}

/** The converted amount. It can be outside int64. */
export function exchanged(amount: Amount, { numerator, denominator, rounding }: Rate): bigint {
  const exact = amount * numerator
  const whole = exact / denominator
  const rest = exact % denominator
  if (rest === 0n) return whole
  switch (rounding) {
    case 'down':
      return whole
    case 'up':
      return whole + 1n
    case 'half-even': {
      const doubled = rest * 2n
      if (doubled === denominator) return whole + (whole & 1n)
      return doubled > denominator ? whole + 1n : whole
    }
  }
}

/**
 * The rounding remainder, as a numerator over the rate's denominator; negative if more was received:
 * `amount × numerator = toAmount × denominator + remainder`.
 */
export function remainderOf(amount: Amount, toAmount: bigint, { numerator, denominator }: Rate): bigint {
  return amount * numerator - toAmount * denominator
}

/** Whether `toAmount` is within the rate's tolerance of `expected`, the converted amount. */
export function isTolerated(toAmount: bigint, expected: bigint, { tolerancePpm }: Rate): boolean {
  const off = toAmount > expected ? toAmount - expected : expected - toAmount
  return off * 1_000_000n <= expected * BigInt(tolerancePpm)
}
