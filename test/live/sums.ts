/** The totals of live runs, as text and as JSON. */
import type { LiveTally } from './campaign.ts'
import type { LiveReport } from './live-run.ts'

/** One line about one run. */
export function lineOf({ seed, calls, postings, hits, violations }: LiveReport): string {
  const faults = listOf(hits) || 'none'
  const found = violations.length === 0 ? '' : `; ${violations.length} VIOLATIONS`
  return `  seed ${seed}: ${count(calls)} calls, ${count(postings)} postings; faults: ${faults}${found}\n`
}

export function liveTextOf(tally: LiveTally, ms: number): string {
  const { runs, calls, postings, loadMs, unjudgedCount, missed } = tally
  const perSecond = count(Math.round((calls * 1_000) / loadMs))
  const lines = [
    `${count(runs)} runs in ${Math.round(ms / 1_000)} s, ${count(calls)} calls (${perSecond}/s), ${count(postings)} postings`,
    `  faults: ${listOf(tally.hits)}`,
    `  answers: ${listOf(tally.answers)}`,
    `  effects: ${listOf(tally.applied)}`,
    `  checks: ${listOf(new Map([...tally.checks].map(([law, checks]) => [law === 0 ? 'linearizable' : `law ${law}`, checks])))}`,
    `  answers not judged, because too many units may have come before them: ${count(unjudgedCount)}`,
    ...[...missed].slice(0, 5).map((reason) => `  a fault that could not be carried out: ${reason}`),
  ]
  return `${lines.join('\n')}\n`
}

export function liveJsonOf(
  tally: LiveTally,
  run: { readonly firstSeed: number; readonly failedSeed: number | null },
): string {
  const { runs, calls, postings, loadMs, unjudgedCount } = tally
  return JSON.stringify({
    firstSeed: run.firstSeed,
    runs,
    seconds: Math.round(loadMs / 1_000),
    calls,
    postings,
    faults: Object.fromEntries(sorted(tally.hits)),
    answers: Object.fromEntries(sorted(tally.answers)),
    effects: Object.fromEntries(sorted(tally.applied)),
    checks: Object.fromEntries(sorted(tally.checks)),
    unjudged: unjudgedCount,
    failedSeed: run.failedSeed,
  })
}

function listOf(counts: ReadonlyMap<string, number>): string {
  return sorted(counts)
    .map(([name, number]) => `${name} ${count(number)}`)
    .join(', ')
}

function sorted<Key extends string | number>(counts: ReadonlyMap<Key, number>): readonly [Key, number][] {
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1))
}

function count(number: number): string {
  return number.toLocaleString('en')
}
