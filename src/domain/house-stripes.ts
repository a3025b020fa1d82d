/**
 * Which stripe of each house account an engine writes.
 *
 * A stripe is a balance of its own, within int64. An engine begins with one stripe of every house account; one that has no room left
 * is followed by another, for that account and asset alone. Any engine may write any stripe: it is correct, and slow where two do.
 */
import { BALANCE_MAX } from './amount.ts'
import type { BalanceName } from './balance.ts'
import { isHouse, type AccountName, type AssetCode } from './ids.ts'

/** Stripes that engines begin with, from 0 on. The stripes that follow one are this far apart, so that engines do not meet in them. */
export const HOUSE_STRIPES = 1_024

/** Stripes of one house account and asset that one engine writes, the first included. */
export const HOUSE_STRIPE_TURNS = 64

/** What one engine can issue of an asset, in minor units: as much as all its stripes of `@issuer` have room for. */
export const SUPPLY_MAX = BigInt(HOUSE_STRIPE_TURNS) * BALANCE_MAX

/** Unchangeable: whoever decides on a footprint goes by the stripes that it was made with. */
export class HouseStripes {
  /** Of every house account that is not followed. */
  readonly first: number
  readonly #followed: ReadonlyMap<string, number>

  constructor(first: number, followed: ReadonlyMap<string, number> = new Map()) {
    this.first = first
    this.#followed = followed
  }

  /** The stripe of an account's balance: 0 for everybody but house accounts. */
  of(account: AccountName, asset: AssetCode): number {
    if (!isHouse(account)) return 0
    if (this.#followed.size === 0) return this.first
    return this.#followed.get(nameOf(account, asset)) ?? this.first
  }

  /** The same, but for one house account and asset. */
  followedBy({ account, asset, stripe }: BalanceName): HouseStripes {
    return new HouseStripes(this.first, new Map([...this.#followed, [nameOf(account, asset), stripe]]))
  }

  /** Every stripe of a house account and asset that the engine may write, in their order. */
  turnsOf(account: AccountName, asset: AssetCode): readonly BalanceName[] {
    return Array.from({ length: HOUSE_STRIPE_TURNS }, (_, turn) => ({
      account,
      asset,
      stripe: this.first + turn * HOUSE_STRIPES,
    }))
  }
}

function nameOf(account: AccountName, asset: AssetCode): string {
  return `${account} ${asset}`
}
