/** Compares one request in the external system with its hold, and determines the fix. */
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { Overage } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { Finding, Fix } from './finding.ts'
import type { ListRow } from './list.ts'

/** Returns null if both sides agree. */
export function judge(row: ListRow, hold: Hold | null, overage: Overage): Finding | null {
  const { requestId, line, state, amount } = row
  if (hold === null) {
    // The work may have failed before its freeze.
    if (state === 'failed') return null
    const message = `${state} in the external system, no hold in the ledger`
    return { code: 'missing', requestId, line, asset: null, theirs: amount, ours: null, message, fix: null }
  }
  const ours = hold.settled - hold.refunded
  const found = { requestId, line, asset: hold.asset, theirs: amount, ours }
  const unlike = ownerDifference(row, hold)
  if (unlike !== null) return { code: 'different', ...found, message: unlike, fix: null }
  if (hold.state === 'open') return judgeOpen(row, hold, { overage, found })
  // Coins can be settled in parts, at the expiry and late, and refunded. Only the sum is compared.
  const isPaid = hold.state === 'settled' ? hold.refunded === 0n || ours > 0n : ours > 0n
  const agrees = state === 'done' ? isPaid && ours === amount : state === 'failed' && !isPaid
  if (agrees) return null
  const there = state === 'done' ? `done at ${amount}` : state
  return {
    code: 'different',
    ...found,
    message: `${there} in the external system, ${endText(hold)} in the ledger`,
    fix: null,
  }
}

/** The list says whose hold it is only if it has the columns. */
function ownerDifference(row: ListRow, hold: Hold): string | null {
  for (const [theirs, ours] of [
    [row.account, hold.account],
    [row.counterparty, hold.payee],
    [row.asset, hold.asset],
  ] as const) {
    if (theirs !== null && theirs !== ours) return `${theirs} in the external system, ${ours} in the ledger`
  }
  return null
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
  // The list does not show which parts were already settled, so such a hold is left to the caller that settles the parts.
  const isTouched = hold.settled > 0n
  if (state === 'failed') {
    const fix: Fix | null = isTouched ? null : { kind: 'release', hold: hold.id, ifSteps: hold.steps }
    return { code: 'unfinished', ...found, message: 'failed in the external system, open in the ledger', fix }
  }
  const isMovable = amount! <= AMOUNT_MAX
  const beyond = isMovable ? '' : `; one command can move at most ${AMOUNT_MAX}`
  const message = `done at ${amount} in the external system, ${openText(hold)} in the ledger${beyond}`
  const fits = isMovable && (amount! <= hold.held || overage !== 'reject')
  const fix: Fix | null =
    fits && !isTouched ? { kind: 'settle', hold: hold.id, ifSteps: hold.steps, amount: amount!, overage } : null
  return { code: 'unfinished', ...found, message, fix }
}

function openText({ held, settled }: Hold): string {
  return `open with ${held} held${settled === 0n ? '' : ` and ${settled} settled`}`
}

/** The finding for a hold that is not in the list. @param isOld whether the hold is old enough to be released */
export function extraFinding(hold: Hold, isOld: boolean): Finding {
  const { id, asset, state, held, settled, refunded } = hold
  const here = state === 'open' ? openText(hold) : endText(hold)
  const fix: Fix | null =
    isOld && state === 'open' && settled === 0n ? { kind: 'release', hold: id, ifSteps: hold.steps } : null
  const ours = state === 'open' ? held : settled - refunded
  return {
    code: 'extra',
    requestId: id,
    line: null,
    asset,
    theirs: null,
    ours,
    message: `unknown in the external system, ${here} in the ledger`,
    fix,
  }
}
