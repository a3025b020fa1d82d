import type { AccountName, AssetCode, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { BALANCE } from '../balance.ts'
import { contract } from '../contract.ts'
import { account, asset, described, floor, metadata, requestId } from '../fields.ts'

export interface OpenInput {
  readonly requestId?: RequestId
  readonly account: AccountName
  readonly asset?: AssetCode
  /** How low `available` may go; negative for a credit limit. Default 0. */
  readonly floor?: bigint
  /** Replaces the account's metadata. Default: keep it. */
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  asset,
  floor,
  metadata: described(metadata, 'Replaces the metadata of the account; leave it out to keep it.'),
}

export const open = contract({
  kind: 'open',
  route: {
    method: 'PUT',
    path: '/v1/accounts/:account',
    status: 200,
    operationId: 'open',
    tag: 'accounts',
    summary: 'Set a floor and metadata',
    description: 'The floor is that of one asset; a negative one is a credit limit. Not needed before the first coin.',
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
