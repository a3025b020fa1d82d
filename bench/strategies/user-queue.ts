/**
 * "请求合并": `update-first` under a lock per user in the process, `_user_locks = defaultdict(asyncio.Lock)`.
 *
 * It combines nothing: requests wait in the program instead of the database. Each process has its own locks.
 */
import { freezeStrategy } from './freeze-logs.ts'
import type { FreezeRequest, HoldRequest, Lives } from './strategy.ts'
import { UpdateFirst } from './update-first.ts'

export const userQueue = freezeStrategy({
  summary: 'update-first under a lock per user in the process ("request merging")',
  play: (database, counter) => new UserQueue(new UpdateFirst(database, counter)),
})

class UserQueue implements Lives {
  readonly #inner: Lives
  /** The last call of each user, for which the next one waits. */
  readonly #last = new Map<number, Promise<unknown>>()

  constructor(inner: Lives) {
    this.#inner = inner
  }

  freeze(request: FreezeRequest): Promise<unknown> {
    return this.#inTurn(request.user, () => this.#inner.freeze(request))
  }

  settle(hold: HoldRequest, cost: number): Promise<unknown> {
    return this.#inTurn(hold.user, () => this.#inner.settle(hold, cost))
  }

  release(hold: HoldRequest): Promise<unknown> {
    return this.#inTurn(hold.user, () => this.#inner.release(hold))
  }

  #inTurn(user: number, call: () => Promise<unknown>): Promise<unknown> {
    const before = this.#last.get(user) ?? Promise.resolve()
    const turn = before.then(call)
    // The next call proceeds whether this one succeeds or fails.
    this.#last.set(
      user,
      turn.catch(() => undefined),
    )
    return turn
  }
}
