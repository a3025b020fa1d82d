/** Rates as rows. */
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
