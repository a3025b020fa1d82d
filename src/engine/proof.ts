/**
 * Which outcomes the commit of their batch proves, and which rest on rows that have to be read for them.
 *
 * A commit proves what it applies. Nothing else may rest on memory, not even what once was final: after a failover that lost commits, or
 * a restored backup, the first effect of a repeat or the end of a hold may be gone from the database. Upholds law 4.
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
