import type { Replaying } from '../../domain/if-replayed.ts'
import type { RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { conditionsToWire, ifSteps, onlyIfSteps, type IfSteps } from '../conditions.ts'
import { contract } from '../contract.ts'
import { LedgerError } from '../error.ts'
import { amount, attachmentsToWire, hold, memo, metadata, requestId } from '../fields.ts'
import { HOLD } from '../hold.ts'
import { Type } from '../typebox.ts'

/** Returns settled coins, of a hold or of a charge, to the holder: exactly one of `amount` and `toTotal`. */
export interface RefundInput extends IfSteps, Replaying {
  /** The idempotency key of this refund. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  /** How much to refund, at least 1; the refunds of a hold together are at most the settled amount. */
  readonly amount?: bigint
  /** In place of `amount`: the total of all refunds after this one, at least 1. If as much was already refunded, no coins move. */
  readonly toTotal?: bigint
  readonly memo?: string
  readonly metadata?: Metadata
}

const part = amount(
  'The amount to refund, in minor units: at least 1. The refunds of a hold together are at most the settled amount.',
  1n,
)
const total = amount(
  'In place of `amount`: the total of all refunds after this one, in minor units, at least 1. If as much was already refunded, no coins move.',
  1n,
)

const fields = {
  requestId,
  amount: { schema: Type.Optional(part.schema) },
  toTotal: { schema: Type.Optional(total.schema) },
  memo,
  metadata,
  ifSteps,
}

export const refund = contract({
  kind: 'refund',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/refund',
    status: 200,
    operationId: 'refund',
    tag: 'holds',
    summary: 'Refund settled coins, or a charge',
    description:
      "Coins move from the payee's `available` to the holder's, in every state of the hold. The refunds of a hold together are at most " +
      'the settled amount. The id can also be that of a charge, which is a hold that was settled when it was made. With `toTotal`, as in ' +
      'the events of payment providers, totals may arrive in any order, and more than once.',
    problems: [
      'request_id_reused',
      'hold_not_found',
      'changed_meanwhile',
      'refund_above_settled',
      'insufficient_funds',
      'balance_overflow',
    ],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields,
  body: {
    id: 'RefundBody',
    description: 'A refund from the payee to the holder: `amount` or `toTotal`.',
    examples: [
      { requestId: 'job-616-refund-1', amount: '50', memo: 'The answer was cut off' },
      { requestId: 'evt-2', toTotal: '300' },
    ],
  },
  answer: HOLD,

  read(address, input, newRequestId) {
    if ((input.amount === undefined) === (input.toTotal === undefined)) {
      throw LedgerError.invalid('', 'A refund needs either amount or toTotal.')
    }
    return onlyIfSteps(
      {
        kind: 'refund',
        requestId: requestId.read(input.requestId, newRequestId),
        hold: address.hold,
        amount: input.amount === undefined ? null : part.read(input.amount, '/amount'),
        toTotal: input.toTotal === undefined ? null : total.read(input.toTotal, '/toTotal'),
        memo: memo.read(input.memo, '/memo'),
        metadata: metadata.read(input.metadata, '/metadata'),
      },
      input,
    )
  },

  write: (command) => ({
    kind: 'refund',
    requestId: command.requestId,
    hold: command.hold,
    ...(command.amount === null ? {} : { amount: command.amount.toString() }),
    ...(command.toTotal === null ? {} : { toTotal: command.toTotal.toString() }),
    ...attachmentsToWire(command),
    ...conditionsToWire(command),
  }),
})
