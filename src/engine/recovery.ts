/**
 * What happens to a batch whose commit did not simply succeed.
 *
 *   stale, contended ▶ insist: lock, decide, commit, at most `attemptsMax` times
 *   doubt            ▶ insist until the lost transaction's fate is known, at most `doubtMsMax`
 *   refused          ▶ halve until the command that is to blame stands alone
 */
import type { Plan } from '../domain/batch.ts'
import type { Work } from '../domain/command.ts'
import type { Instant } from '../domain/ids.ts'
import type { Footprint } from '../domain/snapshot.ts'
import { afterCommit, asFault, Fault } from './faults.ts'
import type { Parts } from './parts.ts'
import type { CommitResult } from './store.ts'
import type { WorkOutcome } from './ticket.ts'

/** One result per piece of work, in order. */
export type WorkResult = WorkOutcome | Fault

export class Recovery {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What becomes of `work` after `fault` ended its commit. Never rejects. */
  async after(fault: Fault, work: readonly Work[], now: Instant): Promise<readonly WorkResult[]> {
    if (fault.code === 'commit_in_doubt') return await this.#resolveDoubt(work, now)
    if (isPoison(fault)) return await this.#split(work, fault, now)
    return work.map(() => fault)
  }

  /**
   * Through `exclusive` until it is committed. Never rejects: what cannot be done is a fault.
   *
   * @param now as of when it is decided, always the same: a commit that was lost may arrive later, and nothing but time could
   *   have made it refused here and good there
   */
  async insist(work: readonly Work[], now: Instant): Promise<readonly WorkResult[]> {
    try {
      return await this.#insist(work, now)
    } catch (error) {
      return await this.after(asFault(error), work, now)
    }
  }

  /** @throws Fault `contention` when other writers won every time, and what the store throws */
  async #insist(work: readonly Work[], now: Instant): Promise<readonly WorkResult[]> {
    const { cache, contention, clock, limits, stats } = this.#parts
    for (let attempt = 1; attempt <= limits.attemptsMax; attempt++) {
      const keys = this.#parts.knownKeys(work)
      cache.forget(keys)
      stats.exclusives++
      const { result, plan } = await this.#exclusive(keys, work, now)
      if (result === 'committed') {
        cache.apply(plan.changes)
        return plan.outcomes
      }
      stats[result]++
      contention.remember(keys.balances.keys())
      await clock.sleep(clock.random() * Math.min(2 ** attempt, limits.pauseMsMax))
    }
    const message = `Other writers came first ${limits.attemptsMax} times in a row.`
    throw new Fault('contention', message, { retryAfterMs: limits.pauseMsMax })
  }

  async #exclusive(
    keys: Footprint,
    work: readonly Work[],
    now: Instant,
  ): Promise<{ result: CommitResult; plan: Plan }> {
    const plans: Plan[] = []
    try {
      const result = await this.#parts.store.exclusive(keys, (snapshot) => {
        const plan = this.#parts.plan(work, snapshot, now)
        plans.push(plan)
        return plan.changes
      })
      return { result, plan: plans.at(-1)! }
    } catch (error) {
      throw afterCommit(error)
    }
  }

  /**
   * The connection died around COMMIT. The same work goes through `exclusive`: its locks and unique keys wait for the lost
   * transaction, and the request ids tell whether it had committed.
   */
  async #resolveDoubt(work: readonly Work[], now: Instant): Promise<readonly WorkResult[]> {
    const { clock, limits, stats } = this.#parts
    stats.doubts++
    const deadlineAt = clock.elapsed() + limits.doubtMsMax
    let pauseMs = 5
    for (;;) {
      try {
        return await this.#insist(work, now)
      } catch (error) {
        const fault = asFault(error)
        if (isPoison(fault)) return (await this.#split(work, fault, now)).map(stillInDoubt)
        if (clock.elapsed() + pauseMs >= deadlineAt) return work.map(() => inDoubt(fault))
        await clock.sleep(pauseMs)
        pauseMs = Math.min(pauseMs * 2, 1_000)
      }
    }
  }

  /** The database refuses these rows together; the halves are tried one after the other. */
  async #split(work: readonly Work[], fault: Fault, now: Instant): Promise<readonly WorkResult[]> {
    if (work.length === 1) return [fault]
    this.#parts.stats.splits++
    const middle = work.length >> 1
    const left = await this.insist(work.slice(0, middle), now)
    const right = await this.insist(work.slice(middle), now)
    return [...left, ...right]
  }
}

/** After a doubt, only what the database refused for certain did not happen. */
function stillInDoubt(result: WorkResult): WorkResult {
  return result instanceof Fault && result.code !== 'store_refused' ? inDoubt(result) : result
}

function inDoubt(cause: Fault): Fault {
  const message = 'The connection was lost while committing, and the outcome is not known yet.'
  return new Fault('commit_in_doubt', message, { applied: 'unknown', retryAfterMs: 1_000, cause })
}

/** One command's rows, or one command itself, are what failed: the others can succeed without it. */
function isPoison(fault: Fault): boolean {
  return fault.code === 'store_refused' || fault.code === 'internal'
}
