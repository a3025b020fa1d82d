/**
 * The result of a leg across assets, derived from docs/guides/exchanges.md alone: the amount at the rate, rounded once, and the remainder
 * that rounding leaves.
 */
import type { Leg, RateCommand } from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'

/** One version in the history of a rate. */
export interface RateBook extends Omit<RateCommand, 'kind'> {
  readonly version: number
  readonly declaredAt: number
}

/** A leg as its entry records it. */
export interface LegBook {
  readonly from: string
  readonly to: string
  readonly asset: string
  readonly amount: bigint
  readonly toAsset: string
  readonly toAmount: bigint
  readonly rate: (Pick<RateBook, 'version' | 'numerator' | 'denominator' | 'rounding'> & { remainder: bigint }) | null
}

/** All versions of a pair's rate, the oldest first; empty when none was declared. */
export type RatesOf = (from: string, to: string) => readonly RateBook[]

/** The counterparty of every exchange. */
const COUNTER = '@exchange'

const MILLION = 1_000_000n
/** The largest amount that a leg may deliver. */
const MOST = 10n ** 16n

/** The results of all legs, or the first rejection. Each check is applied to every leg before the next check. */
export function exchange(legs: readonly Leg[], ratesOf: RatesOf): readonly LegBook[] | Rejection {
  const offers = legs.map((leg) => ({
    leg,
    rate: isAcross(leg) ? (ratesOf(leg.asset, leg.toAsset).at(-1) ?? null) : null,
  }))
  for (const { leg, rate } of offers) {
    if (isAcross(leg) && rate === null) return { code: 'unknown_rate', asset: leg.asset, toAsset: leg.toAsset }
  }
  for (const { leg, rate } of offers) {
    const { asset, toAsset = asset, amount } = leg
    if (rate !== null && given(amount, rate) === 0n) return { code: 'rounds_to_nothing', asset, toAsset, amount }
  }
  for (const { leg, rate } of offers) {
    const { asset, toAsset = asset, toAmount } = leg
    if (rate === null || toAmount === undefined) continue
    const expected = given(leg.amount, rate)
    const off = (toAmount - expected) * (toAmount < expected ? -MILLION : MILLION)
    const { tolerancePpm } = rate
    if (off > expected * BigInt(tolerancePpm)) {
      return { code: 'outside_tolerance', asset, toAsset, toAmount, expected, tolerancePpm }
    }
  }
  for (const { leg, rate } of offers) {
    if (rate === null) continue
    const { asset, toAsset = asset, toAmount = given(leg.amount, rate) } = leg
    if (toAmount > MOST) return { code: 'exchange_out_of_range', asset, toAsset, toAmount, toAmountMax: MOST }
  }
  return offers.map(({ leg, rate }) => {
    const { from, to, asset, amount, toAsset = asset } = leg
    if (rate === null) return { from, to, asset, amount, toAsset, toAmount: amount, rate }
    const toAmount = leg.toAmount ?? given(amount, rate)
    const { version, numerator, denominator, rounding } = rate
    const remainder = numerator * amount - denominator * toAmount
    return {
      from,
      to,
      asset,
      amount,
      toAsset,
      toAmount,
      rate: { version, numerator, denominator, rounding, remainder },
    }
  })
}

export function isAcross(leg: Leg): leg is Leg & { readonly toAsset: string } {
  return leg.toAsset !== undefined
}

/** The account on both sides of a leg; null when there is none. */
export function ownCounterpart(leg: Leg): string | null {
  if (!isAcross(leg)) return leg.from === leg.to ? leg.from : null
  return [leg.from, leg.to].includes(COUNTER) ? COUNTER : null
}

/** The changes of balances by a leg, in the order in which they are posted. */
export function movesOf(leg: LegBook): readonly { account: string; asset: string; available: bigint }[] {
  const { from, to, asset, amount, toAsset, toAmount, rate } = leg
  const between = [
    { account: COUNTER, asset, available: amount },
    { account: COUNTER, asset: toAsset, available: -toAmount },
  ]
  return [
    { account: from, asset, available: -amount },
    ...(rate === null ? [] : between),
    { account: to, asset: toAsset, available: toAmount },
  ]
}

/** The converted amount: the exact value rounded to one of its two neighbours. */
function given(amount: bigint, { numerator, denominator, rounding }: RateBook): bigint {
  const below = (amount * numerator) / denominator
  const above = below * denominator === amount * numerator ? below : below + 1n
  const toBelow = amount * numerator - below * denominator
  const toAbove = above * denominator - amount * numerator
  const nearest = toBelow < toAbove || (toBelow === toAbove && below % 2n === 0n) ? below : above
  return { down: below, up: above, 'half-even': nearest }[rounding]
}
