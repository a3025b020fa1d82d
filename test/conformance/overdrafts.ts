/** Overdraft charges: a balance may be below its floor on purpose, and what is paid in then pays the debt first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Storage } from '../../src/stores/storage.ts'
import { amend, charge, deposit, freeze, leg, open, refund, release, settle, transfer } from '../support/commands.ts'
import { answerOf, Books, codeOf } from './books.ts'
import type { OpenHarness } from './harness.ts'

const overdraft = true

async function availableOf({ reader }: Storage): Promise<bigint> {
  return (await reader.account('user:8'))!.balances[0]!.available
}

async function brokenIn({ auditor }: Storage): Promise<readonly string[]> {
  const broken: string[] = []
  for (const check of auditor.checks) if ((await auditor.run(check, 3)).length > 0) broken.push(check.id)
  return broken
}

export function describeOverdrafts(openHarness: OpenHarness): void {
  test('an overdraft charge may take an account below its floor, and nothing else may until it has paid', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(
      deposit('d1', 'user:8', 100n),
      open('o', 'user:8', -20n),
      freeze('h', 'user:8', 30n),
      charge('c1', 'user:8', 150n, { overdraft }),
    )
    assert.equal(await availableOf(storage), -80n)
    const refused = await books.commit(
      freeze('f', 'user:8', 1n),
      charge('c2', 'user:8', 1n),
      transfer('t', [leg('user:8', 'user:9', 1n)]),
      amend('a', 'h', { amount: 31n }),
    )
    assert.deepEqual(refused.map(codeOf), Array(4).fill('insufficient_funds'))
    assert.deepEqual(await brokenIn(storage), [])
    // 30 return from the hold, 40 are paid in: 10 above the floor.
    await books.apply(release('h'), deposit('d2', 'user:8', 40n))
    const later = await books.commit(freeze('g', 'user:8', 11n), freeze('k', 'user:8', 10n), settle('k', 4n))
    assert.deepEqual(later.map(codeOf), ['insufficient_funds', 'applied', 'applied'])
    const entry = await storage.reader.entry('c1')
    assert.equal(entry?.overdraft, true)
    assert.equal((await storage.reader.entry('d1'))?.overdraft, false)
    const [repeat] = await new Books((await harness.open()).store).commit(charge('c1', 'user:8', 150n, { overdraft }))
    assert.equal(codeOf(repeat!), 'replayed')
    assert.deepEqual(answerOf(repeat!), entry)
    const [other] = await books.commit(charge('c1', 'user:8', 150n))
    assert.equal(codeOf(other!), 'request_id_reused')
    assert.deepEqual(await brokenIn(storage), [])
  })

  test('a debt is paid by a refund of its charge, and forgiven by a lower floor', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 10n), charge('c', 'user:8', 60n, { overdraft }), refund('r', 'c', 30n))
    assert.equal(await availableOf(storage), -20n)
    const [above, forgiven, spent] = await books.commit(
      open('o1', 'user:8', -19n),
      open('o2', 'user:8', -21n),
      charge('c2', 'user:8', 1n),
    )
    assert.deepEqual(
      [above, forgiven, spent].map((each) => codeOf(each!)),
      ['floor_above_available', 'applied', 'applied'],
    )
    assert.deepEqual(await brokenIn(storage), [])
  })

  test('a debt that nothing explains, and a balance below its floor without one, are found', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(
      deposit('d', 'user:8', 10n),
      deposit('e', 'user:9', 10n),
      charge('c', 'user:8', 60n, { overdraft }),
    )
    const balances = [
      ...(
        await storage.store.load(books.footprint(deposit('x', 'user:8', 1n), deposit('y', 'user:9', 1n)))
      ).balances.values(),
    ]
    const [eight, nine] = ['user:8', 'user:9'].map((account) =>
      balances.find((balance) => balance.account === account)!,
    )
    assert.equal(eight!.debt, 50n)
    await harness.plant({ alter: 'balance', id: eight!.id, set: { debt: 49n } })
    assert.deepEqual(await brokenIn(storage), ['2b'])
    await harness.plant({ alter: 'balance', id: eight!.id, set: { debt: 50n } })
    await harness.plant({ alter: 'balance', id: nine!.id, set: { floor: 11n, debt: 1n } })
    assert.deepEqual(await brokenIn(storage), ['2d'])
    await harness.plant({ alter: 'balance', id: nine!.id, set: { floor: 11n, debt: 0n } })
    assert.deepEqual(await brokenIn(storage), ['2b'])
  })
}
