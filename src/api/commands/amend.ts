import type { OnExpiry } from '../../domain/hold.ts'
import type { Instant, RequestId } from '../../domain/ids.ts'
import { contract } from '../contract.ts'
import { LedgerError } from '../error.ts'
import { amount, expiresAt, expiresInMs, expiryToWire, hold, onExpiry, readExpiry, requestId } from '../fields.ts'
import { HOLD, onExpiryToWire } from '../hold.ts'
import { Type } from '../typebox.ts'

/** Changes an open hold. At least one of the changes is given, and at most one of the two expiries. */
export interface AmendInput {
  /** The idempotency key of this change. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  /** The new total, at least 1: it includes parts that were settled, but not what they drew beyond the hold. */
  readonly amount?: bigint
  /** From now on, within what a freeze may choose. */
  readonly expiresInMs?: number
  readonly expiresAt?: Instant
  /** null: everything is released at the expiry. */
  readonly onExpiry?: OnExpiry | null
}

const total = amount(
  'What is frozen in all, in minor units; at least 1, and no less than what parts have taken out of the hold.',
  1n,
)

const fields = {
  requestId,
  amount: { schema: Type.Optional(total.schema) },
  expiresInMs: expiresInMs('Life of the hold from now on.'),
  expiresAt,
  onExpiry: {
    schema: Type.Optional(
      Type.Union([onExpiry.schema, Type.Null()], {
        description: 'What is settled when the hold expires; null: everything is released.',
      }),
    ),
  },
}

export const amend = contract({
  kind: 'amend',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/amend',
    status: 200,
    operationId: 'amend',
    tag: 'holds',
    summary: 'Raise or lower what is frozen, move the expiry',
    description:
      'Only while the hold is open, also when its expiry has passed and it has not been ended yet. `amount` is the new total; what it ' +
      'adds is taken from `available`, what it takes away goes back. The expiry counts from now.',
    problems: [
      'request_id_reused',
      'expiry_out_of_range',
      'hold_not_found',
      'hold_not_open',
      'amend_below_settled',
      'insufficient_funds',
      'balance_overflow',
    ],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields,
  body: {
    id: 'AmendBody',
    description: 'What changes; at least one of the four, and at most one of the two expiries.',
    examples: [{ requestId: 'job-616-raise-1', amount: '1000', expiresInMs: 600_000 }],
  },
  answer: HOLD,

  read(address, input, newRequestId) {
    const expiry = readExpiry(input)
    const changesExpiry = expiry.expiresInMs !== null || expiry.expiresAt !== null
    if (input.amount === undefined && input.onExpiry === undefined && !changesExpiry) {
      throw LedgerError.invalid('', 'An amend changes something: give amount, expiresInMs, expiresAt or onExpiry.')
    }
    return {
      kind: 'amend',
      requestId: requestId.read(input.requestId, newRequestId),
      hold: address.hold,
      amount: input.amount === undefined ? null : total.read(input.amount, '/amount'),
      expiresInMs: expiry.expiresInMs,
      expiresAt: expiry.expiresAt,
      ...(input.onExpiry === undefined
        ? {}
        : { onExpiry: input.onExpiry === null ? null : onExpiry.read(input.onExpiry, '/onExpiry') }),
    }
  },

  write: (command) => ({
    kind: 'amend',
    requestId: command.requestId,
    hold: command.hold,
    ...(command.amount === null ? {} : { amount: command.amount.toString() }),
    ...expiryToWire(command),
    ...(command.onExpiry === undefined
      ? {}
      : { onExpiry: command.onExpiry === null ? null : onExpiryToWire(command.onExpiry) }),
  }),
})
