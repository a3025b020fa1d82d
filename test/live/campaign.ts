/** Live runs in sequence, their totals, and the file with the history of a failed run. */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spell } from '../reference/spelling.ts'
import { runLive, type LiveOptions, type LiveReport } from './live-run.ts'

/** The load of one run: long enough for every kind of event, short enough for a quick audit. */
const LOAD_MS_MAX = 15_000
const LOAD_MS_LEAST = 2_000

export class LiveTally {
  runs = 0
  calls = 0
  postings = 0
  loadMs = 0
  unjudgedCount = 0
  readonly hits = new Map<string, number>()
  readonly answers = new Map<string, number>()
  readonly applied = new Map<string, number>()
  readonly checks = new Map<number, number>()
  readonly missed = new Set<string>()

  add(report: LiveReport): void {
    this.runs++
    this.calls += report.calls
    this.postings += report.postings
    this.loadMs += report.loadMs
    this.unjudgedCount += report.unjudgedCount
    addAll(this.hits, report.hits)
    addAll(this.answers, report.answers)
    addAll(this.applied, report.applied)
    addAll(this.checks, report.checks)
    for (const missed of report.missed) this.missed.add(missed)
  }
}

export interface LiveCampaign extends Pick<LiveOptions, 'stores' | 'engines'> {
  readonly firstSeed: number
  /** The total load time of all runs. */
  readonly loadMs: number
  readonly onRun?: (report: LiveReport, tally: LiveTally) => void
}

/** Plays runs until the time is over or a violation is found. */
export async function runLiveCampaign({ stores, engines, firstSeed, loadMs, onRun }: LiveCampaign): Promise<{
  tally: LiveTally
  failure: LiveReport | null
}> {
  const tally = new LiveTally()
  for (let seed = firstSeed; loadMs - tally.loadMs >= LOAD_MS_LEAST || tally.runs === 0; seed++) {
    const ownMs = Math.max(LOAD_MS_LEAST, Math.min(LOAD_MS_MAX, loadMs - tally.loadMs))
    const report = await runLive({ stores, seed, engines, loadMs: ownMs })
    tally.add(report)
    onRun?.(report, tally)
    if (report.violations.length > 0) return { tally, failure: report }
  }
  return { tally, failure: null }
}

/** Writes the plan of a run and the answers that every caller received to a file. @returns the file's name */
export async function keepHistory({ seed, database, violations, plan, history }: LiveReport): Promise<string> {
  const file = join(tmpdir(), `holdfast-live-${seed}-${process.pid}.jsonl`)
  const { limits, faults, engines, untilMs } = plan
  const lines = [
    spell({ seed, database, engines, untilMs, limits, violations }),
    ...faults.map((fault) => spell({ fault })),
    ...history.calls.map((call) => spell({ call })),
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

function addAll<Key>(sums: Map<Key, number>, counts: ReadonlyMap<Key, number>): void {
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count)
}
