import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Value } from 'typebox/value'
import { REJECTION_PRECEDENCE } from '../domain/outcome.ts'
import { LedgerError } from './error.ts'
import {
  errorFromProblem,
  faultedToWire,
  outcomeFromWire,
  outcomeToWire,
  problemOfError,
  problemOfRejection,
} from './problem-details.ts'
import { exampleOf } from './problem-examples.ts'
import type { ProblemCode } from './problem.ts'
import { isProblemCode, isServiceCode, PROBLEMS } from './problems.ts'
import { Problem } from './outcome-schemas.ts'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

function carried(wire: unknown): unknown {
  return JSON.parse(JSON.stringify(wire))
}

/** The fields by which a caller can distinguish two errors. */
function contentsOf(error: LedgerError): object {
  const { code, message, status, retryable, applied, retryAfterMs, details, pointer } = error
  return { code, message, status, retryable, applied, retryAfterMs, details, pointer }
}

describe('a problem', () => {
  for (const code of CODES) {
    test(`${code} comes back from the wire as the same error`, () => {
      const error = exampleOf(code)
      assert.equal(error.code, code)
      assert.deepEqual(contentsOf(errorFromProblem(carried(problemOfError(error)), 0)), contentsOf(error))
    })
  }

  test('has the shape that the document promises', () => {
    for (const code of CODES.filter(isServiceCode)) {
      assert.ok(Value.Check(Problem, carried(problemOfError(exampleOf(code)))), code)
    }
  })

  test('carries no field that its code does not declare', () => {
    for (const code of CODES) {
      for (const name of Object.keys(exampleOf(code).details))
        assert.ok(name in PROBLEMS[code].fields, `${code}: ${name}`)
    }
  })

  test('of a rejection is the same whether it was thrown or not', () => {
    for (const code of REJECTION_PRECEDENCE) {
      const error = exampleOf(code)
      const rejection = { code, ...error.details } as Parameters<typeof problemOfRejection>[0]
      assert.deepEqual(problemOfRejection(rejection), problemOfError(error))
    }
  })

  test('never takes the name of a member that all problems have', () => {
    const members = new Set(['type', 'title', 'status', 'detail', 'code', 'retryable', 'applied', 'retryAfterMs'])
    for (const code of CODES) {
      for (const name of Object.keys(PROBLEMS[code].fields)) assert.ok(!members.has(name), `${code}: ${name}`)
    }
  })
})

describe('the catalogue', () => {
  test('says when to come back for every 503, and for nothing that is hopeless', () => {
    for (const code of CODES) {
      const { status, retryable, retryAfterMs } = PROBLEMS[code]
      if (status === 503) assert.ok(retryable && retryAfterMs !== null, code)
      if (!retryable) assert.equal(retryAfterMs, null, code)
    }
  })

  test('knows its own codes and no others', () => {
    assert.ok(isProblemCode('insufficient_funds'))
    for (const other of ['constructor', 'toString', '', null, 402, undefined]) assert.equal(isProblemCode(other), false)
  })
})

describe('what a service answers that is no problem known here', () => {
  for (const body of [null, 'Bad Gateway', [], {}, { code: 'from_the_future', status: 400 }, { code: 'constructor' }]) {
    test(`${JSON.stringify(body)} is an unexpected answer`, () => {
      const error = errorFromProblem(body, 502)
      assert.deepEqual(
        [error.code, error.details, error.applied],
        ['unexpected_answer', { httpStatus: 502 }, 'unknown'],
      )
    })
  }

  test('a known code with members of wrong types keeps what the catalogue says', () => {
    const error = errorFromProblem(
      { code: 'overloaded', detail: 7, applied: 'maybe', retryAfterMs: 'soon', pointer: 1 },
      503,
    )
    assert.deepEqual(contentsOf(error), {
      code: 'overloaded',
      message: PROBLEMS.overloaded.title,
      status: 503,
      retryable: true,
      applied: 'no',
      retryAfterMs: PROBLEMS.overloaded.retryAfterMs,
      details: {},
      pointer: null,
    })
  })
})

describe('the outcomes of a batch', () => {
  test('an applied one comes back with its answer', () => {
    const answer = { code: 'gold', decimals: 2, name: 'Gold', createdAt: 0 }
    const outcome = { status: 'applied', replayed: true, answer } as const
    assert.deepEqual(outcomeFromWire('declare', outcomeToWire('declare', outcome)), outcome)
  })

  test('a rejected one comes back with its error', () => {
    const rejection = { code: 'settle_above_hold', hold: 'job-1', held: 2n ** 62n } as const
    const outcome = outcomeFromWire('settle', outcomeToWire('settle', { status: 'rejected', rejection }))
    assert.ok(outcome.status === 'rejected')
    assert.deepEqual(contentsOf(outcome.error), contentsOf(LedgerError.fromRejection(rejection)))
  })

  test('a faulted one says whether it may have applied', () => {
    const fault = { code: 'commit_in_doubt', message: 'Lost.', applied: 'unknown', retryAfterMs: 5 } as const
    const outcome = outcomeFromWire('freeze', faultedToWire(LedgerError.fromFault(fault, 'job-1')))
    assert.ok(outcome.status === 'faulted')
    assert.deepEqual(
      [outcome.error.applied, outcome.error.retryAfterMs, outcome.error.details],
      ['unknown', 5, { requestId: 'job-1' }],
    )
  })
})
