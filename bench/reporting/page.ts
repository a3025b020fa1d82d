/** The report as one self-contained HTML page. */
import type { CoexistRow } from '../coexist/figures.ts'
import type { FairnessRow } from '../fairness/figures.ts'
import type { GrowthFigure } from '../growth/figures.ts'
import { settingsText, SERVER_NAMES } from '../output/headline.ts'
import { msText, rateText, ratioText, shareText } from '../output/numbers.ts'
import type { Result } from '../output/result.ts'
import { STRATEGIES } from '../strategies/catalogue.ts'
import { GROWTH_CHART, type Chart } from './charts.ts'
import { COEXIST_ID, COEXIST_TITLE, coexistSection } from './coexist-section.ts'
import { FAIRNESS_ID, FAIRNESS_TITLE, fairnessSection } from './fairness-section.ts'
import { escape, tableOf } from './html.ts'
import { CHAPTERS, type ChapterId } from './chapters.ts'
import { resultsIn, roundsIn, type Report } from './report.ts'

/** The charts of each chapter; they are placed above its table. */
const CHARTS_OF: Readonly<Partial<Record<ChapterId, readonly string[]>>> = {
  'freeze-100': ['freeze', 'failures', 'retries'],
  'life-100': ['throughput'],
  'life-1000': ['in-flight'],
  'life-open': ['latency'],
  transfer: ['transfer', 'transfer-failures'],
  soak: ['memory'],
}

/** Figures of other commands that the page shows, each if there are any. */
export interface Kept {
  readonly growth: readonly GrowthFigure[]
  readonly fairness: readonly FairnessRow[]
  readonly coexist: readonly CoexistRow[]
}

const NONE: Kept = { growth: [], fairness: [], coexist: [] }

export function pageOf(report: Report, charts: readonly Chart[], { growth, fairness, coexist }: Kept = NONE): string {
  const chapters = (Object.keys(CHAPTERS) as ChapterId[]).filter((id) => resultsIn(report, id).length > 0)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast: the lab’s report</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Strategies under contention</h1>
<p>Strategies from three incidents, the limit of the database, and Holdfast, on the same machine and databases.
Made by <code>npm run bench:report</code> on ${escape(report.madeAt.slice(0, 10))}.</p>
${report.quick ? '<p class="warning">A smoke run: its figures are meaningless.</p>' : ''}
${factsTable(report)}
</header>
<nav><ul>${chapters.map((id) => `<li><a href="#${id}">${escape(CHAPTERS[id].title)}</a></li>`).join('')}${
    growth.length === 0 ? '' : `<li><a href="#growth">${escape(GROWTH_TITLE)}</a></li>`
  }${fairness.length === 0 ? '' : `<li><a href="#${FAIRNESS_ID}">${escape(FAIRNESS_TITLE)}</a></li>`}${
    coexist.length === 0 ? '' : `<li><a href="#${COEXIST_ID}">${escape(COEXIST_TITLE)}</a></li>`
  }</ul></nav>
${chapters.map((id) => chapterSection(report, id, charts)).join('\n')}
${growth.length === 0 ? '' : growthSection(growth, charts)}
${fairness.length === 0 ? '' : fairnessSection(fairness)}
${coexist.length === 0 ? '' : coexistSection(coexist)}
<section id="strategies"><h2>The strategies</h2>
<dl>${Object.entries(STRATEGIES)
    .map(([name, { summary }]) => `<dt><code>${name}</code></dt><dd>${escape(summary)}</dd>`)
    .join('')}</dl>
</section>
</body>
</html>
`
}

function factsTable({ machine, stores, warmupSeconds, seconds, seed, madeAt }: Report): string {
  const facts: readonly (readonly [string, string])[] = [
    ['Date', madeAt],
    ['Processor', `${machine.cores} × ${machine.processor}, ${machine.memoryGb} GB`],
    ['System', machine.system],
    ['Versions', settingsText(machine.versions)],
    ['Each run', `${seconds} s measured after ${warmupSeconds} s of warm-up, seed ${seed}`],
    ...stores.map(
      ({ server }) => [`${SERVER_NAMES[server.flavour]} ${server.version}`, settingsText(server.settings)] as const,
    ),
  ]
  return `<table class="facts">${facts.map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join('')}</table>`
}

function chapterSection(report: Report, id: ChapterId, charts: readonly Chart[]): string {
  const drawn = charts.filter(({ name }) => CHARTS_OF[id]?.includes(name))
  const dropouts = report.sections.filter(({ chapter }) => chapter === id).flatMap((section) => section.dropouts)
  return `<section id="${id}"><h2>${escape(CHAPTERS[id].title)}</h2>
${roundsNote(report, id)}
${drawn.map(figureOf).join('\n')}
${resultsIn(report, id)
  .map(({ store, results }) => resultsTable(SERVER_NAMES[store.server.flavour], results))
  .join('\n')}
${dropouts.map(({ strategy, message }) => `<p class="warning">${escape(strategy)} could not be run: ${escape(message)}</p>`).join('')}
</section>`
}

function roundsNote(report: Report, id: ChapterId): string {
  const rounds = roundsIn(report, id)
  return rounds > 1 ? `<p>The median of ${rounds} alternating rounds per strategy.</p>` : ''
}

interface Column {
  readonly head: string
  readonly cell: (result: Result) => string
}

const COLUMNS: readonly Column[] = [
  { head: 'commands/s', cell: ({ commandsPerSecond }) => rateText(commandsPerSecond) },
  { head: 'mean ms', cell: ({ meanMs }) => msText(meanMs) },
  { head: 'p50', cell: ({ p50Ms }) => msText(p50Ms) },
  { head: 'p95', cell: ({ p95Ms }) => msText(p95Ms) },
  { head: 'p99', cell: ({ p99Ms }) => msText(p99Ms) },
  { head: 'max', cell: ({ maxMs }) => msText(maxMs) },
  { head: 'batch', cell: ({ batchMean }) => (batchMean === null ? '' : batchMean.toFixed(1)) },
  {
    head: 'retries',
    cell: ({ retriesPerCommand }) => (retriesPerCommand === null ? '' : retriesPerCommand.toFixed(2)),
  },
  { head: 'CAS ok', cell: ({ casSuccessRate }) => (casSuccessRate === null ? '' : shareText(casSuccessRate)) },
  { head: 'deadlocks', cell: ({ deadlocks }) => countText(deadlocks) },
  { head: 'lock timeouts', cell: ({ lockTimeouts }) => countText(lockTimeouts) },
  { head: 'errors', cell: ({ errors }) => errorsText(errors) },
  { head: '× update-first', cell: ({ ratioToUpdateFirst: ratio }) => (ratio === null ? '' : ratioText(ratio)) },
  { head: '× transfer-sorted', cell: ({ ratioToTransferSorted: ratio }) => (ratio === null ? '' : ratioText(ratio)) },
  { head: '× raw', cell: ({ ratioToRaw: ratio }) => (ratio === null ? '' : ratioText(ratio)) },
  { head: 'books', cell: ({ consistent }) => (consistent ? 'exact' : 'WRONG') },
]

function resultsTable(store: string, results: readonly Result[]): string {
  const columns = COLUMNS.filter(({ cell }) => results.some((result) => cell(result) !== ''))
  const head = columns.map(({ head }) => `<th>${escape(head)}</th>`).join('')
  const rows = results.map(
    (result) =>
      `<tr><th><code>${result.strategy}</code></th>${columns.map(({ cell }) => `<td>${escape(cell(result))}</td>`).join('')}</tr>`,
  )
  return `<h3>${escape(store)}</h3><div class="wide"><table><tr><th></th>${head}</tr>${rows.join('')}</table></div>`
}

function figureOf({ description, svg }: Chart): string {
  return `<figure role="img" aria-label="${escape(description)}">${svg}<figcaption>${escape(description)}</figcaption></figure>`
}

const GROWTH_TITLE = 'Life in a database that grows'

function growthSection(figures: readonly GrowthFigure[], charts: readonly Chart[]): string {
  const stores = [...Map.groupBy(figures, ({ flavour }) => flavour)].map(([flavour, ofStore]) => {
    const readOnes = ofStore.filter(({ reads }) => reads !== null)
    return `<h3>${SERVER_NAMES[flavour]} ${escape(ofStore[0]!.version)}</h3>
${tableOf(['', 'ids', 'pool MB', 'lives', 'commands/s', 'p50', 'p99', 'bytes per life'], ofStore.map(growthCells))}
${readOnes.length === 0 ? '' : tableOf(['', 'pool MB', 'lives', 'a statement’s page, ms', 'open holds', 'a page that finds nothing', 'a hold by its id'], uniqueReads(readOnes))}`
  })
  return `<section id="growth"><h2>${escape(GROWTH_TITLE)}</h2>
<p>SQL wrote the lives of one account, with random UUIDs as ids; then another account was served, with as many calls in flight as the
table says. Each figure is the median of ${figures[0]!.steps} steps, made by <code>npm run bench:growth</code>. Reads are of the account with all these lives.</p>
${charts
  .filter(({ name }) => name === GROWTH_CHART)
  .map(figureOf)
  .join('\n')}
${stores.join('\n')}
</section>`
}

function growthCells(figure: GrowthFigure): readonly string[] {
  const { strategy, inFlight, ids, poolMb, loaded, commandsPerSecond, p50Ms, p99Ms, bytesPerLife } = figure
  return [
    `<code>${strategy}</code>, ${countText(inFlight)} in flight`,
    ids,
    countText(poolMb),
    countText(loaded),
    rateText(commandsPerSecond),
    msText(p50Ms),
    msText(p99Ms),
    loaded === 0 ? '' : countText(Math.round(bytesPerLife)),
  ]
}

/** Once for each load and pool: reads do not depend on the ids of the calls before them. */
function uniqueReads(figures: readonly GrowthFigure[]): readonly (readonly string[])[] {
  return [...Map.groupBy(figures, ({ loaded, poolMb }) => `${loaded} ${poolMb}`).values()].map(([figure]) => {
    const { strategy, poolMb, loaded, reads } = figure!
    const times = [reads!.statementMs, reads!.openHoldsMs, reads!.searchMs, reads!.holdMs]
    return [`<code>${strategy}</code>`, countText(poolMb), countText(loaded), ...times.map(msText)]
  })
}

function countText(count: number | null): string {
  return count === null ? '' : count.toLocaleString('en-US')
}

function errorsText(errors: Result['errors']): string {
  return Object.entries(errors)
    .map(([code, count]) => `${count.toLocaleString('en-US')} ${code}`)
    .join(', ')
}

const STYLE = `
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; color: #263238; background: #fff;
  max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 3rem; border-bottom: 1px solid #cfd8dc; } h3 { margin-bottom: .3rem; }
table { border-collapse: collapse; font-size: 13px; } th, td { padding: .2rem .6rem; border-bottom: 1px solid #eceff1; }
td { text-align: right; font-variant-numeric: tabular-nums; } th { text-align: left; font-weight: 600; }
.facts td { text-align: left; } .wide { overflow-x: auto; } .warning { color: #b71c1c; font-weight: 600; }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #607d8b; font-size: 13px; }
nav ul { columns: 2; padding-left: 1.2rem; } dt { margin-top: .5rem; }
`
