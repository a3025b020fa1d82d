/** A progress bar on stderr, where that is a terminal; elsewhere nothing. */

const WIDTH = 24
const ERASE_LINE = '\r\u001b[K'

export class Progress {
  readonly #total: number
  #done = 0

  constructor(total: number) {
    this.#total = total
  }

  /** Shows what is being done now. */
  begin(what: string): void {
    if (!process.stderr.isTTY) return
    const filled = Math.round((this.#done / this.#total) * WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
    process.stderr.write(`${ERASE_LINE}${bar} ${this.#done}/${this.#total} ${what}`)
  }

  step(): void {
    this.#done += 1
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write(ERASE_LINE)
  }
}
