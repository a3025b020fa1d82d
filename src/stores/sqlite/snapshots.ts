/** Reading a footprint, row by row. */
import type { Asset } from '../../domain/asset.ts'
import { balanceKey, emptyBalance, type BalanceName, type BalanceRecord } from '../../domain/balance.ts'
import {
  companionsOf,
  footprintOfHold,
  footprintOfSuccessor,
  footprintOfWhole,
  type Footprint,
} from '../../domain/footprint.ts'
import type { HouseAccount } from '../../domain/house-account.ts'
import { isHouse } from '../../domain/ids.ts'
import type { Rate } from '../../domain/rate.ts'
import { entryIn, type RequestRecord, type Snapshot } from '../../domain/snapshot.ts'
import { newStanding, type StandingRecord } from '../../domain/standing.ts'
import { assetOf } from '../sql/asset-row.ts'
import { balanceOf } from '../sql/balance-row.ts'
import { holdOf } from '../sql/hold-row.ts'
import { houseOf } from '../sql/house-row.ts'
import { rateOf } from '../sql/rate-row.ts'
import { assertSameId, idOf, requestKeyBuffer } from '../sql/request-key.ts'
import { entryWith } from '../sql/snapshot-rows.ts'
import { standingOf } from '../sql/standing-row.ts'
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
      lookups += 1 + postingCountOf(request)
      if (lookups >= LOOKUPS_PER_TURN) {
        yield
        lookups = 0
      }
      if (request?.kind !== 'freeze') continue
      for (const name of footprintOfHold(request, footprint)) {
        names.set(balanceKey(name.account, name.asset, name.stripe), name)
      }
    }
    const standings = new Map<string, StandingRecord>()
    for (const account of footprint.standings) {
      const standing = this.#standing(account)
      standings.set(account, standing)
      for (const name of footprintOfWhole(standing, footprint)) {
        names.set(balanceKey(name.account, name.asset, name.stripe), name)
      }
      if (++lookups < LOOKUPS_PER_TURN) continue
      yield
      lookups = 0
    }
    const balances = new Map<string, BalanceRecord>()
    // Further names may be added on the way: those of successors, and of balances that go with others.
    for (const [key, name] of names) {
      const balance = this.#balance(name, standings)
      balances.set(key, balance)
      const successor = footprintOfSuccessor(balance, footprint)
      for (const other of [...companionsOf(name, footprint), ...(successor === null ? [] : [successor])]) {
        names.set(balanceKey(other.account, other.asset, other.stripe), other)
      }
      if (++lookups < LOOKUPS_PER_TURN) continue
      yield
      lookups = 0
    }
    const assets = new Map<string, Asset | null>()
    for (const code of footprint.assets) {
      const row: Row | undefined = this.#reads.selectAsset.get(code)
      assets.set(code, row === undefined ? null : assetOf(row))
    }
    const houses = new Map<string, HouseAccount | null>()
    for (const account of footprint.houses) {
      const row: Row | undefined = this.#reads.selectHouse.get(account)
      houses.set(account, row === undefined ? null : houseOf(row))
    }
    const rates = new Map<string, Rate | null>()
    for (const [key, { from, to }] of footprint.rates) {
      const row: Row | undefined = this.#reads.selectRate.get(from, to)
      rates.set(key, row === undefined ? null : rateOf(row))
    }
    return { requests, balances, standings, assets, houses, rates }
  }

  #request(id: string): RequestRecord | null {
    const row: Row | undefined = this.#reads.selectRequest.get(requestKeyBuffer(id))
    if (row === undefined) return null
    assertSameId(id, idOf(row))
    if (row['kind'] === 'freeze') return holdOf(row)
    const entry = entryWith(row, ([balanceId, , firstVersion]) => this.#reads.selectRun.get(balanceId, firstVersion))
    return row['kind'] === 'charge' ? { ...holdOf(row), charge: entry } : entry
  }

  #standing(account: string): StandingRecord {
    const row: Row | undefined = this.#reads.selectStanding.get(account)
    return row === undefined ? newStanding(account) : standingOf(row)
  }

  /** A new balance is as its account. @param standings to which that of the account is added */
  #balance(name: BalanceName, standings: Map<string, StandingRecord>): BalanceRecord {
    const { account } = name
    const row: Row | undefined = this.#reads.selectBalance.get(account, name.asset, name.stripe)
    if (row !== undefined) return balanceOf(row)
    if (!isHouse(account) && !standings.has(account)) standings.set(account, this.#standing(account))
    const last = whole(this.#reads.selectLastBalanceId.get()!['id'] ?? 0)
    this.#lastBalanceId.value = Math.max(this.#lastBalanceId.value, last) + 1
    return emptyBalance(this.#lastBalanceId.value, name, standings.get(account))
  }
}

/** How many runs were looked up for the postings of a request. */
function postingCountOf(request: RequestRecord | null): number {
  return request === null ? 0 : (entryIn(request)?.postings.length ?? 0)
}
