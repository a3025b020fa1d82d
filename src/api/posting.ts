/** Postings and the lines of statements on the wire. */
import { COUNTERPARTIES_MAX } from '../domain/counterparties.ts'
import type { Posting as Value, StatementLine as Line } from '../domain/journal.ts'
import { AUTHOR_EXAMPLE, By, byFromWire, byToWire } from './author.ts'
import { page, SETTLED_AT } from './resource.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import {
  AccountName,
  amount,
  AssetCode,
  instant,
  MetadataAnswer,
  named,
  nullableText,
  VERSION,
  Words,
} from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const POSTING_EXAMPLES = [
  {
    entryId: 'job-616~settle',
    kind: 'settle',
    account: 'user:8',
    asset: 'credit',
    stripe: 0,
    version: 3,
    availableDelta: '116',
    heldDelta: '-616',
    available: '9500',
    held: '0',
    at: SETTLED_AT,
  },
  {
    entryId: 'job-616~settle',
    kind: 'settle',
    account: '@revenue',
    asset: 'credit',
    stripe: 0,
    version: 1,
    availableDelta: '500',
    heldDelta: '0',
    available: '500',
    held: '0',
    at: SETTLED_AT,
  },
]

const postingFields = {
  entryId: Type.String({ description: 'The id of the entry.', examples: ['job-616~settle'] }),
  kind: Words.entryKind,
  account: AccountName,
  asset: AssetCode,
  stripe: Type.Integer({
    minimum: 0,
    description: 'The stripe of a house account; 0 for other accounts.',
    examples: [0],
  }),
  version: Type.Integer(VERSION),
  availableDelta: amount('The change of `available`.'),
  heldDelta: amount('The change of `held`.'),
  available: amount('`available` after the posting.'),
  held: amount('`held` after the posting.'),
  at: instant('The time of the entry.'),
}

export const Posting = named(
  'Posting',
  Type.Object(postingFields, {
    description: 'The line of an entry for one balance.',
    examples: POSTING_EXAMPLES.slice(0, 1),
  }),
)

export const StatementLine = named(
  'StatementLine',
  Type.Object(
    {
      ...postingFields,
      change: amount(
        '`availableDelta` + `heldDelta`: what the account received, or with a minus what it cost. 0 if coins were only set aside or returned.',
      ),
      counterparties: Type.Array(AccountName, {
        maxItems: COUNTERPARTIES_MAX,
        description:
          'The accounts that received what the line lost, or gave what it gained: the payee, the payer, `@issuer`, or those of the legs. ' +
          'Empty if no coins moved. The first ones; the entry has all of them.',
        examples: [['@revenue']],
      }),
      moreCounterparties: Type.Boolean({ description: 'Whether there may be more than `counterparties` lists.' }),
      total: amount('`available` + `held` after the posting. The amounts of a house account are those of the stripe.'),
      hold: nullableText({ description: 'The hold of the entry; null for entries without a hold.' }),
      memo: nullableText({ description: 'The memo of the request.' }),
      metadata: MetadataAnswer,
      by: By,
    },
    {
      description:
        'A line of a statement: a posting with what it changed in total, with whom, and with the memo and metadata of its request.',
      examples: POSTING_EXAMPLES.slice(0, 1).map((posting) => ({
        ...posting,
        change: '-500',
        counterparties: ['@revenue'],
        moreCounterparties: false,
        total: String(BigInt(posting.available) + BigInt(posting.held)),
        hold: 'job-616',
        memo: null,
        metadata: { model: 'llama-70b' },
        by: AUTHOR_EXAMPLE,
      })),
    },
  ),
)

export const PostingPage = page('PostingPage', 'lines of a statement', StatementLine)

export type PostingWire = Static<typeof Posting>
export type StatementLineWire = Static<typeof StatementLine>
export type PostingPageWire = Static<typeof PostingPage>

export function postingToWire(posting: Value): PostingWire {
  return {
    entryId: posting.entryId,
    kind: posting.kind,
    account: posting.account,
    asset: posting.asset,
    stripe: posting.stripe,
    version: posting.version,
    availableDelta: posting.availableDelta.toString(),
    heldDelta: posting.heldDelta.toString(),
    available: posting.available.toString(),
    held: posting.held.toString(),
    at: instantToWire(posting.at),
  }
}

export function postingFromWire(wire: PostingWire): Value {
  return {
    entryId: wire.entryId,
    kind: wire.kind,
    account: wire.account,
    asset: wire.asset,
    stripe: wire.stripe,
    version: wire.version,
    availableDelta: BigInt(wire.availableDelta),
    heldDelta: BigInt(wire.heldDelta),
    available: BigInt(wire.available),
    held: BigInt(wire.held),
    at: instantFromWire(wire.at),
  }
}

export function lineToWire(line: Line): StatementLineWire {
  const { change, counterparties, moreCounterparties, total, hold, memo, metadata, by } = line
  return {
    ...postingToWire(line),
    change: change.toString(),
    counterparties: [...counterparties],
    moreCounterparties,
    total: total.toString(),
    hold,
    memo,
    metadata,
    by: byToWire(by),
  }
}

export function lineFromWire(wire: StatementLineWire): Line {
  const { change, counterparties, moreCounterparties, total, hold, memo, metadata } = wire
  const by = byFromWire(wire.by)
  const amounts = { change: BigInt(change), total: BigInt(total) }
  return { ...postingFromWire(wire), ...amounts, counterparties, moreCounterparties, hold, memo, metadata, by }
}

export const postingWithJson = jsonForm(postingToWire)
export const lineWithJson = jsonForm(lineToWire)
