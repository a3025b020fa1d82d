import type { Replaying } from '../../domain/if-replayed.ts'
import type { Overage, SettleCommand } from '../../domain/command.ts'
import type { AccountName, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { conditionsToWire, ifSteps, onlyIfSteps, type IfSteps } from '../conditions.ts'
import { contract, type InputOf } from '../contract.ts'
import { LedgerError } from '../error.ts'
import {
  amount,
  attachmentsToWire,
  described,
  flag,
  hold,
  memo,
  metadata,
  overage,
  payeeOfSettle,
  requestId,
} from '../fields.ts'
import { HOLD } from '../hold.ts'

interface SettleTerms extends IfSteps, Replaying {
  /** If `amount` is more than is held: reject (default), take only what is held, or draw the rest from `available`. */
  readonly overage?: Overage
  /** Default: the hold's payee. Another account becomes the hold's payee; only possible while nothing is settled. */
  readonly payee?: AccountName
}

/** Ends the hold: the rest returns to the holder. It is idempotent by the hold's id. */
export interface FinalSettleInput extends SettleTerms {
  /** The amount of this settle, in addition to earlier parts; 0 or more. */
  readonly amount: bigint
  readonly final?: true
  /**
   * Allows a late settle of an expired hold: once, from `available`, less what the expiry has settled. The unpaid rest is the shortfall.
   */
  readonly late?: boolean
}

/** Settles a part. The hold stays open. */
export interface PartSettleInput extends SettleTerms {
  /** The idempotency key of this part. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  /** At least 1. */
  readonly amount: bigint
  readonly final: false
  readonly memo?: string
  readonly metadata?: Metadata
}

export type SettleInput = FinalSettleInput | PartSettleInput

const finalAmount = amount('The amount of this settle, in minor units: 0 or more; with `final: false` at least 1.', 0n)
const partAmount = amount('', 1n)

const fields = {
  amount: finalAmount,
  final: flag(
    true,
    'false: settle a part, under a request id of its own; the hold stays open. true: end the hold and return the rest to the holder; ' +
      'this is idempotent by the id of the hold.',
  ),
  late: flag(
    false,
    'Allow a late settle: if the hold has expired, take the amount, less what the expiry has settled, from `available`, down to the ' +
      'floor. The unpaid rest is the shortfall. Once per hold. Not with `final: false`.',
  ),
  overage,
  payee: payeeOfSettle,
  requestId: described(
    requestId,
    'The idempotency key of this part, only with `final: false`. The header `Idempotency-Key` is an alternative. Without either, the ' +
      'service creates a UUIDv7, and a repeat is a second part.',
  ),
  memo: described(memo, 'A note for people. Only with `final: false`.'),
  metadata: described(metadata, 'The metadata of this part, a flat object. Only with `final: false`.'),
  ifSteps,
}

/** The fields that only a part can have. */
const OF_PARTS = ['requestId', 'memo', 'metadata'] as const

export const settle = contract({
  kind: 'settle',
  otherKind: 'settle-part',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/settle',
    status: 200,
    operationId: 'settle',
    tag: 'holds',
    summary: 'Settle a hold, or a part of it',
    description:
      'The payee receives the actual cost, the rest returns to the holder, and the hold ends. This is idempotent by the id of the hold: ' +
      'an `Idempotency-Key` has no effect. With `final: false`, a part is settled under a request id of its own, and the hold stays ' +
      'open. With `late: true`, an expired hold can be settled too.',
    problems: [
      'request_id_reused',
      'hold_not_found',
      'unknown_account',
      'same_account',
      'changed_meanwhile',
      'hold_not_open',
      'payee_fixed',
      'settle_above_hold',
      'balance_overflow',
    ],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields,
  body: {
    id: 'SettleBody',
    description: 'The actual cost, or with `final: false` a part of it.',
    examples: [{ amount: '500' }, { requestId: 'job-616-part-1', amount: '200', final: false }],
  },
  answer: HOLD,

  read(address, input, newRequestId) {
    const late = fields.late.read(input.late, '/late')
    if (fields.final.read(input.final, '/final')) return readFinal(address.hold, input, late)
    if (late) throw LedgerError.invalid('/late', 'late is not possible with final: false.')
    return onlyIfSteps(
      {
        kind: 'settle-part',
        requestId: requestId.read(input.requestId, newRequestId),
        hold: address.hold,
        amount: partAmount.read(input.amount, '/amount'),
        overage: overage.read(input.overage, '/overage'),
        payee: payeeOfSettle.read(input.payee, '/payee'),
        memo: memo.read(input.memo, '/memo'),
        metadata: metadata.read(input.metadata, '/metadata'),
      },
      input,
    )
  },

  write(command) {
    const terms = {
      kind: 'settle',
      hold: command.hold,
      amount: command.amount.toString(),
      overage: command.overage,
      ...(command.payee === null ? {} : { payee: command.payee }),
      ...conditionsToWire(command),
    } as const
    if (command.kind === 'settle') return command.late ? { ...terms, late: true } : terms
    return { ...terms, final: false, requestId: command.requestId, ...attachmentsToWire(command) }
  },
})

/** A field without effect is refused, because a caller would rely on it. */
function readFinal(of: RequestId, input: InputOf<typeof fields>, late: boolean): SettleCommand {
  for (const name of OF_PARTS) {
    if (input[name] === undefined) continue
    throw LedgerError.invalid(
      `/${name}`,
      `${name} is only possible with final: false. A settle that ends a hold is idempotent by the hold's id and has no ${name}.`,
    )
  }
  return onlyIfSteps(
    {
      kind: 'settle',
      hold: of,
      amount: finalAmount.read(input.amount, '/amount'),
      overage: overage.read(input.overage, '/overage'),
      payee: payeeOfSettle.read(input.payee, '/payee'),
      late,
    },
    input,
  )
}
