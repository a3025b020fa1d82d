/**
 * The counterparties of a posting: the accounts that received what its balance lost in the entry, or gave what it gained.
 *
 * They are bounded, because a transfer can have a thousand legs and a page a thousand such lines. Only the first postings of an entry are
 * looked at. If a transfer has more, those of payers and payees alternate (`alternating`), so that both sides are among the first.
 */
import { EXCHANGE, type AccountName } from './ids.ts'
import { changeOf, NO_COUNTERPARTIES, type Counterparties, type Entry, type EntryLeg, type Posting } from './journal.ts'

/**
 * The names that a line has at most, and the legs across assets of one entry that are looked at: if there are more, the postings of the
 * same asset are, so `@exchange`.
 */
export const COUNTERPARTIES_MAX = 10

/** Postings of one entry that are looked at: one more of each side than are shown. */
export const COUNTERPARTY_POSTINGS_MAX = 2 * (COUNTERPARTIES_MAX + 1)

/** A posting's balance, and what it gained or lost. */
export interface Side extends Pick<Posting, 'account' | 'asset'> {
  readonly change: bigint
}

/** @param posting one of the entry's */
export function counterpartiesOf(
  posting: Posting,
  { legs, postings }: Pick<Entry, 'legs' | 'postings'>,
): Counterparties {
  const side = { account: posting.account, asset: posting.asset, change: changeOf(posting) }
  if (side.change === 0n) return NO_COUNTERPARTIES
  if (legs !== null && legs.length <= COUNTERPARTIES_MAX) return legCounterparties(side, legs)
  const first = postings.slice(0, COUNTERPARTY_POSTINGS_MAX).filter((each) => isOpposite(changeOf(each), side.change))
  return oppositeCounterparties(side, first, postings.length)
}

export function isOpposite(change: bigint, other: bigint): boolean {
  return change < 0n ? other > 0n : change > 0n && other < 0n
}

/** @param opposite those with the opposite sign among the first postings of the entry. @param count of all its postings */
export function oppositeCounterparties(
  { asset }: Side,
  opposite: readonly Pick<Posting, 'account' | 'asset'>[],
  count: number,
): Counterparties {
  const found = shown(opposite.filter((other) => other.asset === asset).map(({ account }) => account))
  // If the first postings have fewer than one half of this sign, the rest has none.
  const areAll = count <= COUNTERPARTY_POSTINGS_MAX || opposite.length <= COUNTERPARTIES_MAX
  return areAll ? found : { ...found, moreCounterparties: true }
}

/**
 * Legs name the payer and the receiver, also where `@exchange` stands between them. Its own lines name those who exchange, and it is the
 * counterparty of an account that exchanges its own coins.
 */
export function legCounterparties({ account, asset, change }: Side, legs: readonly EntryLeg[]): Counterparties {
  const names = legs.flatMap((leg) => {
    const isPaying = change < 0n
    const [own, other] = isPaying ? [leg.from, leg.to] : [leg.to, leg.from]
    if (own === account && (isPaying ? leg.asset : leg.toAsset) === asset) return [other === own ? EXCHANGE : other]
    return isBetween(account, leg) && (isPaying ? leg.toAsset : leg.asset) === asset ? [other] : []
  })
  return shown(names)
}

function isBetween(account: AccountName, { rate }: EntryLeg): boolean {
  return rate !== null && account === EXCHANGE
}

/** Each name once. */
function shown(names: readonly AccountName[]): Counterparties {
  const counterparties = [...new Set(names)]
  if (counterparties.length <= COUNTERPARTIES_MAX) return { counterparties, moreCounterparties: false }
  return { counterparties: counterparties.slice(0, COUNTERPARTIES_MAX), moreCounterparties: true }
}

/** The same items: those that lose and those that gain in turn, as long as there are both; those that do neither last. */
export function alternating<Item>(items: readonly Item[], changeIn: (item: Item) => bigint): readonly Item[] {
  const losing = items.filter((item) => changeIn(item) < 0n)
  const gaining = items.filter((item) => changeIn(item) > 0n)
  const turns = Array.from({ length: Math.max(losing.length, gaining.length) }, (_, index) => index)
  const moved = turns.flatMap((index) => [...losing.slice(index, index + 1), ...gaining.slice(index, index + 1)])
  return [...moved, ...items.filter((item) => changeIn(item) === 0n)]
}
