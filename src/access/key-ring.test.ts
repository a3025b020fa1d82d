import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { hashOf, newSecret } from './key-format.ts'
import { KeyRing, KeysUnavailable, type KeyRingLimits } from './key-ring.ts'
import type { KeyRecord } from './key.ts'
import type { LiveKeys } from './key-store.ts'
import { signToken } from './token.ts'

const HOUR_MS = 3_600_000

async function keyOf(secret: string, more: Partial<KeyRecord> = {}): Promise<KeyRecord> {
  return {
    number: 7,
    name: 'shop',
    hash: await hashOf(secret),
    previousHash: null,
    previousUntil: null,
    scopes: ['accounts:read'],
    within: null,
    commandsPerSecond: 5,
    burst: null,
    createdAt: 1,
    rotatedAt: null,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    ...more,
  }
}

/** A store whose table the test changes. */
class Table {
  keys: KeyRecord[] = []
  required = true
  reads = 0
  readonly touches: (readonly number[])[] = []
  answer: (() => Promise<void>) | null = null

  async live(): Promise<LiveKeys> {
    this.reads += 1
    const keys = [...this.keys]
    await this.answer?.()
    return { required: this.required, keys }
  }

  async touch(numbers: readonly number[]): Promise<void> {
    this.touches.push(numbers)
  }
}

async function nameOf(ring: KeyRing, text: string): Promise<string | null> {
  const verdict = await ring.identify(text)
  return 'refused' in verdict ? null : verdict.name
}

/** Both clocks of the process, which the test moves. */
function movedClocks(context: TestContext): (ms: number) => void {
  let movedMs = 0
  const time = Date.now.bind(Date)
  const measured = performance.now.bind(performance)
  context.mock.method(Date, 'now', () => time() + movedMs)
  context.mock.method(performance, 'now', () => measured() + movedMs)
  return (ms) => {
    movedMs += ms
  }
}

const SLOW: Partial<KeyRingLimits> = { refreshAgeMs: HOUR_MS, ageMsMax: HOUR_MS, missAgeMs: HOUR_MS }

test('a caller is known again without a look at the database', async () => {
  const table = new Table()
  const secret = newSecret()
  table.keys = [await keyOf(secret)]
  const ring = new KeyRing(table, SLOW)
  assert.equal(ring.required, null)
  assert.equal(ring.recall(secret), null)
  assert.equal(await nameOf(ring, secret), 'shop')
  assert.equal(ring.required, true)
  assert.deepEqual(ring.recall(secret), {
    number: 7,
    name: 'shop',
    scopes: new Set(['accounts:read']),
    within: null,
    account: null,
    commandsPerSecond: 5,
    burst: null,
    expiresAt: null,
  })
  assert.equal(table.reads, 1)
})

test('a wrong checksum never reaches the database, and unknown keys reach it seldom, however many they are', async () => {
  const table = new Table()
  const ring = new KeyRing(table, { ...SLOW, missAgeMs: 60_000 })
  const secret = newSecret()
  const wrong = secret.slice(0, 5) + (secret[5] === 'a' ? 'b' : 'a') + secret.slice(6)
  for (const text of [wrong, '', 'hf_', 'x'.repeat(10_000), 'hft_x.y']) assert.equal(await nameOf(ring, text), null)
  assert.equal(table.reads, 0)
  const flood = Array.from({ length: 2_000 }, newSecret)
  assert.ok((await Promise.all(flood.map((text) => nameOf(ring, text)))).every((name) => name === null))
  assert.equal(table.reads, 1)
})

test('a key that was made a moment ago is found: a ring is read again for a key that it lacks', async (t) => {
  const move = movedClocks(t)
  const table = new Table()
  const ring = new KeyRing(table, { ...SLOW, missAgeMs: 0 })
  await ring.read()
  const secret = newSecret()
  table.keys = [await keyOf(secret)]
  move(1)
  assert.equal(await nameOf(ring, secret), 'shop')
})

test('a revoked key, and its tokens, end when the ring is read again', async (t) => {
  const move = movedClocks(t)
  const table = new Table()
  const secret = newSecret()
  table.keys = [await keyOf(secret)]
  const token = await signToken(secret, 'user:8', Date.now() + HOUR_MS)
  const ring = new KeyRing(table, { ...SLOW, refreshAgeMs: 60_000, ageMsMax: 60_000 })
  assert.deepEqual([await nameOf(ring, secret), await nameOf(ring, token)], ['shop', 'shop'])
  table.keys = []
  move(60_001)
  assert.deepEqual([ring.recall(secret), ring.recall(token)], [null, null])
  assert.deepEqual([await nameOf(ring, secret), await nameOf(ring, token)], [null, null])
})

test('a key that expires is refused at that instant, without the database', async (t) => {
  const move = movedClocks(t)
  const table = new Table()
  const secret = newSecret()
  table.keys = [await keyOf(secret, { expiresAt: Date.now() + 60_000 })]
  const ring = new KeyRing(table, { ...SLOW, missAgeMs: HOUR_MS })
  assert.equal(await nameOf(ring, secret), 'shop')
  move(60_000)
  assert.equal(ring.recall(secret), null)
  assert.equal(await nameOf(ring, secret), null)
})

test('after a rotation both secrets are valid until the end of the grace, and tokens of both', async (t) => {
  const move = movedClocks(t)
  const table = new Table()
  const [before, after] = [newSecret(), newSecret()]
  const previous = { previousHash: await hashOf(before), previousUntil: Date.now() + 60_000 }
  table.keys = [await keyOf(after, previous)]
  const ring = new KeyRing(table, SLOW)
  const end = Date.now() + HOUR_MS
  const tokens = [await signToken(before, 'user:8', end), await signToken(after, 'user:8', end)]
  const names = (): Promise<unknown[]> => Promise.all([before, after, ...tokens].map((text) => nameOf(ring, text)))
  assert.deepEqual(await names(), ['shop', 'shop', 'shop', 'shop'])
  move(60_000)
  assert.deepEqual(await names(), [null, 'shop', null, 'shop'])
})

test('when the database does not answer, known callers go on for a bounded time, and then nobody is let in', async (t) => {
  const move = movedClocks(t)
  const table = new Table()
  const secret = newSecret()
  table.keys = [await keyOf(secret)]
  const ring = new KeyRing(table, { refreshAgeMs: 0, ageMsMax: 60_000, missAgeMs: 0, waitMsMax: 30 })
  assert.equal(await nameOf(ring, secret), 'shop')
  table.answer = () => Promise.reject(new Error('away'))
  assert.equal(ring.recall(secret)?.name, 'shop')
  move(60_001)
  assert.equal(ring.recall(secret), null)
  assert.equal(ring.required, null)
  await assert.rejects(ring.identify(secret), { message: 'away' })
  table.answer = () => sleep(10_000, undefined, { ref: false })
  await assert.rejects(ring.read(), KeysUnavailable)
  table.answer = null
  ring.forget()
  assert.equal(await nameOf(ring, secret), 'shop')
})

test('what was being read when a key changed here is not used', async () => {
  const table = new Table()
  const secret = newSecret()
  table.keys = [await keyOf(secret)]
  const ring = new KeyRing(table, SLOW)
  let go = (): void => {}
  table.answer = () => new Promise((resolve) => (go = resolve))
  const before = ring.read()
  table.keys = []
  ring.forget()
  table.answer = null
  const after = nameOf(ring, secret)
  go()
  await before
  assert.equal(await after, null)
  assert.equal(ring.recall(secret), null)
})

test('the last use is written once in a while, for a token to its key, and its failure disturbs nobody', async () => {
  const table = new Table()
  const secret = newSecret()
  const recent = newSecret()
  table.keys = [await keyOf(secret), await keyOf(recent, { number: 8, name: 'recent', lastUsedAt: Date.now() })]
  const ring = new KeyRing(table, SLOW)
  await nameOf(ring, await signToken(secret, 'user:8', Date.now() + HOUR_MS))
  for (let count = 0; count < 50; count++) await nameOf(ring, secret)
  await nameOf(ring, recent)
  assert.deepEqual(table.touches, [[7]])
})

test('headers are remembered in bounds', async () => {
  const table = new Table()
  const [one, other] = [newSecret(), newSecret()]
  table.keys = [await keyOf(one), await keyOf(other, { number: 8, name: 'other' })]
  const ring = new KeyRing(table, { ...SLOW, headersMax: 1 })
  await nameOf(ring, one)
  await nameOf(ring, other)
  assert.equal(ring.recall(one), null)
  assert.equal(await nameOf(ring, one), 'shop')
})
