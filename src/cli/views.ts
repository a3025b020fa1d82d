/** The views of answers on a terminal. Amounts are in minor units. */
import type { AccountView, PageView } from '../api/ledger.ts'
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Entry, EntryLeg, StatementLine } from '../domain/journal.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Rate } from '../domain/rate.ts'
import { fieldTable, listTable, styled } from './tables.ts'
import { visible } from './visible.ts'

export function instant(ms: number): string {
  return new Date(ms).toISOString()
}

export function metadataText(metadata: Metadata | null): string | null {
  return metadata === null ? null : visible(JSON.stringify(metadata))
}

function floorText(balance: Balance): string | bigint {
  return balance.floor ?? 'none'
}

function balancesView(balances: readonly Balance[]): string {
  const rows = balances.map((balance) => {
    const { asset, available, held, total, version } = balance
    return [asset, available, held, total, floorText(balance), version]
  })
  return listTable(['asset', 'available', 'held', 'total', 'floor', 'version'], rows)
}

export function balanceView(balance: Balance): string {
  return `${styled('bold', balance.account)}\n${balancesView([balance])}`
}

export function accountView({ account, metadata, balances, next }: AccountView): string {
  const attached = metadataText(metadata)
  const title = styled('bold', account) + (attached === null ? '' : `  ${attached}`)
  return `${title}\n${balances.length === 0 ? none('balances', next) : balancesView(balances) + more(next)}`
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

/** A change with its sign. */
function signed(delta: bigint): string {
  return delta > 0n ? `+${delta}` : String(delta)
}

/** The columns for memo and metadata are shown only if a line has one. */
export function postingsView({ items, next }: PageView<StatementLine>): string {
  if (items.length === 0) return none('postings', next)
  const hasMemo = items.some(({ memo }) => memo !== null)
  const rows = items.map(({ at, kind, version, availableDelta, heldDelta, available, held, entryId, memo }) => {
    const row = [instant(at), kind, version, signed(availableDelta), signed(heldDelta), available, held, entryId]
    return hasMemo ? [...row, visible(memo ?? '')] : row
  })
  const head = ['at', 'kind', 'version', 'change', 'held change', 'available', 'held', 'entry']
  return listTable(hasMemo ? [...head, 'memo'] : head, rows) + more(next)
}

export function entryView({ id, kind, hold, at, memo, metadata, floor, legs, postings }: Entry): string {
  const head = fieldTable([
    ['entry', styled('bold', id)],
    ['kind', kind],
    ['hold', hold],
    ['at', instant(at)],
    ['memo', memo === null ? null : visible(memo)],
    ['floor', floor],
    ['metadata', metadataText(metadata)],
  ])
  const rows = postings.map(({ account, asset, availableDelta, heldDelta, available, held }) => {
    return [account, asset, signed(availableDelta), signed(heldDelta), available, held]
  })
  const lines = listTable(['account', 'asset', 'change', 'held change', 'available', 'held'], rows)
  return `${head}\n\n${legs === null ? '' : `${legsView(legs)}\n\n`}${lines}`
}

function legsView(legs: readonly EntryLeg[]): string {
  const rows = legs.map(({ from, to, asset, amount, toAsset, toAmount, rate }) => {
    const fraction = rate === null ? '' : `${rate.numerator}:${rate.denominator} ${rate.rounding}`
    const remainder = rate === null ? '' : `${rate.remainder}/${rate.denominator}`
    return [from, to, amount, asset, toAmount, toAsset, fraction, remainder]
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
