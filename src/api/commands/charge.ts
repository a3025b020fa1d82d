import type { Replaying } from '../../domain/if-replayed.ts'
import type { AccountName } from '../../domain/ids.ts'
import { conditionsToWire, ifVersion, onlyIfVersion } from '../conditions.ts'
import { contract } from '../contract.ts'
import { ENTRY } from '../entry.ts'
import { account, amount, asset, attachmentsToWire, flag, memo, metadata, payee, requestId } from '../fields.ts'
import type { DepositInput } from './deposit.ts'

export interface ChargeInput extends DepositInput, Replaying {
  /** Default `@revenue`. */
  readonly payee?: AccountName
  /** Allows the charge to take `available` below the floor: a correction by an operator. Default false. */
  readonly overdraft?: boolean
}

const fields = {
  requestId,
  account,
  asset,
  amount: amount('The amount, in minor units; at least 1.', 1n),
  payee,
  overdraft: flag(
    false,
    'Allow the charge to take `available` below the floor: a correction by an operator. What is paid in then pays the debt first; until ' +
      'then nothing can be spent.',
  ),
  memo,
  metadata,
  ifVersion,
}

export const charge = contract({
  kind: 'charge',
  route: {
    method: 'POST',
    path: '/v1/charges',
    status: 201,
    operationId: 'charge',
    tag: 'movements',
    summary: 'Charge an account without a hold',
    description:
      'A charge can be refunded, in parts, with `POST /v1/holds/{id}/refund`. With `overdraft: true`, a correction by an operator, it may ' +
      'take `available` below the floor; what is paid in then pays the debt first.',
    problems: [
      'request_id_reused',
      'unknown_asset',
      'house_account',
      'unknown_account',
      'same_account',
      'changed_meanwhile',
      'account_closed',
      'account_blocked',
      'insufficient_funds',
      'balance_overflow',
    ],
  },
  address: {},
  fields,
  body: {
    id: 'ChargeBody',
    description: 'A charge: coins leave the account to a payee, without a hold.',
    examples: [{ requestId: 'charge-1', account: 'user:8', amount: '25' }],
  },
  answer: ENTRY,

  read: (_, input, newRequestId) =>
    onlyIfVersion(
      {
        kind: 'charge',
        requestId: requestId.read(input.requestId, newRequestId),
        account: account.read(input.account, '/account'),
        payee: payee.read(input.payee, '/payee'),
        asset: asset.read(input.asset, '/asset'),
        overdraft: fields.overdraft.read(input.overdraft, '/overdraft'),
        amount: fields.amount.read(input.amount, '/amount'),
        memo: memo.read(input.memo, '/memo'),
        metadata: metadata.read(input.metadata, '/metadata'),
      },
      input,
    ),

  write: (command) => ({
    kind: 'charge',
    requestId: command.requestId,
    account: command.account,
    asset: command.asset,
    amount: command.amount.toString(),
    payee: command.payee,
    ...(command.overdraft ? { overdraft: true } : {}),
    ...attachmentsToWire(command),
    ...conditionsToWire(command),
  }),
})
