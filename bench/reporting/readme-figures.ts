/** Generates the README's chart and table between two marks, so that no figure is typed by hand. */
import { SERVER_NAMES } from '../output/headline.ts'
import { msText, rateText, ratioText } from '../output/numbers.ts'
import type { ChapterId } from './chapters.ts'
import { withTextBetween } from './marks.ts'
import { resultOf, roundsIn, type Report, type ReportedStore } from './report.ts'

export const MARKS = {
  begin: '<!-- measured: npm run bench:documents writes what follows -->',
  end: '<!-- measured: until here -->',
} as const

/** The document with its figures. @throws Error when the marks are missing */
export function withFigures(document: string, report: Report): string {
  return withTextBetween(document, MARKS, figures(report), 'README.md')
}

function figures(report: Report): string {
  const { machine, seconds, madeAt } = report
  return `
![Commands per second and p99 latency of each strategy on each store](bench/report/throughput.svg)

One user freezes and ends holds: nine in ten are settled, one is released. Each cell has commands per second and the p99 latency:

${tableOf(report)}

${machine.cores} × ${machine.processor}, Node ${machine.versions['node'] ?? ''}, server and client on the same machine, durable commits.
\`npm run bench:report\` on ${madeAt.slice(0, 10)}: ${seconds} s per run, the median of ${roundsIn(report, 'life-100')} runs. The speed-up is relative to
one transaction per request. [The full report](bench/report/index.html) has every strategy. [docs/seeds-measured.md](docs/seeds-measured.md)
compares the claims of the write-ups with it.
`
}

const ROWS: readonly (readonly [ChapterId, string])[] = [
  ['life-1', '1 in flight'],
  ['life-100', '100 in flight'],
  ['life-1000', '1,000 in flight'],
]

function tableOf(report: Report): string {
  const head = [
    '',
    '',
    'one transaction per request',
    'same rows, no rules',
    'cheapest rows, no rules',
    'Holdfast',
    'speed-up',
    'of the same rows',
    'of the cheapest',
  ]
  const rows = report.stores.flatMap((store) =>
    ROWS.flatMap(([chapter, label], index) => {
      const name = index === 0 ? SERVER_NAMES[store.server.flavour] : ''
      return rowOf(report, { store, chapter, label, name })
    }),
  )
  return [head, head.map((_, index) => (index < 2 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

interface Place {
  readonly store: ReportedStore
  readonly chapter: ChapterId
  readonly label: string
  readonly name: string
}

/** Empty when one of the four was not run. */
function rowOf(report: Report, { store, chapter, label, name }: Place): readonly (readonly string[])[] {
  const at = (strategy: 'update-first' | 'raw' | 'limit' | 'holdfast') =>
    resultOf(report, { chapter, store: store.name, strategy })
  const [each, raw, limit, holdfast] = [at('update-first'), at('raw'), at('limit'), at('holdfast')]
  if (each === null || raw === null || limit === null || holdfast === null) return []
  const figure = ({ commandsPerSecond, p99Ms }: typeof each): string =>
    `${rateText(commandsPerSecond)}, ${msText(p99Ms)} ms`
  const ratio = (value: number | null): string => (value === null ? '—' : ratioText(value))
  const ratios = [
    holdfast.ratioToUpdateFirst,
    holdfast.ratioToRaw,
    holdfast.commandsPerSecond / limit.commandsPerSecond,
  ]
  return [[name, label, ...[each, raw, limit, holdfast].map(figure), ...ratios.map(ratio)]]
}
