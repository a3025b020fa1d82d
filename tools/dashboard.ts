/**
 * Writes ops/grafana/holdfast.json: a dashboard that Grafana 10 and later import as it is. The panels are in dashboard-panels.ts.
 *
 *   node tools/dashboard.ts           writes the file
 *   node tools/dashboard.ts --check   exits 1 when the file is out of date
 */
import { ROWS, type Panel, type Row } from './dashboard-panels.ts'
import { generate } from './generate.ts'

/** Grafana's grid has 24 columns. */
const COLUMNS = 24
const PANEL = { w: 8, h: 7 } as const
/** Of Grafana 10; later versions convert it when they load it. */
const SCHEMA_VERSION = 38
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const

function dashboard(rows: readonly Row[]): object {
  return {
    uid: 'holdfast',
    title: 'Holdfast',
    description: 'A credits ledger: traffic, latency, conflicts, capacity, holds. docs/runbook.md says what to do.',
    tags: ['holdfast'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [datasourceVariable(), instanceVariable()] },
    panels: placed(rows),
  }
}

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, current: {} }
}

function instanceVariable(): object {
  const query = 'label_values(holdfast_build_info, instance)'
  return {
    name: 'instance',
    label: 'Instance',
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: 'instances' },
    // When the time range changes, because instances come and go.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  }
}

function placed(rows: readonly Row[]): readonly object[] {
  const found: object[] = []
  let y = 0
  for (const { title, panels } of rows) {
    found.push({
      id: found.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
      panels: [],
    })
    y += 1
    for (const [index, panel] of panels.entries()) {
      const x = (index * PANEL.w) % COLUMNS
      found.push({ id: found.length + 1, gridPos: { x, y, ...PANEL }, ...shown(panel) })
      if (x + PANEL.w >= COLUMNS || index === panels.length - 1) y += PANEL.h
    }
  }
  return found
}

function shown({ title, description, unit, queries, type = 'timeseries', bound }: Panel): object {
  const thresholds =
    bound === undefined
      ? { mode: 'absolute', steps: [{ color: 'green', value: null }] }
      : {
          mode: 'absolute',
          steps: [
            { color: 'transparent', value: null },
            { color: 'red', value: bound },
          ],
        }
  const lines = bound === undefined ? {} : { thresholdsStyle: { mode: 'dashed' } }
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, min: 0, thresholds, custom: lines }, overrides: [] },
    options: type === 'stat' ? STAT : TIMESERIES,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(type === 'stat' ? { instant: true } : { range: true }),
    })),
  }
}

const TIMESERIES = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
  tooltip: { mode: 'multi', sort: 'desc' },
}

const STAT = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  textMode: 'value_and_name',
  colorMode: 'value',
  graphMode: 'none',
}

await generate('ops/grafana/holdfast.json', `${JSON.stringify(dashboard(ROWS), null, 2)}\n`)
