/** The table of keys: unlike the books it may change, and no commit waits for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOf, newSecret } from '../../src/access/key-format.ts'
import { KEYS_MAX, type KeyRecord, type KeyTerms } from '../../src/access/key.ts'
import { SCOPES } from '../../src/access/scope.ts'
import { AMOUNT_MAX } from '../../src/domain/amount.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { deposit, freeze } from '../support/commands.ts'
import { Books } from './books.ts'
import type { OpenHarness } from './harness.ts'

const AT = 1_900_000_000_000
const PLAIN: KeyTerms = {
  name: 'plain',
  scopes: ['accounts:read'],
  within: null,
  commandsPerSecond: null,
  burst: null,
  expiresAt: null,
}
/** Every column has a value, and the texts are those that a careless statement would stumble over. */
const FULL: KeyTerms = {
  name: 'full/of:everything@1',
  scopes: SCOPES,
  within: { accounts: [`it's "quoted"`, 'user:?%\\'], assets: ['credit', 'gem'], amountMax: AMOUNT_MAX },
  commandsPerSecond: 50,
  burst: 1_000,
  expiresAt: AT + 1_000,
}

async function made(storage: Storage, terms: KeyTerms): Promise<KeyRecord> {
  const key = await storage.keys.create(terms, { hash: await hashOf(newSecret()), at: AT }, KEYS_MAX)
  if (typeof key === 'string') throw new Error(`${terms.name} is ${key}.`)
  return key
}

export function describeKeys(openHarness: OpenHarness): void {
  test('a key is read as it was made, by every process', async () => {
    await using harness = await openHarness()
    const [one, other] = [await harness.open(), await harness.open()]
    assert.deepEqual(await other.keys.live(AT), { required: false, keys: [] })
    assert.equal(await other.keys.find('plain'), null)
    const full = await made(one, FULL)
    const plain = await made(one, PLAIN)
    const { number, hash, ...rest } = full
    const never = { previousHash: null, previousUntil: null, rotatedAt: null, lastUsedAt: null, revokedAt: null }
    assert.deepEqual(rest, { ...FULL, ...never, createdAt: AT })
    assert.match(hash, /^[0-9a-f]{64}$/)
    assert.ok(plain.number > number)
    assert.deepEqual(await other.keys.live(AT), { required: true, keys: [full, plain] })
    assert.deepEqual(await other.keys.find(FULL.name), full)
    assert.deepEqual(await other.keys.list({ after: 0, limit: 10 }), [full, plain])
    assert.deepEqual(await other.keys.list({ after: number, limit: 10 }), [plain])
    assert.deepEqual(await other.keys.list({ after: 0, limit: 1 }), [full])
  })

  test('a name is given once, also by two processes at once, and after the key was revoked', async () => {
    await using harness = await openHarness()
    const stores = [await harness.open(), await harness.open()]
    const results = await Promise.all(
      stores.map(async ({ keys }) => keys.create(PLAIN, { hash: await hashOf(newSecret()), at: AT }, KEYS_MAX)),
    )
    assert.equal(results.filter((result) => result === 'taken').length, 1)
    await stores[0]!.keys.revoke('plain', AT + 5)
    assert.equal(await stores[1]!.keys.create(PLAIN, { hash: 'a'.repeat(64), at: AT + 9 }, KEYS_MAX), 'taken')
    assert.equal((await stores[1]!.keys.list({ after: 0, limit: 10 })).length, 1)
  })

  test('a revoked or expired key is live nowhere, and keys are required for ever', async () => {
    await using harness = await openHarness()
    const [one, other] = [await harness.open(), await harness.open()]
    const full = await made(one, FULL)
    const plain = await made(one, PLAIN)
    assert.deepEqual((await other.keys.live(AT + 999)).keys, [full, plain])
    assert.deepEqual((await other.keys.live(AT + 1_000)).keys, [plain])
    assert.equal((await one.keys.revoke('plain', AT + 7))?.revokedAt, AT + 7)
    // The first time stays.
    assert.equal((await other.keys.revoke('plain', AT + 8))?.revokedAt, AT + 7)
    assert.equal(await other.keys.revoke('nobody', AT), null)
    assert.deepEqual(await other.keys.live(AT + 1_000), { required: true, keys: [] })
    assert.equal(await one.keys.rotate('plain', { hash: 'b'.repeat(64), at: AT + 9 }, null), null)
    assert.equal(await one.keys.rotate(FULL.name, { hash: 'b'.repeat(64), at: AT + 1_000 }, null), null)
    assert.equal(await one.keys.rotate('nobody', { hash: 'b'.repeat(64), at: AT }, null), null)
    assert.deepEqual(await one.keys.find(FULL.name), full)
  })

  test('a rotation keeps the number and the secret before for its grace, and no other', async () => {
    await using harness = await openHarness()
    const [one, other] = [await harness.open(), await harness.open()]
    const before = await made(one, PLAIN)
    const [second, third, fourth] = ['2', '3', '4'].map((digit) => digit.repeat(64))
    const rotated = await one.keys.rotate('plain', { hash: second!, at: AT + 10 }, AT + 100)
    assert.deepEqual(rotated, {
      ...before,
      hash: second,
      previousHash: before.hash,
      previousUntil: AT + 100,
      rotatedAt: AT + 10,
    })
    assert.deepEqual(await other.keys.find('plain'), rotated)
    const again = await other.keys.rotate('plain', { hash: third!, at: AT + 20 }, AT + 200)
    assert.deepEqual([again?.hash, again?.previousHash, again?.previousUntil], [third, second, AT + 200])
    const atOnce = await one.keys.rotate('plain', { hash: fourth!, at: AT + 30 }, null)
    assert.deepEqual([atOnce?.hash, atOnce?.previousHash, atOnce?.previousUntil], [fourth, null, null])
    assert.equal(atOnce?.number, before.number)
  })

  test('the last use goes forward only, for the keys that were used', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const [full, plain] = [await made(storage, FULL), await made(storage, PLAIN)]
    const uses = async (): Promise<unknown> =>
      (await storage.keys.list({ after: 0, limit: 10 })).map(({ lastUsedAt }) => lastUsedAt)
    await storage.keys.touch([], AT)
    assert.deepEqual(await uses(), [null, null])
    await storage.keys.touch([full.number, 999_999], AT + 50)
    assert.deepEqual(await uses(), [AT + 50, null])
    await storage.keys.touch([full.number, plain.number], AT + 20)
    assert.deepEqual(await uses(), [AT + 50, AT + 20])
  })

  test('there are so many live keys at most', async () => {
    await using harness = await openHarness()
    const { keys } = await harness.open()
    const make = (name: string, at: number): Promise<unknown> =>
      keys.create({ ...PLAIN, name, expiresAt: name === 'short' ? AT + 1 : null }, { hash: 'f'.repeat(64), at }, 3)
    for (const name of ['short', 'key-2', 'key-3']) assert.equal(typeof (await make(name, AT)), 'object')
    assert.equal(await make('key-4', AT), 'full')
    assert.equal(typeof (await make('key-4', AT + 1)), 'object')
    assert.equal(await make('key-5', AT + 1), 'full')
    await keys.revoke('key-2', AT)
    assert.equal(typeof (await make('key-5', AT + 1)), 'object')
  })

  test('keys are changed while commands are committed, and neither undoes the other', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const names = Array.from({ length: 20 }, (_, index) => `key-${index}`)
    const change = async (): Promise<void> => {
      for (const name of names) {
        await made(storage, { ...PLAIN, name })
        await storage.keys.rotate(name, { hash: name.padEnd(64, '1'), at: AT + 1 }, null)
        await storage.keys.revoke(name, AT + 2)
      }
    }
    const commit = async (): Promise<void> => {
      for (const name of names) {
        await books.apply(deposit(`d-${name}`, 'user:8', 10n))
        await books.exclusive(freeze(`h-${name}`, 'user:8', 5n))
      }
    }
    await Promise.all([change(), commit()])
    const balance = (await storage.reader.account('user:8'))?.balances[0]
    assert.deepEqual([balance?.available, balance?.held], [100n, 100n])
    const keys = await storage.keys.list({ after: 0, limit: 100 })
    assert.deepEqual(
      keys.map(({ hash, revokedAt }) => [hash, revokedAt]),
      names.map((name) => [name.padEnd(64, '1'), AT + 2]),
    )
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
  })

  test('a closed database answers no more', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await made(storage, PLAIN)
    await storage.close()
    await assert.rejects(storage.keys.live(AT), { name: 'Fault', code: 'store_unavailable' })
  })
}
