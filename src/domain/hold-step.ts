/**
 * Steps: changes of a hold with an entry of their own.
 *
 * The entry of a step contains the hold as it was after the step, which is the answer to every repeat. The first step also saves the
 * answers that the hold's row no longer shows. A step always increases the version of the holder's balance, even if no coins move,
 * because the version guards the hold.
 */
import { isInt64 } from './amount.ts'
import { reject, type Decision, type Moment, type Refusal, type State } from './decision.ts'
import { forward } from './forwarding.ts'
import type { Hold } from './hold.ts'
import { isCharge, showHold, showHoldAsEnded, showHoldAsFrozen, type HoldRecord } from './hold-record.ts'
import type { AccountName, RequestId } from './ids.ts'
import type { EntryRecord } from './journal.ts'
import type { Metadata } from './metadata.ts'
import type { Payment } from './payment.ts'
import { describeAll, post, type Move } from './post.ts'

/** The journal fields of a step. */
export interface StepEntry {
  readonly id: string
  readonly kind: EntryRecord['kind']
  readonly fingerprint: number
  readonly memo: string | null
  readonly metadata: Metadata | null
}

export interface Step {
  readonly entry: StepEntry
  readonly before: HoldRecord
  readonly after: HoldRecord
  readonly moves: readonly Move[]
}

export function enterStep({ entry, before, after, moves }: Step, state: State, moment: Moment): Decision<Hold> {
  const { id, kind, fingerprint, memo, metadata } = entry
  const seq = moment.nextSeq()
  const posted = post({ entryId: id, seq, kind }, moment.now, moves)
  if ('code' in posted) return reject(posted)
  // Refunded coins can be settled again, so the limits of the balances do not limit these sums.
  if (!isInt64(after.amount + after.drawn) || !isInt64(after.shortfall)) {
    return reject({ code: 'balance_overflow', account: before.account, asset: before.asset })
  }
  const hold: HoldRecord = {
    ...after,
    changes: before.changes + 1,
    firstAnswers: {
      freeze: showHoldAsFrozen(before),
      end: before.state === 'open' || isCharge(before) ? null : showHoldAsEnded(before),
    },
  }
  const answer = showHold(hold)
  const step: EntryRecord = {
    id,
    seq,
    kind,
    at: moment.now,
    fingerprint,
    memo,
    metadata,
    floor: null,
    overdraft: false,
    account: null,
    legs: null,
    by: moment.by ?? null,
    step: { hold: hold.id, holdSeq: hold.seq, number: hold.changes, after: answer },
    postings: describeAll(posted, moves),
  }
  const rows = forward(posted, id, state, moment)
  if ('code' in rows) return reject(rows)
  return { verdict: 'apply', effect: { request: hold, step, ...rows }, answer }
}

/** The hold after a payment that does not end it. */
export function paid(hold: HoldRecord, { settled, drawn, shortfall }: Payment, payee: AccountName): HoldRecord {
  return {
    ...hold,
    payee,
    held: hold.held - (settled - drawn),
    settled: hold.settled + settled,
    drawn: hold.drawn + drawn,
    shortfall: hold.shortfall + shortfall,
  }
}

/** The moves of a payment. A payment of 0 also increases the version of the holder's balance. */
export function movesOf(before: HoldRecord, after: HoldRecord, state: State): Move[] {
  const holder = state.balance(before.account, before.asset)
  const moves: Move[] = [
    { balance: holder, available: before.drawn - after.drawn, held: after.held - before.held, isForced: true },
  ]
  const settled = after.settled - before.settled
  if (settled > 0n) {
    moves.push({ balance: state.balance(after.payee, after.asset), available: settled, held: 0n, isForced: true })
  }
  return moves
}

/** The hold or charge with this id. */
export function holdIn(state: State, id: RequestId): HoldRecord | null {
  const record = state.request(id)
  return record?.kind === 'freeze' ? record : null
}

export function notOpen({ id, state, settled }: HoldRecord): Refusal {
  return reject({ code: 'hold_not_open', hold: id, state, settled })
}

export function showStepOf(entry: EntryRecord): Hold {
  // The fingerprint contains the kind of the command, so this is the entry of a step.
  return entry.step!.after
}
