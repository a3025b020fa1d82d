/** The views of holds on a terminal. */
import type { PageView } from '../api/ledger.ts'
import type { Hold } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'
import type { HoldEvent } from '../domain/journal.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { instant, metadataText, more, none } from './views.ts'

/** Amounts that are usually zero are shown only if they are not zero. */
export function holdView(hold: Hold): string {
  const unlessZero = (amount: bigint): bigint | null => (amount === 0n ? null : amount)
  return fieldTable([
    ['hold', styled('bold', hold.id)],
    ['state', hold.state],
    ['account', hold.account],
    ['payee', hold.payee],
    ['asset', hold.asset],
    ['amount', hold.amount],
    ['held', unlessZero(hold.held)],
    ['settled', hold.state === 'settled' ? hold.settled : unlessZero(hold.settled)],
    ['settled late', unlessZero(hold.settledLate)],
    ['refunded', unlessZero(hold.refunded)],
    ['released', unlessZero(hold.released)],
    ['drawn', unlessZero(hold.drawn)],
    ['shortfall', unlessZero(hold.shortfall)],
    ['created', instant(hold.createdAt)],
    ['expires', hold.state === 'open' ? instant(hold.expiresAt) : null],
    ['on expiry', hold.onExpiry === null ? null : `settle ${hold.onExpiry.settle}`],
    ['ended', hold.endedAt === null ? null : instant(hold.endedAt)],
    ['metadata', metadataText(hold.metadata)],
  ])
}

export function holdsView({ items, next }: PageView<Hold>): string {
  if (items.length === 0) return none('holds', next)
  const rows = items.map((hold) => {
    const { id, account, state, asset, amount, held, settled, expiresAt } = hold
    return [id, account, state, asset, amount, held, settled, instant(expiresAt)]
  })
  return listTable(['hold', 'account', 'state', 'asset', 'amount', 'held', 'settled', 'expires'], rows) + more(next)
}

/** The events of a hold, each with the amounts after it. */
export function holdHistoryView({ items, next }: PageView<HoldEvent>): string {
  if (items.length === 0) return none('events', next)
  const rows = items.map(({ number, at, kind, entry, hold }) => {
    const { state, amount, held, settled, released, refunded, shortfall, expiresAt } = hold
    return [
      number,
      instant(at),
      kind,
      entry,
      state,
      amount,
      held,
      settled,
      released,
      refunded,
      shortfall,
      instant(expiresAt),
    ]
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
  ]
  return listTable(head, rows) + more(next)
}

/** What the person on call needs: the account, how long the hold has been open, and how long ago it expired. */
export function stuckHoldsView({ items, next }: PageView<Hold>, now: Instant): string {
  if (items.length === 0) return none('stuck holds', next)
  const rows = items.map(({ id, account, asset, held, settled, createdAt, expiresAt }) => {
    const expiry = expiresAt <= now ? `${ageText(now - expiresAt)} ago` : `in ${ageText(expiresAt - now)}`
    return [id, account, asset, held, settled, ageText(now - createdAt), expiry]
  })
  return listTable(['hold', 'account', 'asset', 'held', 'settled', 'open for', 'expiry'], rows) + more(next)
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A duration in its two largest units: `1d 3h`, `12m 5s`. Less than a second is `0s`. */
export function ageText(ms: number): string {
  const first = UNITS.findIndex(([, unitMs]) => ms >= unitMs)
  if (first === -1) return '0s'
  let rest = ms
  const parts = UNITS.slice(first, first + 2).map(([name, unitMs]) => {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    return count === 0 ? '' : `${count}${name}`
  })
  return parts.filter((part) => part !== '').join(' ')
}
