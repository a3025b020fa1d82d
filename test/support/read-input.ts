/** Commands as the contracts read them, with the address next to the body as in the library. */
import { CONTRACTS } from '../../src/api/contracts.ts'
import type { NewRequestId } from '../../src/api/request-id.ts'

const { deposit, charge, transfer, freeze, settle, amend, refund, release, open, declare, rate } = CONTRACTS
const made: NewRequestId = () => 'made-here'

export const depositOf = (input: unknown, newRequestId = made) => deposit.readOne({}, input, newRequestId)
export const chargeOf = (input: unknown, newRequestId = made) => charge.readOne({}, input, newRequestId)
export const transferOf = (input: unknown, newRequestId = made) => transfer.readOne({}, input, newRequestId)
export const freezeOf = (input: unknown, newRequestId = made) => freeze.readOne({}, input, newRequestId)

export const settleOf = (hold: unknown, input: unknown, newRequestId = made) =>
  settle.readOne({ hold }, input, newRequestId)
export const amendOf = (hold: unknown, input: unknown, newRequestId = made) =>
  amend.readOne({ hold }, input, newRequestId)
export const refundOf = (hold: unknown, input: unknown, newRequestId = made) =>
  refund.readOne({ hold }, input, newRequestId)
export const releaseOf = (hold: unknown, input: unknown) => release.readOne({ hold }, input, made)

export const openOf = (account: unknown, input: unknown, newRequestId = made) =>
  open.readOne({ account }, input, newRequestId)
export const declareOf = (asset: unknown, input: unknown) => declare.readOne({ asset }, input, made)
export const rateOf = (from: unknown, to: unknown, input: unknown) => rate.readOne({ from, to }, input, made)
