/** An entry of the journal on the wire. */
import type { AppliedRate as Rate, Entry as Value, EntryLeg as Leg } from '../domain/journal.ts'
import type { FeedPage as FeedPageValue } from '../engine/reader.ts'
import { ROUNDINGS } from '../domain/rate.ts'
import { AUTHOR_EXAMPLE, By, byFromWire, byToWire } from './author.ts'
import { SETTLED_AT, type Resource } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import { Posting, POSTING_EXAMPLES, postingFromWire, postingToWire, postingWithJson } from './posting.ts'
import { RATE_VERSION, ROUNDING } from './rate.ts'
import {
  AccountName,
  amount,
  AssetCode,
  instant,
  MetadataAnswer,
  named,
  nullableAmount,
  nullableText,
  reference,
  whole,
  WHOLE_PATTERN,
  Words,
  words,
} from './schema.ts'
import { type Static, Type } from './typebox.ts'

const AppliedRate = Type.Object(
  {
    version: Type.Integer(RATE_VERSION),
    numerator: whole('The numerator of the rate.'),
    denominator: whole('The denominator of the rate.'),
    rounding: words(ROUNDINGS, { description: ROUNDING }),
    remainder: Type.String({
      pattern: WHOLE_PATTERN,
      description:
        'The rounding remainder: amount × numerator = toAmount × denominator + remainder, exactly. It can be outside the range of int64.',
      examples: ['4'],
    }),
  },
  { description: 'The rate of the leg.' },
)

export const EntryLeg = named(
  'EntryLeg',
  Type.Object(
    {
      from: AccountName,
      to: AccountName,
      asset: AssetCode,
      amount: amount('The amount that `from` paid.'),
      toAsset: AssetCode,
      toAmount: amount('The amount that `to` received.'),
      rate: Type.Union([AppliedRate, Type.Null()], { description: 'Null for a leg within one asset.' }),
    },
    { description: 'A leg of a transfer across assets, with the amount received.' },
  ),
)

export const Entry = named(
  'Entry',
  Type.Object(
    {
      id: Type.String({
        description:
          'The request id. The end of a hold has the id `HOLD~settle` or `HOLD~release`, a late settle `HOLD~late`.',
        examples: ['deposit-1'],
      }),
      kind: Words.entryKind,
      hold: nullableText({ description: 'The hold that the entry opened, changed or ended; null for other entries.' }),
      at: instant('The time of the entry.'),
      memo: nullableText({ description: 'The memo of the request.' }),
      metadata: MetadataAnswer,
      floor: nullableAmount('The floor of the balance after an `open` of it; null for other entries.'),
      overdraft: Type.Boolean({
        description: 'Whether a charge was allowed to take its account below the floor; false for other entries.',
      }),
      legs: Type.Union([Type.Array(reference(EntryLeg)), Type.Null()], {
        description: 'The legs of a transfer across assets; null for every other entry.',
      }),
      by: By,
      postings: Type.Array(reference(Posting)),
    },
    {
      description: 'One business event in the journal. Its postings sum to zero per asset.',
      examples: [
        {
          id: 'job-616~settle',
          kind: 'settle',
          hold: 'job-616',
          at: SETTLED_AT,
          memo: null,
          metadata: null,
          floor: null,
          overdraft: false,
          legs: null,
          by: AUTHOR_EXAMPLE,
          postings: POSTING_EXAMPLES,
        },
      ],
    },
  ),
)

export const FeedPage = named(
  'FeedPage',
  Type.Object(
    {
      items: Type.Array(reference(Entry)),
      next: Type.String({ description: 'Continues behind these entries, also when there is nothing more yet.' }),
      more: Type.Boolean({ description: 'Whether there is more now. If not, ask again later with `next`.' }),
    },
    { description: 'A part of the feed of all entries.' },
  ),
)

export type FeedPageWire = Static<typeof FeedPage>
export type EntryLegWire = Static<typeof EntryLeg>
export type EntryWire = Static<typeof Entry>

export function entryToWire(entry: Value): EntryWire {
  return {
    id: entry.id,
    kind: entry.kind,
    hold: entry.hold,
    at: instantToWire(entry.at),
    memo: entry.memo,
    metadata: entry.metadata,
    floor: entry.floor === null ? null : entry.floor.toString(),
    overdraft: entry.overdraft,
    legs: entry.legs === null ? null : entry.legs.map(entryLegToWire),
    by: byToWire(entry.by),
    postings: entry.postings.map(postingToWire),
  }
}

export function feedPageToWire({ items, next, more }: FeedPageValue): FeedPageWire {
  return { items: items.map(entryToWire), next, more }
}

export function feedPageFromWire({ items, next, more }: FeedPageWire): FeedPageValue {
  return { items: items.map(entryFromWire), next, more }
}

export function entryFromWire(wire: EntryWire): Value {
  return {
    id: wire.id,
    kind: wire.kind,
    hold: wire.hold,
    at: instantFromWire(wire.at),
    memo: wire.memo,
    metadata: wire.metadata,
    floor: wire.floor === null ? null : BigInt(wire.floor),
    overdraft: wire.overdraft,
    legs: wire.legs === null ? null : wire.legs.map(entryLegFromWire),
    by: byFromWire(wire.by),
    postings: wire.postings.map(postingFromWire),
  }
}

function entryLegToWire({ from, to, asset, amount, toAsset, toAmount, rate }: Leg): EntryLegWire {
  const leg = { from, to, asset, amount: amount.toString(), toAsset, toAmount: toAmount.toString() }
  return { ...leg, rate: rate === null ? null : appliedRateToWire(rate) }
}

function appliedRateToWire({
  version,
  numerator,
  denominator,
  rounding,
  remainder,
}: Rate): NonNullable<EntryLegWire['rate']> {
  const fraction = { numerator: numerator.toString(), denominator: denominator.toString() }
  return { version, ...fraction, rounding, remainder: remainder.toString() }
}

function entryLegFromWire({ from, to, asset, amount, toAsset, toAmount, rate }: EntryLegWire): Leg {
  const leg = { from, to, asset, amount: BigInt(amount), toAsset, toAmount: BigInt(toAmount) }
  if (rate === null) return { ...leg, rate: null }
  const { version, numerator, denominator, rounding, remainder } = rate
  const fraction = { numerator: BigInt(numerator), denominator: BigInt(denominator) }
  return { ...leg, rate: { version, ...fraction, rounding, remainder: BigInt(remainder) } }
}

const legWithJson = jsonForm(entryLegToWire)
const appliedRateWithJson = jsonForm(appliedRateToWire)
const ownJson = jsonForm(entryToWire)

function entryWithJson(entry: Value): Value {
  entry.postings.forEach(postingWithJson)
  for (const leg of entry.legs ?? []) {
    legWithJson(leg)
    if (leg.rate !== null) appliedRateWithJson(leg.rate)
  }
  return ownJson(entry)
}

export const ENTRY: Resource<Value, EntryWire> = {
  schema: Entry,
  toWire: entryToWire,
  fromWire: entryFromWire,
  withJson: entryWithJson,
}
