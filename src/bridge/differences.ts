/** What a verification finds in the rows of both sides, on every kind of database. */
import type { Row } from '../stores/sql/values.ts'
import type { Difference, DifferenceCode } from './bridge.ts'

/** Links that a verification compares at a time. */
export const VERIFY_PAGE_ROWS = 1_000
/** Differences that are kept; a verification stops when there are more. */
export const DIFFERENCES_MAX = 10_000

/**
 * @param row `account`, `asset`, `state`, `reason`, `has_row` (1 or 0), `old_available`, `old_frozen`, `available`, `held`
 * @param openFreezes the coins of the log's open freezes, by `nameOf`, in minor units
 */
export function differencesOf(row: Row, openFreezes: ReadonlyMap<string, string>): readonly Difference[] {
  const [state, reason] = [String(row['state']), String(row['reason'])]
  const hasRow = Number(row['has_row']) === 1
  if (state !== 'attached')
    return [differenceOf('not_attached', row, `is ${state}${reason === '' ? '' : `: ${reason}`}`)]
  const [available, held] = [textOrZero(row['available']), textOrZero(row['held'])]
  if (!hasRow) {
    return available === '0' && held === '0'
      ? []
      : [differenceOf('no_old_row', row, `has ${available} available and ${held} held, and no old row`)]
  }
  const found: Difference[] = []
  const old = wholeText(row['old_available'])
  if (old !== available) {
    found.push(differenceOf('available_differs', row, `has ${available} available, and the old row says ${old}`))
  }
  const [frozen, open] = [wholeText(row['old_frozen']), wholeText(openFreezes.get(nameOf(row)) ?? '0')]
  if (frozen !== sumText(open, held)) {
    const parts = `the old row has ${frozen} frozen; its open freezes have ${open}, and the holds in the ledger ${held}`
    found.push(differenceOf('frozen_differs', row, parts))
  }
  return found
}

/** An old row that makes an account and has no link: written while the triggers were gone. */
export function withoutLink(row: Row): Difference {
  return differenceOf(
    'no_link',
    row,
    `has an old row that the bridge does not know: run "holdfast bridge install" again`,
  )
}

/** Whether an entry can repair it. */
export function isForAnEntry({ code }: Difference): boolean {
  return code === 'available_differs' || code === 'not_attached'
}

/** An account and an asset, which have no spaces in a row of both. */
export function nameOf(row: Row): string {
  return `${String(row['account'])} ${String(row['asset'])}`
}

function differenceOf(code: DifferenceCode, row: Row, message: string): Difference {
  const [account, asset] = [String(row['account']), String(row['asset'])]
  return { code, account, asset, message: `${account} ${message}.`, repair: null }
}

/** An amount of a balance that may have no row. */
function textOrZero(value: Row[string]): string {
  return typeof value === 'string' ? value : '0'
}

/** A whole number without its zeros behind the point; any other one as it is. */
function wholeText(value: unknown): string {
  return String(value).replace(/\.0*$/, '')
}

function sumText(left: string, right: string): string {
  return /^-?[0-9]+$/.test(left) ? String(BigInt(left) + BigInt(right)) : `${left} + ${right}`
}
