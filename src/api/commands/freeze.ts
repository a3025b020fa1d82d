import type { Replaying } from '../../domain/if-replayed.ts'
import type { OnExpiry } from '../../domain/hold.ts'
import type { AccountName, AssetCode, Instant, RequestId } from '../../domain/ids.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { conditionsToWire, ifVersion, onlyIfVersion, type IfVersion } from '../conditions.ts'
import { contract } from '../contract.ts'
import {
  account,
  amount,
  asset,
  expiresAt,
  expiresInMs,
  expiryToWire,
  metadata,
  onExpiry,
  payee,
  readExpiry,
  requestId,
} from '../fields.ts'
import { HOLD, onExpiryToWire } from '../hold.ts'
import { Type } from '../typebox.ts'

export interface FreezeInput extends IfVersion, Replaying {
  /** The idempotency key, and the hold's id. Default: a new UUIDv7. */
  readonly requestId?: RequestId
  readonly account: AccountName
  readonly asset?: AssetCode
  readonly amount: bigint
  /** Receives the settled coins. Default `@revenue`. */
  readonly payee?: AccountName
  /** Give at most one of the two. Default: 15 minutes from now. */
  readonly expiresInMs?: number
  readonly expiresAt?: Instant
  /**
   * The amount to settle when the hold expires, at least 1, in addition to its parts and never more than is held then. Default:
   * everything is released.
   */
  readonly onExpiry?: OnExpiry
  readonly metadata?: Metadata
}

const fields = {
  requestId,
  account,
  asset,
  amount: amount('The amount to set aside, in minor units; at least 1.', 1n),
  payee,
  expiresInMs: expiresInMs('The lifetime of the hold in milliseconds. Default 15 minutes.'),
  expiresAt,
  onExpiry: { schema: Type.Optional(onExpiry.schema) },
  metadata,
  ifVersion,
}

export const freeze = contract({
  kind: 'freeze',
  route: {
    method: 'POST',
    path: '/v1/holds',
    status: 201,
    operationId: 'freeze',
    tag: 'holds',
    summary: 'Open a hold',
    description: 'Sets coins aside. The request id becomes the id of the hold.',
    problems: [
      'request_id_reused',
      'unknown_asset',
      'house_account',
      'unknown_account',
      'same_account',
      'expiry_out_of_range',
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
    id: 'FreezeBody',
    description:
      'Coins to set aside. The request id becomes the id of the hold. Give at most one of `expiresInMs` and `expiresAt`.',
    examples: [
      {
        requestId: 'job-616',
        account: 'user:8',
        amount: '616',
        expiresInMs: 600_000,
        metadata: { model: 'llama-70b' },
      },
      { requestId: 'job-617', account: 'user:8', amount: '616', onExpiry: { settle: '100' } },
    ],
  },
  answer: HOLD,

  read(_, input, newRequestId) {
    const expiry = readExpiry(input)
    return onlyIfVersion(
      {
        kind: 'freeze',
        requestId: requestId.read(input.requestId, newRequestId),
        account: account.read(input.account, '/account'),
        payee: payee.read(input.payee, '/payee'),
        asset: asset.read(input.asset, '/asset'),
        amount: fields.amount.read(input.amount, '/amount'),
        expiresInMs: expiry.expiresInMs,
        expiresAt: expiry.expiresAt,
        onExpiry: input.onExpiry === undefined ? null : onExpiry.read(input.onExpiry, '/onExpiry'),
        metadata: metadata.read(input.metadata, '/metadata'),
      },
      input,
    )
  },

  write: (command) => ({
    kind: 'freeze',
    requestId: command.requestId,
    account: command.account,
    asset: command.asset,
    amount: command.amount.toString(),
    payee: command.payee,
    ...expiryToWire(command),
    ...(command.onExpiry === null ? {} : { onExpiry: onExpiryToWire(command.onExpiry) }),
    ...(command.metadata === null ? {} : { metadata: command.metadata }),
    ...conditionsToWire(command),
  }),
})
