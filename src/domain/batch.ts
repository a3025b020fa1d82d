/**
 * Decides a batch. Each command sees the effects of the commands before it, and a rejection affects only its own command.
 */
import type { Asset } from './asset.ts'
import { balanceKey, type BalanceRecord } from './balance.ts'
import type { AccountChange, BalanceChange, Changes, EntryPlace, HoldChange, StandingChange } from './changes.ts'
import type { Command, Group, Work } from './command.ts'
import type { Effect, Moment, Replay, State } from './decision.ts'
import { isCharge, type HoldRecord } from './hold-record.ts'
import { needsDeclaration, type HouseAccount } from './house-account.ts'
import type { HouseStripes } from './house-stripes.ts'
import { isHouse, type AccountName, type AssetCode, type RequestId } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Outcome, Rejection } from './outcome.ts'
import { rateKey, type Rate } from './rate.ts'
import { decide } from './rules.ts'
import type { RequestRecord, Snapshot } from './snapshot.ts'
import type { StandingRecord } from './standing.ts'

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
      return replayed(decision)
    case 'apply':
      draft.apply(decision.effect)
      return { status: 'applied', replayed: false, answer: decision.answer }
  }
}

function replayed({ answer, current }: Replay): Outcome {
  const outcome = { status: 'applied', replayed: true, answer } as const
  return current === undefined ? outcome : { ...outcome, current }
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
  /** The standings that the batch changes, after the commands so far. */
  readonly #standings = new Map<AccountName, StandingRecord>()
  readonly #houses = new Map<AccountName, HouseAccount>()
  /** Payees of the holds that are opened or changed. */
  readonly #housesUsed = new Set<AccountName>()
  readonly #rates = new Map<string, Rate>()
  readonly #ratesDeclared: Rate[] = []
  readonly #ratesUsed = new Set<Rate>()
  readonly #postings: PostingRecord[] = []
  readonly #holdChanges: HoldChange[] = []
  readonly #entryOrder: EntryPlace[] = []
  /** The actions that undo the effects since `mark`, the newest last; null outside of groups. */
  #undo: (() => void)[] | null = null

  constructor(snapshot: Snapshot, houseStripes: HouseStripes) {
    this.#snapshot = snapshot
    this.#houseStripes = houseStripes
  }

  request(id: RequestId): RequestRecord | null {
    return this.#requests.get(id) ?? this.#snapshot.requests.get(id) ?? null
  }

  /** A new balance has the standing of its account. */
  balance(account: AccountName, asset: AssetCode): BalanceRecord {
    const { now } = this.#row(account, asset)
    if (now.version > 0 || isHouse(account)) return now
    const { standing, successor } = this.standing(account)
    return { ...now, standing, successor }
  }

  standing(account: AccountName): StandingRecord {
    const standing = this.#standings.get(account) ?? this.#snapshot.standings.get(account)
    if (standing === undefined) throw new Error(`The snapshot lacks the standing of "${account}".`)
    return standing
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

  house(account: AccountName): HouseAccount | null {
    const house = this.#houses.get(account) ?? this.#snapshot.houses.get(account)
    if (house === undefined) throw new Error(`The snapshot lacks the house account "${account}".`)
    return house
  }

  rate(from: AssetCode, to: AssetCode): Rate | null {
    const key = rateKey(from, to)
    const rate = this.#rates.get(key) ?? this.#snapshot.rates.get(key)
    if (rate === undefined) throw new Error(`The snapshot lacks the rate "${key}".`)
    return rate
  }

  apply(effect: Effect): void {
    const { request, step, forward, balances, postings, account, standing, asset, house, rate, ratesUsed } = effect
    if (request !== undefined) {
      this.#put(this.#requests, request.id, request)
      if (request.kind === 'freeze') {
        if (needsDeclaration(request.payee)) this.#housesUsed.add(request.payee)
        if (request.changes > 0) this.#holdChanges.push({ after: request, step: step ?? null })
      }
      if (step === undefined) {
        this.#entryOrder.push({ seq: request.seq, isEnd: request.kind === 'freeze' && request.changes > 0 })
      } else this.#entryOrder.push({ seq: step.seq, isEnd: false })
    }
    if (step !== undefined) this.#put(this.#requests, step.id, step)
    if (forward !== undefined) {
      this.#put(this.#requests, forward.id, forward)
      this.#entryOrder.push({ seq: forward.seq, isEnd: false })
    }
    if (balances !== undefined) for (const balance of balances) this.#move(balance)
    if (postings !== undefined) for (const posting of postings) this.#postings.push(posting)
    if (account !== undefined) this.#put(this.#accounts, account.account, account)
    if (standing !== undefined) this.#stand(standing)
    if (asset !== undefined) this.#put(this.#assets, asset.code, asset)
    if (house !== undefined) this.#put(this.#houses, house.account, house)
    if (rate !== undefined) {
      this.#put(this.#rates, rateKey(rate.from, rate.to), rate)
      this.#ratesDeclared.push(rate)
    }
    // A rolled back group can leave a rate or a payee here that is not needed. It can only make the commit stale.
    if (ratesUsed !== undefined) for (const used of ratesUsed) this.#ratesUsed.add(used)
  }

  #move(balance: BalanceRecord): void {
    const row = this.#row(balance.account, balance.asset)
    const { now } = row
    if (this.#undo !== null) this.#undo.push(() => (row.now = now))
    row.now = balance
    if (now.version === 0 && !isHouse(balance.account)) this.#open(balance)
  }

  /** A successor is written too, as it is: its next version proves that it was not closed meanwhile. */
  #stand(standing: NonNullable<Effect['standing']>): void {
    const { account, successor } = standing
    this.#put(this.#standings, account, { ...this.standing(account), ...standing })
    if (successor !== null && !isHouse(successor)) this.#put(this.#standings, successor, this.standing(successor))
  }

  #open({ account, asset }: BalanceRecord): void {
    const standing = this.standing(account)
    this.#put(this.#standings, account, { ...standing, assets: [...standing.assets, asset] })
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
    const holdChanges = this.#holdChanges.length
    const entryOrder = this.#entryOrder.length
    this.#undo = undo
    const release = (): void => {
      this.#undo = null
    }
    const rollback = (): void => {
      for (const step of undo.reverse()) step()
      this.#postings.length = postings
      this.#ratesDeclared.length = rates
      this.#holdChanges.length = holdChanges
      this.#entryOrder.length = entryOrder
      release()
    }
    return { rollback, release }
  }

  #standingChanges(): readonly StandingChange[] {
    const changes: StandingChange[] = []
    for (const [account, now] of this.#standings) {
      const before = this.#snapshot.standings.get(account)!
      changes.push({ before, after: { ...now, version: before.version + 1 } })
    }
    return changes
  }

  changes(): Changes {
    const entries: EntryRecord[] = []
    const holdsOpened: HoldRecord[] = []
    const charges: HoldRecord[] = []
    for (const record of this.#requests.values()) {
      if (record.kind !== 'freeze') entries.push(record)
      else if ((this.#snapshot.requests.get(record.id) ?? null) === null) {
        if (isCharge(record)) charges.push(record)
        else holdsOpened.push(record)
      }
    }
    const balances: BalanceChange[] = []
    for (const accounts of this.#balances.values()) {
      for (const { before, now } of accounts.values()) {
        if (now === before) continue
        balances.push({ before, after: now })
        if (before.version === 0 && needsDeclaration(now.account)) this.#housesUsed.add(now.account)
      }
    }
    return {
      entries,
      holdsOpened,
      charges,
      holdChanges: this.#holdChanges,
      postings: this.#postings,
      entryOrder: this.#entryOrder,
      balances,
      standings: this.#standingChanges(),
      accounts: [...this.#accounts.values()],
      assets: [...this.#assets.values()],
      houses: [...this.#houses.values()],
      // One that was not there is declared by this batch, which its key proves, or was by a group that failed.
      housesUsed: [...this.#housesUsed].filter((account) => this.#snapshot.houses.get(account) !== null),
      rates: this.#ratesDeclared,
      // A rate that this batch declares is proven by its key.
      ratesUsed: [...this.#ratesUsed].filter(
        (rate) => this.#snapshot.rates.get(rateKey(rate.from, rate.to))?.version === rate.version,
      ),
    }
  }
}
