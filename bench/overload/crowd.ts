/** Callers over many connections, one request at a time on each, who note what they were told and how long it took. */
import { HttpConnection, type Exchange } from '../http-load.ts'

export interface Request {
  readonly path: string
  readonly body: string
}

/** Calls of one fate. */
export class Told {
  readonly #ms: number[] = []

  get count(): number {
    return this.#ms.length
  }

  add(ms: number): void {
    this.#ms.push(ms)
  }

  /** In milliseconds; null when there was none. @param share 0.5 for the median, 1 for the longest */
  quantile(share: number): number | null {
    const sorted = this.#ms.toSorted((left, right) => left - right)
    return sorted.length === 0 ? null : sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
  }
}

export class Heard {
  readonly served = new Told()
  readonly refused = new Told()
  /** Freezes that were applied. */
  acknowledged = 0
  /** Refused without being told when to come again. */
  withoutRetryAfter = 0
  /** By status: neither served nor refused. */
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
    // Not all at once: the queue of a listening socket is short.
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

  /** Each calls again as soon as it is answered. */
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
   * So many calls a second, whatever becomes of those before. A call is made over a connection that is free; when there is none,
   * it waits for one. Latencies count from the moment at which the call was due.
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

  /** One call of the first of them. */
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
