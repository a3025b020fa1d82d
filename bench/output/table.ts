/** Formats results as a table for people. */
import { listTable, styled } from '../../src/cli/tables.ts'
import { bar } from './bars.ts'
import { msText, rateText, ratioText, shareText } from './numbers.ts'
import type { Result } from './result.ts'

const BAR_WIDTH = 20

interface Column {
  readonly head: string
  readonly cell: (result: Result) => string
  /** Omitted when no result has a value for it. */
  readonly optional?: true
  readonly align: 'left' | 'right'
}

export function resultTable(results: readonly Result[]): string {
  const columns = columnsOf(results).filter(
    ({ cell, optional }) => optional !== true || results.some((result) => cell(result) !== ''),
  )
  const rows = results.map((result) => columns.map(({ cell }) => cell(result)))
  const padded = rows.map((row) =>
    row.map((text, index) => {
      if (columns[index]!.align === 'left') return text
      const width = Math.max(columns[index]!.head.length, ...rows.map((other) => other[index]!.length))
      return text.padStart(width)
    }),
  )
  const heads = columns.map(({ head, align }, index) =>
    align === 'left' ? head : head.padStart(Math.max(...padded.map((row) => row[index]!.length))),
  )
  const coloured = padded.map((row) => row.map((text) => colour(text)))
  return [listTable(heads, coloured), ...notesOf(results)].join('\n')
}

function columnsOf(results: readonly Result[]): readonly Column[] {
  const most = Math.max(...results.map(({ commandsPerSecond }) => commandsPerSecond))
  const ms = (head: string, of: (result: Result) => number): Column => ({
    head,
    cell: (result) => msText(of(result)),
    align: 'right',
  })
  const known = (head: string, of: (result: Result) => number | null, show: (value: number) => string): Column => ({
    head,
    cell: (result) => {
      const value = of(result)
      return value === null ? '' : show(value)
    },
    optional: true,
    align: 'right',
  })
  const counted = (head: string, of: (result: Result) => number | null): Column =>
    known(
      head,
      (result) => of(result) || null,
      (count) => count.toLocaleString('en-US'),
    )
  return [
    { head: 'strategy', cell: ({ strategy }) => strategy, align: 'left' },
    { head: 'commands/s', cell: ({ commandsPerSecond }) => rateText(commandsPerSecond), align: 'right' },
    {
      head: '',
      cell: ({ commandsPerSecond }) => bar(commandsPerSecond, most, BAR_WIDTH).padEnd(BAR_WIDTH),
      align: 'left',
    },
    ms('mean ms', ({ meanMs }) => meanMs),
    ms('p50', ({ p50Ms }) => p50Ms),
    ms('p95', ({ p95Ms }) => p95Ms),
    ms('p99', ({ p99Ms }) => p99Ms),
    ms('max', ({ maxMs }) => maxMs),
    known(
      'batch',
      ({ batchMean }) => (batchMean === 1 ? null : batchMean),
      (mean) => mean.toFixed(1),
    ),
    known(
      'retries',
      ({ retriesPerCommand }) => retriesPerCommand || null,
      (retries) => retries.toFixed(2),
    ),
    known('CAS ok', ({ casSuccessRate }) => casSuccessRate, shareText),
    counted('deadlocks', ({ deadlocks }) => deadlocks),
    counted('lock timeouts', ({ lockTimeouts }) => lockTimeouts),
    counted('errors', ({ errors }) => Object.values(errors).reduce((sum, count) => sum + count, 0)),
    known('× update-first', ({ ratioToUpdateFirst }) => ratioToUpdateFirst, ratioText),
    known('× transfer-sorted', ({ ratioToTransferSorted }) => ratioToTransferSorted, ratioText),
    known('× raw', ({ ratioToRaw }) => ratioToRaw, ratioText),
    { head: 'books', cell: ({ consistent }) => (consistent ? EXACT : WRONG), align: 'left' },
  ]
}

const EXACT = 'exact'
const WRONG = 'WRONG'

function colour(text: string): string {
  if (text === WRONG) return styled('red', text)
  return text === EXACT ? styled('green', text) : text
}

/** Failures, one line each. */
function notesOf(results: readonly Result[]): readonly string[] {
  const notes = results.flatMap(({ strategy, errors, errorMessages, findings }) => [
    ...Object.entries(errors).map(
      ([code, count]) => `${strategy}: ${count.toLocaleString('en-US')} × ${code} (${errorMessages[code] ?? ''})`,
    ),
    ...findings.slice(0, 3).map((finding) => styled('red', `${strategy}: ${finding}`)),
  ])
  return notes.length === 0 ? [] : ['', ...notes]
}
