/** The promised bounds of a service under overload, and the measured values. */
import type { OverloadResult } from './overload.ts'

export interface Finding {
  readonly what: string
  readonly found: string
  readonly bound: string
  readonly ok: boolean
  /** Depends on the machine's current speed, so it is meaningless on a shared machine. */
  readonly isOfSpeed: boolean
}

/** The queue of 10,000 commands, plus a margin. */
const SERVED_P99_MS_MAX = 5_000
/** A refusal only waits for requests that arrived at the same time: a few turns of the event loop on a saturated machine. */
const REFUSED_P99_MS_MIN = 500
const REFUSED_P99_TURNS = 10
const NORMAL_AGAIN_MS_MAX = 5_000
const MEMORY_GROWTH_MB_MAX = 300
/** Refusing takes part of the time that served commands before. */
const SERVED_SHARE_MIN = 0.15

export function findingsOf(result: OverloadResult): readonly Finding[] {
  const { normal, served, refused, others, memoryMb } = result
  const share = served.perSecond / normal.perSecond
  const otherCount = Object.values(others).reduce((sum, count) => sum + count, 0)
  return [
    {
      what: 'served, compared with before',
      found: `${Math.round(share * 100)} %`,
      bound: `at least ${SERVED_SHARE_MIN * 100} %`,
      ok: share >= SERVED_SHARE_MIN,
      isOfSpeed: true,
    },
    most('p99 of served requests', served.p99Ms, SERVED_P99_MS_MAX),
    most(
      'p99 of refused requests',
      refused.p99Ms,
      REFUSED_P99_MS_MIN + REFUSED_P99_TURNS * Math.round(normal.p99Ms ?? 0),
    ),
    most('until latencies are normal again', result.normalAgainMs, NORMAL_AGAIN_MS_MAX),
    exactly('refused without Retry-After', result.withoutRetryAfter, 0),
    exactly('other answers', otherCount, 0),
    {
      what: 'additional memory',
      found: memoryMb === null ? 'not available' : `${Math.round(memoryMb.peak - memoryMb.before)} MB`,
      bound: `at most ${MEMORY_GROWTH_MB_MAX} MB`,
      ok: memoryMb === null || memoryMb.peak - memoryMb.before <= MEMORY_GROWTH_MB_MAX,
      isOfSpeed: false,
    },
    exactly('freezes in the ledger', result.found, result.acknowledged),
  ]
}

function most(what: string, ms: number | null, bound: number): Finding {
  const found = ms === null ? 'none' : `${Math.round(ms)} ms`
  return { what, found, bound: `at most ${bound} ms`, ok: ms !== null && ms <= bound, isOfSpeed: true }
}

function exactly(what: string, found: number, bound: number): Finding {
  return { what, found: String(found), bound: String(bound), ok: found === bound, isOfSpeed: false }
}
