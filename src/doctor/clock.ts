/** The clocks of this process, of the server and of the newest rows. */
import { judge } from '../engine/clock-verdict.ts'
import { systemClock } from '../engine/clock.ts'
import { ENGINE_LIMITS } from '../engine/limits.ts'
import { clockOf, selectClock } from '../stores/sql/clock.ts'
import type { SqlDialect } from '../stores/sql/dialect.ts'
import type { Examination } from './examination.ts'
import { finding, type Finding } from './finding.ts'
import { durationText } from './sizes.ts'

export interface ClockComparison {
  readonly askedAt: number
  readonly tookMs: number
  readonly serverAt: number | null
  readonly newestAt: number | null
}

export async function examineClock(examination: Examination, dialect: SqlDialect): Promise<void> {
  const askedAt = systemClock.now()
  const startedMs = performance.now()
  const rows = await examination.rows({ name: 'the clock', text: selectClock(dialect) })
  if (rows === null) return
  examination.add(judgeClock({ askedAt, tookMs: performance.now() - startedMs, ...clockOf(rows[0]!) }))
}

export function judgeClock(comparison: ClockComparison): Finding {
  const { clockDifferenceMsMax } = ENGINE_LIMITS
  const verdict = judge(comparison, { clockDifferenceMsMax, acceptRowsAhead: false, setBackFrom: null })
  const { askedAt, tookMs, serverAt } = comparison
  const remedy = 'Synchronise the clocks of all machines by NTP: timedatectl set-ntp true'
  if (verdict.kind !== 'right') return finding('clock', 'broken', { value: verdict.message, remedy })
  if (verdict.warning !== null) return finding('clock', 'risk', { value: verdict.warning, remedy })
  if (serverAt === null) return finding('clock', 'fine', { value: 'no rows are ahead of this machine’s clock' })
  const offMs = Math.abs(serverAt - askedAt - tookMs / 2)
  // Within the time that the answer took, nothing is known.
  const value = offMs <= tookMs ? 'that of the server agrees' : `that of the server differs by ${durationText(offMs)}`
  return finding('clock', 'fine', { value })
}
