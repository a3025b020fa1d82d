/**
 * Cursors: the end of a page as one opaque word.
 *
 * A cursor is the sort key of the last row of the page, so rows that are added or changed elsewhere neither repeat nor hide a row of the
 * next page. It names its list, so that a cursor of one list is refused by every other.
 */
import { isAccountName, isAssetCode, type AccountName, type AssetCode, type Instant } from '../domain/ids.ts'
import { CURSOR_LENGTH_MAX } from '../domain/page.ts'
import { BALANCE_ORDERS, CursorError, REPLICA_MARK, type BalanceOrder } from '../engine/reader.ts'

/** The sort key of each list. */
export interface CursorKeys {
  /** Postings of an account and asset, by stripe, then newest first. */
  readonly postings: readonly [stripe: number, version: number]
  /** Holds of an account and asset, newest first. */
  readonly holdsOfAccount: readonly [openedVersion: number]
  /** Open holds, the next to expire first. */
  readonly holdsByExpiry: readonly [expiresAt: Instant, seq: number]
  /** Holds in the order in which they were opened, nearly. */
  readonly holdsBySeq: readonly [seq: number]
  /** The newest rate of each pair. */
  readonly rates: readonly [from: AssetCode, to: AssetCode]
  /** Rates of a pair, newest first. */
  readonly rateHistory: readonly [version: number]
  /** Events of a hold, the freeze first. */
  readonly holdHistory: readonly [number: number]
  /** Assets by code. */
  readonly assets: readonly [code: AssetCode]
  /** Balances of an account, by asset. */
  readonly balances: readonly [asset: AssetCode]
  /** The feed. With the number of the last entry's request, which shows that it still is the same feed. */
  readonly feed: readonly [position: number, entries: number, seq: number]
  /** Balances of all accounts, by name. */
  readonly balancesByName: readonly [account: AccountName, asset: AssetCode]
  /** Balances of one asset, by an amount: the sum of a house account's stripes can be outside int64. */
  readonly balancesByAmount: readonly [order: BalanceOrder, amount: string, account: AccountName]
}

export type CursorList = keyof CursorKeys

type Check = (value: unknown) => boolean

const isPosition: Check = (value) => Number.isSafeInteger(value)

const isWhole: Check = (value) => typeof value === 'string' && /^(0|-?[1-9][0-9]{0,24})$/.test(value)
const isOrder: Check = (value) => (BALANCE_ORDERS as readonly unknown[]).includes(value)

const PARTS = {
  postings: { tag: 'p', checks: [isPosition, isPosition] },
  holdsOfAccount: { tag: 'a', checks: [isPosition] },
  holdsByExpiry: { tag: 'x', checks: [isPosition, isPosition] },
  holdsBySeq: { tag: 's', checks: [isPosition] },
  rates: { tag: 'r', checks: [isAssetCode, isAssetCode] },
  rateHistory: { tag: 'v', checks: [isPosition] },
  holdHistory: { tag: 'h', checks: [isPosition] },
  assets: { tag: 'c', checks: [isAssetCode] },
  balances: { tag: 'b', checks: [isAssetCode] },
  feed: { tag: 'f', checks: [isPosition, isPosition, isPosition] },
  balancesByName: { tag: 'n', checks: [isAccountName, isAssetCode] },
  balancesByAmount: { tag: 'o', checks: [isOrder, isWhole, isAccountName] },
} as const satisfies Record<CursorList, { tag: string; checks: readonly Check[] }>

export function encodeCursor<List extends CursorList>(list: List, key: CursorKeys[List]): string {
  return Buffer.from(JSON.stringify([PARTS[list].tag, ...key])).toString('base64url')
}

/** @throws CursorError for a text that `encodeCursor` cannot have made for this list. */
export function decodeCursor<List extends CursorList>(list: List, cursor: string): CursorKeys[List] {
  const { tag, checks }: { tag: string; checks: readonly Check[] } = PARTS[list]
  // A replica has fewer rows than its primary, and no others: the primary may go on after its pages.
  const parts = cursor.length > CURSOR_LENGTH_MAX ? null : parse(cursor.replace(REPLICA_MARK, ''))
  const [first, ...key] = parts ?? []
  if (first !== tag || key.length !== checks.length || !checks.every((check, index) => check(key[index]))) {
    throw new CursorError()
  }
  return key as unknown as CursorKeys[List]
}

function parse(cursor: string): readonly unknown[] | null {
  const text = Buffer.from(cursor, 'base64url').toString()
  try {
    const value: unknown = JSON.parse(text)
    // Base64 and JSON can both write one value in several ways; only the text that `encodeCursor` writes is accepted.
    const canonical = Buffer.from(JSON.stringify(value)).toString('base64url') === cursor
    return canonical && Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
