/** Rows as a store gives them (`Snapshot`), the keys it is asked for (`Footprint`), and the rows to write (`Changes`). */
import type { Asset } from './asset.ts'
import { balanceKey, type BalanceName, type BalanceRecord } from './balance.ts'
import {
  commandsOf,
  isOfHold,
  requestOf,
  type Command,
  type FreezeCommand,
  type HoldCommand,
  type Leg,
  type Work,
} from './command.ts'
import type { HoldRecord } from './hold.ts'
import type { HouseStripes } from './house-stripes.ts'
import { EXCHANGE, ISSUER, type AccountName, type AssetCode, type RequestId } from './ids.ts'
import { lateOfHold, type EntryRecord, type PostingRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import { rateKey, type Rate, type RatePair } from './rate.ts'

/** One request id, one row: either an entry or a hold. */
export type RequestRecord = EntryRecord | HoldRecord

/** Every key that a batch reads, known before anything is read. Nothing stands in it twice. */
export interface Footprint {
  /** Which stripes of the house accounts are meant, also for the balances of a hold that only its row names. */
  readonly houseStripes: HouseStripes
  readonly requests: ReadonlySet<RequestId>
  readonly balances: ReadonlyMap<string, BalanceName>
  readonly assets: ReadonlySet<AssetCode>
  /** By `rateKey`. */
  readonly rates: ReadonlyMap<string, RatePair>
  /** Payees that commands name for a hold, by the hold: only its row tells of which asset they are paid. */
  readonly payees: ReadonlyMap<RequestId, readonly AccountName[]>
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

/**
 * A hold as its row must still be when it is written, and as it becomes. Of one that the same batch opens, the row is the one
 * just inserted: in the state of `after`, without steps.
 */
export interface HoldChange {
  readonly before: Pick<HoldRecord, 'state' | 'steps'>
  readonly after: HoldRecord
}

/** Which entry a step of a hold is: a number that is taken is stale. */
export interface HoldStepRecord {
  readonly hold: RequestId
  readonly number: number
  readonly entry: string
}

/** Rows to write in one transaction. Inserts fail as stale when their key is taken. */
export interface Changes {
  readonly entries: readonly EntryRecord[]
  /** Holds opened in this batch, already with what later commands of the batch made of them. */
  readonly holdsOpened: readonly HoldRecord[]
  /** Holds that were open before this batch and had no steps, now ended without one: another state or a step is stale. */
  readonly holdsChanged: readonly HoldRecord[]
  /** Holds with steps in this batch, also those of `holdsOpened`; written after them, with everything that can change. */
  readonly holdsStepped: readonly HoldChange[]
  /** One for each step of this batch; its entry is in `entries`. */
  readonly holdSteps: readonly HoldStepRecord[]
  readonly postings: readonly PostingRecord[]
  readonly balances: readonly BalanceChange[]
  readonly accounts: readonly AccountChange[]
  /** Inserted, or named anew; one that is there with other decimals or of another moment is stale. */
  readonly assets: readonly Asset[]
  /** Inserted; a version that is there already is stale. */
  readonly rates: readonly Rate[]
  /** Rates that must have been the newest of their pairs before this commit. */
  readonly ratesUsed: readonly Rate[]
}

/** Nothing to write. Accounts are written beside an entry, balances and steps beside postings, and used rates are not written. */
export function isEmpty(changes: Changes): boolean {
  const { entries, holdsOpened, holdsChanged, postings, assets, rates } = changes
  const rows = entries.length + holdsOpened.length + holdsChanged.length + postings.length
  return rows + assets.length + rates.length === 0
}

/**
 * The keys that `work` may read. The balances of a settle or release are those of its hold, which only the hold's row names
 * unless the same work opens it or `known` has it: whoever loads the hold loads them too (`footprintOfHold`).
 */
export function footprint(
  work: Iterable<Work>,
  houseStripes: HouseStripes,
  known: ReadonlyMap<RequestId, RequestRecord> = new Map(),
): Footprint {
  const keys = new FootprintKeys(houseStripes, known)
  for (const item of work) {
    for (const command of commandsOf(item)) keys.addCommand(command)
  }
  keys.addPayees()
  return keys
}

/** The balances that commands about a hold touch: its holder's, its payee's, and those of the payees that they name. */
export function footprintOfHold(
  hold: HoldRecord,
  { houseStripes, payees }: Pick<Footprint, 'houseStripes' | 'payees'>,
): readonly BalanceName[] {
  const { account, payee, asset } = hold
  const names = [
    { account, asset, stripe: 0 },
    { account: payee, asset, stripe: houseStripes.of(payee, asset) },
  ]
  for (const named of payees.get(hold.id) ?? []) {
    names.push({ account: named, asset, stripe: houseStripes.of(named, asset) })
  }
  return names
}

/** Of the many works that name no payee for a hold. */
const NO_PAYEES: ReadonlyMap<RequestId, readonly AccountName[]> = new Map()

class FootprintKeys implements Footprint {
  readonly requests = new Set<RequestId>()
  readonly balances = new Map<string, BalanceName>()
  readonly assets = new Set<AssetCode>()
  readonly rates = new Map<string, RatePair>()
  readonly houseStripes: HouseStripes
  payees: ReadonlyMap<RequestId, readonly AccountName[]> = NO_PAYEES
  readonly #known: ReadonlyMap<RequestId, RequestRecord>
  /** The accounts of each asset that `balances` has: most commands name balances that came before. */
  readonly #named = new Map<AssetCode, Set<AccountName>>()
  /** Holds that this work opens itself, in case it also settles them. Several may ask for one id; one of them gets it. */
  readonly #freezes: FreezeCommand[] = []
  readonly #settledHere = new Set<RequestId>()
  #payees: Map<RequestId, AccountName[]> | null = null

  constructor(houseStripes: HouseStripes, known: ReadonlyMap<RequestId, RequestRecord>) {
    this.houseStripes = houseStripes
    this.#known = known
  }

  addCommand(command: Command): void {
    if (isOfHold(command)) {
      this.#addOfHold(command)
      return
    }
    const request = requestOf(command)
    if (request !== null) this.#addRequest(request)
    switch (command.kind) {
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
    for (const { requestId, payee, asset } of this.#freezes) {
      if (!this.#settledHere.has(requestId)) continue
      this.#addBalance(payee, asset)
      for (const named of this.payees.get(requestId) ?? []) this.#addBalance(named, asset)
    }
  }

  #addOfHold(command: HoldCommand): void {
    const { kind, hold } = command
    const isSettling = kind === 'settle' || kind === 'settle-part'
    if ((isSettling || kind === 'refund') && this.requests.has(hold)) this.#settledHere.add(hold)
    if (isSettling && command.payee !== null) this.#addPayee(hold, command.payee)
    if (kind === 'settle') {
      if (command.late) this.requests.add(lateOfHold(hold))
    } else if (kind !== 'release') this.#addRequest(command.requestId)
    this.#addRequest(hold)
  }

  #addPayee(hold: RequestId, payee: AccountName): void {
    const payees = this.#payees ?? new Map<RequestId, AccountName[]>()
    this.payees = this.#payees = payees
    const named = payees.get(hold)
    if (named === undefined) payees.set(hold, [payee])
    else if (!named.includes(payee)) named.push(payee)
    const record = this.#known.get(hold)
    if (record?.kind === 'freeze') this.#addName(payee, record.asset)
  }

  #addRequest(request: RequestId): void {
    this.requests.add(request)
    const record = this.#known.get(request)
    if (record?.kind !== 'freeze') return
    this.#addName(record.account, record.asset)
    this.#addName(record.payee, record.asset)
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

  #addBalance(account: AccountName, asset: AssetCode): void {
    this.#addName(account, asset)
    this.assets.add(asset)
  }

  #addName(account: AccountName, asset: AssetCode): void {
    let accounts = this.#named.get(asset)
    if (accounts === undefined) this.#named.set(asset, (accounts = new Set()))
    if (accounts.has(account)) return
    accounts.add(account)
    const stripe = this.houseStripes.of(account, asset)
    this.balances.set(balanceKey(account, asset, stripe), { account, asset, stripe })
  }
}
