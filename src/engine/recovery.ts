/**
 * What happens to a batch whose commit did not simply succeed, or is not expected to.
 *
 *   contended before ▶ take a turn: lock the balances, decide, commit; insist where that proves too little
 *   stale, contended ▶ insist: lock, decide, commit, at most `attemptsMax` times
 *   doubt            ▶ insist until the lost transaction's fate is known, at most `doubtMsMax`
 *   refused          ▶ halve until the command that is to blame stands alone
 *
 * What finds a stripe of a house account full is decided again on the stripe that follows it.
 */
import type { Plan } from '../domain/batch.ts'
import { commandsOf, isOfHold, type Work } from '../domain/command.ts'
import { HOUSE_STRIPE_TURNS } from '../domain/house-stripes.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import { balanceKey, type BalanceRecord } from '../domain/balance.ts'
import type { Footprint, RequestRecord, Snapshot } from '../domain/snapshot.ts'
import { afterCommit, asFault, Fault } from './faults.ts'
import type { Parts } from './parts.ts'
import { needsProof } from './proof.ts'
import type { CommitResult } from './store.ts'
import { fullIn } from './succession.ts'
import { tornIn } from './torn.ts'
import type { WorkOutcome } from './ticket.ts'

/** One result per piece of work, in order. */
export type WorkResult = WorkOutcome | Fault

/** What is decided again of `work`. */
interface Again {
  readonly work: readonly Work[]
  readonly indices: readonly number[]
  readonly now: Instant
  readonly turnsLeft?: number
}

export class Recovery {
  readonly #parts: Parts
  /** Whether commits proved everything in the last batch on contended balances; then they are likely to prove the next one. */
  #commitsProve = true

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
   * Decides a batch on contended balances under their locks, but on what the cache knows of its request ids and holds: keys and guards
   * prove those, as in a commit without locks. It spares reading a row per command while other writers wait. Never rejects.
   */
  async takeTurn(work: readonly Work[], now: Instant): Promise<readonly WorkResult[]> {
    if (this.#commitsProve) {
      try {
        const outcomes = await this.#turn(work, now)
        if (outcomes !== null) return outcomes
      } catch (error) {
        return await this.after(asFault(error), work, now)
      }
    }
    const results = await this.insist(work, now)
    this.#commitsProve = results.every((result, index) => result instanceof Fault || !needsProof(work[index]!, result))
    return results
  }

  /** Null when other writers came first, or when something in it has to be read before it may be refused. */
  async #turn(work: readonly Work[], now: Instant): Promise<Plan['outcomes'] | null> {
    const keys = this.#parts.knownKeys(work)
    const known = new Map<RequestId, RequestRecord | null>()
    for (const id of keys.requests) {
      const record = this.#parts.cache.requests.get(id)
      if (record !== undefined) known.set(id, record)
    }
    const { houseStripes, balances, assets, rates, payees } = keys
    const requests = new Set(holdsOf(work).filter((hold) => !known.has(hold)))
    const plan = await this.#exclusive({ houseStripes, balances, assets, rates, payees, requests }, (snapshot) => {
      for (const [id, record] of snapshot.requests) known.set(id, record)
      const decided = this.#parts.plan(work, { ...snapshot, requests: known }, keys, now)
      const isProven = !work.some((item, index) => needsProof(item, decided.outcomes[index]!))
      return isProven ? decided : this.#parts.plan([], snapshot, keys, now)
    })
    return plan === null || plan.outcomes.length === 0 ? null : plan.outcomes
  }

  /**
   * Through `exclusive` until it is committed. Never rejects: what cannot be done is a fault.
   *
   * @param now as of when it is decided, always the same: a commit that was lost may arrive later, and nothing but time could
   *   have made it refused here and good there
   * @param turnsLeft how often it may still go to another stripe of a house account
   */
  async insist(work: readonly Work[], now: Instant, turnsLeft = HOUSE_STRIPE_TURNS): Promise<readonly WorkResult[]> {
    try {
      return await this.#insist(work, now, turnsLeft)
    } catch (error) {
      return await this.after(asFault(error), work, now)
    }
  }

  /** `outcomes`, with those at `indices` decided again. Never rejects. */
  async again(
    outcomes: readonly WorkResult[],
    { work, indices, now, turnsLeft }: Again,
  ): Promise<readonly WorkResult[]> {
    const results = [...outcomes]
    const decided = await this.insist(
      indices.map((index) => work[index]!),
      now,
      turnsLeft,
    )
    for (const [position, index] of indices.entries()) results[index] = decided[position]!
    return results
  }

  /** @throws Fault `contention` when other writers won every time, and what the store throws */
  async #insist(work: readonly Work[], now: Instant, turnsLeft = HOUSE_STRIPE_TURNS): Promise<readonly WorkResult[]> {
    const { clock, limits } = this.#parts
    for (let attempt = 1; attempt <= limits.attemptsMax; attempt++) {
      const keys = this.#parts.knownKeys(work)
      const plan = await this.#exclusive(keys, (snapshot) => this.#parts.plan(work, snapshot, keys, now))
      if (plan !== null) return await this.#complete(plan, work, { now, turnsLeft })
      await clock.sleep(clock.random() * Math.min(2 ** attempt, limits.pauseMsMax))
    }
    const message = `Other writers came first ${limits.attemptsMax} times in a row.`
    throw new Fault('contention', message, { retryAfterMs: limits.pauseMsMax })
  }

  /** What was decided under the locks, without what has to be decided again: that is, now. Never rejects. */
  async #complete(
    plan: Plan,
    work: readonly Work[],
    { now, turnsLeft }: { readonly now: Instant; readonly turnsLeft: number },
  ): Promise<readonly WorkResult[]> {
    const results: WorkResult[] = [...plan.outcomes]
    const indices = new Set(tornIn({ work, plan, keysOf: this.#parts.knownKeysOf, isLocked: true }))
    const full = fullIn(plan.outcomes)
    if (full.size > 0 && turnsLeft > 0) {
      try {
        for (const index of await this.#parts.succession.follow(full)) indices.add(index)
      } catch (error) {
        for (const index of full.keys()) results[index] = asFault(error)
      }
    }
    return indices.size === 0
      ? results
      : await this.again(results, { work, indices: [...indices], now, turnsLeft: turnsLeft - 1 })
  }

  /** What was decided under the locks and is committed; null when other writers came first. @throws as the store */
  async #exclusive(keys: Footprint, decide: (snapshot: Snapshot) => Plan): Promise<Plan | null> {
    const { cache, contention, stats, store } = this.#parts
    const remembered = cache.balancesOf(keys)
    cache.forget(keys)
    stats.exclusives++
    const decided: { readonly plan: Plan; readonly snapshot: Snapshot }[] = []
    let result: CommitResult
    try {
      result = await store.exclusive(keys, (snapshot) => {
        const plan = decide(snapshot)
        decided.push({ plan, snapshot })
        return plan.changes
      })
    } catch (error) {
      throw afterCommit(error)
    }
    if (result !== 'committed') {
      stats[result]++
      contention.remember(keys.balances.keys())
      return null
    }
    const { plan, snapshot } = decided.at(-1)!
    // Whoever wrote in between is likely to be there still.
    contention.remember(overtaken(remembered, snapshot))
    cache.apply(plan.changes)
    return plan
  }

  /**
   * The connection died around COMMIT. The same work goes through `exclusive`: its locks and unique keys wait for the lost
   * transaction, and the request ids tell whether it had committed. Not whose commit it was: one that came through is answered as a
   * repeat, so that nobody is told as new what another process did.
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

/** The holds that must be there for the commands about them. */
function holdsOf(work: readonly Work[]): readonly RequestId[] {
  return work
    .flatMap(commandsOf)
    .filter(isOfHold)
    .map(({ hold }) => hold)
}

/** The balances that had moved since they were remembered. */
function overtaken(remembered: readonly BalanceRecord[], { balances }: Snapshot): readonly string[] {
  const keys = remembered.map(({ account, asset, stripe }) => balanceKey(account, asset, stripe))
  return keys.filter((key, index) => balances.get(key)?.version !== remembered[index]!.version)
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
