/** A hold and its history on the wire. */
import type { Hold as Value, OnExpiry } from '../domain/hold.ts'
import { ACCOUNT_PATTERN } from '../domain/ids.ts'
import type { HoldEvent as Event } from '../domain/journal.ts'
import { holdTag } from '../domain/precondition.ts'
import { AUTHOR_EXAMPLE, By, byFromWire, byToWire } from './author.ts'
import { FROZEN_AT, page, SETTLED_AT, type Resource } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
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
  STEPS,
  Words,
} from './schema.ts'
import { type Static, Type } from './typebox.ts'

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
  steps: 1,
  metadata: { model: 'llama-70b' },
}

const HISTORY_EXAMPLE = {
  number: 1,
  kind: 'settle',
  entry: 'job-616~settle',
  at: SETTLED_AT,
  by: AUTHOR_EXAMPLE,
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
        description: 'The account that receives the settled coins.',
        examples: ['@revenue'],
      }),
      state: Words.holdState,
      amount: amount('The total: the frozen amount, as changed by the last amend.'),
      held: amount('The coins that are still set aside.'),
      settled: amount('The total that the payee received. Refunds do not reduce it.'),
      released: amount('The coins that returned to the holder without a refund.'),
      drawn: amount('The part of `settled` that was taken from `available` in addition to the hold.'),
      shortfall: amount('The amount that settles asked for and did not get.'),
      refunded: amount('The part of `settled` that the payee returned to the holder.'),
      settledLate: amount('The part of `settled` that was settled late.'),
      onExpiry: Type.Unsafe<{ settle: string } | null>({
        type: ['object', 'null'],
        properties: { settle: amount('In addition to parts; never more than is held then.') },
        required: ['settle'],
        description: 'The amount to settle when the hold expires; null: everything is released.',
      }),
      expiresAt: instant('The expiry: an open hold is ended after this time.'),
      createdAt: instant('The time of the freeze.'),
      endedAt: nullableText({
        format: 'date-time',
        description: 'The time when the hold ended; null while it is open.',
      }),
      steps: Type.Integer(STEPS),
      metadata: MetadataAnswer,
    },
    {
      description: 'Coins set aside for one request. At all times, amount + drawn = settled + released + held.',
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
        description: 'The number of the event: 0 for the freeze, then 1, 2, 3, … without gaps.',
        examples: [1],
      }),
      kind: Words.entryKind,
      entry: Type.String({
        description: 'The id of the entry: the request id, `HOLD~settle`, `HOLD~release` or `HOLD~late`.',
        examples: ['job-616~settle'],
      }),
      at: instant('The time of the event.'),
      by: By,
      hold: reference(Hold),
    },
    {
      description: 'An event in the history of a hold, with the hold as it was after the event.',
      examples: [HISTORY_EXAMPLE],
    },
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
    steps: hold.steps,
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
    steps: wire.steps,
    metadata: wire.metadata,
  }
}

export function onExpiryToWire({ settle }: OnExpiry): { settle: string } {
  return { settle: settle.toString() }
}

export function holdEventToWire({ number, kind, entry, at, by, hold }: Event): HoldEventWire {
  return { number, kind, entry, at: instantToWire(at), by: byToWire(by), hold: holdToWire(hold) }
}

export function holdEventFromWire({ number, kind, entry, at, by, hold }: HoldEventWire): Event {
  return { number, kind, entry, at: instantFromWire(at), by: byFromWire(by), hold: holdFromWire(hold) }
}

const onExpiryWithJson = jsonForm(onExpiryToWire)
const ownJson = jsonForm(holdToWire)

function holdWithJson(hold: Value): Value {
  if (hold.onExpiry !== null) onExpiryWithJson(hold.onExpiry)
  return ownJson(hold)
}

const eventJson = jsonForm(holdEventToWire)

export function holdEventWithJson(event: Event): Event {
  holdWithJson(event.hold)
  return eventJson(event)
}

export const HOLD: Resource<Value, HoldWire> = {
  schema: Hold,
  toWire: holdToWire,
  fromWire: holdFromWire,
  withJson: holdWithJson,
  tag: holdTag,
}
