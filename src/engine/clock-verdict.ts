/** What a comparison of the clocks proves, and the messages that say so. Pure. */
import type { Instant } from '../domain/ids.ts'
import type { StoreClock } from './store.ts'

/** One query of the database's clock, and its answer. */
export interface ClockAnswer extends StoreClock {
  /** This process's clock when the query was sent. */
  readonly askedAt: Instant
  /** How long the answer took. The server read its clock at some instant within that time, so a longer answer proves less. */
  readonly tookMs: number
}

export interface Grounds {
  /** See `EngineLimits`. */
  readonly clockDifferenceMsMax: number
  readonly acceptRowsAhead: boolean
  /** The latest time that this process read from its clock before the clock was set back; null when it was not set back. */
  readonly setBackFrom: Instant | null
}

export type Verdict =
  /** Nothing proves the clock wrong. `isSure`: the answer was quick enough to prove it right. */
  | { readonly kind: 'right'; readonly isSure: boolean; readonly warning: string | null }
  | { readonly kind: 'ahead' | 'behind' | 'rows_ahead'; readonly message: string }

export function judge(answer: ClockAnswer, grounds: Grounds): Verdict {
  const { askedAt, tookMs, serverAt, newestAt } = answer
  const { clockDifferenceMsMax, acceptRowsAhead, setBackFrom } = grounds
  if (serverAt !== null) {
    const offMsMax = clockDifferenceMsMax / 2
    const aheadMsMin = askedAt - serverAt
    const aheadMsMax = aheadMsMin + tookMs
    const aheadMs = (aheadMsMin + aheadMsMax) / 2
    if (aheadMsMin > offMsMax) return { kind: 'ahead', message: offText(aheadMs, 'ahead of', offMsMax) }
    if (aheadMsMax < -offMsMax) return { kind: 'behind', message: offText(-aheadMs, 'behind', offMsMax) }
    const isSure = aheadMsMin >= -offMsMax && aheadMsMax <= offMsMax
    const areRowsAhead = newestAt !== null && newestAt - serverAt > clockDifferenceMsMax
    return { kind: 'right', isSure, warning: areRowsAhead ? warningOf(newestAt, newestAt - serverAt) : null }
  }
  const rowsAheadMs = newestAt === null ? 0 : newestAt - askedAt - tookMs
  if (newestAt === null || rowsAheadMs <= clockDifferenceMsMax) return { kind: 'right', isSure: true, warning: null }
  // Rows from before the clock was set back have times of this same clock.
  const areOwn = setBackFrom !== null && newestAt <= setBackFrom
  if (areOwn || acceptRowsAhead) return { kind: 'right', isSure: true, warning: warningOf(newestAt, rowsAheadMs) }
  return { kind: 'rows_ahead', message: rowsAheadText(newestAt, rowsAheadMs) }
}

function offText(ms: number, how: 'ahead of' | 'behind', offMsMax: number): string {
  return `The clock of this process is ${inSeconds(ms)} ${how} that of the database's server; at most ${inSeconds(offMsMax)} are allowed. Correct the clock that is wrong, by NTP. Until then this process serves nothing and ends no hold. It does not need a restart.`
}

function rowsAheadText(newestAt: Instant, ms: number): string {
  return `The newest rows of the database are ${inSeconds(ms)} ahead of the clock of this process. If this clock is behind, correct it, by NTP. If it was ahead when those rows were written and is right now, wait until ${isoText(newestAt)}, or set HOLDFAST_ACCEPT_ROWS_AHEAD=true (for the library, acceptRowsAhead) and restart. Until then this process serves nothing and ends no hold.`
}

function warningOf(newestAt: Instant, ms: number): string {
  return `Rows of the database are up to ${inSeconds(ms)} ahead of the clock: a process whose clock was ahead wrote them. Until ${isoText(newestAt)} their times are in the future, and holds among them may live longer than requested.`
}

/** For stores without a server whose clock could confirm the change. */
export function setAheadText(jumpMs: number, restMs: number): string {
  return `The clock of this process was set ahead by ${inSeconds(jumpMs)}, or its machine was suspended. The change may be undone, so this process ends no hold for ${inSeconds(restMs)}.`
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}

function isoText(instant: Instant): string {
  return new Date(instant).toISOString()
}
