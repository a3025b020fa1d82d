/**
 * Stuck holds: due holds that no sweeper has ended, and holds that have been open for so long that their caller may have forgotten
 * them while another process keeps extending them.
 */
import type { HoldsInput, Ledger, PageView } from '../api/ledger.ts'
import { PAGE_LIMIT_DEFAULT } from '../domain/page.ts'
import type { Hold } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'

/** Most holds are open for minutes. The longest lifetime of a hold is 30 days by default. */
export const OPEN_FOR_MS_DEFAULT = 86_400_000

export interface StuckQuery extends Pick<HoldsInput, 'limit' | 'cursor' | 'metadata'> {
  readonly now: Instant
  /** A hold that has been open for longer than this is stuck, even if it is not due. */
  readonly openForMs: number
}

/**
 * Sorted by expiry, like all lists of open holds, so due holds come first. After them, the query asks only for old holds, so that no
 * page of recent holds is read in vain.
 */
export async function stuckHolds(ledger: Pick<Ledger, 'holds'>, query: StuckQuery): Promise<PageView<Hold>> {
  const { now, openForMs, limit = PAGE_LIMIT_DEFAULT, cursor, ...filters } = query
  const frozenBefore = now - openForMs
  const isStuck = ({ expiresAt, createdAt }: Hold): boolean => expiresAt <= now || createdAt < frozenBefore
  const open = { ...filters, state: 'open' } as const
  const items: Hold[] = []
  let next: string | null = cursor ?? null
  let onlyOld = false
  do {
    const from = next === null ? {} : { cursor: next }
    const until = onlyOld ? { until: frozenBefore } : {}
    const page: PageView<Hold> = await ledger.holds({ ...open, ...until, ...from, limit: limit - items.length })
    items.push(...page.items.filter(isStuck))
    next = page.next
    onlyOld ||= page.items.some(({ expiresAt }) => expiresAt > now)
    // No hold is older than 1970.
    if (onlyOld && frozenBefore <= 0) return { items, next: null }
  } while (next !== null && items.length < limit)
  return { items, next }
}
