/** Rejections in words, with their numbers: the `message` of a `LedgerError` and the `detail` of a problem. */
import type { HoldState } from '../domain/hold.ts'
import { DEFAULT_ASSET, isHouse, type AccountName, type AssetCode } from '../domain/ids.ts'
import type { Rejection } from '../domain/outcome.ts'

const ENDED: Readonly<Record<HoldState, string>> = {
  open: 'is open',
  settled: 'was settled',
  released: 'was released',
  expired: 'has expired',
}

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
      return `The hold "${rejection.hold}" ${ENDED[rejection.state]} already${
        rejection.settled === 0n && rejection.state !== 'settled' ? '' : ` with ${rejection.settled}`
      }.`
    case 'hold_not_due':
      return `The hold "${rejection.hold}" expires at ${new Date(rejection.expiresAt).toISOString()}, not before.`
    case 'payee_fixed':
      return `What the hold "${rejection.hold}" settles goes to "${rejection.payee}", who got a part of it already.`
    case 'settle_above_hold':
      return `The hold "${rejection.hold}" has only ${rejection.held}.`
    case 'amend_below_settled':
      return `The hold "${rejection.hold}" cannot be of less than ${rejection.minimum}: so much was taken out of it already.`
    case 'refund_above_settled': {
      const { hold, settled, refunded } = rejection
      return `Of the hold "${hold}", ${settled} were settled, and ${refunded} of them refunded already.`
    }
    case 'insufficient_funds': {
      const { account, asset, available, held, floor, required } = rejection
      const limit = floor === 0n ? '' : ` with a floor of ${floor}`
      const more =
        held === 0n ? '' : ` ${held} more are held by the holds that GET ${openHoldsPath(account, asset)} lists.`
      return `"${account}" has ${available} ${asset} available${limit}; ${required} are needed.${more}`
    }
    case 'floor_above_available':
      return `"${rejection.account}" has only ${rejection.available} ${rejection.asset} available.`
    case 'exchange_out_of_range': {
      const { toAmount, toAsset, toAmountMax } = rejection
      return `${toAmount} ${toAsset} would arrive, more than the ${toAmountMax} that one leg can bring.`
    }
    case 'balance_overflow': {
      const { account, asset } = rejection
      if (!isHouse(account)) return `The ${asset} balance of "${account}" would leave the range of a 64-bit integer.`
      return `The supply of ${asset} is exhausted: none of the stripes of "${account}" that this process writes has room for it.`
    }
    case 'batch_aborted':
      return `Another command of the atomic batch was refused: ${rejection.because}.`
  }
}

/** Every character that a name or a code can have may stand in a query as it is. */
function openHoldsPath(account: AccountName, asset: AssetCode): string {
  return `/v1/holds?account=${account}${asset === DEFAULT_ASSET ? '' : `&asset=${asset}`}&state=open`
}
