/** Reading a footprint, row by row. */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import { footprintOfHold, type Footprint } from '../../domain/footprint.ts'
import type { Rate } from '../../domain/rate.ts'
import type { RequestRecord, Snapshot } from '../../domain/snapshot.ts'
import { assetOf } from '../sql/asset-row.ts'
import { balanceOf } from '../sql/balance-row.ts'
import { holdOf } from '../sql/hold-row.ts'
import { rateOf } from '../sql/rate-row.ts'
import { entryWith } from '../sql/snapshot-rows.ts'
import { whole, type Row } from '../sql/values.ts'
import type { Reads } from './reads.ts'

/** Rows that are looked up in one turn. They took about 5 ms. */
const LOOKUPS_PER_TURN = 500

/** The last balance id that the process gave out, so that two balances without a row get different ids. */
export class LastBalanceId {
  value = 0
}

export class SnapshotReads {
  readonly #reads: Reads
  readonly #lastBalanceId: LastBalanceId

  constructor(reads: Reads, lastBalanceId: LastBalanceId) {
    this.#reads = reads
    this.#lastBalanceId = lastBalanceId
  }

  all(footprint: Footprint): Snapshot {
    const reading = this.inTurns(footprint)
    for (;;) {
      const step = reading.next()
      if (step.done === true) return step.value
    }
  }

  /** Pauses after every `LOOKUPS_PER_TURN` rows. */
  *inTurns(footprint: Footprint): Generator<void, Snapshot, void> {
    let lookups = 0
    const requests = new Map<string, RequestRecord | null>()
    const names = new Map<string, BalanceName>(footprint.balances)
    for (const id of footprint.requests) {
      const request = this.#request(id)
      requests.set(id, request)
      lookups += 1 + (request?.kind === 'freeze' ? 0 : (request?.postings.length ?? 0))
      if (lookups >= LOOKUPS_PER_TURN) {
        yield
        lookups = 0
      }
      if (request?.kind !== 'freeze') continue
      for (const name of footprintOfHold(request, footprint)) {
        names.set(balanceKey(name.account, name.asset, name.stripe), name)
      }
    }
    const balances = new Map<string, BalanceRecord>()
    for (const [key, name] of names) {
      balances.set(key, this.#balance(name))
      if (++lookups < LOOKUPS_PER_TURN) continue
      yield
      lookups = 0
    }
    const assets = new Map<string, Asset | null>()
    for (const code of footprint.assets) {
      const row: Row | undefined = this.#reads.selectAsset.get(code)
      assets.set(code, row === undefined ? null : assetOf(row))
    }
    const rates = new Map<string, Rate | null>()
    for (const [key, { from, to }] of footprint.rates) {
      const row: Row | undefined = this.#reads.selectRate.get(from, to)
      rates.set(key, row === undefined ? null : rateOf(row))
    }
    return { requests, balances, assets, rates }
  }

  #request(id: string): RequestRecord | null {
    const row: Row | undefined = this.#reads.selectRequest.get(id)
    if (row === undefined) return null
    if (row['kind'] === 'freeze') return holdOf(row)
    return entryWith(row, ([balanceId, version]) => this.#reads.selectPosting.get(balanceId, version))
  }

  #balance(name: BalanceName): BalanceRecord {
    const row: Row | undefined = this.#reads.selectBalance.get(name.account, name.asset, name.stripe)
    if (row !== undefined) return balanceOf(row)
    const last = whole(this.#reads.selectLastBalanceId.get()!['id'] ?? 0)
    this.#lastBalanceId.value = Math.max(this.#lastBalanceId.value, last) + 1
    return emptyBalance(this.#lastBalanceId.value, name)
  }
}
