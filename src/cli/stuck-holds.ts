/**
 * Holds that somebody should look at: open although their expiry has passed, so that nothing sweeps them, and open for long, so
 * that whoever froze them has perhaps forgotten them while others keep extending them.
 */
import type { HoldsInput, Ledger, PageView } from '../api/ledger.ts'
import { PAGE_LIMIT_DEFAULT } from '../domain/page.ts'
import type { Hold } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'

/** Most holds live for minutes; the longest life that a freeze may ask for is 30 days unless the operator chose another. */
export const OPEN_FOR_MS_DEFAULT = 86_400_000

export interface StuckQuery extends Pick<HoldsInput, 'limit' | 'cursor' | 'metadata'> {
  readonly now: Instant
  /** From how long on a hold is stuck although its expiry is yet to come. */
  readonly openForMs: number
}

/**
 * By expiry, as open holds are listed, so that those whose expiry has passed come first. Behind them the ledger is asked for the old
 * ones only, and no page of young ones is read to be thrown away.
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
    // Nothing can have been open for longer than since 1970.
    if (onlyOld && frozenBefore <= 0) return { items, next: null }
  } while (next !== null && items.length < limit)
  return { items, next }
}
