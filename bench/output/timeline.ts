/** A long run over time: rate, latency and memory, in a few lines per strategy. */
import { listTable } from '../../src/cli/tables.ts'
import type { Sample } from '../load/meter.ts'
import { bar } from './bars.ts'
import { msText, rateText } from './numbers.ts'
import type { Result } from './result.ts'

const LINES_MAX = 12
const BAR_WIDTH = 20

export function timeline({ strategy, samples }: Result): string {
  const shown = thinned(samples)
  const most = Math.max(...shown.map(({ residentMb }) => residentMb))
  const right = (texts: readonly string[]): readonly string[] => {
    const width = Math.max(...texts.map(({ length }) => length))
    return texts.map((text) => text.padStart(width))
  }
  const columns = [
    right(['seconds', ...shown.map(({ at }) => at.toFixed(0))]),
    right(['commands/s', ...shown.map(({ commandsPerSecond }) => rateText(commandsPerSecond))]),
    right(['p50 ms', ...shown.map(({ p50Ms }) => msText(p50Ms))]),
    right(['p99', ...shown.map(({ p99Ms }) => msText(p99Ms))]),
    right(['resident MB', ...shown.map(({ residentMb }) => residentMb.toFixed(0))]),
    ['', ...shown.map(({ residentMb }) => bar(residentMb, most, BAR_WIDTH))],
  ]
  const [head, ...rows] = columns[0]!.map((_, row) => columns.map((column) => column[row]!))
  return `${strategy}\n${listTable(head!, rows)}`
}

/** At most as many lines as fit a screen, each of an equal interval: average rate, worst latencies, last memory. */
function thinned(samples: readonly Sample[]): readonly Sample[] {
  const perLine = Math.max(1, Math.ceil(samples.length / LINES_MAX))
  const lines: Sample[] = []
  for (let start = 0; start < samples.length; start += perLine) {
    const stretch = samples.slice(start, start + perLine)
    lines.push({
      ...stretch.at(-1)!,
      commandsPerSecond: stretch.reduce((sum, one) => sum + one.commandsPerSecond, 0) / stretch.length,
      p50Ms: Math.max(...stretch.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...stretch.map(({ p99Ms }) => p99Ms)),
    })
  }
  return lines
}
