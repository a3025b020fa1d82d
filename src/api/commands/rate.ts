import type { Replaying } from '../../domain/if-replayed.ts'
import type { AssetCode } from '../../domain/ids.ts'
import { ROUNDINGS, TOLERANCE_PPM_MAX, type Rounding } from '../../domain/rate.ts'
import { contract } from '../contract.ts'
import { LedgerError } from '../error.ts'
import { assetCode, count, rateTerm, word } from '../fields.ts'
import { RATE, ROUNDING } from '../rate.ts'

/** `denominator` minor units of `from` buy `numerator` minor units of `to`. */
export interface RateInput extends Replaying {
  readonly from: AssetCode
  readonly to: AssetCode
  /** At least 1, like the denominator. */
  readonly numerator: bigint
  readonly denominator: bigint
  /** The rounding of fractions of a unit. Default `down`. */
  readonly rounding?: Rounding
  /** The largest difference between a `toAmount` and the converted amount, in ppm of the latter: 0 to 1,000,000. Default 0. */
  readonly tolerancePpm?: number
}

const fields = {
  numerator: rateTerm('Minor units of `to` that `denominator` units of `from` buy.'),
  denominator: rateTerm('Minor units of `from`.'),
  rounding: word(ROUNDINGS, ROUNDING),
  tolerancePpm: count({
    max: TOLERANCE_PPM_MAX,
    description:
      'The largest difference between a `toAmount` and the converted amount, in parts per million of the latter.',
    example: 1000,
  }),
}

export const rate = contract({
  kind: 'rate',
  route: {
    method: 'PUT',
    path: '/v1/rates/:from/:to',
    status: 200,
    operationId: 'declareRate',
    tag: 'assets',
    summary: 'Declare the rate of a pair of assets',
    description:
      'The rate is in force at once, in every process. Existing entries keep their rate. Declaring the newest rate again changes ' +
      'nothing.',
    problems: ['unknown_asset'],
  },
  address: { from: { ...assetCode, parameter: 'from' }, to: { ...assetCode, parameter: 'to' } },
  fields,
  body: {
    id: 'RateBody',
    description: 'The price of `from` in `to`.',
    examples: [{ numerator: '1', denominator: '10', rounding: 'down' }],
  },
  answer: RATE,

  read({ from, to }, input) {
    if (from === to) throw LedgerError.invalid('/to', 'A rate needs two different assets.')
    return {
      kind: 'rate',
      from,
      to,
      numerator: fields.numerator.read(input.numerator, '/numerator'),
      denominator: fields.denominator.read(input.denominator, '/denominator'),
      rounding: fields.rounding.read(input.rounding, '/rounding'),
      tolerancePpm: fields.tolerancePpm.read(input.tolerancePpm, '/tolerancePpm'),
    }
  },

  write: (command) => ({
    kind: 'rate',
    from: command.from,
    to: command.to,
    numerator: command.numerator.toString(),
    denominator: command.denominator.toString(),
    rounding: command.rounding,
    tolerancePpm: command.tolerancePpm,
  }),
})
