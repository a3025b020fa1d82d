/**
 * Problems and the outcomes of a batch, as a client receives them. A problem says everything about itself, so the client needs no
 * catalogue, and understands the codes of a newer service.
 */
import { parseInt64 } from '../domain/amount.ts'
import type { CommandKind } from '../domain/command.ts'
import { currentFromWire } from './answered.ts'
import { contractOf } from './contracts.ts'
import { LedgerError } from './error.ts'
import type { BatchOutcome } from './ledger.ts'
import type { AppliedOutcomeWire, OutcomeWire } from './outcome-schemas.ts'
import type { ProblemCode, ProblemFacts } from './problem.ts'
import { AMOUNT_FIELDS, FAILURE_FACTS, isFailureCode, problemType } from './problem-facts.ts'

type Members = Readonly<Record<string, unknown>>

/** The error that a `Ledger` throws for a response with an error status. */
export function errorFromProblem(value: unknown, httpStatus: number): LedgerError {
  const wire: Members = typeof value === 'object' && value !== null ? (value as Members) : {}
  const { code, type, title, status, detail, retryable, applied, retryAfterMs, pointer, ...details } = wire
  const facts = isFailureCode(code) ? FAILURE_FACTS[code] : factsOf({ code, type, title, status, retryable, applied })
  if (facts === null) {
    return new LedgerError(
      'unexpected_answer',
      `The service answered ${httpStatus} without a problem that this client knows.`,
      { details: { httpStatus } },
    )
  }
  return new LedgerError(code as ProblemCode, typeof detail === 'string' ? detail : facts.title, {
    facts,
    applied: applied === 'no' || applied === 'unknown' ? applied : facts.applied,
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : null,
    details: detailsFromWire(details),
    ...(typeof pointer === 'string' ? { pointer } : {}),
  })
}

/** What the members of a problem say about it; null if they are not those of a problem of Holdfast. */
function factsOf({ code, type, title, status, retryable, applied }: Members): ProblemFacts | null {
  if (typeof code !== 'string' || type !== problemType(code as ProblemCode)) return null
  if (typeof title !== 'string' || typeof status !== 'number' || typeof retryable !== 'boolean') return null
  return { title, status, retryable, applied: applied === 'no' ? 'no' : 'unknown', retryAfterMs: null }
}

function detailsFromWire(wire: Members): Members {
  const details: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(wire)) {
    details[name] = AMOUNT_FIELDS.has(name) ? (parseInt64(value) ?? value) : value
  }
  return details
}

export function outcomeFromWire(kind: CommandKind, wire: OutcomeWire): BatchOutcome {
  if (!isApplied(wire)) return { status: wire.status, error: errorFromProblem(wire.problem, wire.problem.status) }
  const { replayed, answer, current } = wire
  return { status: 'applied', replayed, answer: contractOf(kind).answer.fromWire(answer), ...currentFromWire(current) }
}

function isApplied(wire: OutcomeWire): wire is AppliedOutcomeWire {
  return wire.status === 'applied'
}
