import type { Replaying } from '../../domain/if-replayed.ts'
import type { AccountName, AssetCode, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { conditionsToWire, ifVersion, onlyIfVersion, type IfVersion } from '../conditions.ts'
import { contract } from '../contract.ts'
import { LedgerError } from '../error.ts'
import { account, asset, described, floor, metadata, requestId } from '../fields.ts'
import { OPENED_ACCOUNT } from '../opened-account.ts'

/** At least one of `asset`, `floor` and `metadata`. What is not named stays as it is. `ifVersion` needs a balance: `asset` or `floor`. */
export interface OpenInput extends IfVersion, Replaying {
  readonly requestId?: RequestId
  readonly account: AccountName
  /** The balance, which is opened if it is not there. Default: `credit` if `floor` is given, otherwise no balance is touched. */
  readonly asset?: AssetCode
  /** The lowest value that `available` may reach; negative for a credit limit. Default: it is kept; of a new balance it is 0. */
  readonly floor?: bigint
  /** Replaces the account's metadata. Default: the metadata is kept. */
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  asset: described(
    asset,
    'The balance, which is opened if it is not there. Default: `credit` if `floor` is given, otherwise no balance is touched.',
  ),
  floor,
  metadata: described(metadata, 'Replaces the metadata of the account. Default: the metadata is kept.'),
  ifVersion,
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
      'The floor applies to one asset; a negative floor is a credit limit. What is not named stays as it is. An account does not have ' +
      'to be opened before its first coin.',
    problems: [
      'request_id_reused',
      'unknown_asset',
      'house_account',
      'changed_meanwhile',
      'account_closed',
      'floor_above_available',
    ],
  },
  address: { account: { ...account, parameter: 'account' } },
  fields,
  body: {
    id: 'OpenBody',
    description:
      'The floor of one balance, and the metadata of the account: at least one of `asset`, `floor` and `metadata`. What is not named ' +
      'stays as it is.',
    examples: [{ floor: '-5000', metadata: { plan: 'pro' } }],
  },
  answer: OPENED_ACCOUNT,

  read(address, input, newRequestId) {
    const { asset: named, floor: lowest, metadata: attached } = input
    if (named === undefined && lowest === undefined && attached === undefined) {
      throw LedgerError.invalid('', 'An open needs at least one of asset, floor and metadata.')
    }
    const isOfBalance = named !== undefined || lowest !== undefined
    if (!isOfBalance && input.ifVersion !== undefined) {
      throw LedgerError.invalid('/ifVersion', 'A version is that of a balance: name its asset.')
    }
    const command = {
      kind: 'open',
      requestId: requestId.read(input.requestId, newRequestId),
      account: address.account,
      asset: isOfBalance ? asset.read(named, '/asset') : null,
      floor: floor.read(lowest, '/floor'),
      metadata: metadata.read(attached, '/metadata'),
    } as const
    return onlyIfVersion(command, input)
  },

  write: (command) => ({
    kind: 'open',
    requestId: command.requestId,
    account: command.account,
    ...(command.asset === null ? {} : { asset: command.asset }),
    ...(command.floor === null ? {} : { floor: command.floor.toString() }),
    ...(command.metadata === null ? {} : { metadata: command.metadata }),
    ...conditionsToWire(command),
  }),
})
