/**
 * Transfers, within an asset and across assets: what arrives for what leaves. And the rates that say so.
 *
 * Coins do not turn into others. They go to `@exchange` in the asset that they leave in, and `@exchange` pays in the asset that they
 * arrive in, so the books of each asset sum to zero by themselves (law 1).
 */
import { AMOUNT_MAX } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type { Leg, RateCommand, TransferCommand } from './command.ts'
import { answerAgain, enter, reject, showEntryOf, type Decision, type Moment, type State } from './decision.ts'
import { fingerprint } from './fingerprint.ts'
import { EXCHANGE, type AccountName, type AssetCode } from './ids.ts'
import type { EntryLeg } from './journal.ts'
import type { Rejection } from './outcome.ts'
import type { Move } from './post.ts'
import { exchanged, isTolerated, remainderOf, type Rate } from './rate.ts'

export function decideTransfer(command: TransferCommand, state: State, moment: Moment): Decision {
  const { requestId, legs } = command
  const print = fingerprint(command)
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, print, showEntryOf)
  for (const { asset, toAsset = asset } of legs) {
    if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    if (state.asset(toAsset) === null) return reject({ code: 'unknown_asset', asset: toAsset })
  }
  for (const leg of legs) {
    const account = selfPayer(leg)
    if (account !== null) return reject({ code: 'same_account', account })
  }
  const net = new Map<number, Move>()
  const add = (balance: BalanceRecord, amount: bigint): void => {
    const earlierMove = net.get(balance.id)
    net.set(balance.id, { balance, available: (earlierMove?.available ?? 0n) + amount, held: 0n })
  }
  if (!legs.some(isExchange)) {
    for (const leg of legs) {
      add(state.balance(leg.from, leg.asset), -leg.amount)
      add(state.balance(leg.to, leg.asset), leg.amount)
    }
    return enter(command, print, moment, [...net.values()])
  }
  const priced = price(legs, (from, to) => state.rate(from, to))
  if ('code' in priced) return reject(priced)
  moveLegs(priced.legs, (account, asset) => state.balance(account, asset), add)
  const decision = enter(command, print, moment, [...net.values()], priced.legs)
  if (decision.verdict !== 'apply') return decision
  return { ...decision, effect: { ...decision.effect, ratesUsed: priced.rates } }
}

export function decideRate(command: RateCommand, state: State, moment: Moment): Decision {
  const { from, to, numerator, denominator, rounding, tolerancePpm } = command
  for (const asset of [from, to]) if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
  const newest = state.rate(from, to)
  if (newest !== null && isSameRate(newest, command)) return { verdict: 'replay', answer: newest }
  const version = (newest?.version ?? 0) + 1
  const rate: Rate = {
    from,
    to,
    version,
    numerator,
    denominator,
    rounding,
    tolerancePpm,
    declaredAt: moment.now,
  }
  return {
    verdict: 'apply',
    // Its number alone would not tell that the one before it is there: a database that went back in time may have lost that.
    effect: {
      request: null,
      postings: [],
      balances: [],
      account: null,
      asset: null,
      rate,
      ratesUsed: newest === null ? [] : [newest],
    },
    answer: rate,
  }
}

function isSameRate(rate: Rate, command: RateCommand): boolean {
  return (
    rate.numerator === command.numerator &&
    rate.denominator === command.denominator &&
    rate.rounding === command.rounding &&
    rate.tolerancePpm === command.tolerancePpm
  )
}

/** A leg that arrives in another asset than it leaves in. */
interface ExchangeLeg extends Leg {
  readonly toAsset: AssetCode
}

function isExchange(leg: Leg): leg is ExchangeLeg {
  return leg.toAsset !== undefined
}

/** The account that would pay itself, if there is one. Own coins may be exchanged, but not with `@exchange` as a party. */
function selfPayer(leg: Leg): AccountName | null {
  if (!isExchange(leg)) return leg.from === leg.to ? leg.from : null
  return leg.from === EXCHANGE || leg.to === EXCHANGE ? EXCHANGE : null
}

/** What the legs of a transfer come to, and the rates that this rests on. */
interface Priced {
  readonly legs: readonly EntryLeg[]
  readonly rates: readonly Rate[]
}

interface Offer {
  readonly leg: ExchangeLeg
  readonly rate: Rate
  /** What the rate gives. */
  readonly expected: bigint
}

/** Checks all legs for one reason before it looks for the next, in the order of precedence. */
function price(legs: readonly Leg[], rateOf: (from: AssetCode, to: AssetCode) => Rate | null): Priced | Rejection {
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
  const told = legs.map((leg): EntryLeg => {
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
  return { legs: told, rates: [...offers.values()].map(({ rate }) => rate) }
}

/** Hands every change of a balance to `add`, leg by leg. */
function moveLegs(
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
