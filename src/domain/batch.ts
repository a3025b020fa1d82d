/**
 * Decides a batch. Each command sees the effects of the commands before it, and a rejection affects only its own command.
 */
import type { Asset } from './asset.ts'
import { balanceKey, type BalanceRecord } from './balance.ts'
import type { AccountChange, BalanceChange, Changes, HoldChange, HoldStepRecord } from './changes.ts'
import type { Command, Group, Work } from './command.ts'
import type { Effect, Moment, State } from './decision.ts'
import type { HoldRecord } from './hold.ts'
import type { HouseStripes } from './house-stripes.ts'
import type { AccountName, AssetCode, RequestId } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Outcome, Rejection } from './outcome.ts'
import { rateKey, type Rate } from './rate.ts'
import { decide } from './rules.ts'
import type { RequestRecord, Snapshot } from './snapshot.ts'

export interface Plan {
  /** One outcome per command, in order. The outcomes of a group are an array at the position of the group. */
  readonly outcomes: readonly (Outcome | readonly Outcome[])[]
  readonly changes: Changes
}

/**
 * Decides `work` in order over `snapshot`, which must contain the whole footprint. A request id that is not in the snapshot is treated
 * as new: the caller must have proof, or the commit must prove it.
 */
export function decideBatch(
  work: readonly Work[],
  snapshot: Snapshot,
  houseStripes: HouseStripes,
  moment: Moment,
): Plan {
  const draft = new Draft(snapshot, houseStripes)
  const outcomes = work.map((item) =>
    item.kind === 'group' ? decideGroup(item, draft, moment) : decideOne(item, draft, moment),
  )
  return { outcomes, changes: draft.changes() }
}

function decideOne(command: Command, draft: Draft, moment: Moment): Outcome {
  const decision = decide(command, draft, moment)
  switch (decision.verdict) {
    case 'reject':
      return { status: 'rejected', rejection: decision.rejection }
    case 'replay':
      return { status: 'applied', replayed: true, answer: decision.answer }
    case 'apply':
      draft.apply(decision.effect)
      return { status: 'applied', replayed: false, answer: decision.answer }
  }
}

function decideGroup(group: Group, draft: Draft, moment: Moment): readonly Outcome[] {
  const { rollback, release } = draft.mark()
  const outcomes: Outcome[] = []
  for (const command of group.commands) {
    const outcome = decideOne(command, draft, moment)
    if (outcome.status === 'rejected') {
      rollback()
      const aborted: Rejection = { code: 'batch_aborted', because: outcome.rejection.code }
      const position = outcomes.length
      return group.commands.map((_, index) =>
        index === position ? outcome : { status: 'rejected', rejection: aborted },
      )
    }
    outcomes.push(outcome)
  }
  release()
  return outcomes
}

/** A balance in the snapshot, and after the commands of the batch so far. */
interface DraftBalance {
  readonly before: BalanceRecord
  now: BalanceRecord
}

/** The rows of the batch: the snapshot, overlaid with the effects of the commands. */
class Draft implements State {
  readonly #snapshot: Snapshot
  readonly #houseStripes: HouseStripes
  readonly #requests = new Map<RequestId, RequestRecord>()
  /** The balances that were read, by asset and account. The key of a row is built only at its first lookup. */
  readonly #balances = new Map<AssetCode, Map<AccountName, DraftBalance>>()
  readonly #assets = new Map<AssetCode, Asset>()
  readonly #accounts = new Map<AccountName, AccountChange>()
  readonly #rates = new Map<string, Rate>()
  readonly #ratesDeclared: Rate[] = []
  readonly #ratesUsed = new Set<Rate>()
  readonly #postings: PostingRecord[] = []
  /** The actions that undo the effects since `mark`, the newest last; null outside of groups. */
  #undo: (() => void)[] | null = null

  constructor(snapshot: Snapshot, houseStripes: HouseStripes) {
    this.#snapshot = snapshot
    this.#houseStripes = houseStripes
  }

  request(id: RequestId): RequestRecord | null {
    return this.#requests.get(id) ?? this.#snapshot.requests.get(id) ?? null
  }

  balance(account: AccountName, asset: AssetCode): BalanceRecord {
    return this.#row(account, asset).now
  }

  #row(account: AccountName, asset: AssetCode): DraftBalance {
    let accounts = this.#balances.get(asset)
    if (accounts === undefined) this.#balances.set(asset, (accounts = new Map<AccountName, DraftBalance>()))
    let row = accounts.get(account)
    if (row === undefined) {
      const key = balanceKey(account, asset, this.#houseStripes.of(account, asset))
      const before = this.#snapshot.balances.get(key)
      if (before === undefined) throw new Error(`The snapshot lacks the balance "${key}".`)
      accounts.set(account, (row = { before, now: before }))
    }
    return row
  }

  asset(code: AssetCode): Asset | null {
    const asset = this.#assets.get(code) ?? this.#snapshot.assets.get(code)
    if (asset === undefined) throw new Error(`The snapshot lacks the asset "${code}".`)
    return asset
  }

  rate(from: AssetCode, to: AssetCode): Rate | null {
    const key = rateKey(from, to)
    const rate = this.#rates.get(key) ?? this.#snapshot.rates.get(key)
    if (rate === undefined) throw new Error(`The snapshot lacks the rate "${key}".`)
    return rate
  }

  apply(effect: Effect): void {
    const { request, step, balances, postings, account, asset, rate, ratesUsed } = effect
    if (request !== undefined) this.#put(this.#requests, request.id, request)
    if (step !== undefined) this.#put(this.#requests, step.id, step)
    if (balances !== undefined) for (const balance of balances) this.#move(balance)
    if (postings !== undefined) for (const posting of postings) this.#postings.push(posting)
    if (account !== undefined) this.#put(this.#accounts, account.account, account)
    if (asset !== undefined) this.#put(this.#assets, asset.code, asset)
    if (rate !== undefined) {
      this.#put(this.#rates, rateKey(rate.from, rate.to), rate)
      this.#ratesDeclared.push(rate)
    }
    // A rolled back group can leave a rate here that is not needed. It can only make the commit stale.
    if (ratesUsed !== undefined) for (const used of ratesUsed) this.#ratesUsed.add(used)
  }

  #move(balance: BalanceRecord): void {
    const row = this.#row(balance.account, balance.asset)
    const { now } = row
    if (this.#undo !== null) this.#undo.push(() => (row.now = now))
    row.now = balance
  }

  #put<Value>(map: Map<string, Value>, key: string, value: Value): void {
    if (this.#undo !== null) {
      const before = map.get(key)
      this.#undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    }
    map.set(key, value)
  }

  /** After this call, `rollback` can undo all effects, until `release`. */
  mark(): { rollback: () => void; release: () => void } {
    const undo: (() => void)[] = []
    const postings = this.#postings.length
    const rates = this.#ratesDeclared.length
    this.#undo = undo
    const release = (): void => {
      this.#undo = null
    }
    const rollback = (): void => {
      for (const step of undo.reverse()) step()
      this.#postings.length = postings
      this.#ratesDeclared.length = rates
      release()
    }
    return { rollback, release }
  }

  changes(): Changes {
    const entries: EntryRecord[] = []
    const holdsOpened: HoldRecord[] = []
    const holdsChanged: HoldRecord[] = []
    const holdsStepped: HoldChange[] = []
    const holdSteps: HoldStepRecord[] = []
    for (const record of this.#requests.values()) {
      if (record.kind !== 'freeze') {
        entries.push(record)
        const { step } = record
        if (step !== null) holdSteps.push({ hold: step.hold, number: step.number, entry: record.id })
        continue
      }
      const known = this.#snapshot.requests.get(record.id)
      const before = known?.kind === 'freeze' ? known : null
      if (before === null) holdsOpened.push(record)
      const steps = before === null ? 0 : before.steps
      if (record.steps > steps) {
        const state = before === null ? record.state : before.state
        holdsStepped.push({ before: { state, steps }, after: record })
      } else if (before !== null) holdsChanged.push(record)
    }
    const balances: BalanceChange[] = []
    for (const accounts of this.#balances.values()) {
      for (const { before, now } of accounts.values()) {
        if (now !== before) balances.push({ before, after: now })
      }
    }
    return {
      entries,
      holdsOpened,
      holdsChanged,
      holdsStepped,
      holdSteps,
      postings: this.#postings,
      balances,
      accounts: [...this.#accounts.values()],
      assets: [...this.#assets.values()],
      rates: this.#ratesDeclared,
      // A rate that this batch declares is proven by its key.
      ratesUsed: [...this.#ratesUsed].filter(
        (rate) => this.#snapshot.rates.get(rateKey(rate.from, rate.to))?.version === rate.version,
      ),
    }
  }
}
