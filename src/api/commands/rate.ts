import type { AssetCode } from '../../domain/ids.ts'
import { ROUNDINGS, TOLERANCE_PPM_MAX, type Rounding } from '../../domain/rate.ts'
import { contract } from '../contract.ts'
import { LedgerError } from '../error.ts'
import { assetCode, count, rateTerm, word } from '../fields.ts'
import { RATE, ROUNDING } from '../rate.ts'

/** For `denominator` minor units of `from` one gets `numerator` minor units of `to`. */
export interface RateInput {
  readonly from: AssetCode
  readonly to: AssetCode
  /** At least 1, as the denominator. */
  readonly numerator: bigint
  readonly denominator: bigint
  /** What happens to a fraction of a unit. Default `down`. */
  readonly rounding?: Rounding
  /** How far a `toAmount` may differ from what the rate gives, in ppm (parts per million) of that, at most 1,000,000. Default 0. */
  readonly tolerancePpm?: number
}

const fields = {
  numerator: rateTerm('Minor units of the one asset that one gets …'),
  denominator: rateTerm('… for this many minor units of the other.'),
  rounding: word(ROUNDINGS, ROUNDING),
  tolerancePpm: count({
    max: TOLERANCE_PPM_MAX,
    description: 'How far a `toAmount` may differ from what the rate gives, in ppm (parts per million) of that.',
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
    summary: 'Declare what coins of one asset come to in another',
    description:
      'It counts from here on, in every process; entries keep the rate that they were made at. Declaring the newest rate again ' +
      'changes nothing.',
    problems: ['unknown_asset'],
  },
  address: { from: { ...assetCode, parameter: 'from' }, to: { ...assetCode, parameter: 'to' } },
  fields,
  body: {
    id: 'RateBody',
    description: 'What coins of the one asset come to in the other.',
    examples: [{ numerator: '1', denominator: '10', rounding: 'down' }],
  },
  answer: RATE,

  read({ from, to }, input) {
    if (from === to) throw LedgerError.invalid('/to', 'A rate is from one asset to another.')
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
