import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkingFor, packetsOf, surelyFits } from './packets.ts'

const write = (length: number) => 'x'.repeat(length)

test('a short text surely fits, and one that might not in UTF-8 does not', () => {
  assert.equal(surelyFits([write(100), write(100)], 10_000), true)
  assert.equal(surelyFits([write(3_000)], 10_000), false)
})

test('rows are divided so that no part is longer than a packet, and none is lost', () => {
  const rows = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(300, '長'))
  const chunks = [...chunkingFor(16_384)(rows)]
  assert.deepEqual(chunks.flat(), rows)
  assert.ok(chunks.length > 1)
  for (const chunk of chunks) {
    assert.ok(chunk.length > 0)
    assert.ok(Buffer.byteLength(chunk.join('),(')) + 1_000 < 16_384)
  }
})

test('a row that is longer than a packet is refused', () => {
  const rows = ['short', 'l'.repeat(20_000)]
  assert.throws(() => [...chunkingFor(16_384)(rows)], { name: 'Fault', code: 'store_refused' })
})

test('statements travel together as far as they fit, in their order', () => {
  const writes = [100, 9_000, 9_000, 100, 100, 14_000].map(write)
  const packets = packetsOf(writes, 16_384)
  assert.deepEqual(packets.flat(), writes)
  assert.deepEqual(
    packets.map((packet) => packet.length),
    [2, 3, 1],
  )
})
