/**
 * What a leg across assets comes to, from the words of docs/guides/exchanges.md alone: for so much of the one asset so much of the
 * other, rounded once, and what rounding left over is kept.
 */
import type { Leg, RateCommand } from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'

/** A row of the history of rates. */
export interface RateBook extends Omit<RateCommand, 'kind'> {
  readonly version: number
  readonly declaredAt: number
}

/** What an entry tells of a leg. */
export interface LegBook {
  readonly from: string
  readonly to: string
  readonly asset: string
  readonly amount: bigint
  readonly toAsset: string
  readonly toAmount: bigint
  readonly rate: (Pick<RateBook, 'version' | 'numerator' | 'denominator' | 'rounding'> & { remainder: bigint }) | null
}

/** The history of a pair's rates; empty where none was declared. */
export type RatesOf = (from: string, to: string) => readonly RateBook[]

/** Between the two who exchange, coins go through its hands. */
const COUNTER = '@exchange'

const MILLION = 1_000_000n
/** What a leg can bring. */
const MOST = 10n ** 16n

/** What every leg comes to, or the first reason why one cannot be; every leg is asked for one reason before the next reason is. */
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

/** The account that would be on both sides of a leg; null when there is none. */
export function ownCounterpart(leg: Leg): string | null {
  if (!isAcross(leg)) return leg.from === leg.to ? leg.from : null
  return [leg.from, leg.to].includes(COUNTER) ? COUNTER : null
}

/** Who gains and who loses by a leg, in the order in which the coins go. */
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

/** What the rate gives for an amount: one of the two whole numbers next to the exact one. */
function given(amount: bigint, { numerator, denominator, rounding }: RateBook): bigint {
  const below = (amount * numerator) / denominator
  const above = below * denominator === amount * numerator ? below : below + 1n
  const toBelow = amount * numerator - below * denominator
  const toAbove = above * denominator - amount * numerator
  const nearest = toBelow < toAbove || (toBelow === toAbove && below % 2n === 0n) ? below : above
  return { down: below, up: above, 'half-even': nearest }[rounding]
}
