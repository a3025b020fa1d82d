/** What the tables of a database refuse independently of the rules: CHECK constraints (laws 2 and 5), and numbers that a column cannot hold. */
import { isInt64 } from '../../domain/amount.ts'
import type { Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { HoldRecord } from '../../domain/hold.ts'
import type { Rate } from '../../domain/rate.ts'

/** As the constraint of the tables has it. */
const DECIMALS_MAX = 18

/** How the row breaks a constraint, as a sentence; null when it breaks none. */
export function balanceBreach({ account, asset, available, held, floor, version }: BalanceRecord): string | null {
  const name = `The balance "${account} ${asset}"`
  if (!isInt64(available) || !isInt64(held)) return `${name} would not fit 64 bits.`
  if (held < 0n) return `${name} would hold less than nothing.`
  if (floor !== null && available < floor) return `${name} would be below its floor.`
  return version > 0 ? null : `${name} would have no version.`
}

export function holdBreach(hold: HoldRecord): string | null {
  const { amount, held, settled, released, drawn } = hold
  const name = `the hold "${hold.id}"`
  if (held < 0n) return `${name} would hold less than nothing.`
  if (amount + drawn !== settled + released + held) return `The amounts of ${name} would not add up.`
  if (hold.refunded > settled) return `More of ${name} would be refunded than was settled.`
  if (hold.settledLate > drawn) return `More of ${name} would be settled late than was drawn.`
  return (hold.state === 'open') === (hold.end === null) ? null : `${name} would be open and ended.`
}

export function assetBreach({ code, decimals }: Asset): string | null {
  return decimals >= 0 && decimals <= DECIMALS_MAX ? null : `The asset "${code}" cannot have ${decimals} decimals.`
}

export function rateBreach({ from, to, version, numerator, denominator, tolerancePpm }: Rate): string | null {
  const isWhole = version > 0 && numerator > 0n && denominator > 0n && tolerancePpm >= 0 && tolerancePpm <= 1_000_000
  return isWhole ? null : `The rate from ${from} to ${to} is none.`
}
