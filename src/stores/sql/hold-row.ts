/**
 * Holds: the freeze as a row of `requests`, and each change after it as a row of `hold_changes` with the hold as it was then.
 *
 * Nothing of them is ever changed. A hold is its freeze, overlaid with its last change; the one that ended it is named by those after it.
 */
import type { HoldChange } from '../../domain/changes.ts'
import type { Hold, HoldState } from '../../domain/hold.ts'
import {
  isCharge,
  showHold,
  showHoldAsFrozen,
  type FirstAnswers,
  type HoldEnd,
  type HoldRecord,
} from '../../domain/hold-record.ts'
import { AUTHOR, authorColumns, authorOf, ENDER, SAMPLE_AUTHOR } from './author-row.ts'
import { requestIdOf, requestIdText, requestKey } from './request-key.ts'
import { rowKind } from './row-kind.ts'
import { big, metadataOf, metadataText, whole, wholeOrNull, type Row } from './values.ts'

/** The hold as its freeze opened it. */
export function holdRow(hold: HoldRecord) {
  const { payee, amount, expiresAt, onExpiry } = hold.firstAnswers === null ? hold : hold.firstAnswers.freeze
  const id = requestKey(hold.id)
  return {
    seq: hold.seq,
    id,
    id_text: requestIdText(hold.id, id),
    kind: hold.kind,
    at: hold.createdAt,
    fingerprint: hold.fingerprint,
    metadata: metadataText(hold.metadata),
    balance_id: hold.balanceId,
    opened_version: hold.openedVersion,
    payee,
    amount,
    expires_at: expiresAt,
    on_expiry: onExpiry === null ? null : onExpiry.settle,
    ...authorColumns(hold.by),
  }
}

/** A hold after an end that is no step. What it does not name is as in the freeze. */
export function holdEndRow({ after }: HoldChange) {
  const end = after.end!
  return { ...changeRow(after, end), ...authorColumns(end.by) }
}

/** A hold after a step. Its author is in the row of its request. */
export function holdStepRow({ after, step }: HoldChange) {
  const { seq, at, fingerprint, postings } = step!
  const own = postings.find(({ balanceId }) => balanceId === after.balanceId)!
  const other = postings.find(({ balanceId }) => balanceId !== after.balanceId) ?? null
  const payee = other === null ? null : { balanceId: other.balanceId, version: other.posting.version }
  return {
    ...changeRow(after, { at, fingerprint, version: own.posting.version, payee }),
    seq,
    payee: after.payee,
    refunded: after.refunded,
    settled_late: after.settledLate,
    expires_at: after.expiresAt,
    on_expiry: after.onExpiry === null ? null : after.onExpiry.settle,
    end_number: after.end === null || after.end.number === after.changes ? null : after.end.number,
    end_settled: after.end === null ? null : after.end.settled,
  }
}

/** What every change has: the hold after it, and the postings that made it. */
function changeRow(after: HoldRecord, { at, fingerprint, version, payee }: Omit<HoldEnd, 'number' | 'settled' | 'by'>) {
  return {
    hold_seq: after.seq,
    number: after.changes,
    at,
    fingerprint,
    version,
    payee_balance_id: payee === null ? null : payee.balanceId,
    payee_version: payee === null ? null : payee.version,
    state: after.state,
    amount: after.amount,
    held: after.held,
    settled: after.settled,
    released: after.released,
    drawn: after.drawn,
    shortfall: after.shortfall,
  }
}

const CHANGE = 'change_'
const END = 'end_'
const HOLD = 'hold_'

/**
 * A hold or charge, after all of its changes.
 *
 * @param row of kind `freeze` or `charge`, as request-select.ts reads it: with the account and asset of its balance, its last change, and the change
 *   that ended it if that is another one
 */
export function holdOf(row: Row): HoldRecord {
  const freeze = freezeOf(row, '')
  const current = holdAfter(freeze, row, CHANGE)
  const { endedAt: _, steps: changes, ...fields } = current
  return {
    ...fields,
    kind: 'freeze',
    seq: whole(row['seq']),
    fingerprint: whole(row['fingerprint']),
    charge: null,
    by: authorOf(row, AUTHOR),
    balanceId: whole(row['balance_id']),
    openedVersion: whole(row['opened_version']),
    end: row['kind'] === 'charge' ? chargeEndOf(row) : endOf(row),
    changes,
    firstAnswers: firstAnswersOf(freeze, row),
  }
}

/** The hold after one of its changes. @param row of the change, and of the end before it */
export function changedHoldOf(hold: HoldRecord, row: Row): HoldRecord {
  const { endedAt: _, steps: changes, ...fields } = holdAfter(showHoldAsFrozen(hold), row, CHANGE)
  return { ...hold, ...fields, end: isCharge(hold) ? hold.end : endOf(row), changes }
}

/** The hold after the step that an entry is. @param row of an entry with a `hold_seq`, as request-select.ts reads it */
export function holdAfterStep(row: Row): Hold {
  return holdAfter(freezeOf(row, HOLD), row, CHANGE)
}

/** The hold as its freeze opened it, or the charge as it was made. */
function freezeOf(row: Row, prefix: '' | typeof HOLD): Hold {
  const amount = big(row[`${prefix}amount`])
  const onExpiry = row[`${prefix}on_expiry`]
  const at = whole(row[`${prefix}at`])
  const isMade = row[`${prefix}kind`] === 'charge'
  return {
    id: requestIdOf(row[`${prefix}id`], row[`${prefix}id_text`]),
    account: row['account'] as string,
    asset: row['asset'] as string,
    payee: row[`${prefix}payee`] as string,
    state: isMade ? 'settled' : 'open',
    amount,
    held: isMade ? 0n : amount,
    settled: isMade ? amount : 0n,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    refunded: 0n,
    settledLate: 0n,
    onExpiry: onExpiry === null ? null : { settle: big(onExpiry) },
    expiresAt: isMade ? at : whole(row[`${prefix}expires_at`]),
    createdAt: at,
    endedAt: isMade ? at : null,
    steps: 0,
    metadata: metadataOf(row[`${prefix}metadata`]),
  }
}

/** The hold after the change whose columns have the prefix; as the freeze opened it when there is no such change. */
function holdAfter(freeze: Hold, row: Row, prefix: typeof CHANGE | typeof END): Hold {
  if (isAbsent(row[`${prefix}number`])) return freeze
  const state = row[`${prefix}state`] as HoldState
  const ended = {
    ...freeze,
    state,
    amount: big(row[`${prefix}amount`]),
    held: big(row[`${prefix}held`]),
    settled: big(row[`${prefix}settled`]),
    released: big(row[`${prefix}released`]),
    drawn: big(row[`${prefix}drawn`]),
    shortfall: big(row[`${prefix}shortfall`]),
    endedAt:
      state === 'open' ? null : (freeze.endedAt ?? whole(row[`${isAbsent(row[`${END}number`]) ? prefix : END}at`])),
    steps: whole(row[`${prefix}number`]),
  }
  if (row[`${prefix}seq`] === null) return ended
  const onExpiry = row[`${prefix}on_expiry`]
  return {
    ...ended,
    payee: row[`${prefix}payee`] as string,
    refunded: big(row[`${prefix}refunded`]),
    settledLate: big(row[`${prefix}settled_late`]),
    expiresAt: whole(row[`${prefix}expires_at`]),
    onExpiry: onExpiry === null ? null : { settle: big(onExpiry) },
  }
}

/** A charge ended as it was made. */
function chargeEndOf(row: Row): HoldEnd {
  const [, payee] = JSON.parse(row['postings'] as string) as readonly (readonly [balanceId: number, version: number])[]
  return {
    number: 0,
    at: whole(row['at']),
    fingerprint: whole(row['fingerprint']),
    settled: big(row['amount']),
    version: whole(row['opened_version']),
    payee: { balanceId: payee![0], version: payee![1] },
    by: null,
  }
}

function endOf(row: Row): HoldEnd | null {
  if (isAbsent(row[`${CHANGE}number`]) || row[`${CHANGE}state`] === 'open') return null
  const prefix = isAbsent(row[`${END}number`]) ? CHANGE : END
  const balanceId = wholeOrNull(row[`${prefix}payee_balance_id`])
  return {
    number: whole(row[`${prefix}number`]),
    at: whole(row[`${prefix}at`]),
    fingerprint: whole(row[`${prefix}fingerprint`]),
    // An end that is no step is the first change, so all that is settled then was settled by it.
    settled: big(row[`${CHANGE}${isAbsent(row[`${CHANGE}seq`]) ? 'settled' : 'end_settled'}`]),
    version: whole(row[`${prefix}version`]),
    payee: balanceId === null ? null : { balanceId, version: whole(row[`${prefix}payee_version`]) },
    by: authorOf(row, ENDER),
  }
}

/** As the first step saves them, see `enterStep`: an end without a step shows all answers itself. */
function firstAnswersOf(freeze: Hold, row: Row): FirstAnswers | null {
  if (isAbsent(row[`${CHANGE}seq`])) return null
  return { freeze, end: isAbsent(row[`${END}number`]) ? null : holdAfter(freeze, row, END) }
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined
}

/** No value stands in it twice, so that a test sees where each goes. The id is of the longest kind. */
const SAMPLE: HoldRecord = {
  id: 'a-request-id-of-more-than-32-characters',
  kind: 'freeze',
  seq: 21,
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
  charge: null,
  by: SAMPLE_AUTHOR,
  openedVersion: 14,
  end: {
    number: 22,
    at: 15,
    fingerprint: 16,
    settled: 32n,
    version: 17,
    payee: { balanceId: 18, version: 19 },
    by: SAMPLE_AUTHOR,
  },
  changes: 20,
  firstAnswers: null,
}

const POSTING = {
  entryId: 's',
  kind: 'refund',
  account: 'user:8',
  asset: 'credit',
  stripe: 0,
  version: 23,
  availableDelta: 24n,
  heldDelta: 25n,
  available: 26n,
  held: 27n,
  at: 28,
} as const

const STEP: HoldChange = {
  after: { ...SAMPLE, firstAnswers: { freeze: showHold(SAMPLE), end: null } },
  step: {
    id: 's',
    seq: 29,
    kind: 'refund',
    at: 28,
    fingerprint: 30,
    memo: null,
    metadata: null,
    floor: null,
    overdraft: false,
    account: null,
    legs: null,
    by: null,
    step: null,
    postings: [
      { balanceId: SAMPLE.balanceId, posting: POSTING },
      { balanceId: 18, posting: { ...POSTING, version: 31 } },
    ],
  },
}

export const HOLD_OPENED = rowKind('requests', holdRow, SAMPLE)
export const HOLD_ENDED = rowKind('hold_changes', holdEndRow, { after: SAMPLE, step: null })
export const HOLD_STEPPED = rowKind('hold_changes', holdStepRow, STEP)
