/** Assets as rows of `assets`. */
import type { Asset } from '../../domain/asset.ts'
import { rowKind } from './row-kind.ts'
import { whole, type Row } from './values.ts'

export function assetRow(asset: Asset) {
  return { code: asset.code, decimals: asset.decimals, name: asset.name, created_at: asset.createdAt }
}

export function assetOf(row: Row): Asset {
  return {
    code: row['code'] as string,
    decimals: whole(row['decimals']),
    name: row['name'] as string,
    createdAt: whole(row['created_at']),
  }
}

export const ASSET = rowKind('assets', assetRow, { code: 'gem', decimals: 1, name: 'Gem', createdAt: 2 })
