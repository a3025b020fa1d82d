/**
 * Users who freeze once a second each, at moments that are fixed in advance and spread evenly. Latencies count from those moments. A
 * user with a kept connection has one request at a time; one with a connection for each request does not wait for the one before.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { settledWithin } from '../load/deadline.ts'
import { HttpConnection } from '../http-load.ts'
import { AnswerTally } from '../overload/crowd.ts'
import type { Connecting } from './noises.ts'

/** A request without an answer for so long has failed, as for a caller with a timeout. */
const ANSWER_MS_MAX = 10_000
const FREEZE_EVERY_MS = 1_000

export class QuietAnswers {
  /** With status 201. */
  readonly served = new AnswerTally()
  /** By status, `unanswered`, or `connection` for one that was refused or cut. */
  readonly failures = new Map<string, number>()

  get count(): number {
    return this.served.count + this.failedCount
  }

  get failedCount(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0)
  }

  fail(why: string): void {
    this.failures.set(why, (this.failures.get(why) ?? 0) + 1)
  }
}

export class QuietUsers implements Disposable {
  readonly #users: readonly QuietUser[]
  readonly #connecting: Connecting

  /** Their accounts exist and have coins. */
  static async gather(port: number, accounts: readonly string[], connecting: Connecting): Promise<QuietUsers> {
    const users = accounts.map((account) => new QuietUser(port, account))
    if (connecting === 'kept') await Promise.all(users.map((user) => user.connect()))
    return new QuietUsers(users, connecting)
  }

  private constructor(users: readonly QuietUser[], connecting: Connecting) {
    this.#users = users
    this.#connecting = connecting
  }

  /** @returns when every request is answered or has failed */
  async run(seconds: number): Promise<QuietAnswers> {
    const answers = new QuietAnswers()
    const beginsAt = performance.now()
    const endsAt = beginsAt + seconds * 1_000
    const live = async (user: QuietUser, index: number): Promise<void> => {
      const underWay: Promise<void>[] = []
      let dueAt = beginsAt + (index * FREEZE_EVERY_MS) / this.#users.length
      for (; dueAt < endsAt; dueAt += FREEZE_EVERY_MS) {
        await sleep(Math.max(0, dueAt - performance.now()))
        const freeze = user.freeze(dueAt, this.#connecting, answers)
        if (this.#connecting === 'kept') await freeze
        else underWay.push(freeze)
      }
      await Promise.all(underWay)
    }
    await Promise.all(this.#users.map(live))
    return answers
  }

  [Symbol.dispose](): void {
    for (const user of this.#users) user.close()
  }
}

class QuietUser {
  readonly #port: number
  readonly #body: string
  #kept: HttpConnection | null = null

  constructor(port: number, account: string) {
    this.#port = port
    this.#body = JSON.stringify({ account, amount: '1' })
  }

  async connect(): Promise<HttpConnection> {
    if (this.#kept?.isOpen !== true) this.#kept = await HttpConnection.open(this.#port)
    return this.#kept
  }

  /** Never rejects. */
  async freeze(dueAt: number, connecting: Connecting, answers: QuietAnswers): Promise<void> {
    const isNew = connecting === 'new'
    let status: number | null = null
    let hasGivenUp = false
    const exchange = async (): Promise<void> => {
      const connection = isNew ? await HttpConnection.open(this.#port) : await this.connect()
      try {
        if (!hasGivenUp) ({ status } = await connection.post('/v1/holds', this.#body, { isLast: isNew }))
      } finally {
        if (isNew) connection.close()
      }
    }
    try {
      const isAnswered = await settledWithin(exchange(), dueAt + ANSWER_MS_MAX - performance.now())
      if (!isAnswered) {
        hasGivenUp = true
        answers.fail('unanswered')
        this.close()
      } else if (status === 201) answers.served.add(performance.now() - dueAt)
      else answers.fail(String(status))
    } catch {
      answers.fail('connection')
    }
  }

  close(): void {
    this.#kept?.close()
    this.#kept = null
  }
}
