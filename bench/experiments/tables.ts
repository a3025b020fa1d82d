/** The figures of the experiments as cells of tables: on the terminal and in the document. */
import { rateText, shareText } from '../output/numbers.ts'
import type { AlertFigure } from './alert-threshold.ts'
import type { Experience, StrangerFigure } from './stranger.ts'
import type { IndexFigure } from './version-index.ts'

export const ALERT_COLUMNS = [
  'freezes/s',
  'lock timeouts/s',
  'share',
  '`rate(…[5m])`',
  '`rate(…[5m]) > 0.1`',
  'share `> 0.1`',
] as const

export function alertCells(figure: AlertFigure): readonly string[] {
  const { freezesPerSecond, timeoutsPerSecond, share, rate, fires, shareFires } = figure
  return [
    freezesPerSecond.toLocaleString('en-US'),
    String(timeoutsPerSecond),
    `${Number((share * 100).toPrecision(3))} %`,
    String(rate),
    firesText(fires),
    firesText(shareFires),
  ]
}

function firesText(fires: boolean): string {
  return fires ? 'fires' : 'silent'
}

export const INDEX_COLUMNS = [
  'index on (id, version)',
  'swaps/s',
  'index that the swap uses',
  'size of the index',
] as const

export function indexCells({ indexed, swapsPerSecond, usedKey, indexBytes }: IndexFigure): readonly string[] {
  const size = indexBytes === null ? '' : `${(indexBytes / 1_024).toLocaleString('en-US')} KB`
  return [indexed ? 'yes' : 'no', rateText(swapsPerSecond), usedKey, size]
}

export const STRANGER_COLUMNS = [
  '',
  'lock timeout',
  'breaker',
  'hot user: failed',
  'others: failed',
  'others: served while the row is held',
  'longest wait',
  'recovered after',
] as const

export function strangerCells(figure: StrangerFigure): readonly string[] {
  const { strategy, lockTimeoutMs, breaker, hot, others, recoveryMs } = figure
  return [
    strategy,
    lockTimeoutMs === null ? 'its own' : `${lockTimeoutMs / 1_000} s`,
    breaker ? 'yes' : 'no',
    failedText(hot),
    failedText(others),
    shareText(others.servedShare),
    `${(Math.max(hot.longestMs, others.longestMs) / 1_000).toFixed(1)} s`,
    `${(recoveryMs / 1_000).toFixed(1)} s`,
  ]
}

function failedText({ calls, failed }: Experience): string {
  return `${failed.toLocaleString('en-US')} of ${calls.toLocaleString('en-US')}`
}
