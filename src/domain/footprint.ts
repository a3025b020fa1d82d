/** The footprint of a batch. Each rule adds the keys of its command. */
import { balanceKey, type BalanceName } from './balance.ts'
import type { FreezeCommand } from './command.ts'
import type { HoldRecord } from './hold.ts'
import type { HouseStripes } from './house-stripes.ts'
import type { AccountName, AssetCode, RequestId } from './ids.ts'
import { rateKey, type RatePair } from './rate.ts'
import type { RequestRecord } from './snapshot.ts'

/** Every key that a batch may read, known before anything is read. It has no duplicates. */
export interface Footprint {
  /** The stripes of the house accounts, also for the balances of a hold that are only known from its row. */
  readonly houseStripes: HouseStripes
  readonly requests: ReadonlySet<RequestId>
  readonly balances: ReadonlyMap<string, BalanceName>
  readonly assets: ReadonlySet<AssetCode>
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

/** Shared empty map: most work names no payee. */
const NO_PAYEES: ReadonlyMap<RequestId, readonly AccountName[]> = new Map()

/** Collects a footprint, command by command. */
export class FootprintKeys implements Footprint {
  readonly requests = new Set<RequestId>()
  readonly balances = new Map<string, BalanceName>()
  readonly assets = new Set<AssetCode>()
  readonly rates = new Map<string, RatePair>()
  readonly houseStripes: HouseStripes
  payees: ReadonlyMap<RequestId, readonly AccountName[]> = NO_PAYEES
  readonly #known: ReadonlyMap<RequestId, RequestRecord>
  /** The accounts in `balances`, by asset. Most commands name balances that were already added. */
  readonly #named = new Map<AssetCode, Set<AccountName>>()
  /** The freezes of this work, in case it also settles the holds. Several freezes can have the same id; one of them succeeds. */
  readonly #freezes: FreezeCommand[] = []
  readonly #paidHere = new Set<RequestId>()
  #payees: Map<RequestId, AccountName[]> | null = null

  /** @param known requests whose balances are added together with their ids */
  constructor(houseStripes: HouseStripes, known: ReadonlyMap<RequestId, RequestRecord>) {
    this.houseStripes = houseStripes
    this.#known = known
  }

  /** Adds a request id, and the balances of its hold if it is in `known`. */
  addRequest(request: RequestId): void {
    this.requests.add(request)
    const record = this.#known.get(request)
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

  /** Adds a balance and its asset. */
  addBalance(account: AccountName, asset: AssetCode): void {
    this.#addName(account, asset)
    this.assets.add(asset)
  }

  addRate(from: AssetCode, to: AssetCode): void {
    this.rates.set(rateKey(from, to), { from, to })
  }

  /** Adds a hold that this work opens. */
  addFreeze(command: FreezeCommand): void {
    this.#freezes.push(command)
  }

  /** Records that the payee of this hold gains or loses coins. Must be called before the hold itself is added. */
  addPayment(hold: RequestId): void {
    if (this.requests.has(hold)) this.#paidHere.add(hold)
  }

  /** Adds a payee that replaces the hold's payee. */
  addPayee(hold: RequestId, payee: AccountName): void {
    const payees = this.#payees ?? new Map<RequestId, AccountName[]>()
    this.payees = this.#payees = payees
    const named = payees.get(hold)
    if (named === undefined) payees.set(hold, [payee])
    else if (!named.includes(payee)) named.push(payee)
    const record = this.#known.get(hold)
    if (record?.kind === 'freeze') this.#addName(payee, record.asset)
  }

  /** Adds the payees of holds that this work both opens and pays from. Must be called once, after all commands. */
  addPayeesOfNewHolds(): void {
    if (this.#paidHere.size === 0) return
    for (const { requestId, payee, asset } of this.#freezes) {
      if (!this.#paidHere.has(requestId)) continue
      this.addBalance(payee, asset)
      for (const named of this.payees.get(requestId) ?? []) this.addBalance(named, asset)
    }
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
