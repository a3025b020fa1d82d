/** Rates as rows of `rates`. */
import type { Rate, Rounding } from '../../domain/rate.ts'
import { rowKind } from './row-kind.ts'
import { big, whole, type Row } from './values.ts'

export function rateRow(rate: Rate) {
  return {
    from_asset: rate.from,
    to_asset: rate.to,
    version: rate.version,
    numerator: rate.numerator,
    denominator: rate.denominator,
    rounding: rate.rounding,
    tolerance_ppm: rate.tolerancePpm,
    declared_at: rate.declaredAt,
  }
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

const SAMPLE: Rate = {
  from: 'credit',
  to: 'gem',
  version: 1,
  numerator: 2n,
  denominator: 3n,
  rounding: 'down',
  tolerancePpm: 4,
  declaredAt: 5,
}

export const RATE = rowKind('rates', rateRow, SAMPLE)

/**
 * The columns of a rate besides its pair. A rate that a batch rests on is compared as a whole: after a database has returned to an
 * earlier state, its version can be another rate's.
 */
export const RATE_CONTENTS = RATE.columns.filter((column) => column !== 'from_asset' && column !== 'to_asset')
