/** Entries as rows of `requests`. Where their postings are is JSON text. */
import { showHold, type HoldRecord } from '../../domain/hold-record.ts'
import { changeOf, type EntryLeg, type EntryRecord, type HoldStep, type Posting } from '../../domain/journal.ts'
import type { Rounding } from '../../domain/rate.ts'
import { AUTHOR, authorColumns, authorOf, SAMPLE_AUTHOR } from './author-row.ts'
import { HOLD_OPENED, holdAfterStep } from './hold-row.ts'
import { idOf, requestIdText, requestKey } from './request-key.ts'
import { rowKind } from './row-kind.ts'
import { firstVersionOf } from './run-row.ts'
import { bigOrNull, metadataOf, metadataText, whole, wholeOrNull, type Row } from './values.ts'

/** An entry, and the first version that its commit makes of each balance, by balance id. */
export interface PlacedEntry {
  readonly entry: EntryRecord
  readonly begun: ReadonlyMap<number, number>
}

export interface PlacedCharge extends Pick<PlacedEntry, 'begun'> {
  readonly charge: HoldRecord
}

/** An entry that is no step. */
function entryRow({ entry, begun }: PlacedEntry) {
  const id = requestKey(entry.id)
  return {
    seq: entry.seq,
    id,
    id_text: requestIdText(entry.id, id),
    kind: entry.kind,
    at: entry.at,
    fingerprint: entry.fingerprint,
    metadata: metadataText(entry.metadata),
    memo: entry.memo,
    floor: entry.floor,
    postings: postingsText(entry, begun),
    payee: entry.account,
    legs: legsText(entry.legs),
    ...authorColumns(entry.by),
  }
}

/** The expiry of a hold that a step leaves open is in the index by which holds that are due are found. */
export function stepEntryRow(placed: PlacedEntry) {
  const { holdSeq, number, after } = placed.entry.step!
  const expiresAt = after.state === 'open' ? after.expiresAt : null
  return { ...entryRow(placed), hold_seq: holdSeq, hold_number: number, expires_at: expiresAt }
}

/** A charge: with what its refunds need, as in a freeze. It never expires. */
function chargeRow({ charge, begun }: PlacedCharge) {
  const { balanceId, openedVersion, payee, amount } = charge
  const entry = entryRow({ entry: charge.charge!, begun })
  const overdraft = charge.charge!.overdraft ? 1 : 0
  return { ...entry, balance_id: balanceId, opened_version: openedVersion, payee, amount, overdraft }
}

/** @param row of another kind than `freeze`, as request-select.ts reads it. @param postings in the order of `postingPlacesOf` */
export function entryOf(row: Row, postings: readonly Posting[]): EntryRecord {
  return {
    id: idOf(row),
    seq: whole(row['seq']),
    kind: row['kind'] as EntryRecord['kind'],
    at: whole(row['at']),
    fingerprint: whole(row['fingerprint']),
    memo: row['memo'] as string | null,
    metadata: metadataOf(row['metadata']),
    floor: bigOrNull(row['floor']),
    overdraft: wholeOrNull(row['overdraft']) === 1,
    account: postings.length > 0 ? null : (row['payee'] as string | null),
    legs: legsOf(row['legs']),
    step: stepOf(row),
    by: authorOf(row, AUTHOR),
    postings: postingPlacesOf(row).map(([balanceId], index) => ({ balanceId, posting: postings[index]! })),
  }
}

/** Where a posting is: its balance, its version, and the first version of its run. */
export type PostingPlace = readonly [balanceId: number, version: number, firstVersion: number]

/**
 * A posting as it is written. If its entry has more than two, its place also has the sign of its change, so that the counterparties of a
 * line are found without the runs. Of two postings, each is the other's counterparty.
 */
export type SignedPlace = readonly [...PostingPlace, sign: -1 | 0 | 1] | PostingPlace

export function postingPlacesOf(row: Row): readonly PostingPlace[] {
  return JSON.parse(row['postings'] as string) as PostingPlace[]
}

function postingsText({ postings }: EntryRecord, begun: PlacedEntry['begun']): string {
  const places = postings.map(({ balanceId, posting }): SignedPlace => {
    const { version } = posting
    const place: PostingPlace = [balanceId, version, firstVersionOf(version, begun.get(balanceId)!)]
    return postings.length > 2 ? [...place, signOf(changeOf(posting))] : place
  })
  return JSON.stringify(places)
}

function signOf(change: bigint): -1 | 0 | 1 {
  if (change === 0n) return 0
  return change < 0n ? -1 : 1
}

/** The step that an entry is; null for an entry without a hold. */
function stepOf(row: Row): HoldStep | null {
  const holdSeq = wholeOrNull(row['hold_seq'])
  if (holdSeq === null) return null
  const after = holdAfterStep(row)
  return { hold: after.id, holdSeq, number: whole(row['hold_number']), after }
}

/** A leg as a list: the last five only across assets. Amounts are text, because not every reader of JSON keeps 64 bits. */
type LegRow = readonly [from: string, to: string, asset: string, amount: string, toAsset: string, toAmount: string]
type RateRow = readonly [version: number, numerator: string, denominator: string, rounding: Rounding, remainder: string]

export function legsText(legs: readonly EntryLeg[] | null): string | null {
  if (legs === null) return null
  return JSON.stringify(
    legs.map(({ from, to, asset, amount, toAsset, toAmount, rate }) => {
      const leg: LegRow = [from, to, asset, String(amount), toAsset, String(toAmount)]
      if (rate === null) return leg
      const { version, numerator, denominator, rounding, remainder } = rate
      const applied: RateRow = [version, String(numerator), String(denominator), rounding, String(remainder)]
      return [...leg, ...applied]
    }),
  )
}

/** @param text null for none */
export function legsOf(text: unknown): readonly EntryLeg[] | null {
  if (text === null || text === undefined) return null
  return (JSON.parse(text as string) as readonly (LegRow | readonly [...LegRow, ...RateRow])[]).map((row): EntryLeg => {
    const [from, to, asset, amount, toAsset, toAmount, version, numerator, denominator, rounding, remainder] = row
    const leg = { from, to, asset, amount: BigInt(amount), toAsset, toAmount: BigInt(toAmount) }
    if (version === undefined) return { ...leg, rate: null }
    const fraction = { numerator: BigInt(numerator!), denominator: BigInt(denominator!) }
    return { ...leg, rate: { version, ...fraction, rounding: rounding!, remainder: BigInt(remainder!) } }
  })
}

const SAMPLE: EntryRecord = {
  id: 'a-request-id-of-more-than-32-characters',
  seq: 7,
  kind: 'transfer',
  at: 1,
  fingerprint: 2,
  memo: 'memo',
  metadata: { key: 'value' },
  floor: 3n,
  overdraft: true,
  account: 'user:8',
  legs: [{ from: 'user:8', to: 'user:9', asset: 'credit', amount: 4n, toAsset: 'credit', toAmount: 5n, rate: null }],
  step: { hold: 'h', holdSeq: 8, number: 6, after: { ...showHold(HOLD_OPENED.sample), state: 'open' } },
  by: SAMPLE_AUTHOR,
  postings: [],
}
const PLACED: PlacedEntry = { entry: SAMPLE, begun: new Map() }

export const ENTRY = rowKind('requests', entryRow, PLACED)
export const CHARGE = rowKind('requests', chargeRow, {
  charge: { ...HOLD_OPENED.sample, charge: SAMPLE },
  begun: new Map(),
})
export const STEP_ENTRY = rowKind('requests', stepEntryRow, PLACED)
