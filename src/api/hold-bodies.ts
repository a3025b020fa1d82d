/** Bodies and commands of holds, as JSON Schema: part of what bodies.ts begins. */
import { Type, type TSchema } from 'typebox'
import { ACCOUNT_PATTERN, INSTANT_MAX } from '../domain/ids.ts'
import { amountInput, asset, body, memo, metadata, payee, requestId } from './body-fields.ts'
import { AccountName, HoldId, words } from './schemas.ts'

const expiresAt = Type.Optional(
  Type.Union(
    [
      Type.String({ format: 'date-time' }),
      Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description: 'Milliseconds since 1970.' }),
    ],
    {
      description: 'The end of the hold, in place of `expiresInMs`.',
      examples: ['2030-01-31T12:00:00.000Z'],
    },
  ),
)

function expiresInMs(description: string) {
  return Type.Optional(Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description }))
}

const onExpiry = Type.Object(
  { settle: amountInput('How much, at least 1, on top of parts; or what is held then, where that is less.', 1) },
  {
    additionalProperties: false,
    description: 'What is settled when the hold expires. Without it, everything is released.',
    examples: [{ settle: '100' }],
  },
)

const freezeFields = {
  requestId,
  account: AccountName,
  asset,
  amount: amountInput('How much to set aside, in minor units; at least 1.', 1),
  payee,
  expiresInMs: expiresInMs('Life of the hold. Default 15 minutes.'),
  expiresAt,
  onExpiry: Type.Optional(onExpiry),
  metadata,
}

const settleFields = {
  amount: amountInput('What this settle pays, in minor units; 0 or more, with `final: false` at least 1.', 0),
  final: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'false settles a part and leaves the hold open, under a request id of its own. true ends the hold and gives back what ' +
        'is left in it; the id of the hold makes it idempotent.',
    }),
  ),
  late: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Settle also when the hold has expired: then it takes what it can from `available`, down to the floor, and what it ' +
        'does not get is the shortfall. Once per hold. Not with `final: false`.',
    }),
  ),
  overage: Type.Optional(
    words(['reject', 'cap', 'draw'], {
      default: 'reject',
      description:
        'When `amount` is more than is held: refuse, take what is held, or draw the rest from `available`. What is not ' +
        'got is recorded as the shortfall. Of a late settle, more than the expiry released.',
    }),
  ),
  payee: Type.Optional(
    Type.String({
      pattern: ACCOUNT_PATTERN,
      description:
        'Who gets it, in place of the payee of the hold, and stays its payee. Not any more once something was settled.',
      examples: ['@revenue'],
    }),
  ),
  requestId: Type.Optional({
    ...requestId,
    description:
      'Only with `final: false`: the idempotency key of this part; the header `Idempotency-Key` says the same. A UUIDv7 is made ' +
      'when there is neither, and then a repeat is another part.',
  }),
  memo: Type.Optional({ ...memo, description: 'A note for people. Only with `final: false`.' }),
  metadata: Type.Optional({
    ...metadata,
    description: 'A flat record to attach to this part. Only with `final: false`.',
  }),
}

const amendFields = {
  requestId,
  amount: Type.Optional(
    amountInput(
      'What is frozen in all, in minor units; at least 1, and no less than what parts have taken out of the hold.',
      1,
    ),
  ),
  expiresInMs: expiresInMs('Life of the hold from now on.'),
  expiresAt,
  onExpiry: Type.Optional(
    Type.Union([onExpiry, Type.Null()], {
      description: 'What is settled when the hold expires; null: everything is released.',
    }),
  ),
}

const refundFields = {
  requestId,
  amount: amountInput('How much goes back, in minor units; at least 1, and in all no more than was settled.', 1),
  memo,
  metadata,
}

export const FreezeBody = body(
  'FreezeBody',
  freezeFields,
  'Coins to set aside. The request id becomes the id of the hold. Give at most one of the two expiries.',
  { requestId: 'job-616', account: 'user:8', amount: '616', expiresInMs: 600_000, metadata: { model: 'llama-70b' } },
  { requestId: 'job-617', account: 'user:8', amount: '616', onExpiry: { settle: '100' } },
)
export const SettleBody = body(
  'SettleBody',
  settleFields,
  'The actual cost, after which the rest goes back; or, with `final: false`, a part of it.',
  { amount: '500' },
  { requestId: 'job-616-part-1', amount: '200', final: false },
)
export const AmendBody = body(
  'AmendBody',
  amendFields,
  'What changes; at least one of the four, and at most one of the two expiries.',
  { requestId: 'job-616-raise-1', amount: '1000', expiresInMs: 600_000 },
)
export const RefundBody = body('RefundBody', refundFields, 'What goes back from the payee to the account.', {
  requestId: 'job-616-refund-1',
  amount: '50',
  memo: 'The answer was cut off',
})
export const ReleaseBody = body('ReleaseBody', {}, 'Nothing; the body may be left out.', {})

export const HOLD_BODIES = [FreezeBody, SettleBody, AmendBody, RefundBody, ReleaseBody] as const satisfies TSchema[]

const of = { hold: HoldId }

export const HOLD_COMMANDS = {
  freeze: body('FreezeCommand', { kind: words(['freeze']), ...freezeFields }, 'As `POST /v1/holds`.'),
  settle: body(
    'SettleCommand',
    { kind: words(['settle']), ...of, ...settleFields },
    'As `POST /v1/holds/{id}/settle`.',
  ),
  amend: body('AmendCommand', { kind: words(['amend']), ...of, ...amendFields }, 'As `POST /v1/holds/{id}/amend`.'),
  refund: body(
    'RefundCommand',
    { kind: words(['refund']), ...of, ...refundFields },
    'As `POST /v1/holds/{id}/refund`.',
  ),
  release: body('ReleaseCommand', { kind: words(['release']), ...of }, 'As `POST /v1/holds/{id}/release`.'),
} as const
