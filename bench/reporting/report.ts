/** The report as JSON: the source of the page, the charts and the documents. */
import { readFile } from 'node:fs/promises'
import type { ServerFacts } from '../databases/scratch.ts'
import type { Result } from '../output/result.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import type { ChapterId } from './chapters.ts'
import type { Machine } from './machine.ts'

export interface ReportedStore {
  readonly name: string
  /** The store URL without its password. */
  readonly store: string
  readonly server: ServerFacts
}

/** One chapter on one store. Values that all results share are stored once, above. */
export interface Section {
  readonly chapter: ChapterId
  /** `ReportedStore.name` */
  readonly store: string
  readonly results: readonly Result[]
  readonly dropouts: readonly { readonly strategy: StrategyName; readonly message: string }[]
}

export interface Report {
  /** ISO 8601. */
  readonly madeAt: string
  /** A smoke run: its figures are meaningless. */
  readonly quick: boolean
  /** Warm-up and measured time of each run. */
  readonly warmupSeconds: number
  readonly seconds: number
  readonly seed: number
  readonly machine: Machine
  readonly stores: readonly ReportedStore[]
  readonly sections: readonly Section[]
}

export const RESULTS_FILE = 'results.json'

/** One line per section, so that diffs are readable. */
export function reportText({ sections, ...head }: Report): string {
  const lines = sections.map((section) => `    ${JSON.stringify(section)}`)
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "sections": [\n${lines.join(',\n')}\n  ]\n}\n`
}

export async function readReport(file: string): Promise<Report> {
  return JSON.parse(await readFile(file, 'utf8')) as Report
}

/** Null when it was not run or failed. */
export function resultOf(
  report: Report,
  where: { readonly chapter: ChapterId; readonly store: string; readonly strategy: StrategyName },
): Result | null {
  const section = report.sections.find(({ chapter, store }) => chapter === where.chapter && store === where.store)
  return section?.results.find(({ strategy }) => strategy === where.strategy) ?? null
}

export function resultsIn(
  report: Report,
  chapter: ChapterId,
): readonly { store: ReportedStore; results: readonly Result[] }[] {
  return report.stores.flatMap((store) => {
    const section = report.sections.find((one) => one.chapter === chapter && one.store === store.name)
    return section === undefined || section.results.length === 0 ? [] : [{ store, results: section.results }]
  })
}

/** Rounds of each strategy in a chapter. */
export function roundsIn(report: Report, chapter: ChapterId): number {
  return Math.max(1, ...resultsIn(report, chapter).flatMap(({ results }) => results.map(({ rounds }) => rounds)))
}
