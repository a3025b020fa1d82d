import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRequestId } from '../../domain/ids.ts'
import { endOfHold, lateOfHold } from '../../domain/journal.ts'
import { assertSameId, idOf, requestIdOf, requestIdText, requestKey, requestKeyBuffer } from './request-key.ts'

const UUIDS = [
  '01a1fbc3-1483-7722-b06b-f12bd17a2a01',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  '123e4567-e89b-42d3-8000-000000000000',
  'ffffffff-ffff-4fff-bfff-ffffffffffff',
  '00000000-0000-0000-8000-000000000000',
]

/** Texts that look like UUIDs, or have as many bytes, and are none in their usual form. */
const NEARLY_UUIDS = [
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  'F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6',
  'f81d4fae-7dec-11d0-A765-00a0c91e6bf6',
  'f81d4fae-7dec-11d0-7765-00a0c91e6bf6',
  'f81d4fae-7dec-11d0-c765-00a0c91e6bf6',
  'f81d4fae7dec11d0a76500a0c91e6bf6',
  'F81D4FAE7DEC11D0A76500A0C91E6BF6',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bfg',
  'f81d4fae-7dec-11d0-a76500a0c91e6bf6-',
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6~settle',
]

const TEXTS = [
  'a',
  '~',
  '0123456789abcdef',
  'job:616/page=1@x',
  'x'.repeat(15),
  'x'.repeat(16),
  'x'.repeat(17),
  'x'.repeat(31),
  'x'.repeat(32),
  'x'.repeat(33),
  'x'.repeat(36),
  'x'.repeat(128),
  `${'x'.repeat(32)}y`,
  `${'x'.repeat(127)}y`,
]

const HOLDS = [...UUIDS, 'job-616', 'y'.repeat(25), 'y'.repeat(26), 'y'.repeat(128)]
const ENDS = HOLDS.flatMap((hold) => [endOfHold(hold, 'settle'), endOfHold(hold, 'release'), lateOfHold(hold)])

const ALL = [...UUIDS, ...NEARLY_UUIDS, ...TEXTS, ...ENDS]

/** As a driver reads it: some give a view of a larger buffer. */
function asRead(id: string): Uint8Array {
  const key = requestKeyBuffer(id)
  const whole = new Uint8Array(key.length + 7).fill(0x7e)
  whole.set(key, 3)
  return whole.subarray(3, 3 + key.length)
}

test('every id comes back from its key and the text beside it', () => {
  for (const id of ALL) {
    assert.equal(requestIdOf(asRead(id), requestIdText(id)), id)
    assert.equal(idOf({ id: asRead(id), id_text: requestIdText(id) }), id)
  }
})

test('no two ids have the same key, of whatever kind they are', () => {
  const keys = new Map<string, string>()
  for (const id of new Set(ALL)) {
    const { hex } = requestKey(id)
    assert.equal(keys.get(hex), undefined, id)
    assert.equal(requestKeyBuffer(id).toString('hex'), hex)
    keys.set(hex, id)
  }
})

test('a UUID in its usual form is 16 bytes, and needs no text', () => {
  for (const id of UUIDS) {
    assert.equal(requestKey(id).hex, id.replaceAll('-', ''))
    assert.equal(requestIdText(id), null)
  }
})

test('a text of up to 32 characters is its own key, one of more characters a digest beside the text', () => {
  for (const id of [...NEARLY_UUIDS, ...TEXTS, ...ENDS]) {
    const key = requestKeyBuffer(id)
    const isShort = id.length <= 32
    assert.equal(isShort, key.toString('latin1') === id, id)
    assert.equal(requestIdText(id), isShort ? null : id)
    if (!isShort) assert.deepEqual([key[0], key.length], [255, 25])
  }
})

test('a text of 16 characters is no UUID, whatever its characters', () => {
  for (let code = 33; code < 127; code++) {
    const id = String.fromCharCode(code).repeat(16)
    if (isRequestId(id)) assert.equal(requestIdOf(asRead(id), null), id)
  }
})

test('a row with the key of an id and another text is refused', () => {
  const id = 'x'.repeat(33)
  assertSameId(id, requestIdOf(asRead(id), id))
  assert.throws(() => assertSameId(id, requestIdOf(asRead(id), `${'x'.repeat(32)}y`)), /have the same key/)
})
