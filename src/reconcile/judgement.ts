/** What the ledger and the other side say of one request, and which command would bring them together. */
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { Overage } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { RequestId } from '../domain/ids.ts'
import type { ListRow } from './list.ts'

/**
 * - `missing`: the other side has it, the ledger has no hold.
 * - `extra`: the ledger has a hold, the other side does not know it.
 * - `unfinished`: the other side has ended, the hold is open.
 * - `different`: both have ended it, each in another way, or at another amount.
 * - `duplicate`: the list has it more than once.
 */
export type FindingCode = 'missing' | 'extra' | 'unfinished' | 'different' | 'duplicate'

/** What brings the ledger to where the other side is. */
export type Remedy =
  | { readonly kind: 'settle'; readonly hold: RequestId; readonly amount: bigint; readonly overage: Overage }
  | { readonly kind: 'release'; readonly hold: RequestId }

export interface Finding {
  readonly code: FindingCode
  readonly requestId: RequestId
  /** Of the list; null for what is not in it. */
  readonly line: number | null
  /** Null for what is not in the ledger. */
  readonly asset: string | null
  /** What it cost there, and what it took here. */
  readonly theirs: bigint | null
  readonly ours: bigint | null
  readonly message: string
  /** Null where no rule says what to do. */
  readonly remedy: Remedy | null
}

/** Null when the two agree. */
export function judge(row: ListRow, hold: Hold | null, overage: Overage): Finding | null {
  const { requestId, line, state, amount } = row
  if (hold === null) {
    // What failed there may have failed before anything was frozen here.
    if (state === 'failed') return null
    const message = `${state} there, no hold here`
    return { code: 'missing', requestId, line, asset: null, theirs: amount, ours: null, message, remedy: null }
  }
  const ours = hold.settled - hold.refunded
  const found = { requestId, line, asset: hold.asset, theirs: amount, ours }
  if (hold.state === 'open') return judgeOpen(row, hold, { overage, found })
  // Parts, an expiry and a late settle take coins as well, and a refund gives them back: what counts is what it came to.
  const isPaid = hold.state === 'settled' ? hold.refunded === 0n || ours > 0n : ours > 0n
  const agrees = state === 'done' ? isPaid && ours === amount : state === 'failed' && !isPaid
  if (agrees) return null
  const there = state === 'done' ? `done at ${amount}` : state
  return { code: 'different', ...found, message: `${there} there, ${endText(hold)} here`, remedy: null }
}

function endText({ state, settled, refunded }: Hold): string {
  const end = state === 'settled' || settled > 0n ? `${state} at ${settled}` : state
  return refunded === 0n ? end : `${end} with ${refunded} of it refunded`
}

type Found = Pick<Finding, 'requestId' | 'line' | 'asset' | 'theirs' | 'ours'>

function judgeOpen(
  { state, amount }: ListRow,
  hold: Hold,
  { overage, found }: { readonly overage: Overage; readonly found: Found },
): Finding | null {
  if (state === 'pending') return null
  // Of a hold that is settled in parts, whoever settles them knows what is left to take; the list does not.
  const isTouched = hold.settled > 0n
  if (state === 'failed') {
    const remedy: Remedy | null = isTouched ? null : { kind: 'release', hold: hold.id }
    return { code: 'unfinished', ...found, message: 'failed there, open here', remedy }
  }
  const isMovable = amount! <= AMOUNT_MAX
  const beyond = isMovable ? '' : `; one command moves at most ${AMOUNT_MAX}`
  const message = `done at ${amount} there, ${openText(hold)} here${beyond}`
  const fits = isMovable && (amount! <= hold.held || overage !== 'reject')
  const remedy: Remedy | null = fits && !isTouched ? { kind: 'settle', hold: hold.id, amount: amount!, overage } : null
  return { code: 'unfinished', ...found, message, remedy }
}

function openText({ held, settled }: Hold): string {
  return `open with ${held} held${settled === 0n ? '' : ` and ${settled} settled`}`
}

/** A hold that the list does not have. @param isOld whether it is old enough to be given back */
export function extraFinding(hold: Hold, isOld: boolean): Finding {
  const { id, asset, state, held, settled, refunded } = hold
  const here = state === 'open' ? openText(hold) : endText(hold)
  const remedy: Remedy | null = isOld && state === 'open' && settled === 0n ? { kind: 'release', hold: id } : null
  const ours = state === 'open' ? held : settled - refunded
  return {
    code: 'extra',
    requestId: id,
    line: null,
    asset,
    theirs: null,
    ours,
    message: `unknown there, ${here} here`,
    remedy,
  }
}
