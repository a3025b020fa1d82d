import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command, Work } from '../../src/domain/command.ts'
import type { Changes } from '../../src/domain/changes.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { charge, declare, deposit, freeze, house, leg, open, release, settle, transfer } from '../support/commands.ts'
import { Books, changeOf, changesOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** A commit of `changes` is stale and writes nothing of `work`, from which they were made. */
async function assertStale(storage: Storage, books: Books, changes: Changes, ...work: Work[]): Promise<void> {
  const before = await photograph(storage, books, ...work)
  assert.equal(await storage.store.commit(changes), 'stale')
  assert.deepEqual(await photograph(storage, books, ...work), before)
}

/** The number of a request that is stored. */
async function seqOf({ store }: Storage, books: Books, command: Command & { requestId: string }): Promise<number> {
  const { requests } = await store.load(books.footprint(command))
  return requests.get(command.requestId)!.seq
}

export function describeStaleness(openHarness: OpenHarness): void {
  test('a balance that has moved since it was read makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 70n))
    await books.apply(freeze('h', 'user:8', 70n))
    await assertStale(storage, books, plan.changes, charge('c', 'user:8', 70n))
  })

  test('a floor that was set since it was read makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(open('o1', 'user:8', -100n))
    const plan = await books.plan(freeze('h', 'user:8', 70n))
    await books.apply(open('o2', 'user:8', 0n))
    await assertStale(storage, books, plan.changes, freeze('h', 'user:8', 70n))
  })

  test('a balance that two writers both create is created once', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    // Each has its own stripe, so they share only the new balance.
    const books = new Books(storage.store, 0)
    const others = new Books(storage.store, 1)
    const plan = await books.plan(deposit('d1', 'user:8', 1n))
    await others.apply(deposit('d2', 'user:8', 2n))
    await assertStale(storage, books, plan.changes, deposit('d1', 'user:8', 1n))
    assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 2n)
  })

  test('a version that the balance does not have yet makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const { changes } = await books.plan(open('o', 'user:8', 0n))
    const { before, after } = changeOf(changes, 'user:8')
    const balances = [{ before: { ...before, version: 5 }, after: { ...after, version: 6 } }]
    const postings = changes.postings.map((posting) => ({ ...posting, version: 6 }))
    await assertStale(storage, books, { ...changes, balances, postings }, open('o', 'user:8', 0n))
  })

  test('another version of the same number makes the commit stale, whatever differs', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n), freeze('h0', 'user:8', 10n), open('o', 'user:8', -5n))
    const { changes } = await books.plan(freeze('h', 'user:8', 1n))
    const { before, after } = changeOf(changes, 'user:8')
    for (const other of [{ available: 91n }, { held: 9n }, { floor: -6n }, { floor: 0n }]) {
      const balances = [{ before: { ...before, ...other }, after }]
      await assertStale(storage, books, { ...changes, balances }, freeze('h', 'user:8', 1n))
    }
    assert.equal(await storage.store.commit(changes), 'committed')
  })

  test('a balance id that another balance has got makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const { changes } = await books.plan(deposit('e', 'user:9', 1n))
    const { balances } = await storage.store.load(books.footprint(deposit('d', 'user:8', 100n)))
    const taken = balances.get('user:8 credit')!.id
    const added = changeOf(changes, 'user:9')
    const clashing = { before: { ...added.before, id: taken }, after: { ...added.after, id: taken } }
    await assertStale(
      storage,
      books,
      {
        ...changes,
        balances: changes.balances.map((change) => (change === added ? clashing : change)),
        // Without the posting: its key would be taken too.
        postings: changes.postings.filter(({ balanceId }) => balanceId !== added.after.id),
      },
      deposit('e', 'user:9', 1n),
    )
  })

  test('a balance that is known by another id makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const { changes } = await books.plan(open('o', 'user:8', 0n))
    const { before, after } = changeOf(changes, 'user:8')
    const balances = [{ before, after: { ...after, id: 1_000_000 } }]
    await assertStale(storage, books, { ...changes, balances }, open('o', 'user:8', 0n))
  })

  test('a request id that an entry has taken makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store, 0)
    const others = new Books(storage.store, 1)
    const asEntry = await books.plan(deposit('id', 'user:8', 1n))
    await books.apply(open('credit-line', 'user:9', -10n))
    const asHold = await books.plan(freeze('id', 'user:9', 1n))
    await others.apply(deposit('id', 'user:1', 1n))
    await assertStale(storage, books, asEntry.changes, deposit('id', 'user:8', 1n))
    await assertStale(storage, books, asHold.changes, freeze('id', 'user:9', 1n))
  })

  test('a request id that a hold has taken makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(open('o8', 'user:8', -10n), open('o9', 'user:9', -10n))
    const asEntry = await books.plan(deposit('id', 'user:8', 1n))
    const asHold = await books.plan(freeze('id', 'user:8', 1n))
    await books.apply(freeze('id', 'user:9', 1n))
    await assertStale(storage, books, asEntry.changes, deposit('id', 'user:8', 1n))
    await assertStale(storage, books, asHold.changes, freeze('id', 'user:8', 1n))
  })

  test('request ids that differ only in upper and lower case are different', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('id', 'user:a', 1n), deposit('ID', 'user:A', 2n))
    assert.equal((await storage.reader.account('user:a'))?.balances[0]?.available, 1n)
    assert.equal((await storage.reader.account('user:A'))?.balances[0]?.available, 2n)
    assert.equal((await storage.reader.entry('ID'))?.postings[1]?.account, 'user:A')
  })

  test('the journal is the lock: a posting of a version that exists makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n), deposit('e', 'user:9', 100n))
    const taken = await books.plan(open('o8', 'user:8', 0n))
    await books.apply(charge('c', 'user:8', 1n))
    const plan = await books.plan(open('o9', 'user:9', 0n))
    const postings = [...plan.changes.postings, ...taken.changes.postings]
    await assertStale(storage, books, { ...plan.changes, postings }, open('o9', 'user:9', 0n), open('o8', 'user:8', 0n))
  })

  test('a hold that has ended makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d8', 'user:8', 100n), deposit('d9', 'user:9', 100n), freeze('h', 'user:8', 50n))
    const late = await books.plan(settle('h', 20n))
    await books.apply(release('h'))
    const plan = await books.plan(open('o', 'user:9', 0n))
    // Only the hold is stale, no balance.
    const changes = { ...plan.changes, holdChanges: late.changes.holdChanges }
    await assertStale(storage, books, changes, settle('h', 20n), open('o', 'user:9', 0n))
    assert.equal((await storage.reader.hold('h'))?.state, 'released')
  })

  test('a hold that does not exist cannot be changed', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d8', 'user:8', 100n), deposit('d9', 'user:9', 100n), freeze('h', 'user:8', 50n))
    const { after, step } = (await books.plan(settle('h', 20n))).changes.holdChanges[0]!
    const plan = await books.plan(open('o', 'user:9', 0n))
    // The number of no request, and that of a request that is no hold.
    for (const seq of [after.seq + 1_000_000, await seqOf(storage, books, deposit('d8', 'user:8', 100n))]) {
      const changes = { ...plan.changes, holdChanges: [{ after: { ...after, seq }, step }] }
      await assertStale(storage, books, changes, settle('h', 20n), open('o', 'user:9', 0n))
    }
  })

  test('a number that another request has taken makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n), freeze('h', 'user:8', 1n))
    const taken = [
      await seqOf(storage, books, deposit('d', 'user:8', 100n)),
      await seqOf(storage, books, freeze('h', 'user:8', 1n)),
    ]
    const work = [deposit('e', 'user:9', 1n), freeze('g', 'user:8', 1n)]
    const { changes } = await books.plan(...work)
    for (const seq of taken) {
      const entries = changes.entries.map((entry) => ({ ...entry, seq }))
      await assertStale(storage, books, { ...changes, entries }, ...work)
      const holdsOpened = changes.holdsOpened.map((hold) => ({ ...hold, seq }))
      await assertStale(storage, books, { ...changes, holdsOpened }, ...work)
    }
    assert.equal(await storage.store.commit(changes), 'committed')
  })

  test('a commit that rests on a house account whose declaration was lost is stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const opened = { requestId: 'h2', hold: 'h2' }
    await books.apply(house('@promo'), house('@fees'), deposit('d', 'user:8', 100n), freeze('h', 'user:8', 10n))
    await books.apply(
      freeze(opened.requestId, 'user:8', 10n, { payee: '@fees' }),
      transfer('t', [leg('@fees', 'user:9', 1n)]),
    )
    const works: readonly Work[][] = [
      [transfer('t1', [leg('@promo', 'user:9', 1n)])],
      [charge('c1', 'user:8', 1n, { payee: '@promo' })],
      [freeze('f1', 'user:8', 1n, { payee: '@promo' })],
      [settle('h', 5n, 'reject', { payee: '@promo' })],
      [settle('h', 0n, 'reject', { payee: '@promo' })],
      [deposit('d2', 'user:8', 1n), transfer('t2', [leg('@promo', '@fees', 1n)])],
    ]
    const plans = []
    for (const work of works) plans.push({ work, changes: (await books.plan(...work)).changes })
    await harness.plant({ remove: 'house', account: '@promo' })
    for (const { work, changes } of plans) await assertStale(storage, books, changes, ...work)
    // What rests on another one is not concerned.
    await books.apply(charge('c2', 'user:8', 1n, { payee: '@fees' }), settle(opened.hold, 5n))
    await books.apply(house('@promo'), transfer('t3', [leg('@promo', 'user:9', 1n)]))
  })

  test('a house account that two writers both declare is declared once, with the first time', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const { changes } = await books.plan(house('@promo'))
    const first = await books.applyOne(house('@promo'))
    await assertStale(storage, books, changes, house('@promo'))
    const outcomes = await books.commit(house('@promo'))
    assert.deepEqual(outcomes, [{ status: 'applied', replayed: true, answer: first }])
    assert.deepEqual(await storage.reader.account('@promo'), {
      account: '@promo',
      metadata: null,
      standing: 'active',
      successor: null,
      balances: [],
      next: null,
    })
    assert.equal(await storage.reader.account('@fees'), null)
  })

  test('one row among many that is not as it was read makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const people = Array.from({ length: 9 }, (_, index) => `user:${index}`)
    await books.apply(
      ...people.flatMap((person) => [deposit(`d-${person}`, person, 100n), freeze(`h-${person}`, person, 50n)]),
    )
    const work = people.map((person) => settle(`h-${person}`, 20n))
    const { changes } = await books.plan(...work)
    for (const other of [{ available: 51n }, { held: 49n }, { floor: -1n }, { version: 1 }]) {
      const balances = changes.balances.map((change) =>
        change.after.account === 'user:4' ? { ...change, before: { ...change.before, ...other } } : change,
      )
      await assertStale(storage, books, { ...changes, balances }, ...work)
    }
    await books.apply(release('h-user:4'))
    const fresh = await books.plan(open('o', 'user:9', 0n))
    // Only one of the holds is stale, no balance.
    const { holdChanges } = changes
    await assertStale(storage, books, { ...fresh.changes, holdChanges }, open('o', 'user:9', 0n))
  })

  test('an asset keeps its decimals: declaring it otherwise at the same time makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const two = await books.plan(declare('gem', 2))
    const three = await books.plan(declare('gem', 3), deposit('d', 'user:8', 5n))
    assert.equal(await storage.store.commit(two.changes), 'committed')
    await assertStale(storage, books, three.changes, deposit('d', 'user:8', 5n))
    assert.deepEqual((await storage.reader.assets()).items.find(({ code }) => code === 'gem')?.decimals, 2)
  })

  test('two simultaneous declarations of an asset both return the stored creation time, the first one', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const first = await books.plan(declare('gem', 2, 'Gem'))
    const same = await books.plan(declare('gem', 2, 'Gem'))
    const other = await books.plan(declare('gem', 2, 'Jewel'))
    assert.equal(await storage.store.commit(first.changes), 'committed')
    await assertStale(storage, books, same.changes, declare('gem', 2, 'Gem'))
    await assertStale(storage, books, other.changes, declare('gem', 2, 'Jewel'))
    const gem = { code: 'gem', decimals: 2, name: 'Gem', createdAt: first.changes.assets[0]!.createdAt }
    assert.deepEqual(await books.commit(declare('gem', 2, 'Gem')), [{ status: 'applied', replayed: true, answer: gem }])
    // A new name does not change the creation time.
    const jewel = { ...gem, name: 'Jewel' }
    assert.deepEqual(await books.commit(declare('gem', 2, 'Jewel')), [
      { status: 'applied', replayed: false, answer: jewel },
    ])
    assert.deepEqual(
      (await storage.reader.assets()).items.find(({ code }) => code === 'gem'),
      jewel,
    )
  })

  test('empty changes are committed', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    assert.equal(await storage.store.commit(changesOf({})), 'committed')
  })

  test('after a stale commit the same work goes through on fresh rows', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const plan = await books.plan(charge('c', 'user:8', 70n))
    await books.apply(freeze('h', 'user:8', 20n))
    assert.equal(await storage.store.commit(plan.changes), 'stale')
    await books.apply(charge('c', 'user:8', 70n))
    assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 10n)
  })
}
