/**
 * Rates: what an amount of one asset comes to in another, exactly.
 *
 * A rate is a fraction of two whole numbers, so that nothing is lost before the one rounding at its end, and what that rounding took or
 * added is known to the last digit. A rate never changes; a new one gets the next version, and the newest counts.
 */
import { BALANCE_MAX, type Amount } from './amount.ts'
import type { AssetCode, Instant } from './ids.ts'

/** Towards zero; away from zero; to the nearest whole unit, and from the middle to the even one. */
export const ROUNDINGS = ['down', 'up', 'half-even'] as const
export type Rounding = (typeof ROUNDINGS)[number]

/** For `numerator` units of `to` one gives `denominator` units of `from`. Both are minor units, and at least 1. */
export interface Rate {
  readonly from: AssetCode
  readonly to: AssetCode
  /** 1, 2, 3, … of this pair, without gaps. */
  readonly version: number
  readonly numerator: bigint
  readonly denominator: bigint
  readonly rounding: Rounding
  /** How far an amount that the caller names may lie from what the rate gives, in millionths of that; 0: not at all. */
  readonly tolerancePpm: number
  readonly declaredAt: Instant
}

/** The two assets that a rate is from and to. */
export type RatePair = Pick<Rate, 'from' | 'to'>

/** The largest numerator and the largest denominator: as many digits as a column keeps, for rates of many places. */
export const RATE_TERM_MAX = BALANCE_MAX

/** A tolerance of all there is. */
export const TOLERANCE_PPM_MAX = 1_000_000

/** The pair as one string, for maps. The separator is in neither of the codes. */
export function rateKey(from: AssetCode, to: AssetCode): string {
  return `${from} ${to}`
}

/** What `amount` comes to, as a whole number that may be beyond int64. */
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
 * What `toAmount` leaves of the exact result, as the numerator of a fraction over the rate's denominator: negative where more was
 * received. `amount × numerator = toAmount × denominator + remainder`.
 */
export function remainderOf(amount: Amount, toAmount: bigint, { numerator, denominator }: Rate): bigint {
  return amount * numerator - toAmount * denominator
}

/** Whether `toAmount` lies within the rate's tolerance of `expected`, which is what the rate gives. */
export function isTolerated(toAmount: bigint, expected: bigint, { tolerancePpm }: Rate): boolean {
  const off = toAmount > expected ? toAmount - expected : expected - toAmount
  return off * 1_000_000n <= expected * BigInt(tolerancePpm)
}
