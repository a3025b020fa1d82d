import type { RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { contract } from '../contract.ts'
import { amount, attachmentsToWire, hold, memo, metadata, requestId } from '../fields.ts'
import { HOLD } from '../hold.ts'

/** Gives back what was settled. */
export interface RefundInput {
  /** The idempotency key of this refund. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  /** At least 1; all refunds of a hold together are at most what was settled. */
  readonly amount: bigint
  readonly memo?: string
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  amount: amount('How much goes back, in minor units; at least 1, and in all no more than was settled.', 1n),
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
    summary: 'Give back what was settled',
    description:
      "From the payee's `available` to the account's, whatever state the hold is in. All refunds of a hold together are at most what " +
      'was settled of it.',
    problems: ['request_id_reused', 'hold_not_found', 'refund_above_settled', 'insufficient_funds', 'balance_overflow'],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields,
  body: {
    id: 'RefundBody',
    description: 'What goes back from the payee to the account.',
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
