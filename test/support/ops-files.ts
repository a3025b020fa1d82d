/** The rules of Prometheus, the dashboard of Grafana and the runbook, as tests read them. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')

export interface Rule {
  readonly name: string
  readonly expression: string
  /** The rule as it stands in the file. */
  readonly text: string
}

export interface Rules {
  readonly alerts: readonly Rule[]
  readonly records: readonly Rule[]
}

/** Reads what the file has: rules that begin with `- alert:` or `- record:`, each with an `expr:` of one or more lines. */
export function readRules(): Rules {
  const file = readFileSync(resolve(ROOT, 'ops/prometheus/rules.yml'), 'utf8')
  const parts = file.split(/^ {6}- (?=alert:|record:)/m).slice(1)
  const found = parts.map((text) => {
    const [, kind, name] = /^(alert|record): (\S+)/.exec(text)!
    const [, expression] = /^ {8}expr: (?:>-)?(.*(?:\n {10}.*)*)/m.exec(text) ?? []
    if (expression === undefined) throw new Error(`${name} has no expression.`)
    return { kind, name: name!, expression: expression.trim(), text }
  })
  return {
    alerts: found.filter(({ kind }) => kind === 'alert'),
    records: found.filter(({ kind }) => kind === 'record'),
  }
}

export interface PanelQuery {
  readonly title: string
  readonly expr: string
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number
    readonly type: string
    readonly title: string
    readonly datasource?: object
    readonly targets?: readonly { readonly expr: string; readonly datasource: object }[]
  }[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] }
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(resolve(ROOT, 'ops/grafana/holdfast.json'), 'utf8')) as Dashboard
}

export function panelQueries(): readonly PanelQuery[] {
  return readDashboard().panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
}

const PROMQL = /\b(?:holdfast_|instance\w*:|nodejs_|process_|db_client_|http_server_|up\{)/

/** The queries that the runbook shows, in English and in Chinese: what stands in code and has a name of a metric. */
export function runbookQueries(): readonly string[] {
  return [...new Set(['docs/runbook.md', 'docs/runbook.zh.md'].flatMap(queriesIn))]
}

function queriesIn(document: string): readonly string[] {
  const text = readFileSync(resolve(ROOT, document), 'utf8')
  const blocks = [...text.matchAll(/^```\n([^`]*)^```$/gm)].flatMap(([, block]) => block!.trim().split('\n'))
  const spans = [...text.replaceAll(/^```[^`]*^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, span]) => span!)
  return [...blocks, ...spans].filter((code) => PROMQL.test(code))
}

/** The names of the metrics in an expression of PromQL, without those of labels and functions. */
export function metricNamesIn(expression: string): readonly string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '')
    .replaceAll(/\b(?:group_left|group_right)\b/g, '')
  // What is followed by a parenthesis is a function or an operator; other operators have no underscore.
  const names = [...bare.matchAll(/\b[A-Za-z_][\w:]*\b(?!\s*\()/g)].map(([name]) => name)
  return [...new Set(names)].filter((name) => name === 'up' || name === 'ALERTS' || /[_:]/.test(name))
}
