/**
 * One batch from commands to a commit under way (`prepare`), and from there to outcomes (`finish`).
 *
 *   prepare: load what is missing ▶ decide ▶ prove rejections ▶ send the commit
 *   finish:  committed ▶ outcomes · stale, contended, doubt, refused ▶ recovery
 *
 * A batch may be prepared while the one before it is being committed: it is decided on the rows as that one will leave
 * them. Should that one fail, this one's guards fail with it wherever the two met, and `finish` decides the rest anew.
 *
 * Two things spare most loads. Rows come from the cache, because the commit's guards prove them. And a request id that the
 * cache does not know is taken for new, because the commit's insert proves that. What no commit proves, a rejection or a repeat, is
 * answered only after everything it rests on was read in this cycle.
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
import { needsProof } from './proof.ts'
import { Recovery, type WorkResult } from './recovery.ts'
import type { CommitResult } from './store.ts'
import type { Job } from './ticket.ts'
import { tornIn } from './torn.ts'

interface Sent {
  readonly keys: Footprint
  readonly plan: Plan
  readonly result: Promise<CommitResult | Fault>
  /** On the clock's `elapsed`. */
  readonly sentAt: number
  /** Positions of rejections that have to be decided again after the commit. */
  readonly torn: readonly number[]
}

/** A batch whose commit is under way. */
export interface Prepared {
  readonly jobs: readonly Job[]
  readonly work: readonly Work[]
  /** Null for a batch that has to lock before it decides, or that failed before it could be sent. */
  readonly sent: Sent | null
  readonly fault: Fault | null
  /** The moment as of which it is decided, however often: an earlier attempt may have come through after all. */
  readonly now: Instant
  /** `#failures` when it was decided. */
  readonly epoch: number
}

export class Cycle {
  readonly #context: BatchContext
  readonly #recovery: Recovery
  /** Commits that did not succeed. A batch that was decided before the last of them may rest on rows that never came. */
  #failures = 0
  readonly #underWay = new Set<Changes>()
  /** Holds that commits under way open, or change as a step. */
  readonly #moving = new Set<RequestId>()

  constructor(context: BatchContext) {
    this.#context = context
    this.#recovery = new Recovery(context)
  }

  /** Stands alone: the next batch must not be prepared before this one is finished. */
  static standsAlone({ sent }: Prepared): boolean {
    if (sent === null || sent.torn.length > 0) return true
    // No guard of a later commit would notice that an asset it rests on was not declared after all, or a rate of other contents.
    return sent.plan.changes.assets.length + sent.plan.changes.rates.length > 0
  }

  /** One call at a time. `drained` resolves when every batch prepared before is finished. Never rejects. */
  async prepare(jobs: readonly Job[], drained: () => Promise<void>): Promise<Prepared> {
    const { cache, clock, contention, store, watch } = this.#context
    const work = jobs.map((job) => job.work)
    const fresh = new Fresh()
    let now: Instant = 0
    try {
      if (!watch.isSure()) await watch.check()
      now = watch.now()
      if (this.#context.hasLostConnection()) {
        await drained()
        cache.clear()
      }
      // Nothing in a change of a hold would tell that another process had opened it meanwhile, or made the same step otherwise.
      if (this.#moving.size > 0 && touchesAnyOf(work, this.#moving)) await drained()
      // Nor does a step after the end tell how the hold ended.
      else if (followsAnyEnd(work, this.#underWay)) await drained()
      for (;;) {
        const keys = this.#context.knownKeys(work)
        if (contention.touches(keys.balances.keys())) {
          await drained()
          return { jobs, work, sent: null, fault: null, now, epoch: this.#failures }
        }
        const missing = this.#missing(work, keys, fresh)
        if (missing !== null) {
          // Rows that the cache lacks are in no commit under way, so reading them now is safe.
          this.#learn(await this.#load(missing), fresh)
          continue
        }
        const plan = this.#context.plan(work, cache, keys, now)
        const unproven = this.#unproven(work, plan, fresh)
        if (unproven.length === 0) {
          const sentAt = clock.elapsed()
          const result = isEmpty(plan.changes) ? Promise.resolve('committed' as const) : store.commit(plan.changes)
          cache.apply(plan.changes)
          this.#begin(plan.changes)
          const torn = tornIn({ work, plan, keysOf: this.#context.knownKeysOf, isLocked: false })
          const sent = { keys, plan, result: result.catch(afterCommit), sentAt, torn }
          return { jobs, work, sent, fault: null, now, epoch: this.#failures }
        }
        await drained()
        // Fresh rows can turn other answers into rejections; from the second round on everything is read at once.
        const snapshot = await this.#load(this.#context.knownKeys(fresh.rounds === 0 ? unproven : work))
        cache.replace(snapshot)
        fresh.add(snapshot)
        fresh.rounds++
      }
    } catch (error) {
      await drained()
      return { jobs, work, sent: null, fault: asFault(error), now, epoch: this.#failures }
    }
  }

  /** Called in the order of `prepare`, after the batch before is finished. Never rejects. */
  async finish(prepared: Prepared): Promise<readonly WorkResult[]> {
    const { jobs, work, sent, fault, now, epoch } = prepared
    const { cache, clock, contention, stats } = this.#context
    if (fault !== null) return await this.#recovery.after(fault, jobs, now)
    if (sent === null) return await this.#recovery.takeTurn(jobs, now)
    const result = beforeLocks(await sent.result)
    const attempt = { number: 1, tookMs: clock.elapsed() - sent.sentAt }
    this.#end(sent.plan.changes)
    const sound = epoch === this.#failures
    if (result === 'committed') {
      // What was applied was proven by the commit; the other answers may rest on rows that never came.
      const unproven = sound ? sent.torn : [...work.keys()].filter((index) => needsProof(sent.plan.outcomes[index]!))
      if (unproven.length === 0) return sent.plan.outcomes
      return await this.#recovery.again(sent.plan.outcomes, { jobs, indices: unproven, now })
    }
    this.#failures++
    cache.forget(sent.keys)
    for (const { code } of sent.plan.changes.assets) cache.assets.delete(code)
    if (result instanceof Fault) return await this.#recovery.after(result, jobs, now)
    if (sound) {
      stats[result]++
      const met = sent.plan.changes.balances.map(({ after }) => balanceKey(after.account, after.asset, after.stripe))
      contention.remember(met)
    }
    return await this.#recovery.insist(jobs, now, { last: attempt })
  }

  #begin(changes: Changes): void {
    this.#underWay.add(changes)
    for (const hold of changes.holdsOpened) this.#moving.add(hold.id)
    for (const { after } of changes.holdsStepped) this.#moving.add(after.id)
  }

  #end(changes: Changes): void {
    this.#underWay.delete(changes)
    for (const hold of changes.holdsOpened) this.#moving.delete(hold.id)
    for (const { after } of changes.holdsStepped) this.#moving.delete(after.id)
  }

  /** What the cache lacks and no commit can prove: holds to be changed, balances, assets, rates. Null when nothing is missing. */
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
    const assets = new Set<string>()
    for (const code of keys.assets) if (!cache.assets.has(code)) assets.add(code)
    const rates = new Map<string, RatePair>()
    for (const [key, pair] of keys.rates) if (!cache.rates.has(key)) rates.set(key, pair)
    if (requests.size + balances.size + assets.size + rates.size === 0) return null
    return { houseStripes: keys.houseStripes, requests, balances, assets, rates, payees: keys.payees }
  }

  #unproven(work: readonly Work[], plan: Plan, fresh: Fresh): readonly Work[] {
    return work.filter(
      (item, index) => needsProof(plan.outcomes[index]!) && !fresh.has(this.#context.knownKeysOf(item)),
    )
  }

  async #load(keys: Footprint): Promise<Snapshot> {
    this.#context.stats.loads++
    return await this.#context.store.load(keys)
  }

  #learn(snapshot: Snapshot, fresh: Fresh): void {
    fresh.add(this.#context.cache.learn(snapshot))
  }
}

/** What was last read from the database in this cycle. All that a rejection rests on must have been there at one instant. */
class Fresh {
  /** How often rows were read to prove rejections. */
  rounds = 0
  /** Requests that the database did not have. What it has is in the cache, unless it was trimmed since; then it is read again. */
  readonly absent = new Set<string>()
  #last: Snapshot | null = null

  add(snapshot: Snapshot): void {
    this.#last = snapshot
    for (const [id, record] of snapshot.requests) if (record === null) this.absent.add(id)
  }

  has(keys: Footprint): boolean {
    if (this.#last === null) return false
    const { requests, balances, assets, rates } = this.#last
    for (const id of keys.requests) if (!requests.has(id)) return false
    for (const key of keys.balances.keys()) if (!balances.has(key)) return false
    for (const code of keys.assets) if (!assets.has(code)) return false
    for (const key of keys.rates.keys()) if (!rates.has(key)) return false
    return true
  }
}

/**
 * What the result of a commit means whose rows were not read under their locks. A database may check a constraint before it comes to
 * the guard that would have found a row moved, so a refusal says no more than that.
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

/** Whether a step comes after the end of a hold that one of the commits under way ends. */
function followsAnyEnd(work: readonly Work[], underWay: ReadonlySet<Changes>): boolean {
  let ended: Set<RequestId> | null = null
  for (const item of work) {
    for (const command of commandsOf(item)) {
      const rule = ruleOf(command)
      if (!rule.followsEnd(command)) continue
      ended ??= new Set([...underWay].flatMap(({ holdsChanged }) => holdsChanged.map(({ id }) => id)))
      if (ended.has(rule.hold(command)!)) return true
    }
  }
  return false
}
