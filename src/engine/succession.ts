/**
 * Moves a house account to another stripe when its stripe is full.
 *
 * The rules reject a posting that would take a balance beyond int64. For a stripe of a house account this rejection is not final: the
 * engine moves to the emptiest of its stripes, for that account and asset, and the command is decided again. The supply is exhausted
 * only when the engine is already on the emptiest stripe.
 */
import { balanceKey, type BalanceName } from '../domain/balance.ts'
import type { HouseStripes } from '../domain/house-stripes.ts'
import { isHouse, type AccountName, type AssetCode } from '../domain/ids.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Footprint } from '../domain/footprint.ts'
import type { Store } from './store.ts'
import type { WorkOutcome } from './ticket.ts'

/** A house account and one of its assets. */
export interface HouseCoins {
  readonly account: AccountName
  readonly asset: AssetCode
}

/** By position, the outcomes that found a stripe of a house account full, each with what it found full. */
export function fullIn(outcomes: readonly WorkOutcome[]): ReadonlyMap<number, HouseCoins> {
  const full = new Map<number, HouseCoins>()
  for (let index = 0; index < outcomes.length; index++) {
    const found = fullStripeOf(outcomes[index]!)
    if (found !== null) full.set(index, found)
  }
  return full
}

/** The house account and asset whose stripe an outcome found full; null for any other outcome. */
export function fullStripeOf(outcome: WorkOutcome): HouseCoins | null {
  // A rejection of one command ends its group.
  return 'status' in outcome ? fullOf(outcome) : (outcome.map(fullOf).find((each) => each !== null) ?? null)
}

function fullOf(outcome: Outcome): HouseCoins | null {
  if (outcome.status !== 'rejected' || outcome.rejection.code !== 'balance_overflow') return null
  return isHouse(outcome.rejection.account) ? outcome.rejection : null
}

export class Succession {
  readonly #store: Store
  #stripes: HouseStripes

  constructor(store: Store, stripes: HouseStripes) {
    this.#store = store
    this.#stripes = stripes
  }

  /** The stripes that the next batch is decided on. */
  get stripes(): HouseStripes {
    return this.#stripes
  }

  /**
   * Moves every account and asset in `full` to its emptiest stripe. Each move is to an emptier stripe, and a batch makes at most
   * `HOUSE_STRIPE_TURNS` moves.
   *
   * @returns the positions that can be decided again, because an emptier stripe was found
   * @throws Fault as `Store.load`
   */
  async follow(full: ReadonlyMap<number, HouseCoins>): Promise<readonly number[]> {
    const coins = new Map([...full.values()].map((each) => [`${each.account} ${each.asset}`, each]))
    const turns = [...coins.values()].map(({ account, asset }) => this.#stripes.turnsOf(account, asset))
    const { balances } = await this.#store.load(keysOf(turns.flat(), this.#stripes))
    const weightOf = ({ account, asset, stripe }: BalanceName): bigint => {
      const { available } = balances.get(balanceKey(account, asset, stripe))!
      return available < 0n ? -available : available
    }
    const moved = new Set<string>()
    for (const names of turns) {
      const emptiest = names.reduce((best, name) => (weightOf(name) < weightOf(best) ? name : best))
      const { account, asset } = emptiest
      const current = { account, asset, stripe: this.#stripes.of(account, asset) }
      if (weightOf(emptiest) >= weightOf(current)) continue
      this.#stripes = this.#stripes.followedBy(emptiest)
      moved.add(`${account} ${asset}`)
    }
    return [...full].flatMap(([index, { account, asset }]) => (moved.has(`${account} ${asset}`) ? [index] : []))
  }
}

function keysOf(names: readonly BalanceName[], houseStripes: HouseStripes): Footprint {
  return {
    houseStripes,
    requests: new Set(),
    balances: new Map(names.map((name) => [balanceKey(name.account, name.asset, name.stripe), name])),
    standings: new Set(),
    wholes: new Map(),
    assets: new Set(),
    houses: new Set(),
    rates: new Map(),
    payees: new Map(),
  }
}
