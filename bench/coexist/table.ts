/** The rows of coexistence as a table, in the terminal and on the page. */
import { msText, rateText, ratioText } from '../output/numbers.ts'
import { bridgeRatio, type CoexistRow, type SideFigures } from './figures.ts'

export const COEXIST_COLUMNS = [
  'old side',
  'Holdfast',
  'bridge',
  'old/s',
  'p50',
  'p99',
  'retries',
  'errors',
  'Holdfast/s',
  'p50',
  'p99',
  'retries',
  'errors',
  'deadlocks',
  'lock timeouts',
  '× without',
  'books',
] as const

/** @param rows of the same place, among them those without a bridge */
export function coexistCells(row: CoexistRow, rows: readonly CoexistRow[]): readonly string[] {
  const { old, share, bridged, oldSide, holdfast, locks, consistent } = row
  const ratio = bridgeRatio(row, rows)
  return [
    old ?? '—',
    `${share} %`,
    bridged ? 'yes' : 'no',
    ...sideCells(oldSide),
    ...sideCells(holdfast),
    countText(locks.deadlocks),
    countText(locks.lockTimeouts),
    ratio === null ? '' : ratioText(ratio),
    consistent ? 'exact' : 'WRONG',
  ]
}

function sideCells(side: SideFigures | null): readonly string[] {
  if (side === null) return ['', '', '', '', '']
  const { commandsPerSecond, p50Ms, p99Ms, retriesPerCommand, errors } = side
  return [
    rateText(commandsPerSecond),
    msText(p50Ms),
    msText(p99Ms),
    retriesPerCommand === null ? '' : retriesPerCommand.toFixed(2),
    Object.entries(errors)
      .map(([code, count]) => `${countText(count)} ${code}`)
      .join(', '),
  ]
}

function countText(count: number | null): string {
  return count === null ? '' : count.toLocaleString('en-US')
}
