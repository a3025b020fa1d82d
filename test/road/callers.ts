/**
 * Callers of an old application: they freeze, and settle or refund, for many users, and repeat every call until its outcome is known. So they
 * know what the balance of each user must be whenever no call is under way.
 */
import assert from 'node:assert/strict'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Family, OldApplication, OldCall } from '../../harness/old-application.ts'
import type { Chance } from '../simulation/chance.ts'

const PAUSE_MS = 20
/** The longest pause between two calls of a caller, so that the machine has time for the others. */
const THINK_MS_MAX = 30
const LONG_AMOUNT = 5
/** A call whose outcome is not known after this time fails the test. */
const PATIENCE_MS = 60_000

export interface Coins {
  balance: number
  frozen: number
}

/** A freeze that was done. */
export interface Frozen {
  readonly requestId: string
  readonly family: Family
  readonly user: number
}

export interface CallersOptions {
  readonly application: OldApplication
  readonly chance: Chance
  /** The coins of each user at the beginning. */
  readonly funds: ReadonlyMap<number, number>
  readonly callers: number
}

export class RoadCallers implements AsyncDisposable {
  /** What the calls that were answered have made of each user. */
  readonly book: ReadonlyMap<number, Coins>
  /** Those of the last stretch. */
  frozen: Frozen[] = []
  /** Calls that were done. */
  doneCount = 0
  declinedCount = 0
  /** Answers after which a call is repeated, by code, of the last stretch. */
  readonly troubles = new Map<string, number>()
  readonly #application: OldApplication
  readonly #running: readonly Promise<void>[]
  /** The ends of long jobs. */
  readonly #long: OldCall[] = []
  #gate = Promise.withResolvers<void>()
  #underWay = 0
  #isOver = false
  #isGivenUp = false
  #failure: Error | null = null

  /** They wait for `resume`. */
  constructor({ application, chance, funds, callers }: CallersOptions) {
    this.#application = application
    this.book = new Map([...funds].map(([user, balance]) => [user, { balance, frozen: 0 }]))
    this.#running = Array.from({ length: callers }, (_, caller) =>
      this.#run(chance.stream(`caller ${caller}`), caller).catch((error: Error) => void (this.#failure ??= error)),
    )
  }

  /** A new stretch begins. */
  resume(): void {
    this.frozen = []
    this.troubles.clear()
    this.#gate.resolve()
  }

  /** Resolves when no call is under way. Lives are left in the middle: there are open freezes and holds. */
  async pause(): Promise<void> {
    this.#gate = Promise.withResolvers()
    do {
      await this.#until(() => this.#underWay === 0)
      // Until the callers that were answered have written down what they know, and those that were let through have begun.
      await turn()
    } while (this.#underWay > 0)
  }

  /** Resolves when this many more calls were done. */
  async progress(count: number): Promise<void> {
    const wanted = this.doneCount + count
    await this.#until(() => this.doneCount >= wanted)
  }

  /** Resolves when all have ended. Open freezes and holds are ended first. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#gate.resolve()
    await Promise.all(this.#running)
    this.#check()
    for (const settle of this.#long) {
      assert.ok(await this.#done(settle))
      const coins = this.book.get(settle.user)!
      coins.frozen -= LONG_AMOUNT
      coins.balance -= settle.amount
    }
  }

  /** Freezes that stay open until the end: those of long jobs. While the callers pause. */
  async beginLong(count: number): Promise<void> {
    const users = [...this.book.keys()].slice(0, count)
    await Promise.all(
      users.map(async (user) => {
        const call = { kind: 'call', family: 'atomic', requestId: `long-${user}`, user } as const
        assert.equal((await this.#application.ask({ ...call, method: 'freeze', amount: LONG_AMOUNT })).code, null)
        this.book.get(user)!.frozen += LONG_AMOUNT
        this.#long.push({ ...call, method: 'settle', amount: 1 })
      }),
    )
  }

  /** The calls that are under way are given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isGivenUp = true
    this.#isOver = true
    this.#gate.resolve()
    await Promise.all(this.#running)
  }

  async #until(isSo: () => boolean): Promise<void> {
    const deadlineAt = performance.now() + PATIENCE_MS
    while (!isSo()) {
      this.#check()
      assert.ok(performance.now() < deadlineAt, `no progress; answers: ${JSON.stringify([...this.troubles])}`)
      await sleep(PAUSE_MS)
    }
    this.#check()
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure
  }

  async #run(chance: Chance, caller: number): Promise<void> {
    const users = [...this.book.keys()]
    for (let life = 0; !this.#isOver; life++) {
      const user = chance.pick(users)
      const family = chance.pick(['atomic', 'locking'] as const)
      const requestId = `${family}-${caller}-${life}`
      const hold = { kind: 'call', family, requestId, user } as const
      const coins = this.book.get(user)!
      const amount = chance.between(1, 20)
      if (!(await this.#done({ ...hold, method: 'freeze', amount }))) continue
      coins.frozen += amount
      this.frozen.push({ requestId, family, user })
      const cost = chance.likely(0.3) ? null : chance.between(0, amount)
      const end =
        cost === null ? ({ method: 'refund', amount: 0 } as const) : ({ method: 'settle', amount: cost } as const)
      assert.ok(await this.#done({ ...hold, ...end }), `${requestId} was not ended`)
      coins.frozen -= amount
      coins.balance -= cost ?? 0
    }
  }

  /** Whether it was done; false if the user has too few coins. */
  async #done(call: OldCall): Promise<boolean> {
    const deadlineAt = performance.now() + PATIENCE_MS
    if (!this.#isOver) {
      await sleep(Math.random() * THINK_MS_MAX)
      await this.#gate.promise
    }
    this.#underWay++
    try {
      for (;;) {
        const { code, message } = await this.#application.ask(call)
        if (code === null) {
          this.doneCount++
          return true
        }
        if (code === 'insufficient_funds' && call.method === 'freeze') {
          this.declinedCount++
          return false
        }
        this.troubles.set(code, (this.troubles.get(code) ?? 0) + 1)
        if (this.#isGivenUp) return false
        assert.ok(performance.now() < deadlineAt, `${JSON.stringify(call)}: ${code}: ${message}`)
        await sleep(PAUSE_MS)
      }
    } finally {
      this.#underWay--
    }
  }
}
