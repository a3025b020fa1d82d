/** What a quiet user is promised beside a noisy one, and the measured values. */
import type { FairnessResult } from './fairness.ts'

export interface Finding {
  readonly what: string
  readonly found: string
  readonly bound: string
  readonly ok: boolean
}

/** A quiet user's request waits for the commit that is under way, which is the noise's, for its own, and for the event loop. */
const P99_FACTOR_MAX = 3
/** Kubernetes gives a probe one second by default. This leaves room for a slower machine. */
const HEALTH_MS_MAX = 250

/** @param base the same quiet users beside no noise */
export function findingsOf(result: FairnessResult, base: FairnessResult): readonly Finding[] {
  const { quiet, health } = result
  const failedCount = Object.values(quiet.failures).reduce((sum, count) => sum + count, 0)
  const p99MsMax = P99_FACTOR_MAX * (base.quiet.p99Ms ?? 0) + result.commitMs
  return [
    { what: 'failed', found: String(failedCount), bound: 'none', ok: failedCount === 0 },
    // The base is its own measure.
    ...(result === base ? [] : [atMost('p99', quiet.p99Ms, p99MsMax)]),
    atMost('/healthz', health.failedCount === 0 ? health.longestMs : null, HEALTH_MS_MAX),
  ]
}

function atMost(what: string, ms: number | null, boundMs: number): Finding {
  const found = ms === null ? 'no answer' : `${ms.toFixed(1)} ms`
  return { what, found, bound: `at most ${boundMs.toFixed(1)} ms`, ok: ms !== null && ms <= boundMs }
}
