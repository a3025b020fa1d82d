/** Holds that are due and still open. */
import { systemClock } from '../engine/clock.ts'
import { ENGINE_LIMITS } from '../engine/limits.ts'
import type { DueHolds } from '../engine/reader.ts'
import type { SqlDialect } from '../stores/sql/dialect.ts'
import { SqlReader } from '../stores/sql/reader.ts'
import type { Examination } from './examination.ts'
import { finding, type Finding } from './finding.ts'
import { durationText } from './sizes.ts'

/** Overdue holds that are counted. */
const HOLDS_MAX = 1_000
/** Places in the order of expiries that one look passes over; most of them belong to holds that have ended. */
const PLACES_MAX = 10_000

export async function examineOverdueHolds(examination: Examination, dialect: SqlDialect): Promise<void> {
  const now = systemClock.now()
  const until = now - ENGINE_LIMITS.expiryLagMsMax
  const found = await examination.attempt('overdue holds', async (query) => {
    const reader = new SqlReader(dialect, query)
    const look = { until, limit: HOLDS_MAX, placesMax: PLACES_MAX }
    const recent = { expiresAt: until - ENGINE_LIMITS.expiryRecentMs, seq: 0 }
    // A sweeper that has stopped leaves holds of the last hour; one that never ran leaves the first ones.
    return [await reader.due({ ...look, after: null }), await reader.due({ ...look, after: recent })]
  })
  if (found !== null) examination.add(judgeOverdue(found, now))
}

export function judgeOverdue(looks: readonly DueHolds[], now: number): Finding {
  const holds = new Map(looks.flatMap((look) => look.holds.map(({ id, expiresAt }) => [id, expiresAt])))
  if (holds.size === 0) {
    const value = `none was due more than ${durationText(ENGINE_LIMITS.expiryLagMsMax)} ago`
    return finding('holds.overdue', 'fine', { value })
  }
  const [[id, expiresAt]] = [...holds].toSorted(([, left], [, right]) => left - right) as [[string, number]]
  const count =
    holds.size >= HOLDS_MAX
      ? `at least ${HOLDS_MAX} holds are`
      : `${holds.size} ${holds.size === 1 ? 'hold is' : 'holds are'}`
  return finding('holds.overdue', 'risk', {
    value: `${count} due and open; the oldest since ${durationText(now - expiresAt)} (${id})`,
    remedy: 'Run a service on this database: holdfast serve --store URL. If one runs, look at its log and at /readyz.',
  })
}
