/**
 * What happens to a batch whose commit did not simply succeed, or is not expected to.
 *
 *   contended before ▶ take a turn: lock the balances, decide, commit; insist where that proves too little
 *   stale, contended ▶ insist: lock, decide, commit, at most `attemptsMax` times and no longer than the callers wait
 *   doubt            ▶ insist until the lost transaction's fate is known, at most `doubtMsMax`
 *   refused          ▶ halve until the command that is to blame stands alone
 *
 * A refusal is believed only where every row of the batch was read under the locks; before that it is no more than stale.
 *
 * What finds a stripe of a house account full is decided again on the stripe that follows it.
 */
import type { Plan } from '../domain/batch.ts'
import { commandsOf, type Work } from '../domain/command.ts'
import { HOUSE_STRIPE_TURNS } from '../domain/house-stripes.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import type { RequestRecord, Snapshot } from '../domain/snapshot.ts'
import { holdOf } from '../domain/rules.ts'
import type { Footprint } from '../domain/footprint.ts'
import { afterCommit, asFault, Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import type { BatchContext } from './batch-context.ts'
import { needsProof, positionsToProve } from './proof.ts'
import type { CommitResult } from './store.ts'
import { fullIn } from './succession.ts'
import { tornIn } from './torn.ts'
import type { Job, WorkOutcome } from './ticket.ts'

/** One result per piece of work, in order. */
export type WorkResult = WorkOutcome | Fault

/** An attempt at a batch that came to nothing. */
interface Attempt {
  /** 1 for the first. */
  readonly number: number
  /** How long it took, in milliseconds. */
  readonly tookMs: number
}

/** Between two looks for a lost commit; the first is short, because most are decided at once. */
const DOUBT_PAUSE_MS_MAX = 1_000

/** Before the first attempt. */
const NONE: Attempt = { number: 0, tookMs: 0 }

/** How a batch that is insisted on came here. */
interface Insistence {
  /** The last attempt at it. */
  readonly last?: Attempt
  /** How often it may still go to another stripe of a house account. */
  readonly turnsLeft?: number
}

/** What is decided again of `jobs`. */
interface Again {
  readonly jobs: readonly Job[]
  readonly indices: readonly number[]
  readonly now: Instant
  readonly turnsLeft?: number
}

export class Recovery {
  readonly #context: BatchContext
  /** Whether commits proved everything in the last batch on contended balances; then they are likely to prove the next one. */
  #commitsProve = true

  constructor(context: BatchContext) {
    this.#context = context
  }

  /** What becomes of `jobs` after `fault` ended their commit. Never rejects. */
  async after(fault: Fault, jobs: readonly Job[], now: Instant): Promise<readonly WorkResult[]> {
    if (fault.code === 'commit_in_doubt') return await this.#resolveDoubt(jobs, now)
    if (isPoison(fault)) return await this.#split(jobs, fault, now)
    return jobs.map(() => fault)
  }

  /**
   * Decides a batch on contended balances under their locks, but on what the cache knows of its request ids and holds: keys and guards
   * prove those, as in a commit without locks. It spares reading a row per command while other writers wait. Never rejects.
   */
  async takeTurn(jobs: readonly Job[], now: Instant): Promise<readonly WorkResult[]> {
    let attempt = NONE
    if (this.#commitsProve) {
      const { clock } = this.#context
      const since = clock.elapsed()
      let isConflict = true
      try {
        const outcomes = await this.#turn(worksOf(jobs), now)
        if (outcomes !== null && outcomes.length > 0) return outcomes
        isConflict = outcomes === null
      } catch (error) {
        const fault = asFault(error)
        // Its holds were remembered ones.
        if (fault.code !== 'store_refused') return await this.after(fault, jobs, now)
      }
      if (isConflict) attempt = { number: 1, tookMs: clock.elapsed() - since }
    }
    const results = await this.insist(jobs, now, { last: attempt })
    this.#commitsProve = results.every((result) => result instanceof Fault || !needsProof(result))
    return results
  }

  /** Null when other writers came first; no outcome when something in it has to be read before it may be answered. */
  async #turn(work: readonly Work[], now: Instant): Promise<Plan['outcomes'] | null> {
    const { cache, contention } = this.#context
    const keys = this.#context.knownKeys(work)
    const known = new Map<RequestId, RequestRecord | null>()
    for (const id of keys.requests) {
      const record = cache.requests.get(id)
      if (record !== undefined) known.set(id, record)
    }
    const { houseStripes, balances, assets, rates, payees } = keys
    const requests = new Set(holdsOf(work).filter((hold) => !known.has(hold)))
    const decided = await this.#exclusive({ houseStripes, balances, assets, rates, payees, requests }, (snapshot) => {
      for (const [id, record] of snapshot.requests) known.set(id, record)
      const plan = this.#context.plan(work, { ...snapshot, requests: known }, keys, now)
      return plan.outcomes.some(needsProof) ? this.#context.plan([], snapshot, keys, now) : plan
    })
    if (decided === null) {
      // Its holds are among what may have moved.
      cache.forget(keys)
      return null
    }
    const { plan, snapshot } = decided
    // Another writer that came in between is likely to be there still. The guards of the commit have proven the holds.
    contention.remember(cache.observe(snapshot))
    cache.apply(plan.changes)
    return plan.outcomes
  }

  /** `outcomes`, with those at `indices` decided again. Never rejects. */
  async again(
    outcomes: readonly WorkResult[],
    { jobs, indices, now, turnsLeft = HOUSE_STRIPE_TURNS }: Again,
  ): Promise<readonly WorkResult[]> {
    const results = [...outcomes]
    const decided = await this.insist(
      indices.map((index) => jobs[index]!),
      now,
      { turnsLeft },
    )
    for (const [position, index] of indices.entries()) results[index] = decided[position]!
    return results
  }

  /**
   * Through `exclusive` until it is committed. Never rejects: what cannot be done is a fault.
   *
   * Nothing of an attempt that was stale or contended was written. So a caller who would not wait for another one is told `contention` at
   * once, and the others go on without it.
   *
   * @param now as of when it is decided, always the same: a commit that was lost may arrive later, and nothing but time could
   *   have made it refused here and good there
   */
  async insist(jobs: readonly Job[], now: Instant, from: Insistence = {}): Promise<readonly WorkResult[]> {
    const { last = NONE, turnsLeft = HOUSE_STRIPE_TURNS } = from
    const { clock, limits } = this.#context
    const results = new Map<Job, WorkResult>()
    let waiting = jobs
    for (let attempt = last; ;) {
      waiting = waiting.filter((job) => {
        if (this.#mayTryAgain(attempt, job.deadlineAt)) return true
        const fault = contention(attempt, limits)
        results.set(job, fault)
        job.reject(fault)
        return false
      })
      if (waiting.length === 0) break
      const since = clock.elapsed()
      const found = await this.#attempt(waiting, now, turnsLeft)
      if (found !== null) {
        for (const [index, job] of waiting.entries()) results.set(job, found[index]!)
        break
      }
      attempt = { number: attempt.number + 1, tookMs: clock.elapsed() - since }
      await clock.sleep(clock.random() * Math.min(2 ** attempt.number, limits.pauseMsMax))
    }
    return jobs.map((job) => results.get(job)!)
  }

  /** Null when other writers came first. Never rejects. */
  async #attempt(jobs: readonly Job[], now: Instant, turnsLeft: number): Promise<readonly WorkResult[] | null> {
    try {
      return await this.#decideUnderLocks(jobs, now, turnsLeft)
    } catch (error) {
      return await this.after(asFault(error), jobs, now)
    }
  }

  #mayTryAgain({ number, tookMs }: Attempt, deadlineAt: number): boolean {
    const { clock, limits } = this.#context
    if (number === 0) return true
    const marginMs = Math.min(tookMs, limits.attemptMarginMs)
    return number < limits.attemptsMax && clock.elapsed() + tookMs + marginMs < deadlineAt
  }

  /** Null when other writers came first. @throws as the store */
  async #decideUnderLocks(
    jobs: readonly Job[],
    now: Instant,
    turnsLeft = HOUSE_STRIPE_TURNS,
  ): Promise<readonly WorkResult[] | null> {
    const { cache } = this.#context
    const work = worksOf(jobs)
    const keys = this.#context.knownKeys(work)
    let decided: Decided | null = null
    try {
      decided = await this.#exclusive(keys, (snapshot) => this.#context.plan(work, snapshot, keys, now))
    } finally {
      if (decided === null) cache.forget(keys)
    }
    if (decided === null) return null
    const { plan, snapshot } = decided
    // Another writer that came in between is likely to be there still.
    this.#context.contention.remember(cache.replace(snapshot))
    cache.apply(plan.changes)
    return await this.#complete(plan, jobs, { now, turnsLeft })
  }

  /** What was decided under the locks, without what has to be decided again: that is, now. Never rejects. */
  async #complete(
    plan: Plan,
    jobs: readonly Job[],
    { now, turnsLeft }: { readonly now: Instant; readonly turnsLeft: number },
  ): Promise<readonly WorkResult[]> {
    const results: WorkResult[] = [...plan.outcomes]
    const positions = positionsToProve(plan.outcomes)
    const { knownKeysOf: keysOf } = this.#context
    const indices = new Set(tornIn({ positions, work: worksOf(jobs), plan, keysOf, isLocked: true }))
    const full = fullIn(plan.outcomes)
    if (full.size > 0 && turnsLeft > 0) {
      try {
        for (const index of await this.#context.succession.follow(full)) indices.add(index)
      } catch (error) {
        for (const index of full.keys()) results[index] = asFault(error)
      }
    }
    return indices.size === 0
      ? results
      : await this.again(results, { jobs, indices: [...indices], now, turnsLeft: turnsLeft - 1 })
  }

  /** What was decided under the locks and is committed; null when other writers came first. @throws as the store */
  async #exclusive(keys: Footprint, decide: (snapshot: Snapshot) => Plan): Promise<Decided | null> {
    const { contention, stats, store } = this.#context
    stats.exclusives++
    const decided: Decided[] = []
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
    if (result === 'committed') return decided.at(-1)!
    stats[result]++
    contention.remember(keys.balances.keys())
    return null
  }

  /**
   * The connection died around COMMIT. The same work goes through `exclusive`: its locks and unique keys wait for the lost
   * transaction, and the request ids tell whether it had committed. Not whose commit it was: one that came through is answered as a
   * repeat, so that nobody is told as new what another process did.
   */
  async #resolveDoubt(lost: readonly Job[], now: Instant): Promise<readonly WorkResult[]> {
    const { clock, limits, stats } = this.#context
    const jobs = lost.map(doubtful)
    stats.doubts++
    const deadlineAt = clock.elapsed() + limits.doubtMsMax
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, DOUBT_PAUSE_MS_MAX)) {
      let cause: Fault | undefined
      try {
        const results = await this.#decideUnderLocks(jobs, now)
        if (results !== null) return results.map(stillInDoubt)
      } catch (error) {
        cause = asFault(error)
        if (isPoison(cause)) return (await this.#split(jobs, cause, now)).map(stillInDoubt)
      }
      if (clock.elapsed() + pauseMs >= deadlineAt) return jobs.map(() => inDoubt(cause))
      await clock.sleep(pauseMs)
    }
  }

  /** The database refuses these rows together; the halves are tried one after the other. */
  async #split(jobs: readonly Job[], fault: Fault, now: Instant): Promise<readonly WorkResult[]> {
    if (jobs.length === 1) return [fault]
    this.#context.stats.splits++
    const middle = jobs.length >> 1
    const left = await this.insist(jobs.slice(0, middle), now)
    const right = await this.insist(jobs.slice(middle), now)
    return [...left, ...right]
  }
}

interface Decided {
  readonly plan: Plan
  /** The rows that it was decided on. */
  readonly snapshot: Snapshot
}

function worksOf(jobs: readonly Job[]): readonly Work[] {
  return jobs.map(({ work }) => work)
}

/** The holds that must be there for the commands about them. */
function holdsOf(work: readonly Work[]): readonly RequestId[] {
  return work
    .flatMap(commandsOf)
    .map(holdOf)
    .filter((hold) => hold !== null)
}

/** The same job, whose caller is told of nothing as certain that a lost commit may still prove wrong. */
function doubtful(job: Job): Job {
  const { work, deadlineAt } = job
  return { work, deadlineAt, reject: (fault) => job.reject(faultInDoubt(fault)) }
}

function stillInDoubt(result: WorkResult): WorkResult {
  return result instanceof Fault ? faultInDoubt(result) : result
}

/** After a doubt, only what the database refused for certain did not happen. */
function faultInDoubt(fault: Fault): Fault {
  return fault.code === 'store_refused' ? fault : inDoubt(fault)
}

/** Certain: what was stale or contended wrote nothing. */
function contention({ number }: Attempt, { attemptsMax, pauseMsMax }: EngineLimits): Fault {
  const message =
    number >= attemptsMax
      ? `Other writers came first ${number} times in a row.`
      : `Other writers came first ${number} times, and another attempt would not fit into the time of the call.`
  return new Fault('contention', message, { retryAfterMs: pauseMsMax })
}

function inDoubt(cause: Fault | undefined): Fault {
  const message = 'The connection was lost while committing, and the outcome is not known yet.'
  return new Fault('commit_in_doubt', message, { applied: 'unknown', retryAfterMs: 1_000, cause })
}

/** One command's rows, or one command itself, are what failed: the others can succeed without it. */
function isPoison(fault: Fault): boolean {
  return fault.code === 'store_refused' || fault.code === 'internal'
}
