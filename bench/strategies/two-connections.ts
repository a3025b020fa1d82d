/** Batches over two connections to MySQL or MariaDB: what one writes ahead of its turn runs while the one before commits. */
import { MysqlConnection } from '../../src/stores/mysql/connection.ts'
import type { Flavour } from '../../src/stores/mysql/server.ts'
import { parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { DatabaseFailure } from '../databases/database.ts'

export interface Texts {
  /** The whole batch, when no other is under way; null: in two parts then too. */
  readonly alone: readonly string[] | null
  /** Its first part, which begins the transaction, and the one that follows in its turn and commits. */
  readonly ahead: readonly string[]
  readonly inTurn: readonly string[]
}

export class TwoConnections implements AsyncDisposable {
  readonly #connections: readonly MysqlConnection[]
  readonly #idle: Promise<unknown>[]
  /** The last batch, while it is under way. */
  #last: Promise<unknown> | null = null
  #turn = 0

  static async open(url: string): Promise<TwoConnections> {
    const { address, tuning } = parseMysqlUrl(url)
    return new TwoConnections(await Promise.all([1, 2].map(() => MysqlConnection.open(address, tuning, 'writer'))))
  }

  private constructor(connections: readonly MysqlConnection[]) {
    this.#connections = connections
    this.#idle = connections.map(() => Promise.resolve())
  }

  get flavour(): Flavour {
    return this.#connections[0]!.server.flavour
  }

  /** Resolves when the batch is durable; batches take effect in the order of the calls. @throws DatabaseFailure */
  async write({ alone, ahead, inTurn }: Texts): Promise<void> {
    const before = this.#last
    const whole = before === null ? alone : null
    if (whole === null) this.#turn++
    const place = this.#turn % this.#connections.length
    const connection = this.#connections[place]!
    const idle = this.#idle[place]!
    const written = (async () => {
      await idle
      if (whole !== null) return await connection.run(whole)
      await connection.run(ahead)
      await before
      return await connection.run(inTurn)
    })()
    const ended = written.catch(() => undefined)
    this.#idle[place] = this.#last = ended
    try {
      await written
    } catch (error) {
      throw new DatabaseFailure('database', error)
    } finally {
      if (this.#last === ended) this.#last = null
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
  }
}
