/** A rate on the wire. */
import { ROUNDINGS, TOLERANCE_PPM_MAX, type Rate as Value } from '../domain/rate.ts'
import { FROZEN_AT, page, type Resource } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import { AssetCode, instant, named, whole, words } from './schema.ts'
import { type Static, Type } from './typebox.ts'

const RATE_EXAMPLE = {
  from: 'star',
  to: 'gem',
  version: 3,
  numerator: '1',
  denominator: '10',
  rounding: 'down',
  tolerancePpm: 0,
  declaredAt: FROZEN_AT,
}

export const ROUNDING =
  'The rounding of fractions of a unit: `down`, `up`, or `half-even` (to the nearest unit; a half to the even one).'
export const RATE_VERSION = {
  minimum: 1,
  description: 'The version of the rate: 1 for the first rate of the pair, then 2, 3, …',
  examples: [3],
}

export const Rate = named(
  'Rate',
  Type.Object(
    {
      from: AssetCode,
      to: AssetCode,
      version: Type.Integer(RATE_VERSION),
      numerator: whole('Minor units of `to` that `denominator` units of `from` buy.'),
      denominator: whole('Minor units of `from`.'),
      rounding: words(ROUNDINGS, { description: ROUNDING }),
      tolerancePpm: Type.Integer({
        minimum: 0,
        maximum: TOLERANCE_PPM_MAX,
        description:
          'The largest difference between a `toAmount` and the converted amount, in parts per million of the latter.',
        examples: [0],
      }),
      declaredAt: instant('The time of the declaration.'),
    },
    {
      description: 'The price of `from` in `to`. A version never changes; the newest version of a pair is in force.',
      examples: [RATE_EXAMPLE],
    },
  ),
)

export const RatePage = page('RatePage', 'rates', Rate)

export type RateWire = Static<typeof Rate>
export type RatePageWire = Static<typeof RatePage>

export function rateToWire(rate: Value): RateWire {
  return {
    from: rate.from,
    to: rate.to,
    version: rate.version,
    numerator: rate.numerator.toString(),
    denominator: rate.denominator.toString(),
    rounding: rate.rounding,
    tolerancePpm: rate.tolerancePpm,
    declaredAt: instantToWire(rate.declaredAt),
  }
}

export function rateFromWire(wire: RateWire): Value {
  return {
    from: wire.from,
    to: wire.to,
    version: wire.version,
    numerator: BigInt(wire.numerator),
    denominator: BigInt(wire.denominator),
    rounding: wire.rounding,
    tolerancePpm: wire.tolerancePpm,
    declaredAt: instantFromWire(wire.declaredAt),
  }
}

export const RATE: Resource<Value, RateWire> = {
  schema: Rate,
  toWire: rateToWire,
  fromWire: rateFromWire,
  withJson: jsonForm(rateToWire),
}
