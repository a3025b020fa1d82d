import type { Replaying } from '../../domain/if-replayed.ts'
import type { OnExpiry } from '../../domain/hold.ts'
import type { Instant, RequestId } from '../../domain/ids.ts'
import { conditionsToWire, ifSteps, onlyIfSteps, type IfSteps } from '../conditions.ts'
import { contract } from '../contract.ts'
import { LedgerError } from '../error.ts'
import {
  amount,
  amountBy,
  expiresAt,
  expiresInMs,
  expiryToWire,
  hold,
  onExpiry,
  readExpiry,
  requestId,
} from '../fields.ts'
import { HOLD, onExpiryToWire } from '../hold.ts'
import { Type } from '../typebox.ts'

/** The changes to an open hold: at least one, at most one of `amount` and `by`, and at most one of `expiresInMs` and `expiresAt`. */
export interface AmendInput extends IfSteps, Replaying {
  /** The idempotency key of this change. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  /** The new total, at least 1. It includes settled parts, but not the coins that they drew from `available`. */
  readonly amount?: bigint
  /** Added to the total: −`AMOUNT_MAX` to `AMOUNT_MAX`, not 0. A negative value lowers the hold. */
  readonly by?: bigint
  /** Counted from now; the limits are those of a freeze. */
  readonly expiresInMs?: number
  readonly expiresAt?: Instant
  /** Settled when the hold expires; null: everything is released. */
  readonly onExpiry?: OnExpiry | null
}

const total = amount(
  'The new total, in minor units: at least 1, and not less than parts have already taken from the hold.',
  1n,
)

const change = amountBy(
  'Added to the total, in minor units: not 0; a negative value lowers it. Two amends with `by` add up, whichever comes first. Not ' +
    'together with `amount`.',
)

const fields = {
  requestId,
  amount: { schema: Type.Optional(total.schema) },
  by: { schema: Type.Optional(change.schema) },
  expiresInMs: expiresInMs('The lifetime of the hold in milliseconds, counted from now.'),
  expiresAt,
  onExpiry: {
    schema: Type.Optional(
      Type.Union([onExpiry.schema, Type.Null()], {
        description: 'The amount to settle when the hold expires; null: everything is released.',
      }),
    ),
  },
  ifSteps,
}

export const amend = contract({
  kind: 'amend',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/amend',
    status: 200,
    operationId: 'amend',
    tag: 'holds',
    summary: 'Raise or lower a hold, or move its expiry',
    description:
      'The hold must be open; a due hold is open until it is ended. `amount` is the new total, `by` is added to it: an increase is taken ' +
      'from `available`, a decrease is returned to it. `expiresInMs` is counted from now. Fields that are left out stay unchanged.',
    problems: [
      'request_id_reused',
      'expiry_out_of_range',
      'hold_not_found',
      'changed_meanwhile',
      'hold_not_open',
      'amend_out_of_range',
      'account_closed',
      'account_blocked',
      'insufficient_funds',
      'balance_overflow',
    ],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields,
  body: {
    id: 'AmendBody',
    description:
      'The changes: at least one of `amount`, `by`, `expiresInMs`, `expiresAt` and `onExpiry`, but not both of `amount` and `by`, nor ' +
      'both expiries.',
    examples: [
      { requestId: 'job-616-raise-1', amount: '1000', expiresInMs: 600_000 },
      { by: '-100', ifSteps: 1 },
    ],
  },
  answer: HOLD,

  read(address, input, newRequestId) {
    const expiry = readExpiry(input)
    const changesExpiry = expiry.expiresInMs !== null || expiry.expiresAt !== null
    if (input.amount === undefined && input.by === undefined && input.onExpiry === undefined && !changesExpiry) {
      throw LedgerError.invalid('', 'An amend needs at least one of amount, by, expiresInMs, expiresAt and onExpiry.')
    }
    if (input.amount !== undefined && input.by !== undefined) {
      throw LedgerError.invalid('/by', 'Give amount (the new total) or by (the change), not both.')
    }
    return onlyIfSteps(
      {
        kind: 'amend',
        requestId: requestId.read(input.requestId, newRequestId),
        hold: address.hold,
        amount: input.amount === undefined ? null : total.read(input.amount, '/amount'),
        by: input.by === undefined ? null : change.read(input.by, '/by'),
        expiresInMs: expiry.expiresInMs,
        expiresAt: expiry.expiresAt,
        ...(input.onExpiry === undefined
          ? {}
          : { onExpiry: input.onExpiry === null ? null : onExpiry.read(input.onExpiry, '/onExpiry') }),
      },
      input,
    )
  },

  write: (command) => ({
    kind: 'amend',
    requestId: command.requestId,
    hold: command.hold,
    ...(command.amount === null ? {} : { amount: command.amount.toString() }),
    ...(command.by === null ? {} : { by: command.by.toString() }),
    ...expiryToWire(command),
    ...(command.onExpiry === undefined
      ? {}
      : { onExpiry: command.onExpiry === null ? null : onExpiryToWire(command.onExpiry) }),
    ...conditionsToWire(command),
  }),
})
