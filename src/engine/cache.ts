/**
 * The rows that this engine last read or sent to the store, as a snapshot to decide on.
 *
 * A row here may be out of date, and the commit that wrote it may fail. A commit that is decided on such a row is safe, because its
 * guards check the stored rows. A rejection or a repeat has no commit, so its rows are read again before it is answered (see cycle.ts).
 *
 * Rows are removed together in two cases. When another writer has moved a balance, the open holds of that balance are removed too,
 * because that writer may have changed them. When a row read from the database is older than the cached one, the database has gone back
 * in time (a failover that lost commits, a restored backup), and the whole cache is cleared. A lost connection can mean the same, see
 * `Store`.
 *
 * Upholds law 8: the maps of requests and balances are bounded; the rows that were written longest ago are removed first.
 */
import type { Asset } from '../domain/asset.ts'
import { balanceKey, type BalanceRecord } from '../domain/balance.ts'
import type { HouseAccount } from '../domain/house-account.ts'
import type { AccountName, AssetCode, RequestId } from '../domain/ids.ts'
import { rateKey, type Rate } from '../domain/rate.ts'
import type { RequestRecord, Snapshot } from '../domain/snapshot.ts'
import type { StandingRecord } from '../domain/standing.ts'
import type { Changes } from '../domain/changes.ts'
import type { Footprint } from '../domain/footprint.ts'

export class Cache implements Snapshot {
  readonly requests = new Map<RequestId, RequestRecord>()
  readonly balances = new Map<string, BalanceRecord>()
  /** Only rows that were read: the guard of a standing compares its version alone, which a commit that failed may have made too. */
  readonly standings = new Map<AccountName, StandingRecord>()
  readonly assets = new Map<AssetCode, Asset | null>()
  readonly houses = new Map<AccountName, HouseAccount | null>()
  readonly rates = new Map<string, Rate | null>()
  /** The open holds in `requests`, by the number of their holder's balance. */
  readonly #openHolds = new Map<number, Set<RequestId>>()
  readonly #requestsMax: number
  readonly #balancesMax: number

  constructor(limits: { readonly cacheRequestsMax: number; readonly cacheBalancesMax: number }) {
    this.#requestsMax = limits.cacheRequestsMax
    this.#balancesMax = limits.cacheBalancesMax
  }

  /**
   * Adds the rows that the cache lacks, and returns them. A row that is already cached may belong to a commit in flight, and be newer
   * than the one that was read.
   */
  learn(snapshot: Snapshot): Snapshot {
    const requests = new Map([...snapshot.requests].filter(([id]) => !this.requests.has(id)))
    const balances = new Map([...snapshot.balances].filter(([key]) => !this.balances.has(key)))
    const { standings, assets, houses, rates } = snapshot
    const learned = { requests, balances, standings, assets, houses, rates }
    this.#take(learned)
    return learned
  }

  /**
   * Replaces cached rows by rows that were just read, either under their locks or while no commit is in flight. Rows that the database
   * does not have are removed.
   *
   * @returns keys of the balances that another writer has moved
   */
  replace(snapshot: Snapshot): readonly string[] {
    const moved = this.observe(snapshot)
    for (const key of moved) {
      const balance = this.balances.get(key)
      if (balance !== undefined) this.#forgetHoldsOf(balance.id)
    }
    this.#take(snapshot)
    return moved
  }

  /**
   * Compares rows that were just read with the cached ones, and clears the cache when they are older.
   *
   * @returns keys of the balances that another writer has moved
   */
  observe(snapshot: Snapshot): readonly string[] {
    const { balances } = this
    if (this.#wentBack(snapshot)) {
      this.clear()
      return [...snapshot.balances.keys()]
    }
    const moved: string[] = []
    for (const [key, { version }] of snapshot.balances) {
      const remembered = balances.get(key)
      if (remembered !== undefined && remembered.version !== version) moved.push(key)
    }
    return moved
  }

  #take(snapshot: Snapshot): void {
    for (const [id, record] of snapshot.requests) {
      if (record === null) this.#forgetRequest(id)
      else this.#remember(record)
    }
    for (const [key, balance] of snapshot.balances) this.balances.set(key, balance)
    for (const [account, standing] of snapshot.standings) this.standings.set(account, standing)
    for (const [code, asset] of snapshot.assets) this.assets.set(code, asset)
    for (const [account, house] of snapshot.houses) this.houses.set(account, house)
    for (const [key, rate] of snapshot.rates) this.rates.set(key, rate)
  }

  /** Applies changes that are being committed. */
  apply(changes: Changes): void {
    for (const entry of changes.entries) this.requests.set(entry.id, entry)
    for (const hold of changes.holdsOpened) this.#remember(hold)
    for (const charge of changes.charges) this.#remember(charge)
    for (const { after } of changes.holdChanges) this.#remember(after)
    for (const { after } of changes.balances) {
      const key = balanceKey(after.account, after.asset, after.stripe)
      this.balances.delete(key) // Inserted again, it becomes the youngest.
      this.balances.set(key, after)
    }
    for (const { after } of changes.standings) this.standings.delete(after.account)
    for (const asset of changes.assets) this.assets.set(asset.code, asset)
    for (const house of changes.houses) this.houses.set(house.account, house)
    for (const rate of changes.rates) this.rates.set(rateKey(rate.from, rate.to), rate)
  }

  /** Removes the footprint's rows, and the open holds of its balances. */
  forget(footprint: Footprint): void {
    for (const id of footprint.requests) this.#forgetRequest(id)
    for (const key of footprint.balances.keys()) {
      const balance = this.balances.get(key)
      if (balance === undefined) continue
      this.balances.delete(key)
      this.#forgetHoldsOf(balance.id)
    }
    for (const account of footprint.standings) this.standings.delete(account)
    for (const key of footprint.rates.keys()) this.rates.delete(key)
  }

  clear(): void {
    this.requests.clear()
    this.balances.clear()
    this.standings.clear()
    this.assets.clear()
    this.houses.clear()
    this.rates.clear()
    this.#openHolds.clear()
  }

  /** Shrinks the cache to its limits, and removes the standings, and the assets, house accounts and rates that are cached as absent. */
  trim(): void {
    this.standings.clear()
    for (const id of surplusOf(this.requests, this.#requestsMax)) this.#forgetRequest(id)
    for (const key of surplusOf(this.balances, this.#balancesMax)) this.balances.delete(key)
    for (const [code, asset] of this.assets) if (asset === null) this.assets.delete(code)
    for (const [account, house] of this.houses) if (house === null) this.houses.delete(account)
    for (const [key, rate] of this.rates) if (rate === null) this.rates.delete(key)
  }

  /** Whether any row is older than the cached one, or has another history. */
  #wentBack({ requests, balances, assets, houses, rates }: Snapshot): boolean {
    for (const [id, read] of requests) if (isLess(read, this.requests.get(id))) return true
    for (const [key, read] of balances) if (isEarlier(read, this.balances.get(key))) return true
    for (const [code, read] of assets) if (read === null && (this.assets.get(code) ?? null) !== null) return true
    for (const [account, read] of houses) if (read === null && (this.houses.get(account) ?? null) !== null) return true
    for (const [key, read] of rates) {
      const remembered = this.rates.get(key) ?? null
      if (remembered !== null && (read === null || read.version < remembered.version)) return true
    }
    return false
  }

  #remember(record: RequestRecord): void {
    this.requests.set(record.id, record)
    if (record.kind !== 'freeze') return
    const ofBalance = this.#openHolds.get(record.balanceId)
    if (record.state !== 'open') ofBalance?.delete(record.id)
    else if (ofBalance === undefined) this.#openHolds.set(record.balanceId, new Set([record.id]))
    else ofBalance.add(record.id)
  }

  #forgetRequest(id: RequestId): void {
    const record = this.requests.get(id)
    if (record === undefined) return
    this.requests.delete(id)
    if (record.kind !== 'freeze') return
    const ofBalance = this.#openHolds.get(record.balanceId)
    if (ofBalance?.delete(id) === true && ofBalance.size === 0) this.#openHolds.delete(record.balanceId)
  }

  #forgetHoldsOf(balanceId: number): void {
    const holds = this.#openHolds.get(balanceId)
    if (holds === undefined) return
    for (const id of holds) this.requests.delete(id)
    this.#openHolds.delete(balanceId)
  }
}

/** A request that no longer exists, or a hold that has fewer changes than before, or is open again. */
function isLess(read: RequestRecord | null, remembered: RequestRecord | undefined): boolean {
  if (remembered === undefined) return false
  if (read === null) return true
  if (read.kind !== 'freeze' || remembered.kind !== 'freeze') return read.kind !== remembered.kind
  return read.changes < remembered.changes
}

/** A lower version, or the same version with other amounts. */
function isEarlier(read: BalanceRecord, remembered: BalanceRecord | undefined): boolean {
  if (remembered === undefined || read.version > remembered.version) return false
  if (read.version < remembered.version) return true
  return read.available !== remembered.available || read.held !== remembered.held || read.floor !== remembered.floor
}

/** Keys of the rows above the limit, the oldest first. */
function* surplusOf<Key>(map: ReadonlyMap<Key, unknown>, sizeMax: number): Iterable<Key> {
  let surplus = map.size - sizeMax
  if (surplus <= 0) return
  for (const key of map.keys()) {
    if (surplus-- <= 0) return
    yield key
  }
}
