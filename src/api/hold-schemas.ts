/** Holds and what happened to them, as JSON Schema: part of what schemas.ts begins. */
import { Type, type Static } from 'typebox'
import { ACCOUNT_PATTERN } from '../domain/ids.ts'
import { HISTORY_EXAMPLE, HOLD_EXAMPLE } from './answer-examples.ts'
import {
  AccountName,
  amount,
  AssetCode,
  HoldId,
  instant,
  MetadataAnswer,
  named,
  nullableText,
  page,
  reference,
  Words,
} from './schemas.ts'

export const Hold = named(
  'Hold',
  Type.Object(
    {
      id: HoldId,
      account: AccountName,
      asset: AssetCode,
      payee: Type.String({
        pattern: ACCOUNT_PATTERN,
        description: 'Who gets what is settled.',
        examples: ['@revenue'],
      }),
      state: Words.holdState,
      amount: amount('What was frozen in all, as the last amend left it.'),
      held: amount('What is still set aside.'),
      settled: amount('What the payee got in all; refunds do not lessen it.'),
      released: amount('What went back to the account.'),
      drawn: amount('Of `settled`: what was taken from `available` beyond the hold.'),
      shortfall: amount('What settles asked for and did not get.'),
      refunded: amount('Of `settled`: what went back from the payee to the account.'),
      settledLate: amount('Of `settled`: what was settled after the expiry.'),
      onExpiry: Type.Unsafe<{ settle: string } | null>({
        type: ['object', 'null'],
        properties: { settle: amount('How much, on top of parts; or what is held then, where that is less.') },
        required: ['settle'],
        description: 'What is settled when it expires; null: everything is released.',
      }),
      expiresAt: instant('When it ends by itself, as long as it is open.'),
      createdAt: instant('When it was frozen.'),
      endedAt: nullableText({ format: 'date-time', description: 'When it ended; null while it is open.' }),
      metadata: MetadataAnswer,
    },
    {
      description: 'Coins set aside for one request. amount + drawn = settled + released + held, always.',
      examples: [HOLD_EXAMPLE],
    },
  ),
)

export const HoldPage = page('HoldPage', 'holds', Hold)

export const HoldEvent = named(
  'HoldEvent',
  Type.Object(
    {
      number: Type.Integer({
        minimum: 0,
        description: 'Its place in the history: 0 is the freeze, then 1, 2, 3, … without gaps.',
        examples: [1],
      }),
      kind: Words.entryKind,
      entry: Type.String({
        description: 'The id of its entry: the request id, `HOLD~settle`, `HOLD~release` or `HOLD~late`.',
        examples: ['job-616~settle'],
      }),
      at: instant('When it happened.'),
      hold: reference(Hold),
    },
    { description: 'One thing that happened to a hold, and the hold as it was after it.', examples: [HISTORY_EXAMPLE] },
  ),
)

export const HoldEventPage = page('HoldEventPage', 'the history of a hold', HoldEvent)

export type HoldWire = Static<typeof Hold>
export type HoldPageWire = Static<typeof HoldPage>
export type HoldEventWire = Static<typeof HoldEvent>
export type HoldEventPageWire = Static<typeof HoldEventPage>
