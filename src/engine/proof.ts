/** Which outcomes a commit proves, and which rest on rows that have to be read for them. */
import type { Command, Work } from '../domain/command.ts'
import type { Outcome, Rejection } from '../domain/outcome.ts'
import type { WorkOutcome } from './ticket.ts'

/** Rejections that stay true once they were true, because the rows they rest on never change again. */
function isLasting(command: Command, rejection: Rejection): boolean {
  const { code } = rejection
  if (code === 'request_id_reused' || code === 'asset_conflict') return true
  // A step may be a repeat of one that came before the end, which only its request id tells; and what an expired hold has settled
  // may have grown.
  if (code !== 'hold_not_open' || rejection.state === 'expired') return false
  return command.kind === 'settle' || command.kind === 'release'
}

/** A repeat rests on a row that never changes, but for an asset's name and the newest rate, which another engine may have changed since. */
export function needsProof(item: Work, outcome: WorkOutcome): boolean {
  if (item.kind === 'group') {
    const outcomes = outcome as readonly Outcome[]
    return item.commands.some((command, index) => needsProof(command, outcomes[index]!))
  }
  const single = outcome as Outcome
  if (single.status === 'rejected') return !isLasting(item, single.rejection)
  return single.replayed && (item.kind === 'declare' || item.kind === 'rate')
}

export function isApplied(outcome: WorkOutcome): boolean {
  if (!('status' in outcome)) return outcome.every(isApplied)
  return outcome.status === 'applied' && !outcome.replayed
}
