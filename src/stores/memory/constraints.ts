/** What the tables of a database refuse independently of the rules: CHECK constraints (laws 2 and 5), and numbers that a column cannot hold. */
import { isInt64 } from '../../domain/amount.ts'
import type { Asset } from '../../domain/asset.ts'
import type { BalanceRecord } from '../../domain/balance.ts'
import type { HoldChange } from '../../domain/changes.ts'
import { showHoldAsFrozen, type HoldRecord } from '../../domain/hold-record.ts'
import type { Rate } from '../../domain/rate.ts'

/** As the constraint of the tables has it. */
const DECIMALS_MAX = 18

/** How the row breaks a constraint, as a sentence; null when it breaks none. */
export function balanceBreach({ account, asset, available, held, floor, debt, version }: BalanceRecord): string | null {
  const name = `The balance "${account} ${asset}"`
  if (!isInt64(available) || !isInt64(held)) return `${name} would not fit 64 bits.`
  if (held < 0n) return `${name} would hold less than nothing.`
  if (debt < 0n || (debt > 0n && available + debt !== floor))
    return `${name} would owe something else than it is below its floor.`
  if (floor !== null && available + debt < floor) return `${name} would be below its floor.`
  return version > 0 ? null : `${name} would have no version.`
}

/** @param hold possibly after changes; its row is the freeze */
export function freezeBreach(hold: HoldRecord): string | null {
  return showHoldAsFrozen(hold).amount >= 0n ? null : `The hold "${hold.id}" would freeze less than nothing.`
}

/** The row of an end that is no step lacks the columns of steps. */
export function holdChangeBreach({ after, step }: HoldChange): string | null {
  const { amount, held, settled, released, drawn, state, end } = after
  const name = `the hold "${after.id}"`
  if (held < 0n) return `${name} would hold less than nothing.`
  if (amount + drawn !== settled + released + held) return `The amounts of ${name} would not add up.`
  if (step !== null && after.refunded > settled) return `More of ${name} would be refunded than was settled.`
  if (step !== null && after.settledLate > drawn) return `More of ${name} would be settled late than was drawn.`
  const hasEndedBefore = end !== null && end.number !== after.changes
  return state === 'open' && (step === null || hasEndedBefore) ? `${name} would be open and ended.` : null
}

export function assetBreach({ code, decimals }: Asset): string | null {
  return decimals >= 0 && decimals <= DECIMALS_MAX ? null : `The asset "${code}" cannot have ${decimals} decimals.`
}

export function rateBreach({ from, to, version, numerator, denominator, tolerancePpm }: Rate): string | null {
  const isWhole = version > 0 && numerator > 0n && denominator > 0n && tolerancePpm >= 0 && tolerancePpm <= 1_000_000
  return isWhole ? null : `The rate from ${from} to ${to} is none.`
}
