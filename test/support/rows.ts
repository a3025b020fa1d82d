/** In-memory rows for tests of the rules without a store. */
import assert from 'node:assert/strict'
import { showHold } from '../../src/domain/hold-record.ts'
import type { Hold } from '../../src/domain/hold.ts'
import { CREDIT, type Asset } from '../../src/domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../src/domain/balance.ts'
import { decideBatch } from '../../src/domain/batch.ts'
import type { Work } from '../../src/domain/command.ts'
import type { Moment } from '../../src/domain/decision.ts'
import { HOUSES_FROM_START, type HouseAccount } from '../../src/domain/house-account.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { rateKey, type Rate } from '../../src/domain/rate.ts'
import { type RequestRecord, type Snapshot } from '../../src/domain/snapshot.ts'
import { footprint } from '../../src/domain/rules.ts'
import { companionsOf, footprintOfHold, footprintOfSuccessor, footprintOfWhole } from '../../src/domain/footprint.ts'
import { isHouse } from '../../src/domain/ids.ts'
import { newStanding, type StandingRecord } from '../../src/domain/standing.ts'
import { type Changes, type HoldChange } from '../../src/domain/changes.ts'
import { MOMENT } from './given.ts'

const STRIPES = new HouseStripes(0)

export class Rows {
  readonly requests = new Map<string, RequestRecord>()
  readonly balances = new Map<string, BalanceRecord>()
  readonly postings: PostingRecord[] = []
  /** By the number of the hold's request and that of the change. */
  readonly holdChanges = new Map<string, HoldChange>()
  readonly accounts = new Map<string, unknown>()
  readonly standings = new Map<string, StandingRecord>()
  readonly assets = new Map<string, Asset>([[CREDIT.code, CREDIT]])
  readonly houses = new Map<string, HouseAccount>(HOUSES_FROM_START.map((house) => [house.account, house]))
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
    const standings = new Map([...keys.standings].map((account) => [account, this.standing(account)]))
    for (const standing of standings.values()) names.push(...footprintOfWhole(standing, keys))
    const balances = new Map<string, BalanceRecord>()
    // Successors are added on the way.
    for (const name of names) {
      const balance = this.balance(name)
      balances.set(keyOf(name), balance)
      if (balance.version === 0 && !isHouse(name.account)) standings.set(name.account, this.standing(name.account))
      const successor = footprintOfSuccessor(balance, keys)
      names.push(...companionsOf(name, keys).filter((other) => !balances.has(keyOf(other))))
      if (successor !== null && !balances.has(keyOf(successor))) names.push(successor)
    }
    return {
      requests,
      balances,
      standings,
      assets: new Map([...keys.assets].map((code) => [code, this.assets.get(code) ?? null])),
      houses: new Map([...keys.houses].map((account) => [account, this.houses.get(account) ?? null])),
      rates: new Map([...keys.rates.keys()].map((key) => [key, this.rates.get(key)?.at(-1) ?? null])),
    }
  }

  balance(name: BalanceName): BalanceRecord {
    const key = balanceKey(name.account, name.asset, name.stripe)
    const id = this.#ids.get(key) ?? this.#ids.size + 1
    this.#ids.set(key, id)
    return this.balances.get(key) ?? emptyBalance(id, name, this.standing(name.account))
  }

  standing(account: string): StandingRecord {
    return this.standings.get(account) ?? newStanding(account)
  }

  write(changes: Changes): void {
    for (const used of changes.ratesUsed) {
      assert.deepEqual(this.rates.get(rateKey(used.from, used.to))?.at(-1), used, 'an outdated rate was used')
    }
    for (const account of changes.housesUsed) assert.ok(this.houses.has(account), `${account} was used undeclared`)
    for (const house of changes.houses) {
      assert.ok(!this.houses.has(house.account), `${house.account} was declared twice`)
      this.houses.set(house.account, house)
    }
    for (const rate of changes.rates) {
      const key = rateKey(rate.from, rate.to)
      const before = this.rates.get(key) ?? []
      assert.equal(rate.version, before.length + 1, `the versions of ${key} have a gap`)
      this.rates.set(key, [...before, rate])
    }
    const numbers = new Set([...this.requests.values()].map(({ seq }) => seq))
    for (const record of [...changes.entries, ...changes.holdsOpened, ...changes.charges]) {
      assert.ok(!this.requests.has(record.id), `the request id ${record.id} has two effects`)
      assert.ok(!numbers.has(record.seq), `the number ${record.seq} is taken`)
      numbers.add(record.seq)
      this.requests.set(record.id, record)
    }
    for (const change of changes.holdChanges) this.#change(change, changes)
    for (const { before, after } of changes.balances) {
      const isKnown = !after.account.startsWith('@') || this.houses.has(after.account)
      assert.ok(isKnown, `${after.account} has a balance and was not declared`)
      const key = balanceKey(after.account, after.asset, after.stripe)
      assert.deepEqual(this.balance(after), before, `${key} was decided on a stale row`)
      this.balances.set(key, after)
    }
    this.postings.push(...changes.postings)
    for (const { account, metadata } of changes.accounts) this.accounts.set(account, metadata)
    for (const { before, after } of changes.standings) {
      assert.deepEqual(
        this.standing(after.account),
        before,
        `the standing of ${after.account} was decided on a stale row`,
      )
      this.standings.set(after.account, after)
    }
    for (const asset of changes.assets) this.assets.set(asset.code, asset)
  }

  #change(change: HoldChange, { entries, holdsOpened, charges }: Changes): void {
    const { after, step } = change
    const before = this.requests.get(after.id)
    assert.ok(before?.kind === 'freeze' && before.seq === after.seq, `a change of an unknown hold: ${after.id}`)
    const key = (number: number): string => `${after.seq} ${number}`
    const number = after.changes
    assert.ok(!this.holdChanges.has(key(number)), `the change ${key(number)} is taken`)
    if (number > 1) assert.ok(this.holdChanges.has(key(number - 1)), `there is no change before ${key(number)}`)
    if (step === null) assert.equal(number, 1, `the end of ${after.id} is not a step, but follows one`)
    else assert.ok(entries.includes(step), `the step ${step.id} has no row`)
    this.holdChanges.set(key(number), change)
    // The hold that a batch opens is written as the last of its changes left it.
    if (![...holdsOpened, ...charges].includes(before)) this.requests.set(after.id, after)
  }

  /** Decides `work` as one batch and writes the plan. */
  run(work: readonly Work[], moment: Moment = MOMENT): readonly Outcome[] {
    const plan = decideBatch(work, this.snapshot(work), STRIPES, moment)
    this.write(plan.changes)
    return plan.outcomes.flat()
  }

  /** The hold as it is now. */
  holdOf(id: string): Hold {
    const record = this.requests.get(id)
    if (record?.kind !== 'freeze') throw new Error(`There is no hold ${id}.`)
    return showHold(record)
  }

  /** All rows, for comparison: each request has its place in the order of numbers, because decisions that came to nothing leave gaps. */
  all(): unknown {
    const seqs = [...this.requests.values()].map(({ seq }) => seq).sort((left, right) => left - right)
    const places = new Map(seqs.map((seq, index) => [seq, index]))
    const placed = (value: unknown): unknown => withPlaces(value, places)
    const byKey = <Value>(map: ReadonlyMap<string, Value>): [string, Value][] =>
      [...map].sort(([left], [right]) => (left < right ? -1 : 1))
    return {
      requests: placed(byKey(this.requests)),
      balances: byKey(this.balances),
      postings: placed(this.postings),
      holdChanges: placed([...this.holdChanges.values()].sort(byHold)),
      accounts: byKey(this.accounts),
      // Each batch that opens balances of an account makes one version.
      standings: byKey(this.standings).map(([account, standing]) => [account, { ...standing, version: 0 }]),
      assets: byKey(this.assets),
      houses: byKey(this.houses),
      rates: byKey(this.rates),
    }
  }
}

function keyOf({ account, asset, stripe }: BalanceName): string {
  return balanceKey(account, asset, stripe)
}

function byHold({ after: left }: HoldChange, { after: right }: HoldChange): number {
  return left.seq - right.seq || left.changes - right.changes
}

const NUMBERS: ReadonlySet<string> = new Set(['seq', 'holdSeq'])

/** The value with each number of a request replaced. */
function withPlaces(value: unknown, places: ReadonlyMap<number, number>): unknown {
  if (Array.isArray(value)) return value.map((each) => withPlaces(each, places))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([field, part]) => [
      field,
      NUMBERS.has(field) ? places.get(part as number) : withPlaces(part, places),
    ]),
  )
}
