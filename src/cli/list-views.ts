/** The views of lists of everything on a terminal. Amounts are in the decimal places of their assets. */
import type { AssetStats, FeedPage, PageView } from '../api/ledger.ts'
import type { Balance } from '../domain/balance.ts'
import type { Entry } from '../domain/journal.ts'
import type { Scales } from './scales.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { instant, more, none } from './views.ts'

export function accountsView({ items, next }: PageView<Balance>, scales: Scales): string {
  if (items.length === 0) return none('balances', next)
  const rows = items.map(({ account, asset, available, held, total, floor, version }) => {
    const [spendable, frozen, sum] = [available, held, total].map((amount) => scales.text(amount, asset))
    return [account, asset, spendable!, frozen!, sum!, floor === null ? 'none' : scales.text(floor, asset), version]
  })
  return listTable(['account', 'asset', 'available', 'held', 'total', 'floor', 'version'], rows) + more(next)
}

/** An entry as one line: what it did to each balance. */
export function entryLine({ at, kind, id, postings }: Entry, scales: Scales): string {
  const moves = postings.map(({ account, asset, availableDelta, heldDelta }) => {
    const held = heldDelta === 0n ? '' : ` (held ${scales.signed(heldDelta, asset)})`
    return `${account} ${scales.signed(availableDelta, asset)}${held} ${asset}`
  })
  return `${instant(at)}  ${kind.padEnd(8)}  ${id}  ${moves.join(', ')}`
}

export function feedView({ items, next, more: hasMore }: FeedPage, scales: Scales): string {
  const lines = items.length === 0 ? 'No entries.' : items.map((entry) => entryLine(entry, scales)).join('\n')
  return `${lines}\n\n${hasMore ? 'For the next page' : 'For what comes later'}, add --cursor ${next}`
}

export function statsView({ items, next }: PageView<AssetStats>, scales: Scales): string {
  return items.map((stats) => assetView(stats, scales)).join('\n\n') + more(next)
}

function assetView({ asset, issued, accounts, holdsOpen, days }: AssetStats, scales: Scales): string {
  const text = (amount: bigint): string => scales.text(amount, asset)
  const uncounted = 'too many to count'
  const figures = fieldTable([
    ['asset', styled('bold', asset)],
    ['issued', text(issued)],
    ['accounts', accounts?.count ?? uncounted],
    ['available', accounts === null ? uncounted : text(accounts.available)],
    ['held', accounts === null ? uncounted : text(accounts.held)],
    ['open holds', holdsOpen ?? uncounted],
  ])
  if (days.length === 0) return figures
  const rows = days.map(({ from, issued: grown, earned }) => [
    new Date(from).toISOString().slice(0, 10),
    text(grown),
    text(earned),
  ])
  return `${figures}\n\n${listTable(['day (UTC)', 'issued', 'earned'], rows)}`
}
