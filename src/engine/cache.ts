/**
 * The last rows that this engine saw or sent to be committed, as a snapshot to decide on.
 *
 * A row here may be out of date, or may never come to be. That is harmless where a commit follows, because its guards meet
 * the rows themselves; a rejection or a repeat is answered only after its rows were read again (see cycle.ts).
 *
 * Two things make rows leave together. A balance that another writer moved takes the remembered open holds of its account along, because
 * that writer may have changed them. A row that shows less than was remembered means that the database went back in time (a failover that
 * lost commits, a restored backup): then nothing remembered can be trusted. A lost connection may mean the same, see `Store`.
 *
 * Upholds law 8: both maps are bounded, the rows written longest ago leave first.
 */
import type { Asset } from '../domain/asset.ts'
import { balanceKey, type BalanceRecord } from '../domain/balance.ts'
import type { AssetCode, RequestId } from '../domain/ids.ts'
import { rateKey, type Rate } from '../domain/rate.ts'
import type { RequestRecord, Snapshot } from '../domain/snapshot.ts'
import type { Changes } from '../domain/changes.ts'
import type { Footprint } from '../domain/footprint.ts'

export class Cache implements Snapshot {
  readonly requests = new Map<RequestId, RequestRecord>()
  readonly balances = new Map<string, BalanceRecord>()
  readonly assets = new Map<AssetCode, Asset | null>()
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
   * Takes in rows that the cache lacks, and returns those. A row that is here already may be part of a commit under way, and
   * newer than what was read.
   */
  learn(snapshot: Snapshot): Snapshot {
    const requests = new Map([...snapshot.requests].filter(([id]) => !this.requests.has(id)))
    const balances = new Map([...snapshot.balances].filter(([key]) => !this.balances.has(key)))
    const learned = { requests, balances, assets: snapshot.assets, rates: snapshot.rates }
    this.#take(learned)
    return learned
  }

  /**
   * Takes in rows as they were just read, while no commit is under way or under their locks. What the database does not have is
   * forgotten here too.
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
   * Compares rows that were just read with what is remembered of them, and forgets everything when they show less.
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
    for (const [code, asset] of snapshot.assets) this.assets.set(code, asset)
    for (const [key, rate] of snapshot.rates) this.rates.set(key, rate)
  }

  /** Takes in what is being committed. */
  apply(changes: Changes): void {
    for (const entry of changes.entries) this.requests.set(entry.id, entry)
    for (const hold of changes.holdsOpened) this.#remember(hold)
    for (const hold of changes.holdsChanged) this.#remember(hold)
    for (const { after } of changes.holdsStepped) this.#remember(after)
    for (const { after } of changes.balances) {
      const key = balanceKey(after.account, after.asset, after.stripe)
      this.balances.delete(key) // Written again, it is young again.
      this.balances.set(key, after)
    }
    for (const asset of changes.assets) this.assets.set(asset.code, asset)
    for (const rate of changes.rates) this.rates.set(rateKey(rate.from, rate.to), rate)
  }

  /** Forgets the footprint's rows, and the open holds of its balances. */
  forget(footprint: Footprint): void {
    for (const id of footprint.requests) this.#forgetRequest(id)
    for (const key of footprint.balances.keys()) {
      const balance = this.balances.get(key)
      if (balance === undefined) continue
      this.balances.delete(key)
      this.#forgetHoldsOf(balance.id)
    }
    for (const key of footprint.rates.keys()) this.rates.delete(key)
  }

  clear(): void {
    this.requests.clear()
    this.balances.clear()
    this.assets.clear()
    this.rates.clear()
    this.#openHolds.clear()
  }

  /** Back to the limits; also drops what was only known to be absent. */
  trim(): void {
    for (const id of surplusOf(this.requests, this.#requestsMax)) this.#forgetRequest(id)
    for (const key of surplusOf(this.balances, this.#balancesMax)) this.balances.delete(key)
    for (const [code, asset] of this.assets) if (asset === null) this.assets.delete(code)
    for (const [key, rate] of this.rates) if (rate === null) this.rates.delete(key)
  }

  /** Whether the rows show less than what is remembered of them, or another past. */
  #wentBack({ requests, balances, assets, rates }: Snapshot): boolean {
    for (const [id, read] of requests) if (isLess(read, this.requests.get(id))) return true
    for (const [key, read] of balances) if (isEarlier(read, this.balances.get(key))) return true
    for (const [code, read] of assets) if (read === null && (this.assets.get(code) ?? null) !== null) return true
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

/** A request that is gone, or a hold that has fewer steps than it had, or is open again. */
function isLess(read: RequestRecord | null, remembered: RequestRecord | undefined): boolean {
  if (remembered === undefined) return false
  if (read === null) return true
  if (read.kind !== 'freeze' || remembered.kind !== 'freeze') return read.kind !== remembered.kind
  return read.steps < remembered.steps || (read.state === 'open' && remembered.state !== 'open')
}

/** An earlier version, or the same one of another past. */
function isEarlier(read: BalanceRecord, remembered: BalanceRecord | undefined): boolean {
  if (remembered === undefined || read.version > remembered.version) return false
  if (read.version < remembered.version) return true
  return read.available !== remembered.available || read.held !== remembered.held || read.floor !== remembered.floor
}

/** Keys of the rows that are too many, the oldest first. */
function* surplusOf<Key>(map: ReadonlyMap<Key, unknown>, sizeMax: number): Iterable<Key> {
  let surplus = map.size - sizeMax
  if (surplus <= 0) return
  for (const key of map.keys()) {
    if (surplus-- <= 0) return
    yield key
  }
}
