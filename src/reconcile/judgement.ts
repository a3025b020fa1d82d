/** What the ledger and the other side say of one request, and which command would bring them together. */
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
  const found = { requestId, line, asset: hold.asset, theirs: amount, ours: hold.settled }
  if (hold.state === 'open') return judgeOpen(row, hold, { overage, found })
  const isSettled = hold.state === 'settled'
  const agrees = state === 'done' ? isSettled && hold.settled === amount : state === 'failed' && !isSettled
  if (agrees) return null
  const here = isSettled ? `settled at ${hold.settled}` : hold.state
  const there = state === 'done' ? `done at ${amount}` : state
  return { code: 'different', ...found, message: `${there} there, ${here} here`, remedy: null }
}

type Found = Pick<Finding, 'requestId' | 'line' | 'asset' | 'theirs' | 'ours'>

function judgeOpen(
  { state, amount }: ListRow,
  hold: Hold,
  { overage, found }: { readonly overage: Overage; readonly found: Found },
): Finding | null {
  if (state === 'pending') return null
  // A hold that has given coins already was not frozen for one call: what is left to take is not for the list to say.
  const isTouched = hold.settled > 0n
  if (state === 'failed') {
    const remedy: Remedy | null = isTouched ? null : { kind: 'release', hold: hold.id }
    return { code: 'unfinished', ...found, message: 'failed there, open here', remedy }
  }
  const message = `done at ${amount} there, open with ${hold.held} held here`
  const fits = amount! <= hold.held || overage !== 'reject'
  const remedy: Remedy | null = fits && !isTouched ? { kind: 'settle', hold: hold.id, amount: amount!, overage } : null
  return { code: 'unfinished', ...found, message, remedy }
}

/** A hold that the list does not have. @param isOld whether it is old enough to be given back */
export function extraFinding(hold: Hold, isOld: boolean): Finding {
  const { id, asset, state, held, settled } = hold
  const here = state === 'open' ? `open with ${held} held` : `settled at ${settled}`
  const remedy: Remedy | null = isOld && state === 'open' && settled === 0n ? { kind: 'release', hold: id } : null
  const ours = state === 'open' ? held : settled
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
