/** A report for tests. */
import type { Experiments } from '../experiments/figures.ts'
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

/** The swaps are faster with the index on MySQL, and slower on MariaDB. */
export const EXAMPLE_EXPERIMENTS: Experiments = {
  madeAt: '2026-11-21T13:00:00.000Z',
  alert: [{ freezesPerSecond: 10, timeoutsPerSecond: 0.2, rate: 0.2, fires: true, share: 0.02, shareFires: false }],
  index: (['mysql', 'mariadb'] as const).map((flavour) => ({
    flavour,
    version: '9.7',
    figures: [false, true].map((indexed) => ({
      indexed,
      usedKey: 'PRIMARY',
      swapsPerSecond: indexed === (flavour === 'mysql') ? 9_000 : 7_000,
      roundsSwapsPerSecond: [],
      indexBytes: indexed ? 65_536 : null,
    })),
  })),
  stranger: [
    {
      flavour: 'mysql',
      version: '9.7',
      figures: [
        {
          strategy: 'update-first',
          lockTimeoutMs: 1_000,
          breaker: true,
          hot: { calls: 500, failed: 400, errors: { breaker_open: 400 }, longestMs: 11_000, servedShare: 0 },
          others: { calls: 1_500, failed: 900, errors: { breaker_open: 900 }, longestMs: 2_000, servedShare: 0.25 },
          recoveryMs: 21_000,
          consistent: true,
        },
      ],
    },
  ],
}
