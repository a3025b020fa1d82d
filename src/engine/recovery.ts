/**
 * Finishes batches whose commit failed, or would probably fail.
 *
 *   contended before ▶ take a turn: lock the balances, decide, commit; insist if that proves too little
 *   stale, contended ▶ insist: lock, decide, commit, at most `attemptsMax` times and until the callers' deadlines
 *   locked elsewhere ▶ park the work whose balances another transaction keeps locked, and insist on the rest
 *   in doubt         ▶ insist until the outcome of the lost transaction is known, at most for `doubtMsMax`
 *   refused          ▶ halve until the command that causes the refusal is alone
 *
 * A refusal counts only when every row of the batch was read under its locks; before that it counts as `stale`.
 *
 * A command that found a stripe of a house account full is decided again on another stripe.
 */
import type { Plan } from '../domain/batch.ts'
import { commandsOf, type Work } from '../domain/command.ts'
import { HOUSE_STRIPE_TURNS } from '../domain/house-stripes.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import type { RequestRecord, Snapshot } from '../domain/snapshot.ts'
import { holdsOf } from '../domain/rules.ts'
import type { Footprint } from '../domain/footprint.ts'
import { afterCommit, asFault, Fault } from './faults.ts'
import type { EngineLimits } from './limits.ts'
import type { BatchContext } from './batch-context.ts'
import { doubtful, inDoubt, stillInDoubt } from './doubt.ts'
import { needsProof, positionsToProve } from './proof.ts'
import type { CommitResult } from './store.ts'
import { fullIn } from './succession.ts'
import { tornIn } from './torn.ts'
import type { Job } from './ticket.ts'
import { isOutcome, Parked, type WorkResult } from './work-result.ts'

/** Why nothing was written: another writer came first, or the database gave up because of a lock. */
type Conflict = Exclude<CommitResult, 'committed'>

/** An attempt at a batch that was stale or contended. */
interface Attempt {
  /** 1 for the first. */
  readonly number: number
  /** How long it took, in milliseconds. */
  readonly tookMs: number
}

/** The longest pause between two attempts to find the outcome of a lost commit. The first pause is short, because most outcomes are known soon. */
const DOUBT_PAUSE_MS_MAX = 1_000

/** Before the first attempt. */
const NONE: Attempt = { number: 0, tookMs: 0 }

/** What happened to a batch before it is insisted on. */
interface Insistence {
  /** The last attempt at it, and how that ended. */
  readonly last?: Attempt
  readonly conflict?: Conflict
  /** How many more times it may move to another stripe of a house account. */
  readonly turnsLeft?: number
}

/** Which of `jobs` are decided again. */
interface Again {
  readonly jobs: readonly Job[]
  readonly indices: readonly number[]
  readonly now: Instant
  readonly turnsLeft?: number
}

export class Recovery {
  readonly #context: BatchContext
  /** Whether the commit proved every outcome of the last batch on contended balances; then it will probably do so for the next one. */
  #commitsProve = true

  constructor(context: BatchContext) {
    this.#context = context
  }

  /** The results of `jobs` whose commit ended with `fault`. Never rejects. */
  async after(fault: Fault, jobs: readonly Job[], now: Instant): Promise<readonly WorkResult[]> {
    if (fault.code === 'commit_in_doubt') return await this.#resolveDoubt(jobs, now)
    if (isPoison(fault)) return await this.#split(jobs, fault, now)
    return jobs.map(() => fault)
  }

  /**
   * Decides a batch on contended balances under their locks, with request ids and holds from the cache: keys and guards prove those, as
   * in a commit without locks. So no row per command is read while other writers wait for the locks. Never rejects.
   */
  async takeTurn(jobs: readonly Job[], now: Instant): Promise<readonly WorkResult[]> {
    let from: Insistence = {}
    // While balances are locked elsewhere, `insist` takes out the work on them.
    if (this.#commitsProve && this.#context.locked.size === 0) {
      const { clock, measures } = this.#context
      const since = clock.elapsed()
      let conflict: Conflict | null = 'stale'
      try {
        const outcomes = await this.#turn(worksOf(jobs), now)
        if (typeof outcomes === 'string') conflict = outcomes
        else if (outcomes.length === 0) conflict = null
        else {
          measures.attempts.observe(1)
          return outcomes
        }
      } catch (error) {
        const fault = asFault(error)
        // A refusal does not count: the holds came from the cache.
        if (fault.code !== 'store_refused') return await this.after(fault, jobs, now)
      }
      if (conflict !== null) from = { last: { number: 1, tookMs: clock.elapsed() - since }, conflict }
    }
    const results = await this.insist(jobs, now, from)
    this.#commitsProve = results.every((result) => !isOutcome(result) || !needsProof(result))
    return results
  }

  /** An empty list when rows have to be read before the batch may be answered. */
  async #turn(work: readonly Work[], now: Instant): Promise<Plan['outcomes'] | Conflict> {
    const { cache, contention } = this.#context
    const keys = this.#context.knownKeys(work)
    const known = new Map<RequestId, RequestRecord | null>()
    for (const id of keys.requests) {
      const record = cache.requests.get(id)
      if (record !== undefined) known.set(id, record)
    }
    const { houseStripes, balances, standings, wholes, assets, houses, rates, payees } = keys
    const requests = new Set(holdsOf(work).filter((hold) => !known.has(hold)))
    const decided = await this.#exclusive(
      { houseStripes, balances, standings, wholes, assets, houses, rates, payees, requests },
      (snapshot) => {
        for (const [id, record] of snapshot.requests) known.set(id, record)
        const plan = this.#context.plan(work, { ...snapshot, requests: known }, keys, now)
        return plan.outcomes.some(needsProof) ? this.#context.plan([], snapshot, keys, now) : plan
      },
    )
    if (typeof decided === 'string') {
      // The other writer may have moved the holds too.
      cache.forget(keys)
      return decided
    }
    const { plan, snapshot } = decided
    // A writer that moved a balance will probably do so again. The guards of the commit have proven the holds.
    contention.remember(cache.observe(snapshot))
    cache.apply(plan.changes)
    return plan.outcomes
  }

  /** `outcomes`, with the ones at `indices` decided again. Never rejects. */
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
   * Attempts `exclusive` until it commits. Never rejects: each job that fails has a fault as its result.
   *
   * An attempt that was stale or contended wrote nothing. So a job whose deadline may come before the end of another attempt is answered
   * `contention` immediately, one whose balances another transaction keeps locked is parked, and the others continue without them.
   *
   * @param now the same for every attempt: a lost commit may still arrive, and a later time could reject what that commit applied
   */
  async insist(jobs: readonly Job[], now: Instant, from: Insistence = {}): Promise<readonly WorkResult[]> {
    const { last = NONE, turnsLeft = HOUSE_STRIPE_TURNS } = from
    const { clock, limits, measures } = this.#context
    const results = new Map<Job, WorkResult>()
    let waiting = jobs
    let conflict = from.conflict ?? null
    for (let attempt = last; ;) {
      const aside = await this.#lockedElsewhere(waiting, conflict === 'lock_timeout')
      if (aside.size > 0) {
        for (const [job, result] of aside) results.set(job, result)
        waiting = waiting.filter((job) => !aside.has(job))
        // The others do not wait for that lock again.
        attempt = { ...attempt, tookMs: 0 }
      }
      waiting = waiting.filter((job) => {
        if (this.#mayTryAgain(attempt, job.deadlineAt)) return true
        const fault = contention(attempt, limits)
        results.set(job, fault)
        job.reject(fault)
        return false
      })
      if (waiting.length === 0) {
        if (attempt.number > 0) measures.attempts.observe(attempt.number)
        break
      }
      const since = clock.elapsed()
      const found = await this.#attempt(waiting, now, turnsLeft)
      if (typeof found !== 'string') {
        for (const [index, job] of waiting.entries()) results.set(job, found[index]!)
        measures.attempts.observe(attempt.number + 1)
        break
      }
      conflict = found
      attempt = { number: attempt.number + 1, tookMs: clock.elapsed() - since }
      await clock.sleep(clock.random() * Math.min(2 ** attempt.number, limits.pauseMsMax))
    }
    return jobs.map((job) => results.get(job)!)
  }

  /**
   * The jobs that have to wait for another transaction, with the balances that it has locked.
   *
   * @param isNew whether a lock was just not given in time, so that there may be more of them than are known
   */
  async #lockedElsewhere(jobs: readonly Job[], isNew: boolean): Promise<ReadonlyMap<Job, Parked>> {
    const { locked } = this.#context
    const aside = new Map<Job, Parked>()
    if (!isNew && locked.size === 0) return aside
    const balances = await this.#context.balancesOf(worksOf(jobs)).catch(() => [])
    if (isNew) await locked.look(new Map(balances.flatMap((ofJob) => [...ofJob])))
    for (const [index, ofJob] of balances.entries()) {
      const job = jobs[index]!
      const keys = job.mayBeParked ? locked.among(ofJob.keys()) : []
      if (keys.length > 0) aside.set(job, new Parked(keys))
    }
    return aside
  }

  /** Never rejects. */
  async #attempt(jobs: readonly Job[], now: Instant, turnsLeft: number): Promise<readonly WorkResult[] | Conflict> {
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

  /** @throws as the store */
  async #decideUnderLocks(
    jobs: readonly Job[],
    now: Instant,
    turnsLeft = HOUSE_STRIPE_TURNS,
  ): Promise<readonly WorkResult[] | Conflict> {
    const { cache } = this.#context
    const work = worksOf(jobs)
    const keys = this.#context.knownKeys(work)
    let decided: Decided | Conflict | null = null
    try {
      decided = await this.#exclusive(keys, (snapshot) => this.#context.plan(work, snapshot, keys, now))
    } finally {
      if (decided === null || typeof decided === 'string') cache.forget(keys)
    }
    if (typeof decided === 'string') return decided
    const { plan, snapshot } = decided
    // A writer that moved a balance will probably do so again.
    this.#context.contention.remember(cache.replace(snapshot))
    cache.apply(plan.changes)
    return await this.#complete(plan, jobs, { now, turnsLeft })
  }

  /** The results of a batch that was decided under locks, after deciding again what has to be. Never rejects. */
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

  /** The decision that was committed under locks. @throws as the store */
  async #exclusive(keys: Footprint, decide: (snapshot: Snapshot) => Plan): Promise<Decided | Conflict> {
    const { clock, contention, stats, store } = this.#context
    stats.exclusives++
    const decided: Decided[] = []
    let result: CommitResult
    const since = clock.elapsed()
    try {
      result = await store.exclusive(keys, (snapshot) => {
        const plan = decide(snapshot)
        decided.push({ plan, snapshot })
        return plan.changes
      })
    } catch (error) {
      const fault = afterCommit(error)
      this.#context.tried('locked', since, fault)
      throw fault
    }
    this.#context.tried('locked', since, result)
    if (result === 'committed') return decided.at(-1)!
    this.#context.conflicted('locked', result)
    if (result === 'stale') this.#context.leap()
    contention.remember(keys.balances.keys())
    return result
  }

  /**
   * The connection was lost around COMMIT. The same work goes through `exclusive`: its locks and unique keys wait for the lost transaction,
   * and the request ids show whether it committed. They do not show whose commit it was, so work that is found committed is answered as a
   * repeat.
   */
  async #resolveDoubt(lost: readonly Job[], now: Instant): Promise<readonly WorkResult[]> {
    const { clock, limits, stats, observer } = this.#context
    const jobs = lost.map(doubtful)
    stats.doubts++
    const commands = jobs.reduce((sum, { work }) => sum + commandsOf(work).length, 0)
    observer?.onTrouble?.({ kind: 'doubt', commands })
    const since = clock.elapsed()
    const deadlineAt = since + limits.doubtMsMax
    const ended = (isKnown: boolean): void =>
      observer?.onTrouble?.({ kind: 'doubt_ended', isKnown, ms: clock.elapsed() - since })
    for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, DOUBT_PAUSE_MS_MAX)) {
      let cause: Fault | undefined
      try {
        const results = await this.#decideUnderLocks(jobs, now)
        if (typeof results !== 'string') {
          ended(true)
          return results.map(stillInDoubt)
        }
      } catch (error) {
        cause = asFault(error)
        if (isPoison(cause)) {
          // The locks were given, so the lost transaction has ended, and the request ids were read.
          ended(true)
          return (await this.#split(jobs, cause, now)).map(stillInDoubt)
        }
      }
      if (clock.elapsed() + pauseMs >= deadlineAt) {
        ended(false)
        return jobs.map(() => inDoubt(cause))
      }
      await clock.sleep(pauseMs)
    }
  }

  /** The database refuses these rows together, so each half is tried on its own, in order. */
  async #split(jobs: readonly Job[], fault: Fault, now: Instant): Promise<readonly WorkResult[]> {
    if (jobs.length === 1) return [fault]
    const { stats, observer } = this.#context
    stats.splits++
    observer?.onTrouble?.({ kind: 'split', commands: jobs.length, fault })
    const middle = jobs.length >> 1
    const left = await this.insist(jobs.slice(0, middle), now)
    const right = await this.insist(jobs.slice(middle), now)
    return [...left, ...right]
  }
}

interface Decided {
  readonly plan: Plan
  /** The rows that the plan was decided on. */
  readonly snapshot: Snapshot
}

function worksOf(jobs: readonly Job[]): readonly Work[] {
  return jobs.map(({ work }) => work)
}

/** Has no effect: an attempt that was stale or contended wrote nothing. */
function contention({ number }: Attempt, { attemptsMax, pauseMsMax }: EngineLimits): Fault {
  const message =
    number >= attemptsMax
      ? `Other writers came first ${number} times in a row.`
      : `Other writers came first ${number} times, and there is no time for another attempt before the call’s deadline.`
  return new Fault('contention', message, { retryAfterMs: pauseMsMax })
}

/** One command of the batch causes the fault; the others can succeed without it. */
function isPoison(fault: Fault): boolean {
  return fault.code === 'store_refused' || fault.code === 'internal'
}
