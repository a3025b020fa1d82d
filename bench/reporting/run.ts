/** Runs the chapters of a report, store by store. */
import { withoutPassword } from '../../src/config.ts'
import { openScratchServer, type ScratchServer } from '../databases/scratch.ts'
import { trialOf } from '../command-line.ts'
import { resultsOf, type Result } from '../output/result.ts'
import { runContest, type Announce } from '../run/contest.ts'
import type { LabStore } from '../stores.ts'
import { chapterOf, type Chapter, type ChapterId } from './chapters.ts'
import { thisMachine } from './machine.ts'
import type { Report, ReportedStore, Section } from './report.ts'

export interface ReportOptions {
  readonly stores: readonly LabStore[]
  readonly chapters: readonly ChapterId[]
  /** Measured time of each run. */
  readonly seconds: number
  /** Rounds per strategy; null for the chapter's own number. */
  readonly rounds: number | null
  readonly seed: number
  readonly quick: boolean
  readonly announce: (where: { store: string; title: string }) => Announce
  readonly signal: AbortSignal
}

/** Calls that are unanswered for this long after a run are given up, so that the slowest strategies do not dominate the time. */
const DRAIN_MS_MAX = 2_000
/** Warm-up before the measured time: until hot code is compiled. */
const WARMUP_SECONDS = 1
const WARMUP_SECONDS_QUICK = 0.05

/** @throws StoreTrouble for a store that cannot be used */
export async function runReport(options: ReportOptions): Promise<Report> {
  const { stores, seconds, seed, quick } = options
  const reported: ReportedStore[] = []
  const sections: Section[] = []
  for (const store of stores) {
    await using server = await openScratchServer(store.url)
    reported.push({ name: store.name, store: withoutPassword(store.url), server: server.facts })
    for (const chapter of options.chapters) {
      if (options.signal.aborted) break
      const section = await runChapter(chapter, { store, server, options })
      if (section !== null) sections.push(section)
    }
  }
  return {
    madeAt: new Date().toISOString(),
    quick,
    warmupSeconds: warmupOf(options),
    seconds,
    seed,
    machine: thisMachine(),
    stores: reported,
    sections,
  }
}

function warmupOf({ quick }: ReportOptions): number {
  return quick ? WARMUP_SECONDS_QUICK : WARMUP_SECONDS
}

interface Place {
  readonly store: LabStore
  readonly server: ScratchServer
  readonly options: ReportOptions
}

/** Null when the chapter does not apply to the store. */
async function runChapter(id: ChapterId, { store, server, options }: Place): Promise<Section | null> {
  const chapter = chapterOf(id)
  if (chapter.stores?.includes(store.name) === false) return null
  const seconds = options.seconds * (chapter.times ?? 1)
  const { url } = store
  const flags = { ...chapter.trial, store: url, seed: options.seed, seconds, warmup: warmupOf(options) }
  const trial = { ...trialOf(chapter.scenario, flags), drainMsMax: DRAIN_MS_MAX }
  const contest = { strategies: chapter.strategies, trial, rounds: options.rounds ?? chapter.rounds ?? 1 }
  const announce = options.announce({ store: store.name, title: chapter.title })
  const { entrants, dropouts } = await runContest(server, contest, announce, options.signal)
  const setting = { store: withoutPassword(store.url), server: server.facts, trial }
  return {
    chapter: id,
    store: store.name,
    results: resultsOf(entrants, setting).map((result) => kept(result, chapter)),
    dropouts: dropouts.map(({ strategy, error }) => ({
      strategy,
      message: error instanceof Error ? error.message : String(error),
    })),
  }
}

function kept(result: Result, { keeps }: Chapter): Result {
  return {
    ...result,
    percentiles: keeps.includes('percentiles') ? result.percentiles : [],
    samples: keeps.includes('samples') ? result.samples : [],
  }
}
