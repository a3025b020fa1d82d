/** Lists of everything: the balances of all accounts, and assets in figures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Balance } from '../../src/domain/balance.ts'
import { BALANCE_ORDERS, CursorError, type BalanceQuery, type Page, type Reader } from '../../src/engine/reader.ts'
import { amend, charge, declare, deposit, freeze, open, refund, release, settle } from '../support/commands.ts'
import { Books, HOUR_MS, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

const ALL: Omit<BalanceQuery, 'limit' | 'cursor'> = {
  prefix: '',
  asset: null,
  order: 'name',
  availableBelow: null,
  availableAbove: null,
  heldBelow: null,
  heldAbove: null,
}

type Filters = Partial<typeof ALL>

/** Reads by pages of every size up to the whole list, which must agree. */
async function listed(reader: Reader, filters: Filters): Promise<readonly Balance[]> {
  const read = (page: { limit: number; cursor: string | null }): Promise<Page<Balance>> =>
    reader.balances({ ...ALL, ...filters, ...page })
  const whole = await readAll(read, 1000)
  for (const limit of [1, 2, 3, whole.length]) {
    if (limit > 0) assert.deepEqual(await readAll(read, limit), whole, `pages of ${limit}`)
  }
  return whole
}

async function names(reader: Reader, filters: Filters): Promise<readonly string[]> {
  return (await listed(reader, filters)).map(({ account, asset }) => `${account} ${asset}`)
}

/** What people have of `credit`, available and held; `@issuer` and `@revenue` are in two stripes each. */
async function fill(books: Books, other: Books): Promise<void> {
  await books.apply(declare('gem'))
  await books.apply(
    deposit('d1', 'user:8', 100n),
    deposit('d2', 'user:80', 50n),
    deposit('d3', 'user:9', 50n),
    deposit('d4', 'User:1', 7n),
    deposit('d5', 'team/1', 1n),
    deposit('g1', 'user:9', 3n, { asset: 'gem' }),
    open('o1', 'user:7', -20n),
    charge('c1', 'user:7', 15n),
  )
  await books.apply(freeze('h1', 'user:8', 30n), freeze('h2', 'user:9', 5n), freeze('h3', 'user:9', 1n))
  await other.apply(deposit('d6', 'user:8', 1n), charge('c2', 'user:8', 1n))
  await books.apply(release('h3'))
}

export function describeLists(openHarness: OpenHarness): void {
  test('balances of all accounts come by name, then asset, with their stripes added up', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await fill(new Books(store), new Books(store, 5))
    const balances = await listed(reader, {})
    assert.deepEqual(
      balances.map(({ account, asset, available, held }) => [account, asset, available, held]),
      [
        ['@issuer', 'credit', -209n, 0n],
        ['@issuer', 'gem', -3n, 0n],
        ['@revenue', 'credit', 16n, 0n],
        ['User:1', 'credit', 7n, 0n],
        ['team/1', 'credit', 1n, 0n],
        ['user:7', 'credit', -15n, 0n],
        ['user:8', 'credit', 70n, 30n],
        ['user:80', 'credit', 50n, 0n],
        ['user:9', 'credit', 45n, 5n],
        ['user:9', 'gem', 3n, 0n],
      ],
    )
    for (const balance of balances) {
      const account = await reader.account(balance.account)
      assert.deepEqual(
        account!.balances.find(({ asset }) => asset === balance.asset),
        balance,
      )
    }
  })

  test('a list of balances has those of the prefix, of the asset and within the bounds', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await fill(new Books(store), new Books(store, 5))
    assert.deepEqual(await names(reader, { prefix: 'user:8' }), ['user:8 credit', 'user:80 credit'])
    assert.deepEqual(await names(reader, { prefix: 'user:8 ' }), [])
    assert.deepEqual(await names(reader, { prefix: '~' }), [])
    assert.deepEqual(await names(reader, { prefix: '@i', asset: 'gem' }), ['@issuer gem'])
    assert.deepEqual(await names(reader, { asset: 'gem' }), ['@issuer gem', 'user:9 gem'])
    const below = { asset: 'credit', availableBelow: 7n }
    assert.deepEqual(await names(reader, below), ['@issuer credit', 'team/1 credit', 'user:7 credit'])
    assert.deepEqual(await names(reader, { ...below, prefix: 'u' }), ['user:7 credit'])
    assert.deepEqual(await names(reader, { availableAbove: 45n, availableBelow: 70n }), ['user:80 credit'])
    assert.deepEqual(await names(reader, { heldAbove: 0n }), ['user:8 credit', 'user:9 credit'])
    assert.deepEqual(await names(reader, { heldAbove: 0n, heldBelow: 30n }), ['user:9 credit'])
    // Each stripe of the issuer is within these bounds, and their sum is not.
    assert.deepEqual(await names(reader, { prefix: '@issuer', availableAbove: -209n, asset: 'credit' }), [])
    assert.deepEqual(await names(reader, { prefix: '@issuer', availableBelow: -208n }), ['@issuer credit'])
  })

  test('balances come by an amount, equal ones by name, in both directions', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await fill(books, new Books(store, 5))
    await books.apply(deposit('d7', 'user:81', 70n), deposit('d8', 'user:10', 50n))
    const of = async (filters: Filters): Promise<readonly string[]> =>
      (await listed(reader, { asset: 'credit', ...filters })).map(({ account }) => account)
    const rising = ['user:7', 'team/1', 'User:1', '@revenue', 'user:9', 'user:10', 'user:80', 'user:8', 'user:81']
    assert.deepEqual(await of({ order: 'available' }), ['@issuer', ...rising])
    const falling = ['user:8', 'user:81', 'user:10', 'user:80', 'user:9', '@revenue', 'User:1', 'team/1', 'user:7']
    assert.deepEqual(await of({ order: 'available-desc' }), [...falling, '@issuer'])
    assert.deepEqual(await of({ order: 'available', prefix: 'user:8' }), ['user:80', 'user:8', 'user:81'])
    assert.deepEqual(await of({ order: 'held-desc', heldAbove: 0n }), ['user:8', 'user:9'])
    assert.deepEqual(await of({ order: 'held', prefix: 'user:', availableAbove: 0n }), [
      'user:10',
      'user:80',
      'user:81',
      'user:9',
      'user:8',
    ])
    assert.deepEqual(await of({ order: 'available', asset: 'gem' }), ['@issuer', 'user:9'])
  })

  test('a sum of stripes beyond what one balance can have has its place in the order', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const most = 10n ** 16n
    for (const stripe of [0, 1]) {
      const books = new Books(store, stripe)
      for (let round = 0; round < 6; round++) {
        const some = Array.from({ length: 100 }, (_, index) =>
          deposit(`d${stripe}-${round}-${index}`, `user:${stripe}`, most),
        )
        await books.apply(...some)
      }
    }
    const of = async (order: BalanceQuery['order']): Promise<readonly string[]> =>
      (await listed(reader, { asset: 'credit', order })).map(({ account }) => account)
    assert.deepEqual(await of('available'), ['@issuer', 'user:0', 'user:1'])
    assert.deepEqual(await of('available-desc'), ['user:0', 'user:1', '@issuer'])
    const { items } = await reader.stats({ now: Date.UTC(2030, 0, 1, 1), days: 0, limit: 10, cursor: null })
    assert.deepEqual([items[0]!.issued, items[0]!.accounts!.available], [1200n * most, 1200n * most])
  })

  test('a cursor of another order is refused', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await fill(new Books(store), new Books(store, 5))
    const list = { ...ALL, asset: 'credit', limit: 1 }
    for (const order of BALANCE_ORDERS) {
      const { next } = await reader.balances({ ...list, order, cursor: null })
      assert.notEqual(next, null)
      for (const other of BALANCE_ORDERS.filter((each) => each !== order)) {
        await assert.rejects(
          reader.balances({ ...list, order: other, cursor: next }),
          CursorError,
          `${order}, ${other}`,
        )
      }
    }
  })

  test('accounts that appear or move while paging by name neither repeat nor hide another', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...['a', 'c', 'e', 'g'].map((account) => deposit(`d-${account}`, account, 1n)))
    const list = { ...ALL, prefix: '', asset: 'credit', availableAbove: 0n, limit: 2 }
    const first = await reader.balances({ ...list, cursor: null })
    await books.apply(deposit('b', 'b', 1n), deposit('f', 'f', 1n), charge('x', 'c', 1n))
    const second = await reader.balances({ ...list, cursor: first.next })
    assert.deepEqual(
      [...first.items, ...second.items].map(({ account }) => account),
      // `@revenue` has its first coin from the charge, and is before what was read.
      ['a', 'c', 'e', 'f'],
    )
  })

  test('figures of an asset are those of its accounts, its open holds and its days', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const [books, other] = [new Books(store), new Books(store, 5)]
    const day = (index: number): number => Date.UTC(2030, 0, 1 + index)
    books.now = day(0) + 12 * HOUR_MS
    await fill(books, other)
    books.now = other.now = day(2) - 3000
    await books.apply(settle('h1', 20n))
    await other.apply(deposit('last', 'user:8', 1000n))
    books.now = other.now = day(2)
    await other.apply(deposit('first', 'user:8', 1n), freeze('h4', 'user:8', 9n, { expiresInMs: 2 * HOUR_MS }))
    await books.apply(refund('r', 'h1', 4n), freeze('h5', 'user:9', 3n, { asset: 'gem', expiresInMs: HOUR_MS }))
    await books.apply(amend('a', 'h5', { expiresAt: day(2) + 5 * HOUR_MS }))
    const now = day(2) + HOUR_MS
    const { items, next } = await reader.stats({ now, days: 4, limit: 10, cursor: null })
    assert.equal(next, null)
    const days = (rows: readonly (readonly [bigint, bigint])[]) =>
      rows.map(([issued, earned], index) => ({ from: day(index - 1), issued, earned }))
    assert.deepEqual(items, [
      {
        asset: 'credit',
        issued: 1210n,
        accounts: { count: 6, available: 1164n, held: 14n },
        // `h2` expired more than an hour ago, and nobody sweeps here.
        holdsOpen: 1,
        days: days([
          [0n, 0n],
          [209n, 16n],
          [1000n, 20n],
          [1n, -4n],
        ]),
      },
      {
        asset: 'gem',
        issued: 3n,
        accounts: { count: 1, available: 0n, held: 3n },
        holdsOpen: 1,
        days: days([
          [0n, 0n],
          [3n, 0n],
          [0n, 0n],
          [0n, 0n],
        ]),
      },
    ])
    const first = await reader.stats({ now, days: 0, limit: 1, cursor: null })
    const second = await reader.stats({ now, days: 0, limit: 1, cursor: first.next })
    assert.deepEqual(
      [first, second].map((page) => [page.items[0]!.asset, page.items[0]!.days, page.next !== null]),
      [
        ['credit', [], true],
        ['gem', [], false],
      ],
    )
  })
}
