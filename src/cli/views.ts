/** The views of answers on a terminal. */
import type { AccountView, PageView } from '../api/ledger.ts'
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { ShownAuthor } from '../domain/by.ts'
import type { OpenedAccount } from '../domain/command.ts'
import type { Entry, EntryLeg, StatementLine } from '../domain/journal.ts'
import type { HouseAccount } from '../domain/house-account.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Rate } from '../domain/rate.ts'
import type { Scales } from './scales.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { visible } from './visible.ts'

export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

export function metadataText(metadata: Metadata | null): string | null {
  return metadata === null ? null : visible(JSON.stringify(metadata))
}

function balancesView(balances: readonly Balance[], scales: Scales): string {
  const rows = balances.map(({ asset, available, held, total, floor, version }) => {
    const amounts = [available, held, total].map((amount) => scales.text(amount, asset))
    return [asset, ...amounts, floor === null ? 'none' : scales.text(floor, asset), version]
  })
  return listTable(['asset', 'available', 'held', 'total', 'floor', 'version'], rows)
}

export function openedView({ account, metadata, balance }: OpenedAccount, scales: Scales): string {
  const attached = metadataText(metadata)
  const title = styled('bold', account) + (attached === null ? '' : `  ${attached}`)
  return balance === null ? title : `${title}\n${balancesView([balance], scales)}`
}

export function accountView(view: AccountView, scales: Scales): string {
  const { account, metadata, standing, successor, balances, next } = view
  const attached = metadataText(metadata)
  const stands = standing === 'active' ? '' : ` (${standing}${successor === null ? '' : `, merged into ${successor}`})`
  const title = styled('bold', account) + stands + (attached === null ? '' : `  ${attached}`)
  return `${title}\n${balances.length === 0 ? none('balances', next) : balancesView(balances, scales) + more(next)}`
}

export function houseView({ account, declaredAt }: HouseAccount): string {
  return `${styled('bold', account)} is a house account, ${declaredAt === 0 ? '' : 'declared '}${declaredText(declaredAt)}.`
}

export function assetsView(assets: readonly Asset[]): string {
  const rows = assets.map(({ code, decimals, name, createdAt }) => [
    code,
    decimals,
    visible(name),
    declaredText(createdAt),
  ])
  return listTable(['asset', 'decimals', 'name', 'declared'], rows)
}

export function ratesView({ items, next }: PageView<Rate>): string {
  if (items.length === 0) return 'No rates.'
  const rows = items.map(({ from, to, version, numerator, denominator, rounding, tolerancePpm, declaredAt }) => {
    return [from, to, version, `${numerator}:${denominator}`, rounding, tolerancePpm, instant(declaredAt)]
  })
  return listTable(['from', 'to', 'version', 'rate', 'rounding', 'tolerance ppm', 'declared'], rows) + more(next)
}

/** The asset `credit` exists from the start and was never declared. */
function declaredText(createdAt: number): string {
  return createdAt === 0 ? 'from the start' : instant(createdAt)
}

function counterpartiesText({ counterparties, moreCounterparties }: StatementLine): string {
  return [...counterparties, ...(moreCounterparties ? ['…'] : [])].join(', ')
}

/** As `billing, from 192.0.2.10, in trace 0af7…`. */
function authorText({ key, address, trace }: ShownAuthor): string {
  return `${visible(key)}, from ${address}${trace === null ? '' : `, in trace ${trace}`}`
}

/** The column of keys, if any row has one. */
export function keyColumn(rows: readonly { readonly by: ShownAuthor | null }[]): {
  readonly head: readonly string[]
  cell(row: { readonly by: ShownAuthor | null }): readonly string[]
} {
  if (rows.every(({ by }) => by === null)) return { head: [], cell: () => [] }
  return { head: ['by'], cell: ({ by }) => [by === null ? '' : visible(by.key)] }
}

/** The columns for the hold, the memo and the key are shown only if a line has one. */
export function postingsView({ items, next }: PageView<StatementLine>, scales: Scales): string {
  if (items.length === 0) return none('postings', next)
  const hasMemo = items.some(({ memo }) => memo !== null)
  const hasHold = items.some(({ hold }) => hold !== null)
  const keys = keyColumn(items)
  const rows = items.map((line) => {
    const { at, kind, asset, version, change, heldDelta, available, held, hold, entryId, memo } = line
    return [
      instant(at),
      kind,
      scales.signed(change, asset),
      counterpartiesText(line),
      scales.text(available, asset),
      scales.text(held, asset),
      scales.signed(heldDelta, asset),
      ...(hasHold ? [hold ?? ''] : []),
      ...(hasMemo ? [visible(memo ?? '')] : []),
      ...keys.cell(line),
      version,
      entryId,
    ]
  })
  const head = ['at', 'kind', 'change', 'counterparty', 'available', 'held', 'held change']
  const attached = [...(hasHold ? ['hold'] : []), ...(hasMemo ? ['memo'] : []), ...keys.head]
  return listTable([...head, ...attached, 'version', 'entry'], rows) + more(next)
}

export function entryView(entry: Entry, scales: Scales): string {
  const { id, kind, hold, at, memo, metadata, floor, legs, by, postings } = entry
  const head = fieldTable([
    ['entry', styled('bold', id)],
    ['kind', kind],
    ['hold', hold],
    ['at', instant(at)],
    ['by', by === null ? null : authorText(by)],
    ['memo', memo === null ? null : visible(memo)],
    ['floor', floor === null ? null : scales.text(floor, postings[0]!.asset)],
    ['metadata', metadataText(metadata)],
  ])
  const rows = postings.map(({ account, asset, availableDelta, heldDelta, available, held }) => {
    const changes = [availableDelta, heldDelta].map((change) => scales.signed(change, asset))
    return [account, asset, ...changes, scales.text(available, asset), scales.text(held, asset)]
  })
  const lines = listTable(['account', 'asset', 'change', 'held change', 'available', 'held'], rows)
  return `${head}\n\n${legs === null ? '' : `${legsView(legs, scales)}\n\n`}${lines}`
}

function legsView(legs: readonly EntryLeg[], scales: Scales): string {
  const rows = legs.map(({ from, to, asset, amount, toAsset, toAmount, rate }) => {
    const fraction = rate === null ? '' : `${rate.numerator}:${rate.denominator} ${rate.rounding}`
    const remainder = rate === null ? '' : `${rate.remainder}/${rate.denominator}`
    const [paid, received] = [scales.text(amount, asset), scales.text(toAmount, toAsset)]
    return [from, to, paid, asset, received, toAsset, fraction, remainder]
  })
  return listTable(['from', 'to', 'amount', 'asset', 'received', 'in', 'rate', 'remainder'], rows)
}

/** An empty page can have a next page, if filters exclude most of a long list. */
export function none(what: string, next: string | null): string {
  return next === null ? `No ${what}.` : `No ${what} on this page of a long list. To continue, add --cursor ${next}`
}

export function more(next: string | null): string {
  return next === null ? '' : `\n\nFor the next page, add --cursor ${next}`
}
