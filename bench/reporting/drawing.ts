/** Draws charts as SVG with Vega, without a browser. */
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import { STRATEGY_NAMES, type StrategyName } from '../strategies/catalogue.ts'

/** The page's font stack, so that it matches any reader's font. */
const FONT = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif'

/** Warm colours for the write-ups' strategies, grey for the limit, blue for Holdfast. */
const COLOURS: Readonly<Record<StrategyName, string>> = {
  'insert-first': '#c98b2b',
  'insert-first-fk': '#e0b46c',
  'update-first': '#d95f02',
  'row-lock': '#8c5a2b',
  cas: '#c2185b',
  'user-queue': '#7a9a2e',
  'transfer-unsorted': '#c98b2b',
  'transfer-journal-first': '#e0b46c',
  'transfer-sorted': '#d95f02',
  raw: '#5f6368',
  limit: '#5f6368',
  holdfast: '#1565c0',
  'holdfast-http': '#64a7e8',
  'holdfast-client': '#3f83d0',
}

/** The colours of the strategies shown, so that the legend lists no others. */
export function colourScale(strategies: readonly StrategyName[]) {
  const domain = STRATEGY_NAMES.filter((name) => strategies.includes(name))
  return { domain, range: domain.map((name) => COLOURS[name]) }
}

export async function draw(spec: object): Promise<string> {
  const whole = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 12,
    config: {
      font: FONT,
      view: { stroke: null },
      axis: { grid: true, gridColor: '#eceff1', domainColor: '#b0bec5', tickColor: '#b0bec5', labelColor: '#37474f' },
      header: { labelFontSize: 13, labelFontWeight: 600, labelColor: '#263238' },
      title: { anchor: 'start', fontSize: 15, color: '#263238' },
    },
    ...spec,
  } as TopLevelSpec
  const view = new View(parse(compile(whole).spec), { renderer: 'none' })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}
