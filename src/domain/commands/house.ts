/** Declares a house account. */
import { reject } from '../decision.ts'
import { HOUSES_FROM_START, type HouseAccount } from '../house-account.ts'
import { isHouse } from '../ids.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const house: Rule<'house'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: () => null,

  contents: () => null,

  kept: null,

  addKeys({ account }, keys) {
    keys.addHouse(account)
  },

  decide({ account }, state, moment) {
    if (!isHouse(account)) return reject({ code: 'not_a_house_account', account })
    const known = HOUSES_FROM_START.find((each) => each.account === account) ?? state.house(account)
    if (known !== null) return { verdict: 'replay', answer: known, at: known.declaredAt }
    const house: HouseAccount = { account, declaredAt: moment.now }
    return { verdict: 'apply', effect: { house }, answer: house }
  },
}
