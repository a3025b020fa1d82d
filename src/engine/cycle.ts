/**
 * One batch, from its commands to a commit in flight (`prepare`), and from there to its outcomes (`finish`).
 *
 *   prepare: load missing rows ▶ decide ▶ prove rejections and repeats ▶ send the commit
 *   finish:  committed ▶ outcomes · stale, contended, in doubt, refused ▶ recovery
 *
 * A batch may be prepared while the previous one is being committed: it is decided on the rows that the previous one writes. If the
 * previous commit fails, the guards of this one fail for every row that both touch, and `finish` decides the rest again.
 *
 * Most batches are decided without a load. Rows come from the cache, because the commit's guards prove them. A request id that is not
 * cached counts as new, because the commit's insert proves that. A rejection or a repeat is not proven by a commit, so it is answered
 * only after every row that it rests on was read in this cycle.
 */
import { balanceKey, type BalanceName } from '../domain/balance.ts'
import type { Plan } from '../domain/batch.ts'
import { commandsOf, type Work } from '../domain/command.ts'
import type { Instant, RequestId } from '../domain/ids.ts'
import type { RatePair } from '../domain/rate.ts'
import { holdOf, ruleOf } from '../domain/rules.ts'
import { type Snapshot } from '../domain/snapshot.ts'
import { isEmpty, type Changes } from '../domain/changes.ts'
import { type Footprint } from '../domain/footprint.ts'
import { afterCommit, asFault, Fault } from './faults.ts'
import type { BatchContext } from './batch-context.ts'
import { positionsToProve } from './proof.ts'
import { Recovery } from './recovery.ts'
import type { CommitResult } from './store.ts'
import type { Job } from './ticket.ts'
import { tornIn } from './torn.ts'
import type { WorkResult } from './work-result.ts'

const COMMITTED: Promise<CommitResult> = Promise.resolve('committed')

/** A batch after `prepare`, in one of three states. */
export type Prepared = Sent | LocksFirst | Failed

interface PreparedBatch {
  readonly jobs: readonly Job[]
  /** The time that every attempt is decided by: an earlier attempt that seemed to fail may have committed. */
  readonly now: Instant
  /** The next batch must not be prepared before this one is finished. */
  readonly standsAlone: boolean
}

/** Its commit is in flight. */
interface Sent extends PreparedBatch {
  readonly state: 'sent'
  readonly keys: Footprint
  readonly plan: Plan
  readonly result: Promise<CommitResult | Fault>
  /** On the clock's `elapsed`. */
  readonly sentAt: number
  /** Positions of the outcomes that the commit does not prove. */
  readonly toProve: readonly number[]
  /** Positions of rejections that have to be decided again after the commit. */
  readonly torn: readonly number[]
  /** `#failures` when it was decided. */
  readonly failuresBefore: number
}

/** It touches contended balances, so they are locked before it is decided; or some that another transaction has locked. */
interface LocksFirst extends PreparedBatch {
  readonly state: 'locks-first'
}

/** A fault came before the commit was sent. */
interface Failed extends PreparedBatch {
  readonly state: 'failed'
  readonly fault: Fault
}

export class Cycle {
  readonly #context: BatchContext
  readonly #recovery: Recovery
  /** Commits that failed. A batch that was decided before the last failure may rest on rows that were never written. */
  #failures = 0
  /** Changes of the commits in flight. */
  readonly #underWay = new Set<Changes>()
  /** Holds and charges that commits in flight make, or change in a step. */
  readonly #moving = new Set<RequestId>()
  #connectionsLost = 0

  constructor(context: BatchContext) {
    this.#context = context
    this.#recovery = new Recovery(context)
  }

  /** One call at a time. `drained` resolves when every batch that was prepared before is finished. Never rejects. */
  async prepare(jobs: readonly Job[], drained: () => Promise<void>): Promise<Prepared> {
    const { cache, watch } = this.#context
    const work = jobs.map((job) => job.work)
    let now: Instant = 0
    try {
      if (!watch.isSure()) await watch.check()
      now = watch.now()
      if (this.#hasLostConnection()) {
        await drained()
        cache.clear()
      }
      // An update of a hold does not prove that no other process opened the hold, or made the same step with other contents.
      if (this.#moving.size > 0 && touchesAnyOf(work, this.#moving)) await drained()
      // A step after the end does not prove how the hold ended.
      else if (followsAnyEnd(work, this.#underWay)) await drained()
      return await this.#decide(jobs, work, now, drained)
    } catch (error) {
      await drained()
      return { state: 'failed', jobs, now, standsAlone: true, fault: asFault(error) }
    }
  }

  /** Loads missing rows and decides, until every outcome is proven or the commit will prove it; then sends the commit. @throws as the store */
  async #decide(
    jobs: readonly Job[],
    work: readonly Work[],
    now: Instant,
    drained: () => Promise<void>,
  ): Promise<Sent | LocksFirst> {
    const { cache, contention, locked } = this.#context
    const fresh = new Fresh()
    for (;;) {
      const keys = this.#context.knownKeys(work)
      if (contention.touches(keys.balances.keys()) || locked.among(keys.balances.keys()).length > 0) {
        await drained()
        return { state: 'locks-first', jobs, now, standsAlone: true }
      }
      const missing = this.#missing(work, keys, fresh)
      if (missing !== null) {
        // A row that is not cached is in no commit in flight, so it can be read now.
        fresh.add(cache.learn(await this.#load(missing)))
        continue
      }
      const plan = this.#context.plan(work, cache, keys, now)
      const toProve = positionsToProve(plan.outcomes)
      const unproven = this.#unproven(work, toProve, fresh)
      if (unproven.length === 0) return this.#send({ jobs, now }, { work, keys, plan, toProve })
      await drained()
      // Fresh rows can turn other outcomes into rejections; from the second round on all rows are read at once.
      const snapshot = await this.#load(this.#context.knownKeys(fresh.rounds === 0 ? unproven : work))
      cache.replace(snapshot)
      fresh.add(snapshot)
      fresh.rounds++
    }
  }

  #send(
    { jobs, now }: Pick<PreparedBatch, 'jobs' | 'now'>,
    { work, keys, plan, toProve }: Pick<Sent, 'keys' | 'plan' | 'toProve'> & { readonly work: readonly Work[] },
  ): Sent {
    const { cache, clock, store } = this.#context
    const { changes } = plan
    const sentAt = clock.elapsed()
    const result = isEmpty(changes) ? COMMITTED : store.commit(changes).catch(afterCommit)
    cache.apply(changes)
    this.#begin(changes)
    const { knownKeysOf: keysOf } = this.#context
    const torn = toProve.length === 0 ? [] : tornIn({ positions: toProve, work, plan, keysOf, isLocked: false })
    // Guards do not prove that an asset was declared, or the contents of a rate, so a later batch must not rest on either before it is
    // committed. Nor may it name a house account whose declaration is not committed: its guard would make it stale.
    const declared = changes.assets.length + changes.houses.length + changes.rates.length
    const standsAlone = torn.length > 0 || declared > 0
    return {
      state: 'sent',
      jobs,
      now,
      standsAlone,
      keys,
      plan,
      result,
      sentAt,
      toProve,
      torn,
      failuresBefore: this.#failures,
    }
  }

  /** Called in the order of `prepare`, after the previous batch is finished. Never rejects. */
  async finish(prepared: Prepared): Promise<readonly WorkResult[]> {
    switch (prepared.state) {
      case 'sent':
        return await this.#finishSent(prepared)
      case 'locks-first':
        return await this.#recovery.takeTurn(prepared.jobs, prepared.now)
      case 'failed':
        return await this.#recovery.after(prepared.fault, prepared.jobs, prepared.now)
    }
  }

  async #finishSent(sent: Sent): Promise<readonly WorkResult[]> {
    const { cache, clock, contention, measures } = this.#context
    const { jobs, now, plan } = sent
    const answer = await sent.result
    this.#context.tried('swap', sent.sentAt, answer)
    const result = beforeLocks(answer)
    const attempt = { number: 1, tookMs: clock.elapsed() - sent.sentAt }
    if (result === 'committed') measures.attempts.observe(1)
    this.#end(plan.changes)
    const sound = sent.failuresBefore === this.#failures
    if (result === 'committed') {
      // The commit has proven what it applied. After a failed commit, the other outcomes may rest on rows that were never written.
      const indices = sound ? sent.torn : sent.toProve
      if (indices.length === 0) return plan.outcomes
      return await this.#recovery.again(plan.outcomes, { jobs, indices, now })
    }
    this.#failures++
    cache.forget(sent.keys)
    for (const { code } of plan.changes.assets) cache.assets.delete(code)
    for (const { account } of plan.changes.houses) cache.houses.delete(account)
    if (result instanceof Fault) return await this.#recovery.after(result, jobs, now)
    if (result === 'stale') this.#context.leap()
    if (sound) {
      this.#context.conflicted('swap', result)
      contention.remember(
        plan.changes.balances.map(({ after }) => balanceKey(after.account, after.asset, after.stripe)),
      )
    }
    return await this.#recovery.insist(jobs, now, { last: attempt, conflict: result })
  }

  /** Whether a connection was lost since the previous call. */
  #hasLostConnection(): boolean {
    const { connectionsLost } = this.#context.store
    if (connectionsLost === this.#connectionsLost) return false
    this.#connectionsLost = connectionsLost
    return true
  }

  #begin(changes: Changes): void {
    this.#underWay.add(changes)
    for (const hold of changes.holdsOpened) this.#moving.add(hold.id)
    for (const charge of changes.charges) this.#moving.add(charge.id)
    for (const { after, step } of changes.holdChanges) if (step !== null) this.#moving.add(after.id)
  }

  #end(changes: Changes): void {
    this.#underWay.delete(changes)
    for (const hold of changes.holdsOpened) this.#moving.delete(hold.id)
    for (const charge of changes.charges) this.#moving.delete(charge.id)
    for (const { after, step } of changes.holdChanges) if (step !== null) this.#moving.delete(after.id)
  }

  /** Rows that are not cached and that a decision needs: holds to change, balances, standings, assets, house accounts, rates. Null when none is missing. */
  #missing(work: readonly Work[], keys: Footprint, fresh: Fresh): Footprint | null {
    const { cache } = this.#context
    const requests = new Set<string>()
    for (const item of work) {
      for (const command of commandsOf(item)) {
        const hold = holdOf(command)
        if (hold !== null && !cache.requests.has(hold) && !fresh.absent.has(hold)) requests.add(hold)
      }
    }
    const balances = new Map<string, BalanceName>()
    for (const [key, name] of keys.balances) if (!cache.balances.has(key)) balances.set(key, name)
    const standings = new Set<string>()
    for (const account of keys.standings) if (!cache.standings.has(account)) standings.add(account)
    const assets = new Set<string>()
    for (const code of keys.assets) if (!cache.assets.has(code)) assets.add(code)
    const houses = new Set<string>()
    for (const account of keys.houses) if (!cache.houses.has(account)) houses.add(account)
    const rates = new Map<string, RatePair>()
    for (const [key, pair] of keys.rates) if (!cache.rates.has(key)) rates.set(key, pair)
    if (requests.size + balances.size + standings.size + assets.size + houses.size + rates.size === 0) return null
    const { houseStripes, wholes, payees } = keys
    return { houseStripes, requests, balances, standings, wholes, assets, houses, rates, payees }
  }

  /** The work at `positions` whose rows were not read in this cycle. */
  #unproven(work: readonly Work[], positions: readonly number[], fresh: Fresh): readonly Work[] {
    return positions.map((index) => work[index]!).filter((item) => !fresh.has(this.#context.knownKeysOf(item)))
  }

  async #load(keys: Footprint): Promise<Snapshot> {
    this.#context.stats.loads++
    return await this.#context.store.load(keys)
  }
}

/** The rows of the last read in this cycle. All rows that a rejection rests on must have been read at one instant. */
class Fresh {
  /** How often rows were read to prove outcomes. */
  rounds = 0
  /** Requests that the database did not have. Those that it has are cached; one that was trimmed since is read again. */
  readonly absent = new Set<string>()
  #last: Snapshot | null = null

  add(snapshot: Snapshot): void {
    this.#last = snapshot
    for (const [id, record] of snapshot.requests) if (record === null) this.absent.add(id)
  }

  has(keys: Footprint): boolean {
    if (this.#last === null) return false
    const { requests, balances, standings, assets, houses, rates } = this.#last
    for (const id of keys.requests) if (!requests.has(id)) return false
    for (const key of keys.balances.keys()) if (!balances.has(key)) return false
    for (const account of keys.standings) if (!standings.has(account)) return false
    for (const code of keys.assets) if (!assets.has(code)) return false
    for (const account of keys.houses) if (!houses.has(account)) return false
    for (const key of keys.rates.keys()) if (!rates.has(key)) return false
    return true
  }
}

/**
 * The result of a commit whose rows were not read under their locks. A database may check a constraint before the guard that would have
 * found a row moved, so a refusal proves no more than `stale`.
 */
function beforeLocks(result: CommitResult | Fault): CommitResult | Fault {
  return result instanceof Fault && result.code === 'store_refused' ? 'stale' : result
}

function touchesAnyOf(work: readonly Work[], holds: ReadonlySet<RequestId>): boolean {
  for (const item of work) {
    for (const command of commandsOf(item)) {
      const hold = holdOf(command)
      if (hold !== null && holds.has(hold)) return true
    }
  }
  return false
}

/** Whether any of the commands may be a step after the end of a hold, and a commit in flight ends that hold. */
function followsAnyEnd(work: readonly Work[], underWay: ReadonlySet<Changes>): boolean {
  let ended: Set<RequestId> | null = null
  for (const item of work) {
    for (const command of commandsOf(item)) {
      const rule = ruleOf(command)
      if (!rule.followsEnd(command)) continue
      ended ??= new Set([...underWay].flatMap(({ holdChanges }) => holdChanges.map(({ after }) => after.id)))
      if (ended.has(rule.hold(command)!)) return true
    }
  }
  return false
}
