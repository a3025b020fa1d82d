/** Problems on the wire (RFC 9457), in both directions, and the outcomes of a batch, which contain problems. */
import { parseInt64 } from '../domain/amount.ts'
import type { CommandKind } from '../domain/command.ts'
import type { Applied, Outcome, Rejection } from '../domain/outcome.ts'
import { contractOf } from './contracts.ts'
import { LedgerError } from './error.ts'
import { explain } from './rejection-problems.ts'
import type { BatchOutcome } from './ledger.ts'
import type { ProblemCode } from './problem.ts'
import { isProblemCode, PROBLEMS, problemType } from './problems.ts'
import type { AppliedOutcomeWire, OutcomeWire, ProblemWire } from './outcome-schemas.ts'

/** Converts a rejection without a `LedgerError`, which would cost a stack trace. */
export function problemOfRejection(rejection: Rejection): ProblemWire {
  const problem = head(rejection.code, explain(rejection), PROBLEMS[rejection.code].applied)
  addFields(problem, rejection)
  return problem
}

export function problemOfError(error: LedgerError): ProblemWire {
  const problem = head(error.code, error.message, error.applied)
  if (error.retryAfterMs !== null) problem.retryAfterMs = error.retryAfterMs
  if (error.pointer !== null) problem.pointer = error.pointer
  addFields(problem, error.details)
  return problem
}

function head(code: ProblemCode, detail: string, applied: Applied): ProblemWire {
  const { title, status, retryable } = PROBLEMS[code]
  return { type: problemType(code), title, status, detail, code, retryable, applied }
}

function addFields(problem: ProblemWire, fields: object): void {
  const members = problem as Record<string, unknown>
  for (const [name, value] of Object.entries(fields))
    members[name] = typeof value === 'bigint' ? value.toString() : value
}

/** The error that a `Ledger` throws for a response with an error status. */
export function errorFromProblem(value: unknown, httpStatus: number): LedgerError {
  const wire = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  const { code, detail, applied, retryAfterMs, pointer } = wire
  if (!isProblemCode(code)) {
    return new LedgerError(
      'unexpected_answer',
      `The service answered ${httpStatus} without a problem that this client knows.`,
      {
        details: { httpStatus },
      },
    )
  }
  return new LedgerError(code, typeof detail === 'string' ? detail : PROBLEMS[code].title, {
    applied: applied === 'no' || applied === 'unknown' ? applied : PROBLEMS[code].applied,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null,
    details: detailsFromWire(code, wire),
    ...(typeof pointer === 'string' ? { pointer } : {}),
  })
}

function detailsFromWire(
  code: ProblemCode,
  wire: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const details: Record<string, unknown> = {}
  for (const [name, { kind }] of Object.entries(PROBLEMS[code].fields)) {
    const value = wire[name]
    if (value === undefined || name === 'pointer') continue
    details[name] = kind === 'amount' ? (parseInt64(value) ?? value) : value
  }
  return details
}

/** The outcome of a command of this kind, alone or in a batch. */
export function outcomeToWire(kind: CommandKind, outcome: Outcome): OutcomeWire {
  if (outcome.status === 'rejected') return { status: 'rejected', problem: problemOfRejection(outcome.rejection) }
  return {
    status: 'applied',
    replayed: outcome.replayed,
    answer: contractOf(kind).answer.toWire(outcome.answer) as AppliedOutcomeWire['answer'],
  }
}

/** The outcome of a command of a batch that ended in a fault. */
export function faultedToWire(error: LedgerError): OutcomeWire {
  return { status: 'faulted', problem: problemOfError(error) }
}

export function outcomeFromWire(kind: CommandKind, wire: OutcomeWire): BatchOutcome {
  if (!isApplied(wire)) return { status: wire.status, error: errorFromProblem(wire.problem, wire.problem.status) }
  return { status: 'applied', replayed: wire.replayed, answer: contractOf(kind).answer.fromWire(wire.answer) }
}

function isApplied(wire: OutcomeWire): wire is AppliedOutcomeWire {
  return wire.status === 'applied'
}
