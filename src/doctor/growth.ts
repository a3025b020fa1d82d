/** The size of the ledger, and how fast it grows. */
import { systemClock } from '../engine/clock.ts'
import { whole } from '../stores/sql/values.ts'
import type { Examination } from './examination.ts'
import { finding, type Finding } from './finding.ts'
import { bytesText, durationText } from './sizes.ts'

/** The growth is that of the last requests: their keys follow the time, so they are found at the end of one index. */
const REQUESTS_COUNTED = 10_000
const DAY_MS = 86_400_000
/** For one request with everything that it writes, if the rows of a server are not counted; see "Room and memory" in the guides. */
const REQUEST_BYTES = 300

export interface LedgerSize {
  readonly bytes: number
  /** The server's estimate; null without one. */
  readonly requests: number | null
  /** Room that is left, where it is known. */
  readonly bytesFree: number | null
}

export interface Requests {
  /** The times of the newest request and of the one `count` before it. */
  readonly newestAt: number
  readonly oldestAt: number
  /** At most `REQUESTS_COUNTED`. */
  readonly count: number
  readonly isAll: boolean
}

export async function examineGrowth(examination: Examination, size: LedgerSize): Promise<void> {
  const rows = await examination.rows({
    name: 'growth',
    text: `SELECT count(*) AS requests, max(at) AS newest_at, min(at) AS oldest_at
      FROM (SELECT at FROM requests ORDER BY seq DESC LIMIT ${REQUESTS_COUNTED}) AS newest`,
  })
  const row = rows?.[0]
  if (row === undefined) return
  const count = whole(row['requests'])
  if (count === 0) {
    examination.add(finding('tables.growth', 'fine', { value: 'there are no requests yet' }))
    return
  }
  const requests = {
    newestAt: whole(row['newest_at']),
    oldestAt: whole(row['oldest_at']),
    count,
    isAll: count < REQUESTS_COUNTED,
  }
  examination.add(judgeGrowth(requests, size, systemClock.now()))
}

/** When the room that is left is used up sooner than this. */
const ROOM_MS_RISK = 7 * DAY_MS
const ROOM_MS_ADVICE = 30 * DAY_MS

export function judgeGrowth(requests: Requests, size: LedgerSize, now: number): Finding {
  const { oldestAt, count, isAll } = requests
  const spanMs = Math.max(1_000, now - oldestAt)
  const since = `${isAll ? 'all' : 'the last'} ${count} requests came within ${durationText(spanMs)}`
  // A ledger of the last hour says nothing about a day.
  if (spanMs < 3_600_000 && isAll) return finding('tables.growth', 'fine', { value: since })
  const requestsPerDay = (count / spanMs) * DAY_MS
  const known = isAll ? count : size.requests
  const bytesPerRequest = known === null || known < 1_000 ? REQUEST_BYTES : size.bytes / known
  const bytesPerDay = requestsPerDay * bytesPerRequest
  const value = `about ${bytesText(bytesPerDay)} a day at the present rate: ${since}`
  const leftMs = size.bytesFree === null ? Infinity : (size.bytesFree / bytesPerDay) * DAY_MS
  if (leftMs >= ROOM_MS_ADVICE) return finding('tables.growth', 'fine', { value })
  return finding('tables.growth', leftMs < ROOM_MS_RISK ? 'risk' : 'advice', {
    value: `${value}; the disk is full in ${durationText(leftMs)}`,
    remedy: 'Give the disk more room, or move the ledger to a larger one.',
  })
}
