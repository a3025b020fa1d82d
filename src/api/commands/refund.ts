import type { RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { contract } from '../contract.ts'
import { amount, attachmentsToWire, hold, memo, metadata, requestId } from '../fields.ts'
import { HOLD } from '../hold.ts'

/** Returns settled coins to the holder. */
export interface RefundInput {
  /** The idempotency key of this refund. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  /** At least 1; the refunds of a hold together are at most the settled amount. */
  readonly amount: bigint
  readonly memo?: string
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  amount: amount(
    'The amount to refund, in minor units: at least 1. The refunds of a hold together are at most the settled amount.',
    1n,
  ),
  memo,
  metadata,
}

export const refund = contract({
  kind: 'refund',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/refund',
    status: 200,
    operationId: 'refund',
    tag: 'holds',
    summary: 'Refund settled coins',
    description:
      "Coins move from the payee's `available` to the holder's, in every state of the hold. The refunds of a hold together are at most " +
      'the settled amount.',
    problems: ['request_id_reused', 'hold_not_found', 'refund_above_settled', 'insufficient_funds', 'balance_overflow'],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields,
  body: {
    id: 'RefundBody',
    description: 'A refund from the payee to the holder.',
    examples: [{ requestId: 'job-616-refund-1', amount: '50', memo: 'The answer was cut off' }],
  },
  answer: HOLD,

  read: (address, input, newRequestId) => ({
    kind: 'refund',
    requestId: requestId.read(input.requestId, newRequestId),
    hold: address.hold,
    amount: fields.amount.read(input.amount, '/amount'),
    memo: memo.read(input.memo, '/memo'),
    metadata: metadata.read(input.metadata, '/metadata'),
  }),

  write: (command) => ({
    kind: 'refund',
    requestId: command.requestId,
    hold: command.hold,
    amount: command.amount.toString(),
    ...attachmentsToWire(command),
  }),
})
