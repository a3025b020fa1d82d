/** Entries as rows of `requests`, and steps of holds as rows of `hold_steps`. An entry's list of postings is JSON text. */
import type { HoldStepRecord } from '../../domain/changes.ts'
import { showHold } from '../../domain/hold.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { EntryLeg, EntryRecord, HoldStep, Posting } from '../../domain/journal.ts'
import type { Rounding } from '../../domain/rate.ts'
import { HOLD_OPENED, holdOfFields, type HoldFields } from './hold-row.ts'
import { rowKind } from './row-kind.ts'
import { bigOrNull, jsonText, metadataOf, metadataText, whole, type Row } from './values.ts'

/** An entry that is no step. */
function entryRow(entry: EntryRecord) {
  return {
    id: entry.id,
    kind: entry.kind,
    at: entry.at,
    fingerprint: entry.fingerprint,
    metadata: metadataText(entry.metadata),
    memo: entry.memo,
    floor: entry.floor,
    postings: JSON.stringify(entry.postings.map(({ balanceId, posting }) => [balanceId, posting.version])),
    legs: legsText(entry.legs),
  }
}

export function stepEntryRow(entry: EntryRecord) {
  return { ...entryRow(entry), hold_after: stepText(entry.step) }
}

export function holdStepRow({ hold, number, entry }: HoldStepRecord) {
  return { hold, step: number, entry_id: entry }
}

/** @param row of another kind than `freeze`. @param postings in the order of `postingKeysOf` */
export function entryOf(row: Row, postings: readonly Posting[]): EntryRecord {
  return {
    id: row['id'] as string,
    kind: row['kind'] as EntryRecord['kind'],
    at: whole(row['at']),
    fingerprint: whole(row['fingerprint']),
    memo: row['memo'] as string | null,
    metadata: metadataOf(row['metadata']),
    floor: bigOrNull(row['floor']),
    legs: legsOf(row['legs']),
    step: stepOf(row['hold_after']),
    postings: postingKeysOf(row).map(([balanceId], index) => ({ balanceId, posting: postings[index]! })),
  }
}

export function postingKeysOf(row: Row): readonly PostingKey[] {
  return JSON.parse(row['postings'] as string) as PostingKey[]
}

/** The step that an entry is, by its `hold_after`: the hold after the step, and the step's number. */
export function stepOf(text: unknown): HoldStep | null {
  if (text === null || text === undefined) return null
  const { number, ...after } = JSON.parse(text as string) as HoldFields & { readonly number: number }
  return { hold: after.id, number, after: holdOfFields(after) }
}

function stepText(step: HoldStep | null): string | null {
  return step === null ? null : jsonText({ number: step.number, ...step.after })
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

function legsOf(text: unknown): readonly EntryLeg[] | null {
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
  id: 'e',
  kind: 'transfer',
  at: 1,
  fingerprint: 2,
  memo: 'memo',
  metadata: { key: 'value' },
  floor: 3n,
  legs: [{ from: 'user:8', to: 'user:9', asset: 'credit', amount: 4n, toAsset: 'credit', toAmount: 5n, rate: null }],
  step: { hold: HOLD_OPENED.sample.id, number: 6, after: showHold(HOLD_OPENED.sample) },
  postings: [],
}

export const ENTRY = rowKind('requests', entryRow, SAMPLE)
export const STEP_ENTRY = rowKind('requests', stepEntryRow, SAMPLE)
export const HOLD_STEP = rowKind('hold_steps', holdStepRow, { hold: 'h', number: 1, entry: 'e' })
