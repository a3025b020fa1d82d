/** A hold on the wire, and what happened to it. */
import type { Static } from 'typebox'
import type { Hold as Value, OnExpiry } from '../domain/hold.ts'
import { ACCOUNT_PATTERN } from '../domain/ids.ts'
import type { HoldEvent as Event } from '../domain/journal.ts'
import { FROZEN_AT, page, SETTLED_AT, type Resource } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import {
  AccountName,
  amount,
  AssetCode,
  HoldId,
  instant,
  MetadataAnswer,
  named,
  nullableText,
  reference,
  Words,
} from './schema.ts'
import { Type } from './typebox.ts'

export const HOLD_EXAMPLE = {
  id: 'job-616',
  account: 'user:8',
  asset: 'credit',
  payee: '@revenue',
  state: 'settled',
  amount: '616',
  held: '0',
  settled: '500',
  released: '116',
  drawn: '0',
  shortfall: '0',
  refunded: '0',
  settledLate: '0',
  onExpiry: null,
  expiresAt: '2030-01-31T12:15:00.000Z',
  createdAt: FROZEN_AT,
  endedAt: SETTLED_AT,
  metadata: { model: 'llama-70b' },
}

const HISTORY_EXAMPLE = {
  number: 1,
  kind: 'settle',
  entry: 'job-616~settle',
  at: SETTLED_AT,
  hold: HOLD_EXAMPLE,
}

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

export function holdToWire(hold: Value): HoldWire {
  return {
    id: hold.id,
    account: hold.account,
    asset: hold.asset,
    payee: hold.payee,
    state: hold.state,
    amount: hold.amount.toString(),
    held: hold.held.toString(),
    settled: hold.settled.toString(),
    released: hold.released.toString(),
    drawn: hold.drawn.toString(),
    shortfall: hold.shortfall.toString(),
    refunded: hold.refunded.toString(),
    settledLate: hold.settledLate.toString(),
    onExpiry: hold.onExpiry === null ? null : onExpiryToWire(hold.onExpiry),
    expiresAt: instantToWire(hold.expiresAt),
    createdAt: instantToWire(hold.createdAt),
    endedAt: hold.endedAt === null ? null : instantToWire(hold.endedAt),
    metadata: hold.metadata,
  }
}

export function holdFromWire(wire: HoldWire): Value {
  return {
    id: wire.id,
    account: wire.account,
    asset: wire.asset,
    payee: wire.payee,
    state: wire.state,
    amount: BigInt(wire.amount),
    held: BigInt(wire.held),
    settled: BigInt(wire.settled),
    released: BigInt(wire.released),
    drawn: BigInt(wire.drawn),
    shortfall: BigInt(wire.shortfall),
    refunded: BigInt(wire.refunded),
    settledLate: BigInt(wire.settledLate),
    onExpiry: wire.onExpiry === null ? null : { settle: BigInt(wire.onExpiry.settle) },
    expiresAt: instantFromWire(wire.expiresAt),
    createdAt: instantFromWire(wire.createdAt),
    endedAt: wire.endedAt === null ? null : instantFromWire(wire.endedAt),
    metadata: wire.metadata,
  }
}

export function onExpiryToWire({ settle }: OnExpiry): { settle: string } {
  return { settle: settle.toString() }
}

export function holdEventToWire({ number, kind, entry, at, hold }: Event): HoldEventWire {
  return { number, kind, entry, at: instantToWire(at), hold: holdToWire(hold) }
}

export function holdEventFromWire({ number, kind, entry, at, hold }: HoldEventWire): Event {
  return { number, kind, entry, at: instantFromWire(at), hold: holdFromWire(hold) }
}

export const HOLD: Resource<Value, HoldWire> = { schema: Hold, toWire: holdToWire, fromWire: holdFromWire }
