/** What is promised of a service that is asked for more than it can serve, and what was found. */
import type { OverloadResult } from './overload.ts'

export interface Finding {
  readonly what: string
  readonly found: string
  readonly bound: string
  readonly ok: boolean
  /** It depends on how fast the machine is at that moment, and says nothing where others use it too. */
  readonly isOfSpeed: boolean
}

/** The queue of 10,000 commands, and then some. */
const SERVED_P99_MS_MAX = 5_000
/** Nobody waits for a refusal but behind those that arrived at the same time: some turns of a machine that is as busy as it was before. */
const REFUSED_P99_MS_MIN = 500
const REFUSED_P99_TURNS = 10
const NORMAL_AGAIN_MS_MAX = 5_000
const MEMORY_GROWTH_MB_MAX = 300
/** Refusing takes some of the time in which commands were served before. */
const SERVED_SHARE_MIN = 0.15

export function findingsOf(result: OverloadResult): readonly Finding[] {
  const { normal, served, refused, others, memoryMb } = result
  const share = served.perSecond / normal.perSecond
  const otherCount = Object.values(others).reduce((sum, count) => sum + count, 0)
  return [
    {
      what: 'served of what was served before',
      found: `${Math.round(share * 100)} %`,
      bound: `at least ${SERVED_SHARE_MIN * 100} %`,
      ok: share >= SERVED_SHARE_MIN,
      isOfSpeed: true,
    },
    most('p99 of those served', served.p99Ms, SERVED_P99_MS_MAX),
    most('p99 of those refused', refused.p99Ms, REFUSED_P99_MS_MIN + REFUSED_P99_TURNS * Math.round(normal.p99Ms ?? 0)),
    most('until all is as before', result.normalAgainMs, NORMAL_AGAIN_MS_MAX),
    exactly('refused without Retry-After', result.withoutRetryAfter, 0),
    exactly('answered in another way', otherCount, 0),
    {
      what: 'memory that was added',
      found: memoryMb === null ? 'not known here' : `${Math.round(memoryMb.peak - memoryMb.before)} MB`,
      bound: `at most ${MEMORY_GROWTH_MB_MAX} MB`,
      ok: memoryMb === null || memoryMb.peak - memoryMb.before <= MEMORY_GROWTH_MB_MAX,
      isOfSpeed: false,
    },
    exactly('freezes in the books', result.found, result.acknowledged),
  ]
}

function most(what: string, ms: number | null, bound: number): Finding {
  const found = ms === null ? 'none' : `${Math.round(ms)} ms`
  return { what, found, bound: `at most ${bound} ms`, ok: ms !== null && ms <= bound, isOfSpeed: true }
}

function exactly(what: string, found: number, bound: number): Finding {
  return { what, found: String(found), bound: String(bound), ok: found === bound, isOfSpeed: false }
}
