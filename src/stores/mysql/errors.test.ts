import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { classify, ERRORS, failureOf, isRolledBackAtCommit, type Failure } from './errors.ts'
import type { Flavour } from './server.ts'

function reported(errno: number) {
  return failureOf(Object.assign(new Error('no'), { errno, sqlState: 'HY000', sql: 'SELECT secret' }))
}

function meaning(errno: number, flavour: Flavour): Failure {
  return classify(reported(errno), flavour)
}

test('no number stands in the table twice for one server', () => {
  for (const flavour of ['mysql', 'mariadb'] as const) {
    const numbers = ERRORS.filter(({ only }) => only === undefined || only === flavour).map(({ errno }) => errno)
    assert.equal(new Set(numbers).size, numbers.length)
  }
})

test('a number means what it means on the server that sent it', () => {
  assert.equal(meaning(4025, 'mariadb'), 'refused')
  assert.equal(meaning(4025, 'mysql'), 'unavailable')
  assert.equal(meaning(3819, 'mysql'), 'refused')
  assert.equal(meaning(3819, 'mariadb'), 'unavailable')
  assert.equal(meaning(1062, 'mysql'), 'stale')
  assert.equal(meaning(1213, 'mariadb'), 'deadlock')
})

test('a conflict that TiDB found is a serialization failure', () => {
  for (const errno of [8002, 8005, 9007]) assert.equal(meaning(errno, 'mysql'), 'serialization')
  assert.equal(isRolledBackAtCommit(reported(8002), 'mysql'), true)
  assert.equal(isRolledBackAtCommit(reported(9007), 'mysql'), false)
})

test('an unknown number is the server’s trouble, never a verdict on the rows', () => {
  assert.equal(meaning(1030, 'mysql'), 'unavailable')
  assert.equal(meaning(65_000, 'mariadb'), 'unavailable')
})

test('only what the server answered counts as its answer', () => {
  const lost = [
    Object.assign(new Error('read ECONNRESET'), { errno: -104, code: 'ECONNRESET', fatal: true }),
    Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }),
    // The last error on a connection that the server closes is not the answer to a statement.
    Object.assign(new Error('closed for inactivity'), { errno: 4031, sqlState: 'HY000', fatal: true }),
  ]
  for (const error of lost) {
    const failure = failureOf(error)
    assert.deepEqual([failure.reported, failure.errno, failure.sent], [false, 0, true])
    assert.equal(classify(failure, 'mysql'), 'unavailable')
    assert.equal(isRolledBackAtCommit(failure, 'mysql'), false)
  }
  assert.equal(reported(1062).reported, true)
})

test('a COMMIT that was answered with an error is only known to be undone where the server promises it', () => {
  assert.equal(isRolledBackAtCommit(reported(1213), 'mariadb'), true)
  assert.equal(isRolledBackAtCommit(reported(3101), 'mysql'), true)
  assert.equal(isRolledBackAtCommit(reported(1290), 'mysql'), true)
  assert.equal(isRolledBackAtCommit(reported(1317), 'mysql'), false)
  assert.equal(isRolledBackAtCommit(reported(1026), 'mysql'), false)
})

test('the text of the statements is not carried along', () => {
  assert.doesNotMatch(inspect(reported(1062)), /secret/)
})
