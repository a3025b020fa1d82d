import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { test } from 'node:test'
import { v7, validate, version } from 'uuid'
import { newRequestId, uuidOf } from './request-id.ts'

test('an id is the UUIDv7 that a library makes of the same time, sequence and random bytes', () => {
  const instants = [0, 1, 2 ** 32, 253_402_300_799_999, Date.now()]
  const sequences = [0, 1, 63, 64, 2 ** 20, 2 ** 31, 2 ** 32 - 1]
  for (const msecs of instants) {
    for (const seq of [...sequences, randomInt(2 ** 32)]) {
      const random = randomBytes(16)
      assert.equal(uuidOf(random, msecs, seq), v7({ random, msecs, seq }))
    }
  }
})

test('ids are different, increasing, and of the present', () => {
  const before = Date.now()
  const ids = Array.from({ length: 10_000 }, newRequestId)
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids.slice(0, 10)) assert.ok(validate(id) && version(id) === 7)
  const ms = Number.parseInt(ids.at(-1)!.replace('-', '').slice(0, 12), 16)
  assert.ok(ms >= before && ms <= Date.now())
})
