/** The server's limit of connections, against those of Holdfast. */
import { finding, type Finding } from './finding.ts'

export interface ConnectionCounts {
  /** `max_connections`, without those that only an administrator gets. */
  readonly limit: number
  readonly now: number
  /** The most at once since the server started; null where it is not counted. */
  readonly most: number | null
  /** What one process of Holdfast may open with the store URL that was given. */
  readonly ofOneProcess: number
  readonly remedy: string
}

/** Above this share of the limit. */
const SHARE_RISK = 0.85

export function judgeConnections({ limit, now, most, ofOneProcess, remedy }: ConnectionCounts): Finding {
  const peak = most === null ? '' : `, at most ${most} so far`
  const value = `${now} of ${limit} are in use${peak}; one process of Holdfast opens up to ${ofOneProcess}`
  if (ofOneProcess > limit) return finding('connection.limit', 'broken', { value, remedy })
  const isTight = Math.max(now, most ?? 0) > limit * SHARE_RISK || now + ofOneProcess > limit
  return finding('connection.limit', isTight ? 'risk' : 'fine', { value, remedy: isTight ? remedy : null })
}
