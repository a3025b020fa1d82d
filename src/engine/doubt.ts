/** What is certain of work whose commit was lost: the answers say so. */
import type { Outcome } from '../domain/outcome.ts'
import { Fault } from './faults.ts'
import { isOutcome, type WorkResult } from './work-result.ts'
import type { Job } from './ticket.ts'

/** The same job after a lost commit: its early answers say that the effect is unknown, and it is decided by the same time again. */
export function doubtful(job: Job): Job {
  const { work, deadlineAt } = job
  return { work, deadlineAt, mayBeParked: false, reject: (fault) => job.reject(faultInDoubt(fault)) }
}

export function stillInDoubt(result: WorkResult): WorkResult {
  if (result instanceof Fault) return faultInDoubt(result)
  if (!isOutcome(result)) return result
  return 'status' in result ? maybeOwn(result) : result.map(maybeOwn)
}

/** A repeat that is refused after a lost commit may be a repeat of that commit. */
function maybeOwn(outcome: Outcome): Outcome {
  if (outcome.status !== 'rejected' || outcome.rejection.code !== 'request_replayed') return outcome
  return { status: 'rejected', rejection: { ...outcome.rejection, applied: 'unknown' } }
}

/** After a lost commit, only a refusal by the database proves that there was no effect. */
function faultInDoubt(fault: Fault): Fault {
  return fault.code === 'store_refused' ? fault : inDoubt(fault)
}

export function inDoubt(cause: Fault | undefined): Fault {
  const message = 'The connection was lost while committing, and the outcome is not known yet.'
  return new Fault('commit_in_doubt', message, { applied: 'unknown', retryAfterMs: 1_000, cause })
}
