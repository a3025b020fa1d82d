/**
 * The last rows that this engine saw or sent to be committed, as a snapshot to decide on.
 *
 * A row here may be out of date, or may never come to be. That is harmless where a commit follows, because its guards meet
 * the rows themselves; a rejection is answered only after its rows were read again (see cycle.ts). Upholds law 8: both maps are bounded, the
 * rows written longest ago leave first.
 */
import type { Asset } from '../domain/asset.ts'
import { balanceKey, type BalanceRecord } from '../domain/balance.ts'
import type { AssetCode, RequestId } from '../domain/ids.ts'
import { rateKey, type Rate } from '../domain/rate.ts'
import type { Changes, Footprint, RequestRecord, Snapshot } from '../domain/snapshot.ts'

export class Cache implements Snapshot {
  readonly requests = new Map<RequestId, RequestRecord>()
  readonly balances = new Map<string, BalanceRecord>()
  readonly assets = new Map<AssetCode, Asset | null>()
  readonly rates = new Map<string, Rate | null>()
  readonly #requestsMax: number
  readonly #balancesMax: number

  constructor(limits: { readonly cacheRequestsMax: number; readonly cacheBalancesMax: number }) {
    this.#requestsMax = limits.cacheRequestsMax
    this.#balancesMax = limits.cacheBalancesMax
  }

  /**
   * Takes in rows that the cache lacks, and returns those. A row that is here already may be part of a commit under way, and
   * newer than what was read.
   */
  learn(snapshot: Snapshot): Snapshot {
    const requests = new Map([...snapshot.requests].filter(([id]) => !this.requests.has(id)))
    const balances = new Map([...snapshot.balances].filter(([key]) => !this.balances.has(key)))
    const learned = { requests, balances, assets: snapshot.assets, rates: snapshot.rates }
    this.replace(learned)
    return learned
  }

  /** Takes in rows as they were just read; what the database does not have is forgotten here too. */
  replace(snapshot: Snapshot): void {
    for (const [id, record] of snapshot.requests) {
      if (record === null) this.requests.delete(id)
      else this.requests.set(id, record)
    }
    for (const [key, balance] of snapshot.balances) this.balances.set(key, balance)
    for (const [code, asset] of snapshot.assets) this.assets.set(code, asset)
    for (const [key, rate] of snapshot.rates) this.rates.set(key, rate)
  }

  /** Takes in what is being committed. */
  apply(changes: Changes): void {
    for (const entry of changes.entries) this.requests.set(entry.id, entry)
    for (const hold of changes.holdsOpened) this.requests.set(hold.id, hold)
    for (const hold of changes.holdsChanged) this.requests.set(hold.id, hold)
    for (const { after } of changes.holdsStepped) this.requests.set(after.id, after)
    for (const { after } of changes.balances) {
      const key = balanceKey(after.account, after.asset, after.stripe)
      this.balances.delete(key) // Written again, it is young again.
      this.balances.set(key, after)
    }
    for (const asset of changes.assets) this.assets.set(asset.code, asset)
    for (const rate of changes.rates) this.rates.set(rateKey(rate.from, rate.to), rate)
  }

  /** Those of the footprint's balances that are here. */
  balancesOf(footprint: Footprint): readonly BalanceRecord[] {
    const records: BalanceRecord[] = []
    for (const key of footprint.balances.keys()) {
      const record = this.balances.get(key)
      if (record !== undefined) records.push(record)
    }
    return records
  }

  forget(footprint: Footprint): void {
    for (const id of footprint.requests) this.requests.delete(id)
    for (const key of footprint.balances.keys()) this.balances.delete(key)
    for (const key of footprint.rates.keys()) this.rates.delete(key)
  }

  /** Back to the limits; also drops what was only known to be absent. */
  trim(): void {
    trimMap(this.requests, this.#requestsMax)
    trimMap(this.balances, this.#balancesMax)
    for (const [code, asset] of this.assets) if (asset === null) this.assets.delete(code)
    for (const [key, rate] of this.rates) if (rate === null) this.rates.delete(key)
  }
}

function trimMap(map: Map<string, unknown>, sizeMax: number): void {
  if (map.size <= sizeMax) return
  for (const key of map.keys()) {
    map.delete(key)
    if (map.size <= sizeMax) return
  }
}
