/**
 * Compares one order of the external system with the transfer that has its request id. What counts is how much each account has got or
 * given of each asset, because an entry within one asset does not have its legs.
 */
import { EXCHANGE, type AccountName, type AssetCode } from '../domain/ids.ts'
import type { Entry } from '../domain/journal.ts'
import { entryText, flowsOf } from './entry-judgement.ts'
import type { Finding, LegNumbers, TransferLeg } from './finding.ts'
import type { Order } from './order.ts'
import { endingOf, restOf, returnOf, wholeOf, type Ending } from './order-endings.ts'

export interface OrderRules {
  /** Whether what is done in the external system and missing in the ledger is booked. */
  readonly bookMissing: boolean
  /** Null: half-done orders are only reported. */
  readonly ending: Ending | null
  /** Who has what was taken from the sender of an order and not paid. */
  readonly transit: AccountName
}

/** Returns null if both sides agree. */
export function judgeOrder(order: Order, entry: Entry | null, rules: OrderRules): Finding | null {
  const { state, isTaken, legs } = order
  const isStarted = isTaken || legs.some(({ isPaid }) => isPaid)
  const isOver = state === 'done' && legs.every(({ isPaid }) => isPaid)
  if (entry === null) {
    if (isStarted) return isOver ? null : halfDone(order, rules)
    // What failed or is not done yet need not be booked.
    return state === 'done' ? missing(order, rules) : null
  }
  if (entry.kind !== 'transfer') return different(order, entry, 'a transfer in the external system')
  if (!isStarted && state !== 'done') return different(order, entry, `${state} in the external system`)
  const rest = restOf(order, rules.transit)
  if (rest.length > 0 && differencesOf(rest, entry).length === 0) return null
  const returned = isStarted && !isOver ? returnOf(order, rules.transit) : null
  if (returned !== null && returned.length > 0 && differencesOf(returned, entry).length === 0) return null
  if (!isStarted) return differentLegs(order, entry, rest)
  if (differencesOf(wholeOf(order), entry).length === 0) {
    return different(order, entry, `${doneText(order)}, and the ledger has moved the whole order again`)
  }
  return isOver || rest.length === 0 ? different(order, entry, doneText(order)) : differentLegs(order, entry, rest)
}

function missing(order: Order, { bookMissing, transit }: OrderRules): Finding {
  const { requestId, legs } = order
  const message = `done with ${legsText(legs.length)} in the external system, no entry in the ledger`
  const fix = bookMissing ? ({ kind: 'transfer', requestId, legs: restOf(order, transit) } as const) : null
  return { code: 'missing', ...foundIn(order, null), message, fix }
}

function halfDone(order: Order, { ending, transit }: OrderRules): Finding {
  const found = { code: 'half_done', ...foundIn(order, null), legs: numbersOf(order, []) } as const
  const message = `${doneText(order)}, no entry in the ledger`
  if (ending === null) return { ...found, message, fix: null }
  const fix = endingOf(order, ending, transit)
  if (typeof fix !== 'string') return { ...found, message, fix }
  return { ...found, message: `${message}; ${fix}`, fix: null }
}

function different(order: Order, entry: Entry, there: string): Finding {
  const message = `${there}, ${entryText(entry)} in the ledger`
  return { code: 'different', ...foundIn(order, entry), message, legs: numbersOf(order, []), fix: null }
}

const DIFFERENCES_SHOWN_MAX = 10

/** Says at which legs the entry differs from `expected`. */
function differentLegs(order: Order, entry: Entry, expected: readonly TransferLeg[]): Finding {
  const differences = differencesOf(expected, entry)
  // If a receiver differs, so does the payer.
  const atReceivers = differences.filter(({ isPayer }) => !isPayer)
  const told = atReceivers.length === 0 ? differences : atReceivers
  const numbers = told.map((difference) => legsAt(order, difference))
  const texts = told.slice(0, DIFFERENCES_SHOWN_MAX).map((difference, index) => {
    const { account, asset, theirs, ours } = difference
    const of = numbers[index]!.length === 0 ? 'no leg' : listText(numbers[index]!)
    return `${of} (${account}): ${theirs ?? 'some'} ${asset} in the external system, ${ours} in the ledger`
  })
  const more = told.length - texts.length
  const message = `${texts.join('; ')}${more === 0 ? '' : `; and ${more} more`}`
  const legs = numbersOf(order, [...new Set(numbers.flat())])
  return { code: 'different', ...foundIn(order, entry), message, legs, fix: null }
}

interface Difference {
  readonly account: AccountName
  readonly asset: AssetCode
  /** What the account should get; negative if it should give. Null: an amount that the list does not have. */
  readonly theirs: bigint | null
  readonly ours: bigint
  readonly isPayer: boolean
}

interface Net {
  readonly account: AccountName
  readonly asset: AssetCode
  amount: bigint
  /** Whether it gets more, of which the list does not say how much. */
  isOpen: boolean
  isPayer: boolean
}

/** The accounts to which the entry gave another amount than these legs would. */
function differencesOf(legs: readonly TransferLeg[], entry: Entry): readonly Difference[] {
  const expected = netsOf(legs)
  const found = netsIn(entry)
  const differences: Difference[] = []
  for (const [key, { account, asset, amount, isOpen, isPayer }] of expected) {
    const ours = found.get(key)?.amount ?? 0n
    if (isOpen ? ours > amount : ours === amount) continue
    differences.push({ account, asset, theirs: isOpen ? null : amount, ours, isPayer })
  }
  for (const [key, { account, asset, amount }] of found) {
    if (amount === 0n || expected.has(key)) continue
    differences.push({ account, asset, theirs: 0n, ours: amount, isPayer: amount < 0n })
  }
  return differences
}

/** By account and asset. `@exchange` is not the account of a leg across assets. */
function netsOf(legs: readonly TransferLeg[]): ReadonlyMap<string, Net> {
  const nets = new Map<string, Net>()
  const netAt = (account: AccountName, asset: AssetCode): Net => {
    const key = `${asset} ${account}`
    const net = nets.get(key) ?? { account, asset, amount: 0n, isOpen: false, isPayer: false }
    nets.set(key, net)
    return net
  }
  for (const { from, to, asset, amount, toAsset = asset, toAmount = toAsset === asset ? amount : null } of legs) {
    const payer = netAt(from, asset)
    payer.amount -= amount
    payer.isPayer = true
    const receiver = netAt(to, toAsset)
    if (toAmount === null) receiver.isOpen = true
    else receiver.amount += toAmount
  }
  return nets
}

function netsIn(entry: Entry): ReadonlyMap<string, Pick<Net, 'account' | 'asset' | 'amount'>> {
  if (entry.legs !== null) return netsOf(entry.legs)
  return new Map(flowsOf(entry).map((flow) => [`${flow.asset} ${flow.account}`, flow]))
}

/** The numbers of the legs that are not paid and move coins of this account in this asset. */
function legsAt(order: Order, { account, asset, isPayer }: Difference): readonly number[] {
  const isAt = ({ to, isPaid, ...leg }: Order['legs'][number]): boolean =>
    !isPaid && (isPayer ? leg.asset === asset : to === account && leg.toAsset === asset)
  return order.legs.flatMap((leg, index) => (isAt(leg) ? [index + 1] : []))
}

function numbersOf({ legs }: Order, different: readonly number[]): LegNumbers {
  const where = (isPaid: boolean): readonly number[] =>
    legs.flatMap((leg, index) => (leg.isPaid === isPaid ? [index + 1] : []))
  return { paid: where(true), unpaid: where(false), different }
}

/** The amounts that left the sender, if all are of one asset. */
function foundIn({ requestId, line, legs }: Order, entry: Entry | null) {
  const { asset } = legs[0]!
  const isOne = legs.every((leg) => leg.asset === asset)
  const theirs = isOne ? legs.reduce((sum, { amount }) => sum + amount, 0n) : null
  const flows = entry === null || !isOne ? [] : flowsOf(entry)
  const left = flows.filter((flow) => flow.asset === asset && flow.amount < 0n && flow.account !== EXCHANGE)
  const ours = entry === null || !isOne ? null : -left.reduce((sum, { amount }) => sum + amount, 0n)
  return { requestId, line, asset: isOne ? asset : null, theirs, ours }
}

function doneText(order: Order): string {
  const { state, isTaken, from } = order
  const { paid, unpaid } = numbersOf(order, [])
  const taken = isTaken ? `, everything taken from ${from}` : ''
  const of = [
    ...(paid.length === 0 ? [] : [`${listText(paid)} paid`]),
    ...(unpaid.length === 0 ? [] : [`${listText(unpaid)} not paid`]),
  ]
  return `${state} in the external system${taken}, ${of.join(', ')}`
}

const RANGES_SHOWN_MAX = 20

/** `leg 2`, `legs 1-3, 5`. */
function listText(numbers: readonly number[]): string {
  const ranges: { readonly first: number; last: number }[] = []
  for (const number of numbers) {
    const range = ranges.at(-1)
    if (range !== undefined && range.last === number - 1) range.last = number
    else ranges.push({ first: number, last: number })
  }
  const shown = ranges.slice(0, RANGES_SHOWN_MAX)
  const texts = shown.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
  return `${numbers.length === 1 ? 'leg' : 'legs'} ${texts.join(', ')}${ranges.length > shown.length ? ', …' : ''}`
}

function legsText(count: number): string {
  return count === 1 ? '1 leg' : `${count} legs`
}
