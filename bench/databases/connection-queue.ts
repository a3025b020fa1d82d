/** A fixed number of connections, lent in the order of the requests. */
import { Fifo } from '../load/fifo.ts'

export class ConnectionQueue<Lent> {
  readonly #idle: Lent[]
  readonly #waiting = new Fifo<(connection: Lent) => void>()

  constructor(connections: readonly Lent[]) {
    this.#idle = [...connections]
  }

  /** Resolves to a connection that is exclusive until `giveBack`. */
  take(): Promise<Lent> {
    const connection = this.#idle.pop()
    if (connection !== undefined) return Promise.resolve(connection)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Lends a connection to `work` until `work` settles. */
  async use<Result>(work: (connection: Lent) => Promise<Result>): Promise<Result> {
    const connection = await this.take()
    try {
      return await work(connection)
    } finally {
      this.giveBack(connection)
    }
  }

  giveBack(connection: Lent): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else next(connection)
  }
}

/** Opens `count` connections or none: if one fails, the others are closed. @throws the first failure */
export async function openAll<Opened extends { close(): Promise<void> }>(
  count: number,
  open: () => Promise<Opened>,
): Promise<readonly Opened[]> {
  const attempts = await Promise.allSettled(Array.from({ length: count }, open))
  const opened = attempts.filter((attempt) => attempt.status === 'fulfilled').map(({ value }) => value)
  const failed = attempts.find((attempt) => attempt.status === 'rejected')
  if (failed === undefined) return opened
  await closeAll(opened)
  throw failed.reason
}

export async function closeAll(connections: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()))
}

/** COMMIT after `work`, ROLLBACK when it throws. */
export async function committed<Lent extends { text(sql: string): Promise<unknown> }, Result>(
  connection: Lent,
  work: (connection: Lent) => Promise<Result>,
): Promise<Result> {
  try {
    const result = await work(connection)
    await connection.text('COMMIT')
    return result
  } catch (error) {
    // A broken connection fails here too; the first error is the one to report.
    await connection.text('ROLLBACK').catch(() => undefined)
    throw error
  }
}
