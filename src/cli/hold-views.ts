/** The views of holds on a terminal. */
import type { PageView } from '../api/ledger.ts'
import type { Hold } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'
import type { HoldEvent } from '../domain/journal.ts'
import { ageText } from './ages.ts'
import type { Scales } from './scales.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { instant, keyColumn, metadataText, more, none } from './views.ts'

/** Amounts that are usually zero are shown only if they are not zero. */
export function holdView(hold: Hold, scales: Scales): string {
  const text = (amount: bigint): string => scales.text(amount, hold.asset)
  const unlessZero = (amount: bigint): string | null => (amount === 0n ? null : text(amount))
  return fieldTable([
    ['hold', styled('bold', hold.id)],
    ['state', hold.state],
    ['account', hold.account],
    ['payee', hold.payee],
    ['asset', hold.asset],
    ['amount', text(hold.amount)],
    ['held', unlessZero(hold.held)],
    ['settled', hold.state === 'settled' ? text(hold.settled) : unlessZero(hold.settled)],
    ['settled late', unlessZero(hold.settledLate)],
    ['refunded', unlessZero(hold.refunded)],
    ['released', unlessZero(hold.released)],
    ['drawn', unlessZero(hold.drawn)],
    ['shortfall', unlessZero(hold.shortfall)],
    ['created', instant(hold.createdAt)],
    ['expires', hold.state === 'open' ? instant(hold.expiresAt) : null],
    ['on expiry', hold.onExpiry === null ? null : `settle ${text(hold.onExpiry.settle)}`],
    ['ended', hold.endedAt === null ? null : instant(hold.endedAt)],
    ['steps', hold.steps],
    ['metadata', metadataText(hold.metadata)],
  ])
}

export function holdsView({ items, next }: PageView<Hold>, scales: Scales): string {
  if (items.length === 0) return none('holds', next)
  const rows = items.map((hold) => {
    const { id, account, state, asset, amount, held, settled, expiresAt } = hold
    const amounts = [amount, held, settled].map((each) => scales.text(each, asset))
    return [id, account, state, asset, ...amounts, instant(expiresAt)]
  })
  return listTable(['hold', 'account', 'state', 'asset', 'amount', 'held', 'settled', 'expires'], rows) + more(next)
}

/** The events of a hold, each with the amounts after it. */
export function holdHistoryView({ items, next }: PageView<HoldEvent>, scales: Scales): string {
  if (items.length === 0) return none('events', next)
  const keys = keyColumn(items)
  const rows = items.map(({ number, at, kind, entry, hold, by }) => {
    const { state, asset, amount, held, settled, released, refunded, shortfall, expiresAt } = hold
    const amounts = [amount, held, settled, released, refunded, shortfall].map((each) => scales.text(each, asset))
    return [number, instant(at), kind, entry, state, ...amounts, instant(expiresAt), ...keys.cell({ by })]
  })
  const head = [
    '#',
    'at',
    'kind',
    'entry',
    'state',
    'amount',
    'held',
    'settled',
    'released',
    'refunded',
    'shortfall',
    'expires',
    ...keys.head,
  ]
  return listTable(head, rows) + more(next)
}

/** What the person on call needs: the account, how long the hold has been open, and how long ago it expired. */
export function stuckHoldsView({ items, next }: PageView<Hold>, now: Instant, scales: Scales): string {
  if (items.length === 0) return none('stuck holds', next)
  const rows = items.map(({ id, account, asset, held, settled, createdAt, expiresAt }) => {
    const expiry = expiresAt <= now ? `${ageText(now - expiresAt)} ago` : `in ${ageText(expiresAt - now)}`
    const amounts = [held, settled].map((each) => scales.text(each, asset))
    return [id, account, asset, ...amounts, ageText(now - createdAt), expiry]
  })
  return listTable(['hold', 'account', 'asset', 'held', 'settled', 'open for', 'expiry'], rows) + more(next)
}
