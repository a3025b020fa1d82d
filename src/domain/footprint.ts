/** The footprint of a batch. Each rule adds the keys of its command. */
import { balanceKey, type BalanceName, type BalanceRecord } from './balance.ts'
import type { FreezeCommand } from './command.ts'
import type { HoldRecord } from './hold-record.ts'
import { needsDeclaration } from './house-account.ts'
import type { HouseStripes } from './house-stripes.ts'
import { isHouse, type AccountName, type AssetCode, type RequestId } from './ids.ts'
import { rateKey, type RatePair } from './rate.ts'
import type { RequestRecord, Snapshot } from './snapshot.ts'
import type { StandingRecord } from './standing.ts'

/** Every key that a batch may read, known before anything is read. It has no duplicates. */
export interface Footprint {
  /** The stripes of the house accounts, also for the balances of a hold that are only known from its row. */
  readonly houseStripes: HouseStripes
  readonly requests: ReadonlySet<RequestId>
  readonly balances: ReadonlyMap<string, BalanceName>
  /** Accounts of users whose standing decides what a new balance of theirs is. */
  readonly standings: ReadonlySet<AccountName>
  /** Accounts of which every balance is needed, each with the accounts of which the balances of the same assets are needed. */
  readonly wholes: ReadonlyMap<AccountName, readonly AccountName[]>
  readonly assets: ReadonlySet<AssetCode>
  /** The house accounts that must be declared. */
  readonly houses: ReadonlySet<AccountName>
  /** By `rateKey`. */
  readonly rates: ReadonlyMap<string, RatePair>
  /** The payees that commands name, by hold. The asset of the payment is only known from the row of the hold. */
  readonly payees: ReadonlyMap<RequestId, readonly AccountName[]>
}

/** The balances of commands on a hold: those of its holder, its payee and the payees that the commands name. */
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

/** Every balance of an account, if the whole account is needed. */
export function footprintOfWhole(
  { account, assets }: StandingRecord,
  { wholes }: Pick<Footprint, 'wholes'>,
): readonly BalanceName[] {
  return wholes.has(account) ? assets.map((asset) => ({ account, asset, stripe: 0 })) : []
}

/** The balances that are needed together with one of a whole account: those that may receive what it has. */
export function companionsOf(
  { account, asset }: BalanceName,
  { houseStripes, wholes }: Pick<Footprint, 'houseStripes' | 'wholes'>,
): readonly BalanceName[] {
  const others = wholes.get(account)
  if (others === undefined) return []
  return others.map((other) => ({ account: other, asset, stripe: houseStripes.of(other, asset) }))
}

/** The balance that receives what returns to a balance of a closed account, also to one without a row; null for the others. */
export function footprintOfSuccessor(
  { successor, asset }: Pick<BalanceRecord, 'successor' | 'asset'>,
  { houseStripes }: Pick<Footprint, 'houseStripes'>,
): BalanceName | null {
  return successor === null ? null : { account: successor, asset, stripe: houseStripes.of(successor, asset) }
}

/** Shared empty set: most work names only users and the house accounts that exist from the start, and balances that exist. */
const NO_ACCOUNTS: ReadonlySet<AccountName> = new Set()
/** Shared empty map: most work names no payee. */
const NO_PAYEES: ReadonlyMap<RequestId, readonly AccountName[]> = new Map()
const NO_WHOLES: ReadonlyMap<AccountName, readonly AccountName[]> = new Map()

/** Rows that are already known. */
export type Known = Pick<Snapshot, 'balances' | 'standings'> & {
  readonly requests: ReadonlyMap<RequestId, RequestRecord | null>
}

export const NOTHING_KNOWN: Known = { requests: new Map(), balances: new Map(), standings: new Map() }

/** Collects a footprint, command by command. */
export class FootprintKeys implements Footprint {
  readonly requests = new Set<RequestId>()
  readonly balances = new Map<string, BalanceName>()
  readonly assets = new Set<AssetCode>()
  readonly rates = new Map<string, RatePair>()
  readonly houseStripes: HouseStripes
  houses: ReadonlySet<AccountName> = NO_ACCOUNTS
  standings: ReadonlySet<AccountName> = NO_ACCOUNTS
  wholes: ReadonlyMap<AccountName, readonly AccountName[]> = NO_WHOLES
  payees: ReadonlyMap<RequestId, readonly AccountName[]> = NO_PAYEES
  readonly #known: Known
  /** The accounts in `balances`, by asset. Most commands name balances that were already added. */
  readonly #named = new Map<AssetCode, Set<AccountName>>()
  /** The freezes of this work, in case it also settles the holds. Several freezes can have the same id; one of them succeeds. */
  readonly #freezes: FreezeCommand[] = []
  readonly #paidHere = new Set<RequestId>()
  #payees: Map<RequestId, AccountName[]> | null = null
  #houses: Set<AccountName> | null = null
  #standings: Set<AccountName> | null = null
  #wholes: Map<AccountName, AccountName[]> | null = null

  /** @param known rows which name further balances */
  constructor(houseStripes: HouseStripes, known: Known) {
    this.houseStripes = houseStripes
    this.#known = known
  }

  /** Adds a request id, and the balances of its hold if it is in `known`. */
  addRequest(request: RequestId): void {
    this.requests.add(request)
    const record = this.#known.requests.get(request)
    if (record?.kind !== 'freeze') return
    this.#addName(record.account, record.asset)
    this.#addName(record.payee, record.asset)
  }

  /** Adds an entry whose id no caller can use as a request id. */
  addEntry(id: string): void {
    this.requests.add(id)
  }

  addAsset(asset: AssetCode): void {
    this.assets.add(asset)
  }

  /** Adds the declaration of an account, if the account needs one. */
  addHouse(account: AccountName): void {
    if (!needsDeclaration(account)) return
    const houses = this.#houses ?? new Set<AccountName>()
    this.houses = this.#houses = houses
    houses.add(account)
  }

  /** Adds a balance and its asset. */
  addBalance(account: AccountName, asset: AssetCode): void {
    this.#addName(account, asset)
    this.assets.add(asset)
  }

  /** Adds every balance of an account, and the balances of the same assets of another one. */
  addWhole(account: AccountName, other: AccountName | null): void {
    const wholes = this.#wholes ?? new Map<AccountName, AccountName[]>()
    this.wholes = this.#wholes = wholes
    const others = wholes.get(account) ?? []
    wholes.set(account, others)
    if (other !== null && !others.includes(other)) others.push(other)
    this.addStanding(account)
    const known = this.#known.standings.get(account)
    if (known === undefined) return
    for (const name of footprintOfWhole(known, this)) this.#addName(name.account, name.asset)
  }

  /** Adds the standing of an account of a user. */
  addStanding(account: AccountName): void {
    if (isHouse(account)) return
    const standings = this.#standings ?? new Set<AccountName>()
    this.standings = this.#standings = standings
    standings.add(account)
  }

  addRate(from: AssetCode, to: AssetCode): void {
    this.rates.set(rateKey(from, to), { from, to })
  }

  /** Adds a hold that this work opens. */
  addFreeze(command: FreezeCommand): void {
    this.addHouse(command.payee)
    this.#freezes.push(command)
  }

  /** Records that the payee of this hold gains or loses coins. Must be called before the hold itself is added. */
  addPayment(hold: RequestId): void {
    if (this.requests.has(hold)) this.#paidHere.add(hold)
  }

  /** Adds a payee that replaces the hold's payee. */
  addPayee(hold: RequestId, payee: AccountName): void {
    this.addHouse(payee)
    const payees = this.#payees ?? new Map<RequestId, AccountName[]>()
    this.payees = this.#payees = payees
    const named = payees.get(hold)
    if (named === undefined) payees.set(hold, [payee])
    else if (!named.includes(payee)) named.push(payee)
    const record = this.#known.requests.get(hold)
    if (record?.kind === 'freeze') this.#addName(payee, record.asset)
  }

  /** Adds what only all commands together name. Must be called once, after them. */
  complete(): void {
    this.#addPayeesOfNewHolds()
    this.#addCompanions()
  }

  /** Adds the payees of holds that this work both opens and pays from. */
  #addPayeesOfNewHolds(): void {
    if (this.#paidHere.size === 0) return
    for (const { requestId, payee, asset } of this.#freezes) {
      if (!this.#paidHere.has(requestId)) continue
      this.addBalance(payee, asset)
      for (const named of this.payees.get(requestId) ?? []) this.addBalance(named, asset)
    }
  }

  /** A balance that this work opens may be one of a whole account. */
  #addCompanions(): void {
    if (this.#wholes === null) return
    for (const [asset, accounts] of this.#named) {
      // Those that are added on the way are visited too.
      for (const account of accounts) for (const other of this.wholes.get(account) ?? []) this.#addName(other, asset)
    }
  }

  #addName(account: AccountName, asset: AssetCode): void {
    let accounts = this.#named.get(asset)
    if (accounts === undefined) this.#named.set(asset, (accounts = new Set()))
    if (accounts.has(account)) return
    accounts.add(account)
    this.addHouse(account)
    const stripe = this.houseStripes.of(account, asset)
    const key = balanceKey(account, asset, stripe)
    this.balances.set(key, { account, asset, stripe })
    const known = this.#known.balances.get(key)
    if (known === undefined || known.version === 0) this.addStanding(account)
    if (known !== undefined && known.successor !== null) this.#addName(known.successor, asset)
  }
}
