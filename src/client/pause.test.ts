import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LedgerError } from '../api/error.ts'
import { pauseAfter } from './pause.ts'

const LIMITS = { attemptsMax: 8, pauseMsMin: 50, pauseMsMax: 1_000 }

function error(retryAfterMs: number): LedgerError {
  return new LedgerError('overloaded', 'Full.', { retryAfterMs })
}

test('pauses double from the least to the most, drawn at random below that bound', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7].map((failures) => pauseAfter(error(0), { failures, chance: 1 }, LIMITS))
  assert.deepEqual(longest, [50, 100, 200, 400, 800, 1_000, 1_000])
  assert.equal(pauseAfter(error(0), { failures: 3, chance: 0 }, LIMITS), 0)
  assert.equal(pauseAfter(error(0), { failures: 3, chance: 0.5 }, LIMITS), 100)
})

test('the jitter comes on top of what the service asked for', () => {
  assert.equal(pauseAfter(error(2_000), { failures: 1, chance: 0 }, LIMITS), 2_000)
  assert.equal(pauseAfter(error(2_000), { failures: 1, chance: 1 }, LIMITS), 2_050)
})

test('there is no pause when there is no attempt left', () => {
  assert.equal(pauseAfter(error(0), { failures: 8, chance: 0 }, LIMITS), null)
})

test('what repeating cannot help is not repeated', () => {
  const refused = new LedgerError('invalid_request', 'No amount.')
  assert.equal(pauseAfter(refused, { failures: 1, chance: 0 }, LIMITS), null)
})
