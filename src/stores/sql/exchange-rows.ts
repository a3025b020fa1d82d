/**
 * Rows of exchanges: rates, and the legs of a transfer across assets as JSON text in its entry's row.
 *
 * A leg is a list: from, to, asset, amount, toAsset, toAmount, and across assets also the rate's version, numerator, denominator, rounding
 * and remainder. Amounts are text, because not every reader of JSON keeps 64 bits.
 */
import type { EntryLeg } from '../../domain/journal.ts'
import type { Rate, Rounding } from '../../domain/rate.ts'
import { big, whole, type Row, type SqlValue } from './rows.ts'

export const RATE_COLUMNS = [
  'from_asset',
  'to_asset',
  'version',
  'numerator',
  'denominator',
  'rounding',
  'tolerance_ppm',
  'declared_at',
] as const

/** In the order of `RATE_COLUMNS`. */
export function rateValues(rate: Rate): SqlValue[] {
  return [
    rate.from,
    rate.to,
    rate.version,
    rate.numerator,
    rate.denominator,
    rate.rounding,
    rate.tolerancePpm,
    rate.declaredAt,
  ]
}

/** What names a rate: a part of `RATE_COLUMNS`. */
export const RATE_KEY_COLUMNS = ['from_asset', 'to_asset', 'version'] as const

/** In the order of `RATE_KEY_COLUMNS`. */
export function rateKeyValues({ from, to, version }: Rate): SqlValue[] {
  return [from, to, version]
}

export function rateOf(row: Row): Rate {
  return {
    from: row['from_asset'] as string,
    to: row['to_asset'] as string,
    version: whole(row['version']),
    numerator: big(row['numerator']),
    denominator: big(row['denominator']),
    rounding: row['rounding'] as Rounding,
    tolerancePpm: whole(row['tolerance_ppm']),
    declaredAt: whole(row['declared_at']),
  }
}

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
    const leg = { from, to, asset, amount: big(amount), toAsset, toAmount: big(toAmount) }
    if (version === undefined) return { ...leg, rate: null }
    const fraction = { numerator: big(numerator), denominator: big(denominator) }
    return { ...leg, rate: { version, ...fraction, rounding: rounding!, remainder: big(remainder) } }
  })
}
