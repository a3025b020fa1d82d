import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, declare, deposit, freeze, leg, open, release, settle, transfer } from '../support/commands.ts'
import { Books, changeOf, codeOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

export function describeAtomicity(openHarness: OpenHarness): void {
  test('a batch of every kind of command is there as a whole', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const outcomes = await books.commit(
      declare('gem', 2, 'Gem'),
      deposit('d1', 'user:8', 1_000n),
      deposit('d2', 'user:8', 500n, { asset: 'gem' }),
      open('o1', 'user:9', -50n, { metadata: { tier: 'gold' } }),
      charge('c1', 'user:8', 100n),
      transfer('t1', [leg('user:8', 'user:9', 30n), leg('user:8', 'user:10', 20n, 'gem')]),
      freeze('h1', 'user:8', 200n),
      freeze('h2', 'user:8', 300n, { payee: 'user:9' }),
      settle('h2', 250n),
      freeze('h3', 'user:8', 10n),
      release('h3'),
    )
    assert.deepEqual(outcomes.map(codeOf), Array(11).fill('applied'))
    const { reader } = storage
    assert.deepEqual(
      (await reader.account('user:8'))?.balances.map(({ asset, available, held }) => [asset, available, held]),
      [
        ['credit', 420n, 200n],
        ['gem', 480n, 0n],
      ],
    )
    assert.equal((await reader.account('user:9'))?.balances[0]?.available, 280n)
    assert.deepEqual((await reader.account('user:9'))?.metadata, { tier: 'gold' })
    assert.equal((await reader.hold('h2'))?.state, 'settled')
    assert.deepEqual(
      (await reader.assets()).items.map(({ code, decimals }) => [code, decimals]),
      [
        ['credit', 0],
        ['gem', 2],
      ],
    )
  })

  test('a thousand commands are one commit', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 10_000n))
    await books.apply(...Array.from({ length: 1000 }, (_, index) => freeze(`h${index}`, 'user:8', 2n)))
    const balance = (await storage.reader.account('user:8'))?.balances[0]
    assert.deepEqual([balance?.available, balance?.held, balance?.version], [8_000n, 2_000n, 1_001])
  })

  test('a transfer of a thousand legs is one entry', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:0', 1_000n))
    const legs = Array.from({ length: 1000 }, (_, index) => leg('user:0', `user:${index + 1}`, 1n))
    const answer = await books.applyOne(transfer('t', legs))
    assert.equal(answer.postings.length, 1_001)
    assert.deepEqual(await storage.reader.entry('t'), answer)
  })

  test('when the last balance of a batch has moved, nothing of the batch is written', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const late = [
      declare('gem'),
      open('o', 'user:1', -5n, { metadata: { name: 'one' } }),
      deposit('d1', 'user:1', 10n),
      freeze('h1', 'user:1', 10n),
      release('held'),
      charge('c1', 'user:8', 1n),
    ]
    await books.apply(deposit('d', 'user:8', 100n), deposit('d0', 'user:7', 100n), freeze('held', 'user:7', 5n))
    const plan = await books.plan(...late)
    const { balances } = plan.changes
    await books.apply(deposit('first', 'user:8', 1n))
    const before = await photograph(storage, books, ...late)
    const moved = changeOf(plan.changes, 'user:8')
    const changes = { ...plan.changes, balances: [...balances.filter((change) => change !== moved), moved] }
    assert.equal(await storage.store.commit(changes), 'stale')
    assert.deepEqual(await photograph(storage, books, ...late), before)
  })

  test('a snapshot stays as it was when rows are written later', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d1', 'user:8', 100n), freeze('h1', 'user:8', 40n))
    const snapshot = await storage.store.load(books.footprint(settle('h1', 1n), deposit('d2', 'user:8', 1n)))
    const copy = structuredClone({ requests: [...snapshot.requests], balances: [...snapshot.balances] })
    await books.apply(settle('h1', 40n), deposit('d2', 'user:8', 1n))
    assert.deepEqual({ requests: [...snapshot.requests], balances: [...snapshot.balances] }, copy)
  })

  test('of batches that were decided on the same rows and are committed at once, one is written', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const plans = await Promise.all([1, 2, 3, 4, 5].map((index) => books.plan(freeze(`h${index}`, 'user:8', 60n))))
    const results = await Promise.all(plans.map((plan) => storage.store.commit(plan.changes)))
    assert.equal(results.filter((result) => result === 'committed').length, 1)
    const balance = (await storage.reader.account('user:8'))?.balances[0]
    assert.deepEqual([balance?.available, balance?.held], [40n, 60n])
  })

  test('once the storage is closed, nothing is answered any more', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const plan = await books.plan(deposit('d', 'user:8', 1n))
    await storage.close()
    await storage.close()
    const closed = { name: 'Fault', code: 'store_unavailable', applied: 'no' }
    await assert.rejects(storage.store.ping(), closed)
    await assert.rejects(storage.store.load(books.footprint(deposit('d', 'user:8', 1n))), closed)
    await assert.rejects(storage.store.commit(plan.changes), closed)
    await assert.rejects(books.exclusive(deposit('d', 'user:8', 1n)), closed)
    await assert.rejects(storage.reader.account('user:8'), closed)
    await assert.rejects(storage.auditor.run(storage.auditor.checks[0]!, 1), closed)
    const again = await harness.open()
    assert.equal(await again.reader.account('user:8'), null)
  })
}
