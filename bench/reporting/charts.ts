/** The charts of the report and their specifications. */
import type { GrowthFigure } from '../growth/figures.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { msText, rateText } from '../output/numbers.ts'
import type { Result } from '../output/result.ts'
import { STRATEGY_NAMES, type StrategyName } from '../strategies/catalogue.ts'
import { CHAPTERS, type ChapterId } from './chapters.ts'
import { colourScale, draw } from './drawing.ts'
import { resultsIn, type Report } from './report.ts'

export interface Chart {
  /** `NAME.svg` in the report's folder. */
  readonly name: string
  /** Alternative text. */
  readonly description: string
  readonly svg: string
}

interface Row {
  readonly store: string
  readonly strategy: StrategyName
  readonly [field: string]: string | number
}

interface Plot {
  readonly name: string
  readonly description: string
  readonly rows: readonly Row[]
  readonly spec: (rows: readonly Row[]) => object
}

/** Charts with at least one result. */
export async function chartsOf(report: Report, growth: readonly GrowthFigure[] = []): Promise<readonly Chart[]> {
  const charts: Chart[] = []
  for (const { name, description, rows, spec } of [...plotsOf(report), growthPlot(growth)]) {
    if (rows.length > 0) charts.push({ name, description, svg: await draw(spec(rows)) })
  }
  return charts
}

function plotsOf(report: Report): readonly Plot[] {
  return [
    throughput(report, 'life-100', 'throughput'),
    throughput(report, 'freeze-100', 'freeze'),
    throughput(report, 'transfer', 'transfer'),
    {
      name: 'in-flight',
      description: 'Life of one user: commands per second by calls in flight, both axes logarithmic.',
      rows: (['life-1', 'life-10', 'life-100', 'life-1000'] as const).flatMap((chapter) =>
        rowsOf(report, chapter, ({ inFlight, commandsPerSecond, strategy }) =>
          LINES.includes(strategy) && commandsPerSecond > 0 ? [{ inFlight, commandsPerSecond }] : [],
        ),
      ),
      spec: inFlightSpec,
    },
    {
      name: 'latency',
      description: `${CHAPTERS['life-open'].title}: latency percentiles, counted from when calls were due.`,
      rows: rowsOf(report, 'life-open', ({ percentiles }) =>
        percentiles
          .filter(({ percent, ms }) => percent < 100 && ms > 0)
          .map(({ percent, ms }) => ({ tail: 100 / (100 - percent), ms })),
      ),
      spec: latencySpec,
    },
    failures(report, 'freeze-100', 'failures'),
    failures(report, 'transfer', 'transfer-failures'),
    {
      name: 'retries',
      description: `${CHAPTERS['freeze-100'].title}: retries per command.`,
      rows: rowsOf(report, 'freeze-100', ({ retriesPerCommand }) =>
        retriesPerCommand === null ? [] : [{ value: retriesPerCommand, label: retriesPerCommand.toFixed(2) }],
      ),
      spec: (rows) => barSpec(rows, 'retries per command'),
    },
    {
      name: 'memory',
      description: 'Resident memory and p99 latency over time under a steady load.',
      rows: rowsOf(report, 'soak', ({ samples }) =>
        samples.map(({ at, residentMb, p99Ms, commandsPerSecond }) => ({ at, residentMb, p99Ms, commandsPerSecond })),
      ),
      spec: memorySpec,
    },
  ]
}

export const GROWTH_CHART = 'growth'

function growthPlot(figures: readonly GrowthFigure[]): Plot {
  return {
    name: GROWTH_CHART,
    description:
      'Life of one user: commands per second by the lives in the database, by kind of ids and size of the buffer pool.',
    rows: figures.map(({ flavour, strategy, ids, poolMb, loaded, commandsPerSecond }) => ({
      store: SERVER_NAMES[flavour],
      strategy,
      circumstances: `UUID${ids}${poolMb === null ? '' : `, ${poolMb} MB`}`,
      loaded,
      commandsPerSecond,
    })),
    spec: growthSpec,
  }
}

const LINES: readonly StrategyName[] = ['update-first', 'raw', 'holdfast']

function rowsOf(
  report: Report,
  chapter: ChapterId,
  fieldsOf: (result: Result) => readonly Readonly<Record<string, string | number>>[],
): readonly Row[] {
  return resultsIn(report, chapter).flatMap(({ store, results }) =>
    results.flatMap((result) =>
      fieldsOf(result).map((fields) => ({
        store: SERVER_NAMES[store.server.flavour],
        strategy: result.strategy,
        ...fields,
      })),
    ),
  )
}

function throughput(report: Report, chapter: ChapterId, name: string): Plot {
  return {
    name,
    description: `${CHAPTERS[chapter].title}: commands per second and p99 latency.`,
    rows: rowsOf(report, chapter, ({ commandsPerSecond, p99Ms }) => [
      { value: commandsPerSecond, label: `${rateText(commandsPerSecond)}/s, p99 ${msText(p99Ms)} ms` },
    ]),
    spec: (rows) => barSpec(rows, 'commands per second'),
  }
}

function failures(report: Report, chapter: ChapterId, name: string): Plot {
  return {
    name,
    description: `${CHAPTERS[chapter].title}: outcomes per 100 calls: applied, or refused by reason.`,
    rows: rowsOf(report, chapter, outcomes),
    spec: failuresSpec,
  }
}

function outcomes({ commands, errors }: Result): readonly Readonly<Record<string, string | number>>[] {
  const shares = [['applied', commands], ...Object.entries(errors)] as readonly (readonly [string, number])[]
  const all = shares.reduce((sum, [, count]) => sum + count, 0)
  return all === 0 ? [] : shares.map(([outcome, count]) => ({ outcome, share: (count / all) * 100 }))
}

/** In the order of the catalogue. */
function strategiesOf(rows: readonly Row[]): readonly StrategyName[] {
  return STRATEGY_NAMES.filter((name) => rows.some(({ strategy }) => strategy === name))
}

function strategyAxis(rows: readonly Row[]) {
  return { field: 'strategy', type: 'nominal', sort: strategiesOf(rows), title: null, axis: { grid: false } }
}

function strategyColour(rows: readonly Row[], legend: object | null) {
  return {
    field: 'strategy',
    type: 'nominal',
    scale: colourScale(strategiesOf(rows)),
    sort: strategiesOf(rows),
    legend,
  }
}

/** `0.5`, `100`, `20k`. */
const PLAIN = `datum.value == 0 ? '0' : abs(datum.value) < 1000 ? format(datum.value, '~r') : format(datum.value, '~s')`
const POWERS_OF_TEN = [0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000]
const LEGEND = { title: null, orient: 'bottom', symbolType: 'stroke', symbolStrokeWidth: 3 }
const STORE_ORDER = Object.values(SERVER_NAMES)
const BY_STORE = { field: 'store', type: 'nominal', title: null, sort: STORE_ORDER }

/** Horizontal bars with the value after each; one panel per store, with its own axis. */
function barSpec(rows: readonly Row[], title: string): object {
  const most = Object.fromEntries(rows.map(({ store }) => [store, 0]))
  for (const { store, value } of rows) most[store] = Math.max(most[store]!, Number(value))
  return {
    // Leaves room for the longest label after the longest bar.
    data: { values: rows.map((row) => ({ ...row, room: most[row.store]! * 1.75 })) },
    facet: BY_STORE,
    columns: 2,
    resolve: { scale: { x: 'independent' } },
    spec: {
      width: 330,
      height: { step: 20 },
      encoding: { y: strategyAxis(rows) },
      layer: [
        { mark: { type: 'point', opacity: 0 }, encoding: { x: { field: 'room', type: 'quantitative' } } },
        {
          mark: { type: 'bar', cornerRadiusEnd: 2 },
          encoding: {
            x: { field: 'value', type: 'quantitative', title, axis: { tickCount: 4, labelExpr: PLAIN } },
            color: strategyColour(rows, null),
          },
        },
        {
          mark: { type: 'text', align: 'left', dx: 4, fontSize: 11, color: '#37474f' },
          encoding: { x: { field: 'value', type: 'quantitative' }, text: { field: 'label' } },
        },
      ],
    },
  }
}

function inFlightSpec(rows: readonly Row[]): object {
  const x = { field: 'inFlight', axis: { values: [1, 10, 100, 1_000] }, title: 'calls in flight' }
  return curveSpec(rows, { point: true }, x, { field: 'commandsPerSecond', title: 'commands per second' })
}

function growthSpec(rows: readonly Row[]): object {
  return {
    data: { values: rows },
    facet: BY_STORE,
    columns: 2,
    spec: {
      width: 330,
      height: 220,
      mark: { type: 'line', strokeWidth: 2, point: true },
      encoding: {
        x: {
          field: 'loaded',
          type: 'quantitative',
          axis: { tickCount: 5, labelExpr: PLAIN },
          title: 'lives in the database',
        },
        y: {
          field: 'commandsPerSecond',
          type: 'quantitative',
          scale: { type: 'log' },
          axis: { values: POWERS_OF_TEN, labelExpr: PLAIN },
          title: 'commands per second',
        },
        color: strategyColour(rows, LEGEND),
        strokeDash: {
          field: 'circumstances',
          type: 'nominal',
          legend: { title: null, orient: 'bottom', symbolType: 'stroke', symbolStrokeWidth: 2 },
        },
      },
    },
  }
}

/** The horizontal axis is logarithmic towards 100 %: each step to the right is a tenth of the remaining calls. */
function latencySpec(rows: readonly Row[]): object {
  const label = `datum.value == 1 ? '0 %' : datum.value == 2 ? '50 %' : format(100 - 100 / datum.value, '~r') + ' %'`
  const x = {
    field: 'tail',
    axis: { values: [1, 2, 10, 100, 1_000, 10_000], labelExpr: label },
    title: 'share of the calls',
  }
  return curveSpec(rows, { interpolate: 'monotone' }, x, { field: 'ms', title: 'latency, ms' })
}

/** A line per strategy on two logarithmic axes; one panel per store. */
function curveSpec(rows: readonly Row[], line: object, x: object, y: object): object {
  const logarithmic = { type: 'quantitative', scale: { type: 'log' } }
  return {
    data: { values: rows },
    facet: BY_STORE,
    columns: 2,
    spec: {
      width: 330,
      height: 220,
      mark: { type: 'line', strokeWidth: 2, ...line },
      encoding: {
        x: { ...logarithmic, ...x },
        y: { ...logarithmic, axis: { values: POWERS_OF_TEN, labelExpr: PLAIN }, ...y },
        color: strategyColour(rows, LEGEND),
      },
    },
  }
}

function failuresSpec(rows: readonly Row[]): object {
  return {
    data: { values: rows },
    facet: BY_STORE,
    columns: 2,
    spec: {
      width: 330,
      height: { step: 20 },
      mark: { type: 'bar' },
      encoding: {
        y: strategyAxis(rows),
        x: { field: 'share', type: 'quantitative', stack: 'zero', scale: { domain: [0, 100] }, title: 'of 100 calls' },
        color: {
          field: 'outcome',
          type: 'nominal',
          scale: {
            domain: ['applied', 'deadlock', 'lock_timeout', 'cas_exhausted', 'unanswered', 'database'],
            range: ['#b0bec5', '#c62828', '#ef6c00', '#ad1457', '#6a1b9a', '#212121'],
          },
          legend: { title: null, orient: 'bottom' },
        },
      },
    },
  }
}

function memorySpec(rows: readonly Row[]): object {
  const panel = (field: string, title: string): object => ({
    width: 720,
    height: 150,
    mark: { type: 'line', strokeWidth: 2 },
    encoding: {
      x: { field: 'at', type: 'quantitative', title: 'seconds' },
      y: { field, type: 'quantitative', title, scale: { zero: true } },
      color: strategyColour(rows, LEGEND),
    },
  })
  return {
    data: { values: rows },
    vconcat: [
      panel('residentMb', 'resident MB'),
      panel('p99Ms', 'p99, ms'),
      panel('commandsPerSecond', 'commands per second'),
    ],
  }
}
