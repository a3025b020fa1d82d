/**
 * Hooks for the pages of an app: what a user has, and what became of it. They read through a ledger of `holdfast/client`, which has a
 * short-lived token of the user's (`createToken`).
 *
 * Each reads when it is shown, then every `refreshMs` while the page is looked at. A failure leaves the values as they were and stands in
 * `error`; the next reading may succeed. When the token has ended (`unauthenticated`, `forbidden`), nothing more is read: give the hook a
 * ledger with another token.
 */
import { useCallback, useEffect, useState } from 'react'
import { LedgerError } from '../api/error.ts'
import type { Ledger, PageView } from '../api/ledger.ts'
import type { Balance } from '../domain/balance.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
import type { StatementLine } from '../domain/journal.ts'

/** The default of `refreshMs`. */
const REFRESH_MS = 5_000
/** More often than this, a page would be a load. */
const REFRESH_MS_MIN = 1_000
const LINES = 20

export interface BalanceOptions {
  /** Default `credit`. */
  readonly asset?: AssetCode
  /** The pause between two readings, in milliseconds: 1,000 or more, default 5,000. */
  readonly refreshMs?: number
}

export interface StatementOptions extends BalanceOptions {
  /** Lines of a page: 1 to 1,000, default 20. */
  readonly limit?: number
}

interface Reading {
  /** The last failure, until a reading succeeds; null for none. */
  readonly error: LedgerError | null
  /** Reads at once, as after something was bought. */
  readonly refresh: () => void
}

export interface BalanceReading extends Reading {
  /** Null until it is known. An account without any posting has none: `error` is `account_not_found`. */
  readonly balance: Balance | null
}

export interface StatementReading extends Reading {
  /** The newest first; null until they are known. */
  readonly lines: readonly StatementLine[] | null
  /** Whether there are older lines. */
  readonly hasMore: boolean
  /** Adds a page of older lines. */
  readonly more: () => void
}

/** What an account has of an asset: `available`, `held`, `total`. Amounts are bigints in minor units. */
export function useBalance(
  ledger: Pick<Ledger, 'balance'>,
  account: AccountName,
  options: BalanceOptions = {},
): BalanceReading {
  const { asset = 'credit', refreshMs } = options
  const [balance, setBalance] = useState<Balance | null>(null)
  const look = useCallback(async () => {
    const found = await ledger.balance(account, asset)
    return () => setBalance(found)
  }, [ledger, account, asset])
  return { balance: isOf(balance, account, asset) ? balance : null, ...useLooks(look, refreshMs) }
}

/** The statement of an account in an asset, the newest line first. New lines appear as they are committed. */
export function useStatement(
  ledger: Pick<Ledger, 'postings'>,
  account: AccountName,
  options: StatementOptions = {},
): StatementReading {
  const { asset = 'credit', limit = LINES, refreshMs } = options
  const [page, setPage] = useState<PageView<StatementLine> | null>(null)
  const look = useCallback(async () => {
    const newest = await ledger.postings(account, { asset, limit })
    return () => setPage((known) => joined(newest, known))
  }, [ledger, account, asset, limit])
  const { error, refresh, attempt } = useLooks(look, refreshMs)
  const next = page?.next ?? null
  const more = useCallback(() => {
    if (next === null) return
    attempt(async () => {
      const older = await ledger.postings(account, { asset, limit, cursor: next })
      return () =>
        setPage((known) =>
          known?.next === next ? { items: [...known.items, ...older.items], next: older.next } : known,
        )
    })
  }, [attempt, ledger, account, asset, limit, next])
  const [first] = page?.items ?? []
  const isCurrent = first === undefined || isOf(first, account, asset)
  return { lines: isCurrent ? (page?.items ?? null) : null, hasMore: next !== null, more, error, refresh }
}

function isOf(
  row: { readonly account: AccountName; readonly asset: AssetCode } | null,
  account: AccountName,
  asset: AssetCode,
): boolean {
  return row?.account === account && row.asset === asset
}

/** Versions have no gaps: if the newest lines reach those that are known, these are still right. */
function joined(newest: PageView<StatementLine>, known: PageView<StatementLine> | null): PageView<StatementLine> {
  const [first] = known?.items ?? []
  const place = newest.items.findIndex(({ account, asset, version }) => {
    return account === first?.account && asset === first.asset && version === first.version
  })
  if (known === null || place === -1) return newest
  return { items: [...newest.items.slice(0, place), ...known.items], next: known.next }
}

/** Reads, and returns what puts the result into the state. */
type Look = () => Promise<() => void>

interface Looks extends Reading {
  readonly attempt: (look: Look) => void
}

const ENDED = new Set(['unauthenticated', 'forbidden'])

/** Looks now, and again and again. @param look another one begins from the start */
function useLooks(look: Look, refreshMs = REFRESH_MS): Looks {
  const [error, setError] = useState<LedgerError | null>(null)
  const [asked, setAsked] = useState(0)
  const attempt = useCallback((one: Look) => void settle(one, setError), [])
  useEffect(() => {
    let isGone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const turn = async (): Promise<void> => {
      const failure = isHidden() ? null : await settle(look, setError, () => isGone)
      if (isGone || (failure !== null && ENDED.has(failure.code))) return
      timer = setTimeout(() => void turn(), Math.max(REFRESH_MS_MIN, refreshMs))
    }
    void turn()
    return () => {
      isGone = true
      clearTimeout(timer)
    }
  }, [look, refreshMs, asked])
  const refresh = useCallback(() => setAsked((count) => count + 1), [])
  return { error, refresh, attempt }
}

/** @returns the failure; null if there was none */
async function settle(
  look: Look,
  setError: (error: LedgerError | null) => void,
  isGone = (): boolean => false,
): Promise<LedgerError | null> {
  try {
    const show = await look()
    if (isGone()) return null
    show()
    setError(null)
    return null
  } catch (thrown) {
    if (!(thrown instanceof LedgerError)) throw thrown
    if (!isGone()) setError(thrown)
    return thrown
  }
}

/** A page that nobody sees reads nothing. Where there are no pages, none is hidden. */
function isHidden(): boolean {
  const { document } = globalThis as { readonly document?: { readonly visibilityState: string } }
  return document?.visibilityState === 'hidden'
}
