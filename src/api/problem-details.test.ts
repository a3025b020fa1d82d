import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Value } from 'typebox/value'
import { REJECTION_PRECEDENCE } from '../domain/outcome.ts'
import { LedgerError } from './error.ts'
import { faultedToWire, outcomeToWire, problemOfRejection } from './problem-details.ts'
import { exampleOf } from './problem-examples.ts'
import { AMOUNT_FIELDS } from './problem-facts.ts'
import { toProblem } from './problem-response.ts'
import { errorFromProblem, outcomeFromWire } from './received.ts'
import { errorOfRejection } from './rejection-error.ts'
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
      assert.deepEqual(contentsOf(errorFromProblem(carried(error), 0)), contentsOf(error))
    })
  }

  test('has the shape that the document promises', () => {
    for (const code of CODES.filter(isServiceCode)) {
      assert.ok(Value.Check(Problem, carried(exampleOf(code))), code)
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
      const { applied } = error
      const told = code === 'request_replayed' ? { ...error.details, applied } : error.details
      const rejection = { code, ...told } as Parameters<typeof problemOfRejection>[0]
      assert.deepEqual(problemOfRejection(rejection), error.toJSON())
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
  test('agrees with the client about which fields are amounts', () => {
    const fields = CODES.flatMap((code) => Object.entries(PROBLEMS[code].fields))
    for (const [name, { kind }] of fields) assert.equal(AMOUNT_FIELDS.has(name), kind === 'amount', name)
    for (const name of AMOUNT_FIELDS)
      assert.ok(
        fields.some(([field]) => field === name),
        name,
      )
  })

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

  test('a problem of a newer service keeps its code and what it says of itself', () => {
    const problem = { ...errorOfRejection({ code: 'hold_not_found', hold: 'job-1' }).toJSON() }
    const code = 'from_the_future' as ProblemCode
    const error = errorFromProblem({ ...problem, code, type: `urn:holdfast:problem:${code}` }, 404)
    assert.deepEqual(
      [error.code, error.status, error.retryable, error.applied, error.details],
      [code, 404, false, 'no', { hold: 'job-1' }],
    )
  })

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
    assert.deepEqual(contentsOf(outcome.error), contentsOf(errorOfRejection(rejection)))
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

describe('a problem as a response of any framework', () => {
  test('has the status, the headers and the body of the service', () => {
    const error = errorOfRejection({ code: 'settle_above_hold', hold: 'job-1', held: 2n ** 62n })
    const { status, headers, body } = toProblem(error)
    assert.deepEqual([status, headers['retry-after']], [409, undefined])
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.deepEqual(JSON.parse(body), error.toJSON())
    assert.match(body, /"held":"4611686018427387904"/)
  })

  test('says in seconds when to repeat', () => {
    assert.equal(toProblem(new LedgerError('overloaded', 'Full.', { retryAfterMs: 1_001 })).headers['retry-after'], '2')
  })

  test('is internal for anything else that was thrown, without its message', () => {
    for (const thrown of [new Error('password=secret'), 'secret', null, { code: 'insufficient_funds', status: 200 }]) {
      const { status, body } = toProblem(thrown)
      assert.equal(status, 500)
      assert.match(body, /"code":"internal"/)
      assert.ok(!body.includes('secret'))
    }
  })
})
