/** Holds as rows of `requests`. Kept answers are JSON text. */
import type { HoldChange } from '../../domain/changes.ts'
import {
  showHold,
  type FirstAnswers,
  type Hold,
  type HoldEnd,
  type HoldRecord,
  type HoldState,
} from '../../domain/hold.ts'
import { rowKind, rowUpdate, type Unset } from './row-kind.ts'
import { big, jsonText, metadataOf, metadataText, whole, wholeOrNull, type Row } from './values.ts'

/** A hold without steps. */
export function holdRow(hold: HoldRecord, unset: Unset) {
  const { end, onExpiry } = hold
  const payee = end === null ? null : end.payee
  return {
    id: hold.id,
    kind: hold.kind,
    at: hold.createdAt,
    fingerprint: hold.fingerprint,
    metadata: metadataText(hold.metadata),
    balance_id: hold.balanceId,
    payee: hold.payee,
    state: hold.state,
    amount: hold.amount,
    held: hold.held,
    settled: hold.settled,
    released: hold.released,
    drawn: hold.drawn,
    shortfall: hold.shortfall,
    expires_at: hold.expiresAt,
    ended_at: end === null ? unset : end.at,
    end_fingerprint: end === null ? unset : end.fingerprint,
    opened_version: hold.openedVersion,
    ended_version: end === null ? unset : end.version,
    payee_balance_id: payee === null ? unset : payee.balanceId,
    payee_version: payee === null ? unset : payee.version,
    on_expiry: onExpiry === null ? null : onExpiry.settle,
  }
}

/** A hold that was opened and had steps in one batch. */
export function steppedHoldRow(hold: HoldRecord, unset: Unset) {
  return { ...holdRow(hold, unset), ...stepsOfRow(hold) }
}

/** What only steps write. */
function stepsOfRow({ refunded, settledLate, steps, firstAnswers }: HoldRecord) {
  return {
    refunded,
    settled_late: settledLate,
    steps,
    first_answers: firstAnswers === null ? null : jsonText(firstAnswers),
  }
}

/** What an end that is no step writes to its hold. */
export function holdEndRow(hold: HoldRecord, unset: Unset) {
  const { end } = hold
  const payee = end === null ? null : end.payee
  return {
    state: hold.state,
    held: hold.held,
    settled: hold.settled,
    released: hold.released,
    drawn: hold.drawn,
    shortfall: hold.shortfall,
    ended_at: end === null ? unset : end.at,
    end_fingerprint: end === null ? unset : end.fingerprint,
    ended_version: end === null ? unset : end.version,
    payee_balance_id: payee === null ? unset : payee.balanceId,
    payee_version: payee === null ? unset : payee.version,
    id: hold.id,
  }
}

/** What steps write to their hold: everything that can change. */
function holdChangeRow({ before, after: hold }: HoldChange, unset: Unset) {
  const { id, ...ended } = holdEndRow(hold, unset)
  return {
    payee: hold.payee,
    amount: hold.amount,
    expires_at: hold.expiresAt,
    on_expiry: hold.onExpiry === null ? null : hold.onExpiry.settle,
    ...ended,
    ...stepsOfRow(hold),
    id,
    before_state: before.state,
    // The row of a hold without steps has NULL.
    before_steps: before.steps === 0 ? null : before.steps,
  }
}

/** @param row of kind `freeze`, joined with its balance's `account` and `asset` */
export function holdOf(row: Row): HoldRecord {
  return {
    id: row['id'] as string,
    kind: 'freeze',
    account: row['account'] as string,
    asset: row['asset'] as string,
    payee: row['payee'] as string,
    state: row['state'] as HoldState,
    amount: big(row['amount']),
    held: big(row['held']),
    settled: big(row['settled']),
    released: big(row['released']),
    drawn: big(row['drawn']),
    shortfall: big(row['shortfall']),
    expiresAt: whole(row['expires_at']),
    createdAt: whole(row['at']),
    metadata: metadataOf(row['metadata']),
    fingerprint: whole(row['fingerprint']),
    balanceId: whole(row['balance_id']),
    openedVersion: whole(row['opened_version']),
    end: endOf(row),
    onExpiry: row['on_expiry'] === null ? null : { settle: big(row['on_expiry']) },
    refunded: bigOrZero(row['refunded']),
    settledLate: bigOrZero(row['settled_late']),
    steps: wholeOrNull(row['steps']) ?? 0,
    firstAnswers: firstAnswersOf(row['first_answers']),
  }
}

function endOf(row: Row): HoldEnd | null {
  const at = setOrNull(row['ended_at'])
  if (at === null) return null
  const balanceId = setOrNull(row['payee_balance_id'])
  return {
    at,
    fingerprint: whole(row['end_fingerprint']),
    version: whole(row['ended_version']),
    payee: balanceId === null ? null : { balanceId, version: whole(row['payee_version']) },
  }
}

/** Null for either `Unset`. */
function setOrNull(value: unknown): number | null {
  return value === null || Number(value) === 0 ? null : Number(value)
}

/** The value of a column that only steps write. */
function bigOrZero(value: unknown): bigint {
  return value === null ? 0n : big(value)
}

function firstAnswersOf(text: unknown): FirstAnswers | null {
  if (text === null || text === undefined) return null
  const { freeze, end } = JSON.parse(text as string) as { readonly freeze: HoldFields; readonly end: HoldFields | null }
  return { freeze: holdOfFields(freeze), end: end === null ? null : holdOfFields(end) }
}

type Amounts = 'amount' | 'held' | 'settled' | 'released' | 'drawn' | 'shortfall' | 'refunded' | 'settledLate'

/** A hold as `jsonText` writes it. */
export type HoldFields = Omit<Hold, Amounts | 'onExpiry'> &
  Readonly<Record<Amounts, string>> & { readonly onExpiry: { readonly settle: string } | null }

export function holdOfFields(fields: HoldFields): Hold {
  return {
    ...fields,
    amount: BigInt(fields.amount),
    held: BigInt(fields.held),
    settled: BigInt(fields.settled),
    released: BigInt(fields.released),
    drawn: BigInt(fields.drawn),
    shortfall: BigInt(fields.shortfall),
    refunded: BigInt(fields.refunded),
    settledLate: BigInt(fields.settledLate),
    onExpiry: fields.onExpiry === null ? null : { settle: BigInt(fields.onExpiry.settle) },
  }
}

/** No value stands in it twice, so that a test sees where each goes. */
const SAMPLE: HoldRecord = {
  id: 'h',
  kind: 'freeze',
  account: 'user:8',
  asset: 'credit',
  payee: '@revenue',
  state: 'settled',
  amount: 1n,
  held: 2n,
  settled: 3n,
  released: 4n,
  drawn: 5n,
  shortfall: 6n,
  refunded: 7n,
  settledLate: 8n,
  onExpiry: { settle: 9n },
  expiresAt: 10,
  createdAt: 11,
  metadata: { key: 'value' },
  fingerprint: 12,
  balanceId: 13,
  openedVersion: 14,
  end: { at: 15, fingerprint: 16, version: 17, payee: { balanceId: 18, version: 19 } },
  steps: 20,
  firstAnswers: null,
}

const STEPPED: HoldRecord = { ...SAMPLE, firstAnswers: { freeze: showHold(SAMPLE), end: null } }

export const HOLD_OPENED = rowKind('requests', holdRow, SAMPLE)
export const HOLD_OPENED_STEPPED = rowKind('requests', steppedHoldRow, STEPPED)
export const HOLD_ENDED = rowUpdate(rowKind('requests', holdEndRow, SAMPLE))
export const HOLD_CHANGED = rowUpdate(rowKind('requests', holdChangeRow, { before: STEPPED, after: STEPPED }))
