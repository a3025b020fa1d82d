import type { AccountName } from '../../domain/ids.ts'
import { contract } from '../contract.ts'
import { ENTRY } from '../entry.ts'
import { account, amount, asset, attachmentsToWire, memo, metadata, payee, requestId } from '../fields.ts'
import type { DepositInput } from './deposit.ts'

export interface ChargeInput extends DepositInput {
  /** Default `@revenue`. */
  readonly payee?: AccountName
}

const fields = {
  requestId,
  account,
  asset,
  amount: amount('The amount, in minor units; at least 1.', 1n),
  payee,
  memo,
  metadata,
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
    problems: [
      'request_id_reused',
      'unknown_asset',
      'house_account',
      'same_account',
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

  read: (_, input, newRequestId) => ({
    kind: 'charge',
    requestId: requestId.read(input.requestId, newRequestId),
    account: account.read(input.account, '/account'),
    payee: payee.read(input.payee, '/payee'),
    asset: asset.read(input.asset, '/asset'),
    amount: fields.amount.read(input.amount, '/amount'),
    memo: memo.read(input.memo, '/memo'),
    metadata: metadata.read(input.metadata, '/metadata'),
  }),

  write: (command) => ({
    kind: 'charge',
    requestId: command.requestId,
    account: command.account,
    asset: command.asset,
    amount: command.amount.toString(),
    payee: command.payee,
    ...attachmentsToWire(command),
  }),
})
