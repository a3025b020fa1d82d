/**
 * Which outcomes are proven by the commit of their batch, and which rest on rows that have to be read for them.
 *
 * A commit proves what it applies. No other outcome may rest on cached rows, not even on rows that cannot change: after a failover that
 * lost commits, or a restored backup, the original of a repeat or the end of a hold may be missing from the database. Upholds law 4.
 */
import type { WorkOutcome } from './ticket.ts'

export function needsProof(outcome: WorkOutcome): boolean {
  if (!('status' in outcome)) return outcome.some(needsProof)
  return outcome.status === 'rejected' || outcome.replayed
}

const NONE: readonly number[] = []

/** The positions of the outcomes that need a proof. */
export function positionsToProve(outcomes: readonly WorkOutcome[]): readonly number[] {
  let positions: number[] | null = null
  for (let index = 0; index < outcomes.length; index++) {
    if (needsProof(outcomes[index]!)) (positions ??= []).push(index)
  }
  return positions ?? NONE
}
