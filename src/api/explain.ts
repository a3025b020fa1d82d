/** Rejections in words, with their numbers: the `message` of a `LedgerError` and the `detail` of a problem. */
import type { Rejection } from '../domain/outcome.ts'

export function explain(rejection: Rejection): string {
  switch (rejection.code) {
    case 'request_id_reused':
      return `The request id "${rejection.requestId}" was used before with other contents.`
    case 'unknown_asset':
      return `The asset "${rejection.asset}" has not been declared.`
    case 'asset_conflict':
      return `The asset "${rejection.asset}" has ${rejection.decimals} decimals, and they never change.`
    case 'house_account':
      return `The account "${rejection.account}" belongs to the operator and cannot be used for this command.`
    case 'same_account':
      return `Coins cannot move from "${rejection.account}" to itself.`
    case 'unknown_rate':
      return `No rate from "${rejection.asset}" to "${rejection.toAsset}" has been declared.`
    case 'rounds_to_nothing':
      return `${rejection.amount} ${rejection.asset} come to less than one unit of "${rejection.toAsset}".`
    case 'outside_tolerance': {
      const { toAmount, toAsset, expected, tolerancePpm } = rejection
      return `${toAmount} ${toAsset} are asked for; the rate gives ${expected}, and tolerates ${tolerancePpm} millionths of that.`
    }
    case 'expiry_out_of_range':
      return `A hold lives longer than 0 and at most ${rejection.ttlMsMax} ms.`
    case 'hold_not_found':
      return `There is no hold "${rejection.hold}".`
    case 'hold_not_open':
      return `The hold "${rejection.hold}" was ${rejection.state} already${
        rejection.state === 'settled' ? ` with ${rejection.settled}` : ''
      }.`
    case 'settle_above_hold':
      return `The hold "${rejection.hold}" has only ${rejection.held}.`
    case 'insufficient_funds': {
      const { account, asset, available, held, floor, required } = rejection
      const limit = floor === 0n ? '' : ` with a floor of ${floor}`
      const more = held === 0n ? '' : ` (${held} more are held)`
      return `"${account}" has ${available} ${asset} available${limit}${more}; ${required} are needed.`
    }
    case 'floor_above_available':
      return `"${rejection.account}" has only ${rejection.available} ${rejection.asset} available.`
    case 'balance_overflow':
      return `The ${rejection.asset} balance of "${rejection.account}" would leave the range of a 64-bit integer.`
    case 'batch_aborted':
      return `Another command of the atomic batch was refused: ${rejection.because}.`
  }
}
