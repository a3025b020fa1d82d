/**
 * The stripe of each house account that an engine writes.
 *
 * A stripe is a balance within int64. An engine begins with one stripe of every house account. When a stripe is full, the engine
 * continues in another one, only for that account and asset. Any engine may write any stripe: two engines on one stripe are correct, but
 * slow.
 */
import { BALANCE_MAX } from './amount.ts'
import type { BalanceName } from './balance.ts'
import { isHouse, type AccountName, type AssetCode } from './ids.ts'

/** The number of first stripes, from 0 on. The next stripes of an engine are this far apart, so that engines do not share one. */
export const HOUSE_STRIPES = 1_024

/** The largest number of stripes of one house account and asset that one engine writes, including the first. */
export const HOUSE_STRIPE_TURNS = 64

/** The largest amount of an asset that one engine can issue, in minor units: the capacity of all its stripes of `@issuer`. */
export const SUPPLY_MAX = BigInt(HOUSE_STRIPE_TURNS) * BALANCE_MAX

/** Immutable, because a decision must use the stripes of its footprint. */
export class HouseStripes {
  /** The first stripe: used for every house account that has not continued in another stripe. */
  readonly first: number
  readonly #followed: ReadonlyMap<string, number>

  constructor(first: number, followed: ReadonlyMap<string, number> = new Map()) {
    this.first = first
    this.#followed = followed
  }

  /** The stripe of an account's balance: 0 for accounts that are not house accounts. */
  of(account: AccountName, asset: AssetCode): number {
    if (!isHouse(account)) return 0
    if (this.#followed.size === 0) return this.first
    return this.#followed.get(nameOf(account, asset)) ?? this.first
  }

  /** The same stripes, except that one house account and asset continue in `stripe`. */
  followedBy({ account, asset, stripe }: BalanceName): HouseStripes {
    return new HouseStripes(this.first, new Map([...this.#followed, [nameOf(account, asset), stripe]]))
  }

  /** All stripes of a house account and asset that the engine may write, in order. */
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
