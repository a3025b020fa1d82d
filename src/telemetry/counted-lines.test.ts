import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { CountedLines } from './counted-lines.ts'

function open() {
  const clock = new ManualClock()
  const lines = new CountedLines<'a' | 'b'>(1_000, clock)
  const written: string[] = []
  const note = (kind: 'a' | 'b', about = ''): void =>
    lines.note(kind, (count) => void written.push(`${kind}${about} ${count}`))
  return { clock, lines, written, note }
}

describe('lines about frequent events', () => {
  test('are one at once, then one per interval with the count since, about the last event', async () => {
    const { clock, written, note } = open()
    note('a', '1')
    note('a', '2')
    note('a', '3')
    note('b')
    assert.deepEqual(written, ['a1 1', 'b 1'])
    await clock.advance(999)
    assert.equal(written.length, 2)
    await clock.advance(1)
    assert.deepEqual(written, ['a1 1', 'b 1', 'a3 2'])
    note('a', '4')
    await clock.advance(999)
    assert.equal(written.length, 3)
    await clock.advance(1)
    assert.equal(written.at(-1), 'a4 1')
  })

  test('are at once again after an interval without an event', async () => {
    const { clock, written, note } = open()
    note('a')
    await clock.advance(1_000)
    note('a')
    assert.deepEqual(written, ['a 1', 'a 1'])
  })

  test('are complete after a flush', () => {
    const { lines, written, note } = open()
    for (let event = 0; event < 5; event++) note('a')
    note('b')
    lines.flush()
    assert.deepEqual(written, ['a 1', 'b 1', 'a 4'])
    lines.flush()
    assert.equal(written.length, 3)
  })
})
