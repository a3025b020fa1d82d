/** A rate on the wire. */
import type { Static } from 'typebox'
import { ROUNDINGS, TOLERANCE_PPM_MAX, type Rate as Value } from '../domain/rate.ts'
import { FROZEN_AT, page, type Resource } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { amount, AssetCode, instant, named, words } from './schema.ts'
import { Type } from './typebox.ts'

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
  'What becomes of a fraction of a unit: down, up, or to the nearest, from the middle to the even one.'
export const RATE_VERSION = {
  minimum: 1,
  description: 'The number of the rate among those of its pair.',
  examples: [3],
}

export const Rate = named(
  'Rate',
  Type.Object(
    {
      from: AssetCode,
      to: AssetCode,
      version: Type.Integer(RATE_VERSION),
      numerator: amount('Minor units of `to` that one gets …'),
      denominator: amount('… for this many minor units of `from`.'),
      rounding: words(ROUNDINGS, { description: ROUNDING }),
      tolerancePpm: Type.Integer({
        minimum: 0,
        maximum: TOLERANCE_PPM_MAX,
        description: 'How far a `toAmount` may lie from what the rate gives, in millionths of that.',
        examples: [0],
      }),
      declaredAt: instant('When it was declared.'),
    },
    {
      description: 'What coins of one asset come to in another. It never changes; the newest of a pair counts.',
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

export const RATE: Resource<Value, RateWire> = { schema: Rate, toWire: rateToWire, fromWire: rateFromWire }
