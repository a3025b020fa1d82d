/** What a comparison of the clocks proves, and how it is said. Pure. */
import type { Instant } from '../domain/ids.ts'
import type { StoreClock } from './store.ts'

/** One question to the database, and its answer. */
export interface Look extends StoreClock {
  /** What the clock of this process showed when it asked. */
  readonly askedAt: Instant
  /** How long the answer took; the server looked at its clock at some moment within. The longer, the less it proves. */
  readonly tookMs: number
}

export interface Grounds {
  /** See `EngineLimits`. */
  readonly clockDifferenceMsMax: number
  readonly acceptRowsAhead: boolean
  /** The latest that this process saw its clock show before it was set back; null when it was not. */
  readonly setBackFrom: Instant | null
}

export type Verdict =
  /** Nothing proves it wrong; `isSure` when that could not be for the length of the answer alone. */
  | { readonly kind: 'right'; readonly isSure: boolean; readonly warning: string | null }
  | { readonly kind: 'ahead' | 'behind' | 'rows_ahead'; readonly message: string }

export function judge(look: Look, grounds: Grounds): Verdict {
  const { askedAt, tookMs, serverAt, newestAt } = look
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
  // Rows of before the step have times that this very clock showed.
  const areOwn = setBackFrom !== null && newestAt <= setBackFrom
  if (areOwn || acceptRowsAhead) return { kind: 'right', isSure: true, warning: warningOf(newestAt, rowsAheadMs) }
  return { kind: 'rows_ahead', message: rowsAheadText(newestAt, rowsAheadMs) }
}

function offText(ms: number, how: 'ahead of' | 'behind', offMsMax: number): string {
  return `The clock of this process is ${inSeconds(ms)} ${how} that of the database's server; at most ${inSeconds(offMsMax)} are allowed. Set the wrong one of them right, by NTP. Until then nothing is served and no hold is ended here; a restart is not needed.`
}

function rowsAheadText(newestAt: Instant, ms: number): string {
  return `The newest rows of the database are ${inSeconds(ms)} ahead of the clock of this process. If this clock is behind, set it right, by NTP. If it was ahead when they were written and is right now, wait until ${isoText(newestAt)}, or set HOLDFAST_ACCEPT_ROWS_AHEAD=true (for the library, acceptRowsAhead) and start again. Until then nothing is served and no hold is ended here.`
}

function warningOf(newestAt: Instant, ms: number): string {
  return `Rows of the database are up to ${inSeconds(ms)} ahead of the clock: they were written by one that was ahead. Until ${isoText(newestAt)} their times are in the future, and holds among them may live longer than was asked for.`
}

/** Where nobody can say whether that was right. */
export function setAheadText(jumpMs: number, restMs: number): string {
  return `The clock of this process was set ahead by ${inSeconds(jumpMs)}, or its machine slept. In case that is taken back, no hold is ended here for ${inSeconds(restMs)}.`
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}

function isoText(instant: Instant): string {
  return new Date(instant).toISOString()
}
