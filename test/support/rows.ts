/** In-memory rows for tests of the rules without a store. */
import assert from 'node:assert/strict'
import { CREDIT, type Asset } from '../../src/domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../src/domain/balance.ts'
import { decideBatch } from '../../src/domain/batch.ts'
import type { Work } from '../../src/domain/command.ts'
import type { Moment } from '../../src/domain/decision.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { rateKey, type Rate } from '../../src/domain/rate.ts'
import { type RequestRecord, type Snapshot } from '../../src/domain/snapshot.ts'
import { footprint } from '../../src/domain/rules.ts'
import { footprintOfHold } from '../../src/domain/footprint.ts'
import { type Changes } from '../../src/domain/changes.ts'
import { MOMENT } from './given.ts'

const STRIPES = new HouseStripes(0)

export class Rows {
  readonly requests = new Map<string, RequestRecord>()
  readonly balances = new Map<string, BalanceRecord>()
  readonly postings: PostingRecord[] = []
  /** The entry id of each step, by hold and number. */
  readonly holdSteps = new Map<string, string>()
  readonly accounts = new Map<string, unknown>()
  readonly assets = new Map<string, Asset>([[CREDIT.code, CREDIT]])
  /** Every version of each pair by `rateKey`, the oldest first. */
  readonly rates = new Map<string, readonly Rate[]>()
  readonly #ids: Map<string, number>

  /** @param ids the id of each balance; share it between ledgers whose rows are to be compared */
  constructor(ids: Map<string, number> = new Map()) {
    this.#ids = ids
  }

  snapshot(work: readonly Work[]): Snapshot {
    const keys = footprint(work, STRIPES)
    const requests = new Map<string, RequestRecord | null>()
    const names: BalanceName[] = [...keys.balances.values()]
    for (const id of keys.requests) {
      const request = this.requests.get(id) ?? null
      requests.set(id, request)
      if (request?.kind === 'freeze') names.push(...footprintOfHold(request, keys))
    }
    return {
      requests,
      balances: new Map(names.map((name) => [balanceKey(name.account, name.asset, name.stripe), this.balance(name)])),
      assets: new Map([...keys.assets].map((code) => [code, this.assets.get(code) ?? null])),
      rates: new Map([...keys.rates.keys()].map((key) => [key, this.rates.get(key)?.at(-1) ?? null])),
    }
  }

  balance(name: BalanceName): BalanceRecord {
    const key = balanceKey(name.account, name.asset, name.stripe)
    const id = this.#ids.get(key) ?? this.#ids.size + 1
    this.#ids.set(key, id)
    return this.balances.get(key) ?? emptyBalance(id, name)
  }

  write(changes: Changes): void {
    for (const used of changes.ratesUsed) {
      assert.deepEqual(this.rates.get(rateKey(used.from, used.to))?.at(-1), used, 'an outdated rate was used')
    }
    for (const rate of changes.rates) {
      const key = rateKey(rate.from, rate.to)
      const before = this.rates.get(key) ?? []
      assert.equal(rate.version, before.length + 1, `the versions of ${key} have a gap`)
      this.rates.set(key, [...before, rate])
    }
    for (const record of [...changes.entries, ...changes.holdsOpened]) {
      assert.ok(!this.requests.has(record.id), `the request id ${record.id} has two effects`)
      this.requests.set(record.id, record)
    }
    for (const hold of changes.holdsChanged) {
      const before = this.requests.get(hold.id)
      assert.ok(before?.kind === 'freeze' && before.state === 'open', `the hold ${hold.id} ends twice`)
      assert.equal(before.steps, 0, `the end of ${hold.id} is not a step, but follows one`)
      this.requests.set(hold.id, hold)
    }
    for (const { before, after } of changes.holdsStepped) {
      const stored = this.requests.get(after.id)
      assert.ok(stored?.kind === 'freeze', `a step of an unknown hold: ${after.id}`)
      if (stored !== after) assert.deepEqual({ state: stored.state, steps: stored.steps }, before)
      this.requests.set(after.id, after)
    }
    for (const { hold, number, entry } of changes.holdSteps) {
      const key = `${hold} ${number}`
      assert.ok(!this.holdSteps.has(key), `duplicate step ${key}`)
      this.holdSteps.set(key, entry)
    }
    for (const { before, after } of changes.balances) {
      const key = balanceKey(after.account, after.asset, after.stripe)
      assert.deepEqual(this.balance(after), before, `${key} was decided on a stale row`)
      this.balances.set(key, after)
    }
    this.postings.push(...changes.postings)
    for (const { account, metadata } of changes.accounts) this.accounts.set(account, metadata)
    for (const asset of changes.assets) this.assets.set(asset.code, asset)
  }

  /** Decides `work` as one batch and writes the plan. */
  run(work: readonly Work[], moment: Moment = MOMENT): readonly Outcome[] {
    const plan = decideBatch(work, this.snapshot(work), STRIPES, moment)
    this.write(plan.changes)
    return plan.outcomes.flat()
  }

  /** All rows, for comparison. */
  all(): unknown {
    const byKey = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
      [...map].sort(([left], [right]) => (left < right ? -1 : 1))
    return {
      requests: byKey(this.requests),
      balances: byKey(this.balances),
      postings: this.postings,
      holdSteps: byKey(this.holdSteps),
      accounts: byKey(this.accounts),
      assets: byKey(this.assets),
      rates: byKey(this.rates),
    }
  }
}
