/** Rows as a store gives them (`Snapshot`), the keys it is asked for (`Footprint`), and the rows to write (`Changes`). */
import type { Asset } from './asset.ts'
import { balanceKey, type BalanceName, type BalanceRecord } from './balance.ts'
import { requestOf, type Command, type FreezeCommand, type Leg, type Work } from './command.ts'
import type { HoldRecord } from './hold.ts'
import { EXCHANGE, isHouse, ISSUER, type AccountName, type AssetCode, type RequestId } from './ids.ts'
import type { EntryRecord, PostingRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import { rateKey, type Rate, type RatePair } from './rate.ts'

/** One request id, one row: either an entry or a hold. */
export type RequestRecord = EntryRecord | HoldRecord

/** Every key that a batch reads, known before anything is read. Nothing stands in it twice. */
export interface Footprint {
  /** Which stripe of the house accounts is meant, also for the balances of a hold that only its row names. */
  readonly houseStripe: number
  readonly requests: ReadonlySet<RequestId>
  readonly balances: ReadonlyMap<string, BalanceName>
  readonly assets: ReadonlySet<AssetCode>
  /** By `rateKey`. */
  readonly rates: ReadonlyMap<string, RatePair>
}

/**
 * Rows at one instant.
 *
 * - `requests`: null means that no such row exists. A key that is missing was not looked at.
 * - `balances` by `balanceKey`: a balance that has no row yet is there with version 0, zero amounts and the id that it
 *   will have.
 * - `assets`, and the newest rate of each pair in `rates` by `rateKey`: as `requests`.
 *
 * The balance of a hold is part of the snapshot even when the footprint could not name it.
 */
export interface Snapshot {
  readonly requests: ReadonlyMap<RequestId, RequestRecord | null>
  readonly balances: ReadonlyMap<string, BalanceRecord>
  readonly assets: ReadonlyMap<AssetCode, Asset | null>
  readonly rates: ReadonlyMap<string, Rate | null>
}

/**
 * A balance as it must still be, and as it becomes. A `before` of version 0 creates the row.
 *
 * The version alone does not tell that the row is the one that was decided on: a batch may be decided on a version that never came
 * to be, because the batch that would have made it failed, while another process made a version of the same number. Amounts and
 * floor belong to it.
 */
export interface BalanceChange {
  readonly before: BalanceRecord
  readonly after: BalanceRecord
}

export interface AccountChange {
  readonly account: AccountName
  readonly metadata: Metadata
}

/** Rows to write in one transaction. Inserts fail as stale when their key is taken. */
export interface Changes {
  readonly entries: readonly EntryRecord[]
  /** Holds opened in this batch, already with what later commands of the batch made of them. */
  readonly holdsOpened: readonly HoldRecord[]
  /** Holds that were open before this batch. */
  readonly holdsChanged: readonly HoldRecord[]
  readonly postings: readonly PostingRecord[]
  readonly balances: readonly BalanceChange[]
  readonly accounts: readonly AccountChange[]
  readonly assets: readonly Asset[]
  /** Inserted; a version that is there already is stale. */
  readonly rates: readonly Rate[]
  /** Rates that must have been the newest of their pairs before this commit. */
  readonly ratesUsed: readonly Rate[]
}

/** Nothing to write. Accounts are written beside an entry, balances beside postings, and used rates are not written. */
export function isEmpty(changes: Changes): boolean {
  const { entries, holdsOpened, holdsChanged, postings, assets, rates } = changes
  const rows = entries.length + holdsOpened.length + holdsChanged.length + postings.length
  return rows + assets.length + rates.length === 0
}

/** The stripe of an account's balance: an engine's own for house accounts, 0 for everybody else. */
export function stripeOf(account: AccountName, houseStripe: number): number {
  return isHouse(account) ? houseStripe : 0
}

/**
 * The keys that `work` may read. The balances of a settle or release are those of its hold, which only the hold's row names
 * unless the same work opens it or `known` has it: whoever loads the hold loads them too (`footprintOfHold`).
 */
export function footprint(
  work: Iterable<Work>,
  houseStripe: number,
  known: ReadonlyMap<RequestId, RequestRecord> = new Map(),
): Footprint {
  const keys = new FootprintKeys(houseStripe, known)
  for (const item of work) {
    if (item.kind === 'group') for (const command of item.commands) keys.addCommand(command)
    else keys.addCommand(item)
  }
  keys.addPayees()
  return keys
}

/** The balances that a hold's end touches. */
export function footprintOfHold(hold: HoldRecord, houseStripe: number): readonly BalanceName[] {
  return [
    { account: hold.account, asset: hold.asset, stripe: 0 },
    { account: hold.payee, asset: hold.asset, stripe: stripeOf(hold.payee, houseStripe) },
  ]
}

class FootprintKeys implements Footprint {
  readonly requests = new Set<RequestId>()
  readonly balances = new Map<string, BalanceName>()
  readonly assets = new Set<AssetCode>()
  readonly rates = new Map<string, RatePair>()
  readonly houseStripe: number
  readonly #known: ReadonlyMap<RequestId, RequestRecord>
  /** The accounts of each asset that `balances` has: most commands name balances that came before. */
  readonly #named = new Map<AssetCode, Set<AccountName>>()
  /** Holds that this work opens itself, in case it also settles them. Several may ask for one id; one of them gets it. */
  readonly #freezes: FreezeCommand[] = []
  readonly #settledHere = new Set<RequestId>()

  constructor(houseStripe: number, known: ReadonlyMap<RequestId, RequestRecord>) {
    this.houseStripe = houseStripe
    this.#known = known
  }

  addCommand(command: Command): void {
    if (command.kind === 'settle' && this.requests.has(command.hold)) this.#settledHere.add(command.hold)
    const request = requestOf(command)
    if (request !== null) {
      this.requests.add(request)
      const record = this.#known.get(request)
      if (record?.kind === 'freeze') this.#addHold(record)
    }
    switch (command.kind) {
      case 'settle':
      case 'release':
        return
      case 'declare':
        this.assets.add(command.asset)
        return
      case 'open':
        this.#addBalance(command.account, command.asset)
        return
      case 'deposit':
        this.#addBalance(command.account, command.asset)
        this.#addBalance(ISSUER, command.asset)
        return
      case 'charge':
        this.#addBalance(command.account, command.asset)
        this.#addBalance(command.payee, command.asset)
        return
      case 'freeze':
        this.#freezes.push(command)
        this.#addBalance(command.account, command.asset)
        return
      case 'transfer':
        for (const leg of command.legs) this.#addLeg(leg)
        return
      case 'rate':
        this.assets.add(command.from)
        this.assets.add(command.to)
        this.#addRate(command.from, command.to)
        return
    }
  }

  /** Names the payees of the holds that this work opens and settles, once all of it was added. */
  addPayees(): void {
    if (this.#settledHere.size === 0) return
    for (const freeze of this.#freezes) {
      if (this.#settledHere.has(freeze.requestId)) this.#addBalance(freeze.payee, freeze.asset)
    }
  }

  #addLeg({ from, to, asset, toAsset = asset }: Leg): void {
    this.#addBalance(from, asset)
    this.#addBalance(to, toAsset)
    if (toAsset === asset) return
    this.#addBalance(EXCHANGE, asset)
    this.#addBalance(EXCHANGE, toAsset)
    this.#addRate(asset, toAsset)
  }

  #addRate(from: AssetCode, to: AssetCode): void {
    this.rates.set(rateKey(from, to), { from, to })
  }

  #addHold(hold: HoldRecord): void {
    this.#addName(hold.account, hold.asset)
    this.#addName(hold.payee, hold.asset)
  }

  #addBalance(account: AccountName, asset: AssetCode): void {
    this.#addName(account, asset)
    this.assets.add(asset)
  }

  #addName(account: AccountName, asset: AssetCode): void {
    let accounts = this.#named.get(asset)
    if (accounts === undefined) this.#named.set(asset, (accounts = new Set()))
    if (accounts.has(account)) return
    accounts.add(account)
    const stripe = stripeOf(account, this.houseStripe)
    this.balances.set(balanceKey(account, asset, stripe), { account, asset, stripe })
  }
}
