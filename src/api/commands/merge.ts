import type { Replaying } from '../../domain/if-replayed.ts'
import type { AccountName, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { contract } from '../contract.ts'
import { ENTRY } from '../entry.ts'
import { account, attachmentsToWire, merger, memo, metadata, requestId } from '../fields.ts'

export interface MergeInput extends Replaying {
  readonly requestId?: RequestId
  readonly account: AccountName
  /** Another account, which is not closed. */
  readonly into: AccountName
  readonly memo?: string
  readonly metadata?: Metadata
}

export const merge = contract({
  kind: 'merge',
  route: {
    method: 'POST',
    path: '/v1/accounts/:account/merge',
    status: 201,
    operationId: 'merge',
    tag: 'accounts',
    summary: 'Close an account and merge it into another',
    description:
      'Closes the account, for good: what is available of every asset goes to another account, and so does what holds and refunds return ' +
      'later. What the account owes, the other one pays. Nothing can be frozen, paid or received by a closed account.',
    problems: [
      'request_id_reused',
      'house_account',
      'unknown_account',
      'same_account',
      'account_closed',
      'insufficient_funds',
      'balance_overflow',
    ],
  },
  address: { account: { ...account, parameter: 'account' } },
  fields: { requestId, into: merger, memo, metadata },
  body: { id: 'MergeBody', description: 'The account that receives what is left.', examples: [{ into: 'user:9' }] },
  answer: ENTRY,

  read: (address, input, newRequestId) => ({
    kind: 'merge',
    requestId: requestId.read(input.requestId, newRequestId),
    account: address.account,
    into: merger.read(input.into, '/into'),
    memo: memo.read(input.memo, '/memo'),
    metadata: metadata.read(input.metadata, '/metadata'),
  }),

  write: (command) => ({
    kind: 'merge',
    requestId: command.requestId,
    account: command.account,
    into: command.into,
    ...attachmentsToWire(command),
  }),
})
