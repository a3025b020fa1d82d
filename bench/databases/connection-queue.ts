/** A fixed number of connections, lent in the order in which they were asked for. */
import { Fifo } from '../load/fifo.ts'

export class ConnectionQueue<Lent> {
  readonly #idle: Lent[]
  readonly #waiting = new Fifo<(connection: Lent) => void>()

  constructor(connections: readonly Lent[]) {
    this.#idle = [...connections]
  }

  /** Resolves to a connection that nobody else has until `giveBack`. */
  take(): Promise<Lent> {
    const connection = this.#idle.pop()
    if (connection !== undefined) return Promise.resolve(connection)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  giveBack(connection: Lent): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else next(connection)
  }
}
