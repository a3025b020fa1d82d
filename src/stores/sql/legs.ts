/**
 * The legs of a transfer across assets, as JSON text in its entry's row.
 *
 * A leg is a list: from, to, asset, amount, toAsset, toAmount, and across assets also the rate's version, numerator, denominator, rounding
 * and remainder. Amounts are text, because not every reader of JSON keeps 64 bits.
 */
import type { EntryLeg } from '../../domain/journal.ts'
import type { Rounding } from '../../domain/rate.ts'

type LegRow = readonly [from: string, to: string, asset: string, amount: string, toAsset: string, toAmount: string]
type RateRow = readonly [version: number, numerator: string, denominator: string, rounding: Rounding, remainder: string]

export function legsText(legs: readonly EntryLeg[] | null): string | null {
  if (legs === null) return null
  return JSON.stringify(
    legs.map(({ from, to, asset, amount, toAsset, toAmount, rate }) => {
      const leg: LegRow = [from, to, asset, String(amount), toAsset, String(toAmount)]
      if (rate === null) return leg
      const { version, numerator, denominator, rounding, remainder } = rate
      const applied: RateRow = [version, String(numerator), String(denominator), rounding, String(remainder)]
      return [...leg, ...applied]
    }),
  )
}

export function legsOf(text: unknown): readonly EntryLeg[] | null {
  if (text === null || text === undefined) return null
  return (JSON.parse(text as string) as readonly (LegRow | readonly [...LegRow, ...RateRow])[]).map((row): EntryLeg => {
    const [from, to, asset, amount, toAsset, toAmount, version, numerator, denominator, rounding, remainder] = row
    const leg = { from, to, asset, amount: BigInt(amount), toAsset, toAmount: BigInt(toAmount) }
    if (version === undefined) return { ...leg, rate: null }
    const fraction = { numerator: BigInt(numerator!), denominator: BigInt(denominator!) }
    return { ...leg, rate: { version, ...fraction, rounding: rounding!, remainder: BigInt(remainder!) } }
  })
}
