import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit } from '../../test/support/commands.ts'
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome } from '../api/ledger.ts'
import { errorOfRejection } from '../api/rejection-error.ts'
import { Parcel } from './parcel.ts'

function parcelOf(answers: BatchOutcome[][]): Parcel {
  const options = { timeoutMsDefault: 60_000 }
  return new Parcel([deposit('d', 'user:8', 1n)], options, (outcomes) => answers.push(outcomes))
}

test('a parcel goes through its states as they are drawn, and any other transition is a defect', () => {
  const answers: BatchOutcome[][] = []
  const parcel = parcelOf(answers)
  assert.throws(() => parcel.arrive(), /"waiting" to "back"/)
  assert.throws(() => parcel.pause(), /"waiting" to "pausing"/)
  parcel.leave(() => undefined)
  assert.throws(() => parcel.leave(() => undefined), /"travelling" to "travelling"/)
  assert.throws(() => parcel.wait(), /"travelling" to "waiting"/)
  parcel.arrive()
  parcel.pause()
  parcel.wait()
  parcel.leave(() => undefined)
  parcel.arrive()
  parcel.lose(new LedgerError('overloaded', 'Too many.'))
  parcel.end()
  assert.throws(() => parcel.wait(), /"answered" to "waiting"/)
  parcel.arrive()
  parcel.end()
  assert.deepEqual(
    answers.flat().map(({ status }) => status),
    ['faulted'],
  )
})

test('a repeat that is refused after a lost answer may be a repeat of the same call, and says so', () => {
  const refused = (): BatchOutcome => {
    const now = { hold: null, state: null, held: null, settled: null }
    const rejection = { code: 'request_replayed', at: 1, ...now, applied: 'no' } as const
    return { status: 'rejected', error: errorOfRejection(rejection) }
  }
  for (const [fault, applied] of [
    [null, 'no'],
    [new LedgerError('overloaded', 'Too many.'), 'no'],
    [new LedgerError('service_unreachable', 'Reset.', { applied: 'unknown' }), 'unknown'],
  ] as const) {
    const answers: BatchOutcome[][] = []
    const parcel = parcelOf(answers)
    parcel.leave(() => undefined)
    parcel.arrive()
    if (fault !== null) {
      parcel.lose(fault)
      parcel.wait()
      parcel.leave(() => undefined)
      parcel.arrive()
    }
    assert.equal(parcel.receive([refused()]), null)
    const [[outcome]] = answers as [[BatchOutcome]]
    assert.ok(outcome.status === 'rejected')
    assert.deepEqual([outcome.error.code, outcome.error.applied], ['request_replayed', applied])
  }
})
