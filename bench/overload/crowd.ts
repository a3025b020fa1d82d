/** Callers over many connections, one request at a time on each; they record answers and latencies. */
import { HttpConnection, type Exchange } from '../http-load.ts'

export interface Request {
  readonly path: string
  readonly body: string
}

/** Calls with the same kind of answer. */
export class AnswerTally {
  readonly #ms: number[] = []

  get count(): number {
    return this.#ms.length
  }

  add(ms: number): void {
    this.#ms.push(ms)
  }

  /** In milliseconds; null without calls. @param share 0.5 for the median, 1 for the maximum */
  quantile(share: number): number | null {
    const sorted = this.#ms.toSorted((left, right) => left - right)
    return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
  }
}

export class Heard {
  readonly served = new AnswerTally()
  readonly refused = new AnswerTally()
  /** Freezes applied. */
  acknowledged = 0
  /** Refusals without a Retry-After header. */
  withoutRetryAfter = 0
  /** Other answers by status: neither served nor refused. */
  readonly others = new Map<number, number>()

  add({ status, head, body }: Exchange, ms: number): void {
    if (status === 200 || status === 201) {
      this.served.add(ms)
      this.acknowledged += status === 201 ? 1 : body.split('"status":"applied"').length - 1
    } else if (status === 503) {
      this.refused.add(ms)
      if (!/^retry-after: \d+\r?$/im.test(head)) this.withoutRetryAfter++
    } else {
      this.others.set(status, (this.others.get(status) ?? 0) + 1)
    }
  }
}

export class Crowd implements Disposable {
  readonly #connections: readonly HttpConnection[]
  readonly #request: Request

  static async gather(port: number, count: number, request: Request): Promise<Crowd> {
    const connections: HttpConnection[] = []
    // In portions: the backlog of a listening socket is short.
    while (connections.length < count) {
      const more = Array.from({ length: Math.min(100, count - connections.length) }, () => HttpConnection.open(port))
      connections.push(...(await Promise.all(more)))
    }
    return new Crowd(connections, request)
  }

  private constructor(connections: readonly HttpConnection[], request: Request) {
    this.#connections = connections
    this.#request = request
  }

  /** Each caller sends its next call as soon as it is answered. */
  async closedLoop(seconds: number): Promise<Heard> {
    const heard = new Heard()
    const until = performance.now() + seconds * 1_000
    const loop = async (connection: HttpConnection): Promise<void> => {
      while (performance.now() < until) await this.#call(connection, heard)
    }
    await Promise.all(this.#connections.map(loop))
    return heard
  }

  /**
   * A fixed number of calls per second, whatever happens to earlier ones. A call uses a free connection, or waits for one. Latencies count
   * from the moment at which the call was due.
   *
   * @returns when every call is answered
   */
  async openLoop(rate: number, seconds: number): Promise<Heard> {
    const heard = new Heard()
    const free = [...this.#connections]
    const startedAt = performance.now()
    const total = Math.round(rate * seconds)
    let sent = 0
    let answered = 0
    while (answered < total) {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * rate) / 1_000))
      while (sent < due && free.length > 0) {
        const connection = free.pop()!
        const dueAt = startedAt + (sent++ * 1_000) / rate
        void this.#call(connection, heard, dueAt).then(() => {
          answered++
          free.push(connection)
        })
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return heard
  }

  /** Makes one call as the first caller. */
  async once(heard: Heard): Promise<void> {
    await this.#call(this.#connections[0]!, heard)
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close()
  }

  async #call(connection: HttpConnection, heard: Heard, dueAt = performance.now()): Promise<void> {
    const exchange = await connection.post(this.#request.path, this.#request.body)
    heard.add(exchange, performance.now() - dueAt)
  }
}
