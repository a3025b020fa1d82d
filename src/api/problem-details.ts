/** Problems (RFC 9457) and the outcomes of a batch, as the service sends them. received.ts has the opposite direction. */
import type { CommandKind } from '../domain/command.ts'
import type { Outcome, Rejection } from '../domain/outcome.ts'
import { contractOf } from './contracts.ts'
import { detailsToWire, type LedgerError } from './error.ts'
import { holdToWire } from './hold.ts'
import type { AppliedOutcomeWire, OutcomeWire, ProblemWire } from './outcome-schemas.ts'
import { problemType } from './problem-facts.ts'
import { appliedOf } from './rejection-error.ts'
import { explain, REJECTION_PROBLEMS } from './rejection-problems.ts'

/** Converts a rejection without a `LedgerError`, which would cost a stack trace. */
export function problemOfRejection(rejection: Rejection): ProblemWire {
  const { code, ...details } = rejection
  const { title, status, retryable } = REJECTION_PROBLEMS[code]
  const applied = appliedOf(rejection)
  const problem = { type: problemType(code), title, status, detail: explain(rejection), code, retryable, applied }
  return Object.assign(problem, detailsToWire(details))
}

/** The outcome of a command of this kind, alone or in a batch. */
export function outcomeToWire(kind: CommandKind, outcome: Outcome): OutcomeWire {
  if (outcome.status === 'rejected') return { status: 'rejected', problem: problemOfRejection(outcome.rejection) }
  const { replayed, answer, current } = outcome
  return {
    status: 'applied',
    replayed,
    answer: contractOf(kind).answer.toWire(answer) as AppliedOutcomeWire['answer'],
    ...(current === undefined ? {} : { current: holdToWire(current) }),
  }
}

/** The outcome of a command of a batch that ended in a fault. */
export function faultedToWire(error: LedgerError): OutcomeWire {
  return { status: 'faulted', problem: error.toJSON() }
}
