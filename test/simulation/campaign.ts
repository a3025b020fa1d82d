/** Many simulations in sequence, and their totals. */
import { makeScenario } from './scenario.ts'
import { simulate, type AnswerCode, type EffectKind, type HitKind, type Report } from './simulation.ts'

export class Tally {
  seeds = 0
  /** The number of calls that reached an engine: first attempts, repeats and copies. */
  calls = 0
  commits = 0
  events = 0
  /** Virtual milliseconds. */
  ms = 0
  readonly hits = new Map<HitKind, number>()
  readonly answers = new Map<AnswerCode, number>()
  readonly applied = new Map<EffectKind, number>()
  /** The number of checks by law; 0 stands for "an answer never contradicts an earlier one". */
  readonly checks = new Map<number, number>()

  add({ calls, commits, events, ms, hits, answers, applied, checks }: Report): void {
    this.seeds++
    this.calls += calls
    this.commits += commits
    this.events += events
    this.ms += ms
    for (const [kind, count] of Object.entries(hits) as [HitKind, number][]) {
      this.hits.set(kind, (this.hits.get(kind) ?? 0) + count)
    }
    for (const [code, count] of answers) this.answers.set(code, (this.answers.get(code) ?? 0) + count)
    for (const [kind, count] of applied) this.applied.set(kind, (this.applied.get(kind) ?? 0) + count)
    for (const [law, count] of checks) this.checks.set(law, (this.checks.get(law) ?? 0) + count)
  }
}

export interface CampaignOptions {
  readonly firstSeed: number
  /** Real time. The last simulation may end a little later. */
  readonly msMax: number
  readonly onSeed?: (tally: Tally) => void
}

/** Plays one seed after the other until the time is over or a seed fails. */
export async function runCampaign({ firstSeed, msMax, onSeed }: CampaignOptions): Promise<{
  tally: Tally
  failure: Report | null
}> {
  const tally = new Tally()
  const until = performance.now() + msMax
  for (let seed = firstSeed; performance.now() < until; seed++) {
    const report = await simulate(makeScenario(seed))
    tally.add(report)
    onSeed?.(tally)
    if (report.violations.length > 0) return { tally, failure: report }
  }
  return { tally, failure: null }
}
