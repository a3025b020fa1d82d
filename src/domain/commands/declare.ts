/** Declares or renames an asset. */
import type { Asset } from '../asset.ts'
import { reject } from '../decision.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const declare: Rule<'declare'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: () => null,

  contents: () => null,

  kept: null,

  addKeys({ asset }, keys) {
    keys.addAsset(asset)
  },

  decide({ asset: code, decimals, name }, state, moment) {
    const known = state.asset(code)
    if (known !== null && known.decimals !== decimals) {
      return reject({ code: 'asset_conflict', asset: code, decimals: known.decimals })
    }
    if (known !== null && known.name === name) return { verdict: 'replay', answer: known, at: known.createdAt }
    const asset: Asset = { code, decimals, name, createdAt: known === null ? moment.now : known.createdAt }
    return { verdict: 'apply', effect: { asset }, answer: asset }
  },
}
