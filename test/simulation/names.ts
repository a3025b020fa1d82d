/** The few names that requests are made from: the accounts, assets and holds, and what was asked about them so far. */
import type { Command, Leg, RateCommand, Precondition } from '../../src/domain/command.ts'
import { across, onlyIf } from '../support/commands.ts'
import type { Chance } from './chance.ts'
import { EPOCH } from './world.ts'

export const AMOUNT_MOST = 2n ** 63n - 1n

export interface FrozenHold {
  readonly id: string
  readonly amount: bigint
  readonly at: number
  /** The amounts of the settles that were requested. Each amount occurs once, so the row shows which settle ended the hold. */
  readonly settledAt: Set<bigint>
  /** Whether the hold probably exists. */
  readonly isLikely: boolean
}

/** Plain names, and names that look like keys, entries, numbers, JSON, SQL or a path. */
const USERS: readonly (readonly string[])[] = [
  ['user:1', 'user:2', 'user:3', 'user:4'],
  ['a', 'a credit', 'a credit 5', 'a~settle'],
  ['"', '\\', `\\'; -- "`, '%_'],
  ['7', '=1+1,"x";', 'a/../b?c#d', 'x'.repeat(128)],
]

/** House accounts that are declared sooner or later; the first one mostly at the start. */
export const HOUSES = ['@promo', '@fees'] as const

export const NO_EXPIRY = { expiresInMs: null, expiresAt: null } as const

export class Names {
  readonly chance: Chance
  readonly users: readonly string[]
  readonly holds: FrozenHold[] = []
  readonly commands: Command[] = []
  readonly rates: RateCommand[] = []
  /** When the request being made will be sent. */
  at = 0
  /** Whether amounts near the end of the range come up. */
  readonly hasGiants: boolean
  /** How often a caller sends the next command without waiting for an answer. */
  readonly haste: number
  /** How often a leg is an exchange. */
  readonly exchanging: number
  #requestIds = 0

  constructor(chance: Chance) {
    this.chance = chance
    this.users = chance.pick(USERS).slice(0, chance.between(1, 4))
    this.hasGiants = chance.likely(0.15)
    this.haste = chance.pick([0, 0.2, 0.9])
    this.exchanging = chance.pick([0.1, 0.4, 0.8])
  }

  readonly requestId = (): string => {
    const prefix = this.chance.likely(0.012) ? 'poison' : 'r'
    return `${prefix}${++this.#requestIds}`
  }

  /** The first user is the busiest one. */
  user(): string {
    return this.chance.likely(0.6) ? this.users[0]! : this.chance.pick(this.users)
  }

  account(): string {
    return this.chance.likely(0.9) ? this.user() : this.chance.pick(['@promo', '@revenue'])
  }

  /** Mostly one of the less busy users: a closed account never opens again. */
  closable(): string {
    return this.chance.likely(0.8) ? this.chance.pick(this.users.slice(1).concat('stranger')) : this.account()
  }

  /** A party of a transfer; rarely `@exchange`. */
  party(): string {
    return this.chance.likely(0.98) ? this.account() : '@exchange'
  }

  payee(): string {
    return this.chance.likely(0.7) ? '@revenue' : this.chance.pick([...this.users, ...HOUSES])
  }

  /** A hold that may have expired by now. */
  oldHold(): FrozenHold | null {
    const old = this.holds.filter(({ at, isLikely }) => isLikely && at < this.at - 100)
    return old.length === 0 ? null : this.chance.pick(old)
  }

  /** The payee of a settle; mostly the hold's. */
  otherPayee(): string | null {
    return this.chance.likely(0.5) ? null : this.payee()
  }

  onExpiry(): { readonly settle: bigint } {
    return { settle: this.chance.amountBetween(1n, 40n) }
  }

  /** Half of the instants are so near that a second attempt can be too late. */
  expiry(): { readonly expiresInMs: number | null; readonly expiresAt: number | null } {
    const { chance } = this
    const expiry = chance.weighted({ soon: 2, late: 1, never: 0.3, at: 3 })
    const inMs = chance.likely(0.5) ? chance.between(0, 50) : chance.between(-200, 1_500)
    const expiresAt = expiry === 'at' ? EPOCH + Math.floor(this.at) + inMs : null
    return { expiresInMs: { soon: 1_000, late: 3_600_000, never: 0, at: null }[expiry], expiresAt }
  }

  amountAround(amount: bigint): bigint {
    const least = amount > 60n ? amount - 30n : 1n
    const found = this.chance.amountBetween(least, amount > 60n ? least + 60n : amount + 30n)
    return found > AMOUNT_MOST ? AMOUNT_MOST : found
  }

  /** A change of a hold's total; mostly small. */
  change(): bigint {
    const by = this.amount()
    return this.chance.likely(0.5) ? by : -by
  }

  /** The command, sometimes only if its balance or hold is as a caller may have seen it. */
  conditional<Of extends Command>(command: Of): Of {
    return this.chance.likely(0.12) ? (onlyIf(command, this.required(command)) as Of) : command
  }

  /** A number that the balance or the hold of the command may have by now. */
  required(command: Command): Precondition {
    const { chance } = this
    if (chance.likely(0.1)) return '*'
    if ('hold' in command) return chance.pick([0, 0, 0, 0, 1, 1, 1, 2, 2, 3])
    const account = 'account' in command ? command.account : ''
    const count = this.commands.filter((each) => 'account' in each && each.account === account).length
    return chance.between(Math.floor(count / 3), count + 2)
  }

  asset(): string {
    return this.chance.weighted({ credit: 20, gem: 8, usd: 3 })
  }

  amount(): bigint {
    if (this.hasGiants && this.chance.likely(0.1)) {
      return this.chance.pick([AMOUNT_MOST, AMOUNT_MOST - 5n, AMOUNT_MOST / 2n])
    }
    return this.chance.amountBetween(1n, 60n)
  }

  pair(): readonly [from: string, to: string] {
    const from = this.asset()
    return [from, this.chance.pick(['credit', 'gem', 'usd'].filter((asset) => asset !== from))]
  }

  /** Mostly a pair with a requested rate; sometimes with an amount that may lie within its tolerance. */
  across(from: string, to: string, amount: bigint): Leg {
    const { chance } = this
    const known = chance.likely(0.9) ? this.rates.slice(-4) : []
    const pair = known.length === 0 ? null : chance.pick(known)
    const [asset, toAsset] = pair === null ? this.pair() : [pair.from, pair.to]
    const terms = this.rates.findLast((each) => each.from === asset && each.to === toAsset)
    if (terms === undefined || chance.likely(0.4)) return across(from, to, [amount, asset], [toAsset])
    const named = (amount * terms.numerator) / terms.denominator + chance.amountBetween(-3n, 6n)
    const toAmount = named < 1n ? 1n : named
    return toAmount > AMOUNT_MOST
      ? across(from, to, [amount, asset], [toAsset])
      : across(from, to, [amount, asset], [toAsset, toAmount])
  }

  metadata(): Record<string, string> | null {
    return this.chance.likely(0.85) ? null : { note: this.chance.pick(['a', 'b']) }
  }

  uniqueTolerance(): number {
    return 1_000 + ++this.#requestIds
  }

  /** Mostly one that more than one refund names. */
  charge(): { readonly id: string; readonly amount: bigint } | null {
    const made = this.commands.filter((command) => command.kind === 'charge').slice(-3)
    if (made.length === 0) return null
    const { requestId: id, amount } = this.chance.pick(made)
    return { id, amount }
  }

  /** Mostly a recent one. */
  hold(): FrozenHold | null {
    if (this.holds.length === 0) return null
    const likely = this.holds.filter(({ isLikely }) => isLikely)
    const among = likely.length > 0 && this.chance.likely(0.9) ? likely : this.holds
    return this.chance.pick(this.chance.likely(0.8) ? among.slice(-5) : among)
  }
}
