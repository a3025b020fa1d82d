/** A progress line on stderr: updated in place on a terminal; elsewhere one line per finished step. */
import type { Progress } from '../run/assignment.ts'
import type { Phase } from '../run/strategy-run.ts'
import { gauge } from './bars.ts'
import { msText, rateText } from './numbers.ts'

const ERASE_LINE = '\r\u001b[K'
const GAUGE_WIDTH = 20

export interface LiveLineOptions {
  /** Prefix: the current position in the run. */
  readonly title: string
  readonly seconds: number
  readonly stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>
}

export class LiveLine {
  readonly #options: LiveLineOptions

  constructor(options: LiveLineOptions) {
    this.#options = options
  }

  show(phase: Phase, progress: readonly Progress[]): void {
    const { stream, title, seconds } = this.#options
    if (!stream.isTTY) return
    stream.write(`${ERASE_LINE}${title}  ${phase === 'playing' ? playing(progress, seconds) : `${phase} …`}`)
  }

  end(): void {
    const { stream } = this.#options
    if (stream.isTTY) stream.write(ERASE_LINE)
  }
}

function playing(progress: readonly Progress[], seconds: number): string {
  const samples = progress.flatMap(({ sample }) => sample ?? [])
  const commands = progress.reduce((sum, one) => sum + one.commands, 0)
  const errors = progress.reduce((sum, one) => sum + one.errors, 0)
  const at = Math.max(0, ...progress.map(({ at }) => at))
  if (at === 0) return 'warming up …'
  const parts = [
    `${gauge(at / seconds, GAUGE_WIDTH)} ${at.toFixed(1)}/${seconds} s`,
    `${rateText(commands / at)} commands/s`,
  ]
  if (samples.length > 0) parts.push(`p99 ${msText(Math.max(...samples.map(({ p99Ms }) => p99Ms)))} ms`)
  if (errors > 0) parts.push(`${errors.toLocaleString('en-US')} errors`)
  return parts.join('  ')
}
