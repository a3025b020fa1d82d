/** A progress bar on stderr, if stderr is a terminal. */

const WIDTH = 24
const ERASE_LINE = '\r\u001b[K'

export class Progress {
  readonly #total: number
  #done = 0

  constructor(total: number) {
    this.#total = total
  }

  /** Shows the name of the current step. */
  begin(what: string): void {
    showBar(this.#done / Math.max(this.#total, 1), `${this.#done}/${this.#total} ${what}`)
  }

  step(count = 1): void {
    this.#done += count
  }

  end(): void {
    eraseBar()
  }
}

/** Shows the progress, 0 to 1, and the name of the current step. */
export function showBar(share: number, what: string): void {
  if (!process.stderr.isTTY) return
  const filled = Math.round(Math.min(share, 1) * WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
  process.stderr.write(`${ERASE_LINE}${bar} ${what}`)
}

export function eraseBar(): void {
  if (process.stderr.isTTY) process.stderr.write(ERASE_LINE)
}
