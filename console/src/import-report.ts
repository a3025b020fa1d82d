/** Reads what `holdfast import --dry-run --json` has printed, in the browser: nothing of it is sent anywhere. */
import type { BreakCode } from '../../src/import/examination.ts'

interface Place {
  readonly account: string
  readonly asset: string
  /** The key in the old system. */
  readonly user: string
  /** In minor units. */
  readonly total: string
  readonly held: string
  readonly holds: readonly unknown[]
}

export interface BreachLine {
  readonly type: 'breach'
  readonly code: BreakCode
  readonly table: string
  readonly row: string | null
  readonly message: string
}

export interface DifferentLine extends Place {
  readonly type: 'different'
  readonly messages: readonly string[]
}

export interface PlanLine extends Place {
  readonly type: 'plan'
  readonly result: 'imported' | 'corrected'
}

export interface ImportSummaryLine {
  readonly type: 'summary'
  readonly usersCount: number
  readonly users: Readonly<Record<'imported' | 'unchanged' | 'corrected' | 'different' | 'broken', number>>
  readonly breachesCount: number
  readonly assets: Readonly<
    Record<string, { readonly coins: string; readonly held: string; readonly holdsCount: number }>
  >
}

type ReportLine = { readonly type: 'begin' } | BreachLine | DifferentLine | PlanLine | ImportSummaryLine

export interface ImportReport {
  readonly breaches: Kept<BreachLine>
  readonly different: Kept<DifferentLine>
  readonly plans: Kept<PlanLine>
  /** Null: the report is cut, or the import failed. */
  readonly summary: ImportSummaryLine | null
  /** Users of a run that was no dry run are not listed. */
  readonly isDryRun: boolean
}

/** The first lines of a kind: a report can have millions. */
export interface Kept<Line> {
  readonly lines: readonly Line[]
  readonly count: number
}

const KEPT_MAX = 10_000

class Keeper<Line> implements Kept<Line> {
  readonly lines: Line[] = []
  count = 0

  add(line: Line): void {
    this.count += 1
    if (this.lines.length < KEPT_MAX) this.lines.push(line)
  }
}

/** What is read is no such report. The message has the line. */
export class ReportError extends Error {
  readonly line: number

  constructor(line: number) {
    super(`Line ${line} is not of a report.`)
    this.line = line
  }
}

/** @throws ReportError */
export async function readImportReport(text: AsyncIterable<string>): Promise<ImportReport> {
  const breaches = new Keeper<BreachLine>()
  const different = new Keeper<DifferentLine>()
  const plans = new Keeper<PlanLine>()
  let summary: ImportSummaryLine | null = null
  let number = 0
  const read = (content: string): void => {
    number += 1
    if (content.trim() === '') return
    const line = lineIn(content, number)
    if (line.type === 'breach') breaches.add(line)
    else if (line.type === 'different') different.add(line)
    else if (line.type === 'plan') plans.add(line)
    else if (line.type === 'summary') summary = line
  }
  let rest = ''
  for await (const piece of text) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop()!
    for (const line of lines) read(line)
  }
  read(rest)
  const found = summary as ImportSummaryLine | null
  const doneCount = found === null ? 0 : found.users.imported + found.users.corrected
  return { breaches, different, plans, summary: found, isDryRun: plans.count > 0 || doneCount === 0 }
}

const TYPES: ReadonlySet<unknown> = new Set<ReportLine['type']>(['begin', 'breach', 'different', 'plan', 'summary'])

function lineIn(content: string, number: number): ReportLine {
  let line: unknown
  try {
    line = JSON.parse(content)
  } catch {
    throw new ReportError(number)
  }
  const type = typeof line === 'object' && line !== null && 'type' in line ? line.type : null
  // A list of findings of reconcile has a summary too.
  if (!TYPES.has(type) || (type === 'summary' && !('users' in (line as object)))) throw new ReportError(number)
  return line as ReportLine
}

/** The text of a file, piece by piece. */
export async function* textOf(file: Blob): AsyncGenerator<string> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
}
