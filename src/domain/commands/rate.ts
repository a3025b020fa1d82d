/** Declares the rate of a pair of assets. */
import type { RateCommand } from '../command.ts'
import { reject } from '../decision.ts'
import type { Rate } from '../rate.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const rate: Rule<'rate'> = {
  ...NO_HOLD,
  restsOnOneRow: true,

  request: () => null,

  contents: () => null,

  kept: null,

  addKeys({ from, to }, keys) {
    keys.addAsset(from)
    keys.addAsset(to)
    keys.addRate(from, to)
  },

  decide(command, state, moment) {
    const { from, to, numerator, denominator, rounding, tolerancePpm } = command
    for (const asset of [from, to]) if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
    const newest = state.rate(from, to)
    if (newest !== null && isSame(newest, command)) return { verdict: 'replay', answer: newest, at: newest.declaredAt }
    const version = (newest?.version ?? 0) + 1
    const declared: Rate = {
      from,
      to,
      version,
      numerator,
      denominator,
      rounding,
      tolerancePpm,
      declaredAt: moment.now,
    }
    // The version alone does not prove that the previous rate exists: a database that was restored to an earlier state may have lost it.
    const effect = { rate: declared, ratesUsed: newest === null ? [] : [newest] }
    return { verdict: 'apply', effect, answer: declared }
  },
}

function isSame(newest: Rate, command: RateCommand): boolean {
  return (
    newest.numerator === command.numerator &&
    newest.denominator === command.denominator &&
    newest.rounding === command.rounding &&
    newest.tolerancePpm === command.tolerancePpm
  )
}
