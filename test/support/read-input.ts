/** Commands as the contracts read them, with the address next to the body as in the library; and how they are refused. */
import assert from 'node:assert/strict'
import { CONTRACTS } from '../../src/api/contracts.ts'
import { LedgerError } from '../../src/api/error.ts'
import type { NewRequestId } from '../../src/api/request-id.ts'

const {
  deposit,
  charge,
  transfer,
  freeze,
  settle,
  amend,
  refund,
  release,
  open,
  block,
  unblock,
  merge,
  declare,
  house,
  rate,
} = CONTRACTS

export const newRequestId: NewRequestId = () => 'made-here'
/** For a command that has a request id, or needs none. */
export const never: NewRequestId = () => assert.fail('a request id was made')

/** The error of an input that must be refused. */
export function refusalOf(read: () => unknown): LedgerError {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof LedgerError, String(error))
    assert.equal(error.code, 'invalid_request')
    return error
  }
  return assert.fail('it was accepted')
}

export const depositOf = (input: unknown, newId = newRequestId) => deposit.readOne({}, input, newId)
export const chargeOf = (input: unknown, newId = newRequestId) => charge.readOne({}, input, newId)
export const transferOf = (input: unknown, newId = newRequestId) => transfer.readOne({}, input, newId)
export const freezeOf = (input: unknown, newId = newRequestId) => freeze.readOne({}, input, newId)

export const settleOf = (hold: unknown, input: unknown, newId = newRequestId) => settle.readOne({ hold }, input, newId)
export const amendOf = (hold: unknown, input: unknown, newId = newRequestId) => amend.readOne({ hold }, input, newId)
export const refundOf = (hold: unknown, input: unknown, newId = newRequestId) => refund.readOne({ hold }, input, newId)
export const releaseOf = (hold: unknown, input: unknown) => release.readOne({ hold }, input, newRequestId)

export const openOf = (account: unknown, input: unknown, newId = newRequestId) =>
  open.readOne({ account }, input, newId)
export const blockOf = (account: unknown, input: unknown) => block.readOne({ account }, input, newRequestId)
export const unblockOf = (account: unknown, input: unknown) => unblock.readOne({ account }, input, newRequestId)
export const mergeOf = (account: unknown, input: unknown) => merge.readOne({ account }, input, newRequestId)
export const houseOf = (account: unknown, input: unknown) => house.readOne({ account }, input, newRequestId)
export const declareOf = (asset: unknown, input: unknown) => declare.readOne({ asset }, input, newRequestId)
export const rateOf = (from: unknown, to: unknown, input: unknown) => rate.readOne({ from, to }, input, newRequestId)
