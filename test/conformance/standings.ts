/** Accounts that are blocked, and closed by merging them into another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command, Work } from '../../src/domain/command.ts'
import {
  amend,
  block,
  charge,
  declare,
  deposit,
  freeze,
  leg,
  merge,
  open,
  refund,
  release,
  settle,
  settlePart,
  transfer,
  unblock,
} from '../support/commands.ts'
import { answerOf, Books, codeOf } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** The code of the rejection, or `applied`. */
async function wordOf(books: Books, ...work: Work[]): Promise<string> {
  return codeOf((await books.commit(...work)).at(-1)!)
}

export function describeStandings(openHarness: OpenHarness): void {
  test('no coins leave a blocked account, whatever else happens to it', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem'), deposit('d', 'user:8', 1_000n), deposit('g', 'user:8', 50n, { asset: 'gem' }))
    await books.apply(charge('paid', 'user:8', 100n), charge('got', 'user:8', 10n, { payee: 'user:9' }))
    await books.apply(freeze('h1', 'user:8', 100n), freeze('h2', 'user:8', 100n), freeze('h3', 'user:8', 100n))
    await books.apply(deposit('d9', 'user:9', 90n), charge('back', 'user:9', 40n, { payee: 'user:8' }))
    const { result } = await books.exclusive(block('b', 'user:8'))
    assert.equal(result, 'committed')
    const refused: readonly Command[] = [
      freeze('f', 'user:8', 1n),
      charge('c', 'user:8', 1n),
      charge('c', 'user:8', 1n, { asset: 'gem' }),
      transfer('t', [leg('user:8', 'user:9', 1n)]),
      amend('a', 'h1', { by: 1n }),
    ]
    for (const command of refused) assert.equal(await wordOf(books, command), 'account_blocked', command.kind)
    const possible: readonly Command[] = [
      deposit('d2', 'user:8', 5n),
      transfer('t2', [leg('user:9', 'user:8', 1n)]),
      amend('a2', 'h1', { by: -10n }),
      settlePart('p', 'h1', 10n),
      release('h2'),
      refund('r1', 'paid', 20n),
      // The operator takes back.
      refund('r2', 'back', 30n),
      charge('o', 'user:8', 7n, { overdraft: true }),
      open('o2', 'user:8', -5n),
    ]
    for (const command of possible) assert.equal(await wordOf(books, command), 'applied', command.kind)
    // What is drawn from available is a shortfall.
    const before = (await reader.balance('user:8', 'credit'))!
    const hold = await books.applyOne(settle('h3', 130n, 'draw'))
    assert.deepEqual([hold.settled, hold.drawn, hold.shortfall], [100n, 0n, 30n])
    assert.equal((await reader.balance('user:8', 'credit'))!.available, before.available)
    assert.equal((await reader.account('user:8'))!.standing, 'blocked')
    await books.apply(unblock('u', 'user:8'))
    assert.equal((await reader.account('user:8'))!.standing, 'active')
    assert.equal(await wordOf(books, freeze('f', 'user:8', 1n)), 'applied')
  })

  test('a block covers assets of which the account has no coins yet, also before its first coin', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(block('b', 'user:8'), declare('gem'))
    assert.deepEqual(await reader.account('user:8'), {
      account: 'user:8',
      metadata: null,
      standing: 'blocked',
      successor: null,
      balances: [],
      next: null,
    })
    await books.apply(deposit('d', 'user:8', 10n, { asset: 'gem' }))
    assert.equal(await wordOf(books, charge('c', 'user:8', 1n, { asset: 'gem' })), 'account_blocked')
    // Within one batch too.
    assert.equal(
      await wordOf(books, deposit('d2', 'user:9', 10n), block('b2', 'user:9'), charge('c2', 'user:9', 1n)),
      'account_blocked',
    )
    assert.equal(await wordOf(books, unblock('u', 'user:9'), charge('c2', 'user:9', 1n)), 'applied')
  })

  test('a balance that is opened beside a block is blocked too', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem'), deposit('d', 'user:8', 10n))
    const opening = await books.plan(deposit('g', 'user:8', 10n, { asset: 'gem' }))
    const blocking = await books.plan(block('b', 'user:8'))
    const spending = await books.plan(charge('c', 'user:8', 1n))
    assert.equal(await store.commit(blocking.changes), 'committed')
    assert.equal(await store.commit(opening.changes), 'stale')
    assert.equal(await store.commit(spending.changes), 'stale')
    await books.apply(deposit('g', 'user:8', 10n, { asset: 'gem' }))
    assert.equal(await wordOf(books, charge('c', 'user:8', 1n, { asset: 'gem' })), 'account_blocked')
    // The other way round, the block is decided again.
    const other = await books.plan(unblock('u', 'user:8'))
    await books.apply(declare('star'), deposit('s', 'user:8', 1n, { asset: 'star' }))
    assert.equal(await store.commit(other.changes), 'stale')
    await books.apply(unblock('u', 'user:8'))
    assert.equal(await wordOf(books, charge('c', 'user:8', 1n, { asset: 'star' })), 'applied')
  })

  test('two balances of a new account that are opened at the same time are both there', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem'))
    const one = await books.plan(deposit('d', 'user:8', 10n))
    const other = await books.plan(deposit('g', 'user:8', 10n, { asset: 'gem' }))
    assert.equal(await store.commit(one.changes), 'committed')
    assert.equal(await store.commit(other.changes), 'stale')
    await books.apply(deposit('g', 'user:8', 10n, { asset: 'gem' }), block('b', 'user:8'))
    const { balances } = (await reader.account('user:8'))!
    assert.deepEqual(
      balances.map(({ asset, version }) => [asset, version]),
      [
        ['credit', 2],
        ['gem', 2],
      ],
    )
  })

  test('of two accounts that are merged into each other at the same time, one is closed', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    for (const work of [[], [deposit('d1', 'user:1', 5n), deposit('d2', 'user:2', 5n)]]) {
      await books.apply(...work)
      const [one, other] = [work.length > 0 ? 'user:1' : 'user:3', work.length > 0 ? 'user:2' : 'user:4']
      const first = await books.plan(merge(`m1-${one}`, one, other))
      const second = await books.plan(merge(`m2-${one}`, other, one))
      assert.equal(await store.commit(first.changes), 'committed')
      assert.equal(await store.commit(second.changes), 'stale')
      assert.equal(await wordOf(books, merge(`m2-${one}`, other, one)), 'account_closed')
      assert.equal((await reader.account(other))?.standing ?? 'active', 'active')
    }
  })

  test('what returns to a closed account goes on to its successor', async () => {
    await using harness = await openHarness()
    const { store, reader, auditor } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem'), deposit('d', 'user:8', 1_000n), deposit('g', 'user:8', 50n, { asset: 'gem' }))
    await books.apply(charge('paid', 'user:8', 100n), freeze('h1', 'user:8', 100n), freeze('h2', 'user:8', 100n))
    await books.apply(deposit('d7', 'user:7', 500n), freeze('h3', 'user:7', 60n, { payee: 'user:8' }))
    const closing = await books.exclusive(merge('m', 'user:8', 'user:9'))
    assert.deepEqual([closing.result, closing.outcomes.map(codeOf)], ['committed', ['applied']])
    const amounts = async (account: string): Promise<readonly (bigint | undefined)[]> => {
      const { balances } = (await reader.account(account))!
      return balances.flatMap(({ available, held }) => [available, held])
    }
    assert.deepEqual(await amounts('user:8'), [0n, 200n, 0n, 0n])
    assert.deepEqual(await amounts('user:9'), [700n, 0n, 50n, 0n])
    const closed = await reader.account('user:8')
    assert.deepEqual([closed!.standing, closed!.successor], ['closed', 'user:9'])
    for (const command of [deposit('x', 'user:8', 1n), charge('x', 'user:8', 1n), freeze('x', 'user:8', 1n)]) {
      assert.equal(await wordOf(books, command), 'account_closed', command.kind)
    }
    for (const command of [
      transfer('x', [leg('user:9', 'user:8', 1n)]),
      charge('x', 'user:9', 1n, { payee: 'user:8' }),
      open('x', 'user:8', 0n),
      block('x', 'user:8'),
      merge('x', 'user:7', 'user:8'),
      amend('x', 'h1', { by: 1n }),
    ]) {
      assert.equal(await wordOf(books, command), 'account_closed', command.kind)
    }
    const ends = await books.exclusive(settle('h1', 30n), amend('a', 'h2', { by: -40n }), release('h2'))
    assert.equal(ends.result, 'committed')
    ends.outcomes.forEach(answerOf)
    await books.apply(refund('r', 'paid', 25n))
    await books.apply(settle('h3', 60n))
    assert.deepEqual(await amounts('user:8'), [0n, 0n, 0n, 0n])
    assert.deepEqual(await amounts('user:9'), [700n + 70n + 40n + 60n + 25n + 60n, 0n, 50n, 0n])
    const entry = await reader.entry('h1~settle~merge')
    assert.deepEqual(
      entry!.postings.map(({ account, availableDelta }) => [account, availableDelta]),
      [
        ['user:8', -70n],
        ['user:9', 70n],
      ],
    )
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
  })

  test('a successor that is closed too passes on, and a debt is paid by the successor', async () => {
    await using harness = await openHarness()
    const { store, reader, auditor } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:1', 100n), freeze('h', 'user:1', 80n))
    await books.apply(merge('m1', 'user:1', 'user:2'), merge('m2', 'user:2', 'user:3'))
    await books.apply(release('h'))
    assert.equal((await reader.balance('user:3', 'credit'))!.available, 100n)
    // In one batch, with a payee that is closed in it.
    await books.apply(
      freeze('p', 'user:3', 10n, { payee: 'user:5' }),
      merge('m5', 'user:5', 'user:6'),
      settle('p', 10n),
    )
    assert.equal((await reader.balance('user:6', 'credit'))!.available, 10n)
    await books.apply(open('o', 'user:4', -50n), charge('c', 'user:4', 50n))
    assert.equal(await wordOf(books, merge('m4', 'user:4', 'user:9')), 'insufficient_funds')
    await books.apply(merge('m4', 'user:4', 'user:3'))
    assert.equal((await reader.balance('user:3', 'credit'))!.available, 40n)
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
  })
}
