/** A report for tests. */
import { exampleResult } from '../output/example-result.ts'
import type { Result } from '../output/result.ts'
import type { ChapterId } from './chapters.ts'
import type { Report, ReportedStore } from './report.ts'

const EXAMPLE_STORES: readonly ReportedStore[] = (['sqlite', 'mariadb', 'mysql', 'postgres'] as const).map(
  (flavour) => ({
    name: flavour,
    store: `${flavour}:`,
    server: {
      flavour,
      version: flavour === 'mariadb' ? '10.11.19-MariaDB-0+deb12u1' : '9.7',
      settings: { fsync: 'on' },
    },
  }),
)

/** The same results on every store, except for `differences` on one. */
export function exampleReport(
  chapters: Readonly<Partial<Record<ChapterId, readonly Partial<Result>[]>>>,
  differences: Readonly<Record<string, Readonly<Record<string, Partial<Result>>>>> = {},
): Report {
  return {
    madeAt: '2026-11-21T12:00:00.000Z',
    quick: false,
    warmupSeconds: 1,
    seconds: 1.5,
    seed: 1,
    machine: {
      processor: 'AMD EPYC',
      cores: 2,
      memoryGb: 24,
      system: 'Linux 6.1 x64',
      versions: { holdfast: '0.1.0', node: '26.10.0' },
    },
    stores: EXAMPLE_STORES,
    sections: EXAMPLE_STORES.flatMap(({ name, store, server }) =>
      Object.entries(chapters).map(([chapter, results]) => ({
        chapter: chapter as ChapterId,
        store: name,
        results: results.map((fields) =>
          exampleResult({ ...fields, store, server, ...differences[name]?.[fields.strategy ?? ''] }),
        ),
        dropouts: [],
      })),
    ),
  }
}
