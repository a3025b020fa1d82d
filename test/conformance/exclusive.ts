import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Work } from '../../src/domain/command.ts'
import { isContended } from '../../src/engine/store.ts'
import { charge, deposit, freeze, settle } from '../support/commands.ts'
import { answerOf, Books, changesOf, codeOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** Retries `exclusive` while the database gives up because of a lock. */
async function insist(books: Books, ...work: Work[]): Promise<readonly string[]> {
  for (let attempt = 1; attempt <= 100; attempt++) {
    const { result, outcomes } = await books.exclusive(...work)
    if (result === 'committed') return outcomes.map(codeOf)
    assert.ok(isContended(result), 'under locks, nothing is out of date')
  }
  throw new Error('The lock was lost 100 times.')
}

export function describeExclusive(openHarness: OpenHarness): void {
  test('what is planned under the lock is committed', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const { result, outcomes } = await books.exclusive(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 60n))
    assert.equal(result, 'committed')
    assert.deepEqual(await storage.reader.entry('d'), answerOf(outcomes[0]!))
    assert.deepEqual(await storage.reader.hold('h'), answerOf(outcomes[1]!))
  })

  test('the plan sees what was committed last, and the balances of holds too', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 60n, { payee: 'user:9' }))
    await books.apply(charge('c', 'user:8', 40n))
    const { result, outcomes } = await books.exclusive(settle('h', 60n), charge('c2', 'user:8', 1n))
    assert.equal(result, 'committed')
    assert.deepEqual(outcomes.map(codeOf), ['applied', 'insufficient_funds'])
    assert.equal((await storage.reader.account('user:9'))?.balances[0]?.available, 60n)
  })

  test('when the plan throws, its error comes out and nothing is written', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const work = charge('c', 'user:8', 40n)
    const before = await photograph(storage, books, work)
    const defect = new TypeError('the plan is broken')
    const broken = storage.store.exclusive(books.footprint(work), () => {
      throw defect
    })
    await assert.rejects(broken, (error) => error === defect)
    assert.deepEqual(await photograph(storage, books, work), before)
    assert.equal((await books.exclusive(work)).result, 'committed')
  })

  test('an empty plan ends as committed', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const work = charge('c', 'user:8', 40n)
    const before = await photograph(storage, books, work)
    const { result, outcomes } = await books.exclusive(work)
    assert.deepEqual([result, codeOf(outcomes[0]!)], ['committed', 'insufficient_funds'])
    assert.equal(await storage.store.exclusive(books.footprint(work), () => changesOf({})), 'committed')
    assert.deepEqual(await photograph(storage, books, work), before)
  })

  test('changes that do not fit the rows are stale, under the lock too', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 40n))
    await books.apply(charge('c', 'user:8', 30n))
    const before = await photograph(storage, books, charge('c', 'user:8', 40n))
    const keys = books.footprint(charge('c', 'user:8', 40n))
    assert.equal(await storage.store.exclusive(keys, () => plan.changes), 'stale')
    assert.deepEqual(await photograph(storage, books, charge('c', 'user:8', 40n)), before)
  })

  test('exclusives of one balance that start at once go one after another', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const codes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => insist(books, freeze(`h${index}`, 'user:8', 10n))),
    )
    assert.equal(codes.flat().filter((code) => code === 'applied').length, 10)
    assert.equal(codes.flat().filter((code) => code === 'insufficient_funds').length, 20)
    const balance = (await storage.reader.account('user:8'))?.balances[0]
    assert.deepEqual([balance?.available, balance?.held, balance?.version], [0n, 100n, 11])
  })

  test('two openings of one database exclude each other', async () => {
    await using harness = await openHarness()
    const one = await harness.open()
    const other = await harness.open()
    const writers = [new Books(one.store, 0), new Books(other.store, 1)] as const
    await writers[0].apply(deposit('d', 'user:8', 100n))
    const codes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => insist(writers[index % 2]!, charge(`c${index}`, 'user:8', 10n))),
    )
    assert.equal(codes.flat().filter((code) => code === 'applied').length, 10)
    assert.equal((await other.reader.account('user:8'))?.balances[0]?.available, 0n)
    assert.equal((await one.reader.account('@revenue'))?.balances[0]?.available, 100n)
  })

  test('a commit cannot break into an exclusive between its reading and its writing', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 1_000n))
    let applied = 0n
    for (let turns = 0; turns < 12; turns++) {
      const plan = await books.plan(charge(`c${turns}`, 'user:8', 1n))
      const locked = insist(books, charge(`x${turns}`, 'user:8', 1n))
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      const result = await storage.store.commit(plan.changes)
      assert.deepEqual(await locked, ['applied'])
      applied += result === 'committed' ? 2n : 1n
    }
    assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 1_000n - applied)
  })

  test('commits that race with exclusives are stale or whole, never half', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 1_000n))
    const optimist = async (id: string): Promise<void> => {
      for (let attempt = 1; attempt <= 100; attempt++) {
        const plan = await books.plan(charge(id, 'user:8', 1n))
        if ((await storage.store.commit(plan.changes)) === 'committed') return
      }
      throw new Error('Another writer came first 100 times.')
    }
    const indices = Array.from({ length: 10 }, (_, index) => index)
    await Promise.all(
      indices.flatMap((index) => [optimist(`c${index}`), insist(books, charge(`x${index}`, 'user:8', 1n))]),
    )
    const balance = (await storage.reader.account('user:8'))?.balances[0]
    assert.deepEqual([balance?.available, balance?.version], [980n, 21])
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
  })
}
