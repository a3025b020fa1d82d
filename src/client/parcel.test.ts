import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit } from '../../test/support/commands.ts'
import { LedgerError } from '../api/error.ts'
import type { BatchOutcome } from '../api/ledger.ts'
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
