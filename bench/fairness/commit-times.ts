/** How long a service's commits took, from its metrics. */

interface Sum {
  readonly count: number
  readonly seconds: number
}

const DURATION = 'db_client_operation_duration_seconds'
const COMMIT = /\bdb_operation_name="(?:commit|exclusive)"/

export class CommitTimes {
  readonly #port: number
  readonly #before: Sum

  private constructor(port: number, before: Sum) {
    this.#port = port
    this.#before = before
  }

  static async since(port: number): Promise<CommitTimes> {
    return new CommitTimes(port, sumIn(await metricsOf(port)))
  }

  /** 0 without a commit since then. */
  async meanMs(): Promise<number> {
    const { count, seconds } = sumIn(await metricsOf(this.#port))
    const sinceCount = count - this.#before.count
    return sinceCount === 0 ? 0 : ((seconds - this.#before.seconds) / sinceCount) * 1_000
  }
}

async function metricsOf(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
  if (answer.status !== 200) throw new Error(`GET /metrics: ${answer.status}`)
  return await answer.text()
}

function sumIn(metrics: string): Sum {
  const total = (suffix: string): number =>
    [...metrics.matchAll(new RegExp(`^${DURATION}_${suffix}\\{(.*)\\} (\\S+)$`, 'gm'))]
      .filter(([, labels]) => COMMIT.test(labels!))
      .reduce((sum, [, , value]) => sum + Number(value), 0)
  return { count: total('count'), seconds: total('sum') }
}
