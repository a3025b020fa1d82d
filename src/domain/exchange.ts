/**
 * Transfers across assets: the amount received for the amount paid.
 *
 * Coins are not converted. `@exchange` receives the coins of one asset and pays in the other, so the books of each asset sum to zero
 * (law 1).
 */
import { AMOUNT_MAX } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type { Leg } from './command.ts'
import { EXCHANGE, type AccountName, type AssetCode } from './ids.ts'
import type { EntryLeg } from './journal.ts'
import type { Rejection } from './outcome.ts'
import { exchanged, isTolerated, remainderOf, type Rate } from './rate.ts'

/** A leg across assets. */
export interface ExchangeLeg extends Leg {
  readonly toAsset: AssetCode
}

export function isExchange(leg: Leg): leg is ExchangeLeg {
  return leg.toAsset !== undefined
}

/** The amounts received of the legs of a transfer, and the rates that were used. */
export interface Priced {
  readonly legs: readonly EntryLeg[]
  readonly rates: readonly Rate[]
}

interface Offer {
  readonly leg: ExchangeLeg
  readonly rate: Rate
  /** The converted amount. */
  readonly expected: bigint
}

/** Checks all legs for one rejection before the next, in the order of precedence. */
export function price(
  legs: readonly Leg[],
  rateOf: (from: AssetCode, to: AssetCode) => Rate | null,
): Priced | Rejection {
  const offers = new Map<Leg, Offer>()
  for (const leg of legs) {
    if (!isExchange(leg)) continue
    const rate = rateOf(leg.asset, leg.toAsset)
    if (rate === null) return { code: 'unknown_rate', asset: leg.asset, toAsset: leg.toAsset }
    offers.set(leg, { leg, rate, expected: exchanged(leg.amount, rate) })
  }
  for (const { leg, expected } of offers.values()) {
    const { asset, toAsset, amount } = leg
    if (expected === 0n) return { code: 'rounds_to_nothing', asset, toAsset, amount }
  }
  for (const { leg, expected, rate } of offers.values()) {
    const { asset, toAsset, toAmount } = leg
    if (toAmount === undefined || isTolerated(toAmount, expected, rate)) continue
    return { code: 'outside_tolerance', asset, toAsset, toAmount, expected, tolerancePpm: rate.tolerancePpm }
  }
  for (const { leg, expected } of offers.values()) {
    const { asset, toAsset, toAmount = expected } = leg
    if (toAmount > AMOUNT_MAX)
      return { code: 'exchange_out_of_range', asset, toAsset, toAmount, toAmountMax: AMOUNT_MAX }
  }
  const pricedLegs = legs.map((leg): EntryLeg => {
    const { from, to, asset, amount } = leg
    const offer = offers.get(leg)
    if (offer === undefined) return { from, to, asset, amount, toAsset: asset, toAmount: amount, rate: null }
    const { rate, expected } = offer
    const toAmount = leg.toAmount ?? expected
    const { version, numerator, denominator, rounding } = rate
    const remainder = remainderOf(amount, toAmount, rate)
    const applied = { version, numerator, denominator, rounding, remainder }
    return { from, to, asset, amount, toAsset: offer.leg.toAsset, toAmount, rate: applied }
  })
  return { legs: pricedLegs, rates: [...offers.values()].map(({ rate }) => rate) }
}

/** Calls `add` for every change of a balance, leg by leg. */
export function moveLegs(
  legs: readonly EntryLeg[],
  balanceOf: (account: AccountName, asset: AssetCode) => BalanceRecord,
  add: (balance: BalanceRecord, amount: bigint) => void,
): void {
  for (const { from, to, asset, amount, toAsset, toAmount, rate } of legs) {
    add(balanceOf(from, asset), -amount)
    if (rate !== null) {
      add(balanceOf(EXCHANGE, asset), amount)
      add(balanceOf(EXCHANGE, toAsset), -toAmount)
    }
    add(balanceOf(to, toAsset), toAmount)
  }
}
