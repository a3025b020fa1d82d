/**
 * The transfers that end an order: the rest of it, or what gives it back. Both have the request id of the order, so that only one of them
 * can take effect, once; and a late attempt of the application to make the whole transfer is refused.
 */
import { TRANSFER_LEGS_MAX } from '../api/commands/transfer.ts'
import { EXCHANGE, type AccountName } from '../domain/ids.ts'
import type { Fix, TransferLeg } from './finding.ts'
import type { Order, OrderLeg } from './order.ts'

/** How half-done orders are ended. `as-status`: what is done is completed, what failed is given back, what is pending is left. */
export const ENDINGS = ['complete', 'give-back', 'as-status'] as const
export type Ending = (typeof ENDINGS)[number]

/** The legs that the external system has not paid. @param transit who has what was taken from the sender and not paid */
export function restOf({ from, isTaken, legs }: Order, transit: AccountName): readonly TransferLeg[] {
  return legs.filter(({ isPaid }) => !isPaid).map((leg) => legFrom(isTaken ? transit : from, leg))
}

/** All legs, as if the external system had moved nothing. */
export function wholeOf({ from, legs }: Order): readonly TransferLeg[] {
  return legs.map((leg) => legFrom(from, leg))
}

/**
 * What returns everything that the external system has moved. What arrived in another asset returns by way of `@exchange` at exactly the
 * amounts of the leg, without a rate. Null if the list does not say what arrived.
 */
export function returnOf({ from, isTaken, legs }: Order, transit: AccountName): readonly TransferLeg[] | null {
  const returned: TransferLeg[] = []
  for (const { to, asset, amount, toAsset, toAmount, isPaid } of legs) {
    if (!isPaid) {
      if (isTaken) returned.push({ from: transit, to: from, asset, amount })
    } else if (toAsset === asset) {
      returned.push({ from: to, to: from, asset, amount })
    } else if (toAmount === null) {
      return null
    } else {
      returned.push({ from: to, to: EXCHANGE, asset: toAsset, amount: toAmount })
      returned.push({ from: EXCHANGE, to: from, asset, amount })
    }
  }
  return returned
}

/** The command that ends a half-done order, or why there is none. */
export function endingOf(order: Order, ending: Ending, transit: AccountName): Fix | string {
  const how = ending === 'as-status' ? BY_STATUS[order.state] : ending
  if (how === null) return 'it is pending, so its status does not say how to end it'
  const legs = how === 'complete' ? restOf(order, transit) : returnOf(order, transit)
  if (legs === null) return 'the list does not say what arrived in another asset, so it cannot be given back'
  if (legs.length === 0) return 'nothing is left to pay'
  if (legs.length > TRANSFER_LEGS_MAX) return `a transfer has at most ${TRANSFER_LEGS_MAX} legs`
  return { kind: 'transfer', requestId: order.requestId, legs, memo: MEMOS[how] }
}

const BY_STATUS = { done: 'complete', failed: 'give-back', pending: null } as const

/** For people who read statements. Nothing else rests on it, because memos can be erased. */
const MEMOS = {
  complete: 'the rest of a half-done order',
  'give-back': 'a half-done order, given back',
} as const

function legFrom(payer: AccountName, { to, asset, amount, toAsset, toAmount }: OrderLeg): TransferLeg {
  const leg = { from: payer, to, asset, amount }
  if (toAsset === asset) return leg
  return { ...leg, toAsset, ...(toAmount === null ? {} : { toAmount }) }
}
