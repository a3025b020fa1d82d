/** The keys that a batch reads, known before anything is read. Each rule adds those of its command. */
import { balanceKey, type BalanceName } from './balance.ts'
import type { FreezeCommand } from './command.ts'
import type { HoldRecord } from './hold.ts'
import type { HouseStripes } from './house-stripes.ts'
import type { AccountName, AssetCode, RequestId } from './ids.ts'
import { rateKey, type RatePair } from './rate.ts'
import type { RequestRecord } from './snapshot.ts'

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
  /** The accounts of each asset that `balances` has: most commands name balances that came before. */
  readonly #named = new Map<AssetCode, Set<AccountName>>()
  /** Holds that this work opens, in case it also settles them. Several may ask for one id; one of them gets it. */
  readonly #freezes: FreezeCommand[] = []
  readonly #paidHere = new Set<RequestId>()
  #payees: Map<RequestId, AccountName[]> | null = null

  /** @param known requests whose balances are added with their ids */
  constructor(houseStripes: HouseStripes, known: ReadonlyMap<RequestId, RequestRecord>) {
    this.houseStripes = houseStripes
    this.#known = known
  }

  /** A request id, and the balances of its hold if `known` has one. */
  addRequest(request: RequestId): void {
    this.requests.add(request)
    const record = this.#known.get(request)
    if (record?.kind !== 'freeze') return
    this.#addName(record.account, record.asset)
    this.#addName(record.payee, record.asset)
  }

  /** An entry that no caller can name. */
  addEntry(id: string): void {
    this.requests.add(id)
  }

  addAsset(asset: AssetCode): void {
    this.assets.add(asset)
  }

  /** A balance and its asset. */
  addBalance(account: AccountName, asset: AssetCode): void {
    this.#addName(account, asset)
    this.assets.add(asset)
  }

  addRate(from: AssetCode, to: AssetCode): void {
    this.rates.set(rateKey(from, to), { from, to })
  }

  /** A hold that this work opens. */
  addFreeze(command: FreezeCommand): void {
    this.#freezes.push(command)
  }

  /** The payee of this hold gains or loses coins. To be called before the hold itself is added. */
  addPayment(hold: RequestId): void {
    if (this.requests.has(hold)) this.#paidHere.add(hold)
  }

  /** A payee in place of the hold's own. */
  addPayee(hold: RequestId, payee: AccountName): void {
    const payees = this.#payees ?? new Map<RequestId, AccountName[]>()
    this.payees = this.#payees = payees
    const named = payees.get(hold)
    if (named === undefined) payees.set(hold, [payee])
    else if (!named.includes(payee)) named.push(payee)
    const record = this.#known.get(hold)
    if (record?.kind === 'freeze') this.#addName(payee, record.asset)
  }

  /** Adds the payees of holds that this work both opens and pays from. To be called once, after all commands. */
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
