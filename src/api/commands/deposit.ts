import type { Replaying } from '../../domain/if-replayed.ts'
import type { AccountName, AssetCode, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { conditionsToWire, ifVersion, onlyIfVersion, type IfVersion } from '../conditions.ts'
import { contract } from '../contract.ts'
import { ENTRY } from '../entry.ts'
import { account, amount, asset, attachmentsToWire, memo, metadata, requestId } from '../fields.ts'

export interface DepositInput extends IfVersion, Replaying {
  /** The idempotency key. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  readonly account: AccountName
  /** Default `credit`. */
  readonly asset?: AssetCode
  /** At least 1. */
  readonly amount: bigint
  readonly memo?: string
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  account,
  asset,
  amount: amount('The amount, in minor units; at least 1.', 1n),
  memo,
  metadata,
  ifVersion,
}

export const deposit = contract({
  kind: 'deposit',
  route: {
    method: 'POST',
    path: '/v1/deposits',
    status: 201,
    operationId: 'deposit',
    tag: 'movements',
    summary: 'Deposit coins from `@issuer`',
    problems: [
      'request_id_reused',
      'unknown_asset',
      'house_account',
      'changed_meanwhile',
      'account_closed',
      'balance_overflow',
    ],
  },
  address: {},
  fields,
  body: {
    id: 'DepositBody',
    description: 'A deposit: coins enter from `@issuer`.',
    examples: [{ requestId: 'deposit-1', account: 'user:8', amount: '10000', memo: 'Invoice 2030-17' }],
  },
  answer: ENTRY,

  read: (_, input, newRequestId) =>
    onlyIfVersion(
      {
        kind: 'deposit',
        requestId: requestId.read(input.requestId, newRequestId),
        account: account.read(input.account, '/account'),
        asset: asset.read(input.asset, '/asset'),
        amount: fields.amount.read(input.amount, '/amount'),
        memo: memo.read(input.memo, '/memo'),
        metadata: metadata.read(input.metadata, '/metadata'),
      },
      input,
    ),

  write: (command) => ({
    kind: 'deposit',
    requestId: command.requestId,
    account: command.account,
    asset: command.asset,
    amount: command.amount.toString(),
    ...attachmentsToWire(command),
    ...conditionsToWire(command),
  }),
})
