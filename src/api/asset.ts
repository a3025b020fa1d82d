/** An asset on the wire. */
import { ASSET_DECIMALS_MAX, type Asset as Value } from '../domain/asset.ts'
import { FROZEN_AT, type Resource } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import { AssetCode, instant, named, nullableText, reference } from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const Asset = named(
  'Asset',
  Type.Object(
    {
      code: AssetCode,
      decimals: Type.Integer({
        minimum: 0,
        maximum: ASSET_DECIMALS_MAX,
        description: 'The number of decimal places.',
        examples: [0],
      }),
      name: Type.String({ examples: ['Credit'] }),
      createdAt: instant('The time of the first declaration.'),
    },
    {
      description: 'An asset: a kind of coin.',
      examples: [{ code: 'gold', decimals: 2, name: 'Gold', createdAt: FROZEN_AT }],
    },
  ),
)

export const Assets = named(
  'Assets',
  Type.Object(
    {
      items: Type.Array(reference(Asset)),
      next: nullableText({ description: 'The cursor of the next page; null on the last page.' }),
    },
    { description: 'A page of assets, sorted by code.' },
  ),
)

export type AssetWire = Static<typeof Asset>
export type AssetsWire = Static<typeof Assets>

export function assetToWire(asset: Value): AssetWire {
  return { code: asset.code, decimals: asset.decimals, name: asset.name, createdAt: instantToWire(asset.createdAt) }
}

export function assetFromWire(wire: AssetWire): Value {
  return { code: wire.code, decimals: wire.decimals, name: wire.name, createdAt: instantFromWire(wire.createdAt) }
}

export const ASSET: Resource<Value, AssetWire> = {
  schema: Asset,
  toWire: assetToWire,
  fromWire: assetFromWire,
  withJson: jsonForm(assetToWire),
}
