/** Tables for people: no lines, aligned columns, and correct widths for characters that are two columns wide. */
import { styleText } from 'node:util'
import Table from 'cli-table3'

const NOTHING = ''
const NO_LINES = {
  top: NOTHING,
  'top-mid': NOTHING,
  'top-left': NOTHING,
  'top-right': NOTHING,
  bottom: NOTHING,
  'bottom-mid': NOTHING,
  'bottom-left': NOTHING,
  'bottom-right': NOTHING,
  left: NOTHING,
  'left-mid': NOTHING,
  mid: NOTHING,
  'mid-mid': NOTHING,
  right: NOTHING,
  'right-mid': NOTHING,
  middle: '  ',
}
const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }

const NUMBER = /^[+-]?[0-9]+(\.[0-9]+)?$/

type Cell = string | bigint | number

type Style = 'bold' | 'dim' | 'red' | 'green'

/** Styles are applied only if stdout is a terminal that supports them; `styleText` checks this and NO_COLOR. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** The same for stderr. */
export function styledError(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr })
}

/** A table with a header row. Numbers are aligned to the right. */
export function listTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => NUMBER.test(String(row[column]))))
  const table = new Table({
    head: head.map((name) => styled('dim', name)),
    chars: NO_LINES,
    style: PLAIN,
    colAligns: isNumber.map((right) => (right ? 'right' : 'left')),
  })
  for (const row of rows) table.push(row.map(String))
  return trimmed(table.toString())
}

/** One object with one field per row. Null fields are left out. */
export function fieldTable(fields: readonly (readonly [name: string, value: Cell | null])[]): string {
  const table = new Table({ chars: NO_LINES, style: PLAIN })
  for (const [name, value] of fields) if (value !== null) table.push([styled('dim', name), String(value)])
  return trimmed(table.toString())
}

function trimmed(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
