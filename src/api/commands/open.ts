import type { AccountName, AssetCode, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { BALANCE } from '../balance.ts'
import { contract } from '../contract.ts'
import { account, asset, described, floor, metadata, requestId } from '../fields.ts'

export interface OpenInput {
  readonly requestId?: RequestId
  readonly account: AccountName
  readonly asset?: AssetCode
  /** The lowest value that `available` may reach; negative for a credit limit. Default 0. */
  readonly floor?: bigint
  /** Replaces the account's metadata. Default: the metadata is kept. */
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  asset,
  floor,
  metadata: described(metadata, 'Replaces the metadata of the account. Default: the metadata is kept.'),
}

export const open = contract({
  kind: 'open',
  route: {
    method: 'PUT',
    path: '/v1/accounts/:account',
    status: 200,
    operationId: 'open',
    tag: 'accounts',
    summary: 'Set the floor and metadata of an account',
    description:
      'The floor applies to one asset; a negative floor is a credit limit. An account does not have to be opened before its first coin.',
    problems: ['request_id_reused', 'unknown_asset', 'house_account', 'floor_above_available'],
  },
  address: { account: { ...account, parameter: 'account' } },
  fields,
  body: {
    id: 'OpenBody',
    description: 'The floor of one balance, and the metadata of the account.',
    examples: [{ floor: '-5000', metadata: { plan: 'pro' } }],
  },
  answer: BALANCE,

  read: (address, input, newRequestId) => ({
    kind: 'open',
    requestId: requestId.read(input.requestId, newRequestId),
    account: address.account,
    asset: asset.read(input.asset, '/asset'),
    floor: floor.read(input.floor, '/floor'),
    metadata: metadata.read(input.metadata, '/metadata'),
  }),

  write: (command) => ({
    kind: 'open',
    requestId: command.requestId,
    account: command.account,
    asset: command.asset,
    floor: command.floor.toString(),
    ...(command.metadata === null ? {} : { metadata: command.metadata }),
  }),
})
