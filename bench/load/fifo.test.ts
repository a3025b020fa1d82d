import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from './fifo.ts'

test('what came first leaves first, however long the queue lives', () => {
  const fifo = new Fifo<number>()
  let pushed = 0
  let taken = 0
  for (let turn = 0; turn < 10_000; turn++) {
    for (let push = 0; push < 3; push++) fifo.push(pushed++)
    for (let shift = 0; shift < 2; shift++) assert.equal(fifo.shift(), taken++)
  }
  assert.equal(fifo.length, pushed - taken)
  assert.deepEqual(fifo.take(3), [taken, taken + 1, taken + 2])
  assert.equal(fifo.take(pushed).length, pushed - taken - 3)
  assert.equal(fifo.shift(), undefined)
  assert.deepEqual(fifo.take(5), [])
})
