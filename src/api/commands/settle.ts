import type { Overage, SettleCommand } from '../../domain/command.ts'
import type { AccountName, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
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

interface SettleTerms {
  /** When `amount` is more than is held: refuse (default), take what is held, or draw on `available`. */
  readonly overage?: Overage
  /** Who gets it. Default: the hold's payee. Another one becomes the hold's payee; only possible while nothing is settled. */
  readonly payee?: AccountName
}

/** Ends the hold: the rest goes back. The hold's id makes it idempotent. */
export interface FinalSettleInput extends SettleTerms {
  /** What this settle pays, on top of parts that were settled before; 0 or more. */
  readonly amount: bigint
  readonly final?: true
  /** Settles also a hold that has expired: once, from `available`; what cannot be paid is the shortfall. */
  readonly late?: boolean
}

/** Settles a part; the hold stays open. */
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

const finalAmount = amount('What this settle pays, in minor units; 0 or more, with `final: false` at least 1.', 0n)
const partAmount = amount('', 1n)

const fields = {
  amount: finalAmount,
  final: flag(
    true,
    'false settles a part and leaves the hold open, under a request id of its own. true ends the hold and gives back the rest; the id ' +
      'of the hold makes it idempotent.',
  ),
  late: flag(
    false,
    'Settle also a hold that has expired, from `available`, down to the floor; what cannot be paid is the shortfall. Once per hold. ' +
      'Not with `final: false`.',
  ),
  overage,
  payee: payeeOfSettle,
  requestId: described(
    requestId,
    'Only with `final: false`: the idempotency key of this part; the header `Idempotency-Key` says the same. Without either, a ' +
      'UUIDv7 is made, and a repeat is another part.',
  ),
  memo: described(memo, 'A note for people. Only with `final: false`.'),
  metadata: described(metadata, 'A flat record to attach to this part. Only with `final: false`.'),
}

/** The fields that only a part carries. */
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
    summary: 'Take the actual cost and give the rest back, or take a part of it',
    description:
      'With `final: false` it settles a part under a request id of its own, and the hold stays open. Otherwise it ends the hold, ' +
      'whose id makes it idempotent: an `Idempotency-Key` does nothing to it. With `late: true` also after the expiry.',
    problems: [
      'request_id_reused',
      'hold_not_found',
      'same_account',
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
    description: 'The actual cost, after which the rest goes back; or, with `final: false`, a part of it.',
    examples: [{ amount: '500' }, { requestId: 'job-616-part-1', amount: '200', final: false }],
  },
  answer: HOLD,

  read(address, input, newRequestId) {
    const late = fields.late.read(input.late, '/late')
    if (fields.final.read(input.final, '/final')) return readFinal(address.hold, input, late)
    if (late) throw LedgerError.invalid('/late', 'late is for a settle that ends a hold, not for a part of one.')
    return {
      kind: 'settle-part',
      requestId: requestId.read(input.requestId, newRequestId),
      hold: address.hold,
      amount: partAmount.read(input.amount, '/amount'),
      overage: overage.read(input.overage, '/overage'),
      payee: payeeOfSettle.read(input.payee, '/payee'),
      memo: memo.read(input.memo, '/memo'),
      metadata: metadata.read(input.metadata, '/metadata'),
    }
  },

  write(command) {
    const terms = {
      kind: 'settle',
      hold: command.hold,
      amount: command.amount.toString(),
      overage: command.overage,
      ...(command.payee === null ? {} : { payee: command.payee }),
    } as const
    if (command.kind === 'settle') return command.late ? { ...terms, late: true } : terms
    return { ...terms, final: false, requestId: command.requestId, ...attachmentsToWire(command) }
  },
})

/** A field without effect is refused: a caller would rely on it. */
function readFinal(of: RequestId, input: InputOf<typeof fields>, late: boolean): SettleCommand {
  for (const name of OF_PARTS) {
    if (input[name] === undefined) continue
    throw LedgerError.invalid(
      `/${name}`,
      `${name} goes with final: false. A settle that ends a hold is idempotent by the hold's id and carries nothing else.`,
    )
  }
  return {
    kind: 'settle',
    hold: of,
    amount: finalAmount.read(input.amount, '/amount'),
    overage: overage.read(input.overage, '/overage'),
    payee: payeeOfSettle.read(input.payee, '/payee'),
    late,
  }
}
