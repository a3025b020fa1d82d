import type { Replaying } from '../../domain/if-replayed.ts'
import { ASSET_DECIMALS_MAX, ASSET_NAME_LENGTH_MAX } from '../../domain/asset.ts'
import type { AssetCode } from '../../domain/ids.ts'
import { ASSET } from '../asset.ts'
import { contract } from '../contract.ts'
import { assetCode, count } from '../fields.ts'
import { textIn } from '../input.ts'
import { supplyText } from '../supply.ts'
import { Type } from '../typebox.ts'

export interface DeclareInput extends Replaying {
  readonly asset: AssetCode
  /** Decimal places, 0 to 9; they cannot be changed later. Default 0. */
  readonly decimals?: number
  /** Default: the code. */
  readonly name?: string
}

const fields = {
  decimals: count({
    max: ASSET_DECIMALS_MAX,
    description: `The number of decimal places. It cannot be changed later. ${supplyText(ASSET_DECIMALS_MAX)}`,
    example: 2,
    rule: `a whole number from 0 to ${ASSET_DECIMALS_MAX}. ${supplyText(ASSET_DECIMALS_MAX).slice(0, -1)}`,
  }),
  name: {
    schema: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: ASSET_NAME_LENGTH_MAX,
        description: 'The name. Default: the code.',
        examples: ['Gold'],
      }),
    ),
  },
}

export const declare = contract({
  kind: 'declare',
  route: {
    method: 'PUT',
    path: '/v1/assets/:code',
    status: 200,
    operationId: 'declare',
    tag: 'assets',
    summary: 'Declare or rename an asset',
    description: 'Idempotent by the code. The number of decimal places cannot be changed later.',
    problems: ['asset_conflict'],
  },
  address: { asset: { ...assetCode, parameter: 'code' } },
  fields,
  body: {
    id: 'DeclareBody',
    description: 'The decimal places and the name of the asset.',
    examples: [{ decimals: 2, name: 'Gold' }],
  },
  answer: ASSET,

  read(address, { decimals, name = address.asset }) {
    return {
      kind: 'declare',
      asset: address.asset,
      decimals: fields.decimals.read(decimals, '/decimals'),
      name: textIn(name, '/name', 1, ASSET_NAME_LENGTH_MAX),
    }
  },

  write: (command) => ({ kind: 'declare', asset: command.asset, decimals: command.decimals, name: command.name }),
})
