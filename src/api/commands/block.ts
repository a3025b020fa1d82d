import type { Replaying } from '../../domain/if-replayed.ts'
import type { AccountName, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { contract } from '../contract.ts'
import { ENTRY } from '../entry.ts'
import { account, attachmentsToWire, memo, metadata, requestId } from '../fields.ts'

export interface BlockInput extends Replaying {
  readonly requestId?: RequestId
  readonly account: AccountName
  readonly memo?: string
  readonly metadata?: Metadata
}

export interface UnblockInput extends BlockInput {}

export const block = contract({
  kind: 'block',
  route: {
    method: 'POST',
    path: '/v1/accounts/:account/block',
    status: 201,
    operationId: 'block',
    tag: 'accounts',
    summary: 'Block an account',
    description:
      'Nothing can be frozen, charged or transferred from a blocked account, in no asset. It still receives coins, its holds are settled and ' +
      'released, and refunds and overdraft charges still take from it. To block it again changes nothing.',
    problems: ['request_id_reused', 'house_account', 'account_closed', 'balance_overflow'],
  },
  address: { account: { ...account, parameter: 'account' } },
  fields: { requestId, memo, metadata },
  body: { id: 'BlockBody', description: 'No field is required.', examples: [{ memo: 'chargeback' }] },
  answer: ENTRY,

  read: (address, input, newRequestId) => ({
    kind: 'block',
    requestId: requestId.read(input.requestId, newRequestId),
    account: address.account,
    memo: memo.read(input.memo, '/memo'),
    metadata: metadata.read(input.metadata, '/metadata'),
  }),

  write: (command) => ({
    kind: 'block',
    requestId: command.requestId,
    account: command.account,
    ...attachmentsToWire(command),
  }),
})

export const unblock = contract({
  kind: 'unblock',
  route: {
    method: 'POST',
    path: '/v1/accounts/:account/unblock',
    status: 201,
    operationId: 'unblock',
    tag: 'accounts',
    summary: 'Unblock an account',
    description: 'Makes a blocked account active again. An account that is not blocked stays as it is.',
    problems: ['request_id_reused', 'house_account', 'account_closed', 'balance_overflow'],
  },
  address: { account: { ...account, parameter: 'account' } },
  fields: { requestId, memo, metadata },
  body: { id: 'UnblockBody', description: 'No field is required.', examples: [{ memo: 'paid' }] },
  answer: ENTRY,

  read: (address, input, newRequestId) => ({
    kind: 'unblock',
    requestId: requestId.read(input.requestId, newRequestId),
    account: address.account,
    memo: memo.read(input.memo, '/memo'),
    metadata: metadata.read(input.metadata, '/metadata'),
  }),

  write: (command) => ({
    kind: 'unblock',
    requestId: command.requestId,
    account: command.account,
    ...attachmentsToWire(command),
  }),
})
