import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldState } from '../../src/domain/hold.ts'
import type { EntryKind } from '../../src/domain/journal.ts'
import { PAGE_LIMIT_MAX } from '../../src/domain/page.ts'
import { CursorError, type PageQuery, type Reader } from '../../src/engine/reader.ts'
import { amend, charge, declare, deposit, freeze, release, settle, settlePart } from '../support/commands.ts'
import { Books, HOUR_MS, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

const FIRST: PageQuery = { limit: 3, cursor: null }

function postingsOf(
  account: string,
  kind: EntryKind | null = null,
): { account: string; asset: string; kind: EntryKind | null } {
  return { account, asset: 'credit', kind }
}

function holdsOf(account: string | null, state: HoldState | null = null) {
  return { account, asset: 'credit', state }
}

async function holdIds(reader: Reader, account: string | null, state: HoldState | null, limit = 2): Promise<string[]> {
  const holds = await readAll((page) => reader.holds({ ...holdsOf(account, state), ...page }), limit)
  return holds.map(({ id }) => id)
}

export function describePages(openHarness: OpenHarness): void {
  test('postings come newest first, and the last page says so', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...[1n, 2n, 3n, 4n, 5n, 6n].map((amount) => deposit(`d${amount}`, 'user:8', amount)))
    const first = await reader.postings({ ...postingsOf('user:8'), ...FIRST })
    assert.deepEqual(
      first.items.map(({ entryId, version }) => [entryId, version]),
      [
        ['d6', 6],
        ['d5', 5],
        ['d4', 4],
      ],
    )
    assert.notEqual(first.next, null)
    const second = await reader.postings({ ...postingsOf('user:8'), limit: 3, cursor: first.next })
    assert.deepEqual(
      second.items.map(({ entryId }) => entryId),
      ['d3', 'd2', 'd1'],
    )
    assert.equal(second.next, null)
    const written = (await reader.entry('d1'))?.postings[1]
    assert.deepEqual(second.items[2], {
      ...written,
      change: 1n,
      counterparties: ['@issuer'],
      moreCounterparties: false,
      total: 1n,
      hold: null,
      memo: null,
      metadata: null,
      by: null,
    })
  })

  test('a list without rows is one empty page', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await new Books(store).apply(deposit('d', 'user:8', 1n))
    const empty = { items: [], next: null }
    assert.deepEqual(await reader.postings({ ...postingsOf('user:9'), ...FIRST }), empty)
    assert.deepEqual(await reader.postings({ ...postingsOf('user:8'), asset: 'gem', ...FIRST }), empty)
    assert.deepEqual(await reader.postings({ ...postingsOf('user:8', 'charge'), ...FIRST }), empty)
    for (const account of ['user:8', 'user:9', null]) {
      for (const state of ['open', 'settled', null] as const) {
        assert.deepEqual(await reader.holds({ ...holdsOf(account, state), ...FIRST }), empty)
      }
    }
  })

  test('rows that are added while paging neither repeat nor hide a posting', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...Array.from({ length: 7 }, (_, index) => deposit(`d${index}`, 'user:8', 1n)))
    let added = 0
    const rows = await readAll(async (page) => {
      const result = await reader.postings({ ...postingsOf('user:8'), ...page })
      await books.apply(charge(`c${added++}`, 'user:8', 1n))
      return result
    }, 2)
    assert.deepEqual(
      rows.map(({ version }) => version),
      [7, 6, 5, 4, 3, 2, 1],
    )
  })

  test('postings of one kind fill their pages', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    for (let index = 0; index < 5; index++) {
      await books.apply(charge(`c${index}`, 'user:8', 1n), freeze(`h${index}`, 'user:8', 1n), settle(`h${index}`, 0n))
    }
    const ids = async (kind: EntryKind, limit: number): Promise<string[]> => {
      const rows = await readAll((page) => reader.postings({ ...postingsOf('user:8', kind), ...page }), limit)
      return rows.map(({ entryId }) => entryId)
    }
    assert.deepEqual(await ids('charge', 2), ['c4', 'c3', 'c2', 'c1', 'c0'])
    assert.deepEqual(await ids('settle', 5), ['h4~settle', 'h3~settle', 'h2~settle', 'h1~settle', 'h0~settle'])
    assert.deepEqual(await ids('deposit', 1), ['d'])
    assert.deepEqual(await ids('open', 1), [])
  })

  test('the stripes of a house account come one after another, each newest first', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    for (const stripe of [2, 0, 11]) {
      const books = new Books(store, stripe)
      for (const index of [1, 2, 3]) await books.apply(deposit(`d${stripe}-${index}`, 'user:8', 1n))
    }
    for (const limit of [1, 2, 3, 4, 9, 100]) {
      const rows = await readAll((page) => reader.postings({ ...postingsOf('@issuer'), ...page }), limit)
      assert.deepEqual(
        rows.map(({ stripe, version }) => [stripe, version]),
        [
          [0, 3],
          [0, 2],
          [0, 1],
          [2, 3],
          [2, 2],
          [2, 1],
          [11, 3],
          [11, 2],
          [11, 1],
        ],
      )
    }
  })

  test('holds of an account come newest first, of one asset, in one state or in all', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem'), deposit('dg', 'user:8', 10n, { asset: 'gem' }))
    await books.apply(deposit('d8', 'user:8', 100n), deposit('d9', 'user:9', 100n))
    // The orders by id, by expiry and by age all differ.
    const names = ['m', 'z', 'a', 'q', 'b']
    for (const [index, id] of names.entries()) {
      await books.apply(freeze(id, 'user:8', 1n, { expiresInMs: HOUR_MS - index * 60_000 }))
    }
    await books.apply(freeze('gem', 'user:8', 1n, { asset: 'gem' }), freeze('other', 'user:9', 1n))
    await books.apply(settle('z', 1n), release('q'))
    assert.deepEqual(await holdIds(reader, 'user:8', null), ['b', 'q', 'a', 'z', 'm'])
    assert.deepEqual(await holdIds(reader, 'user:8', 'open'), ['b', 'a', 'm'])
    assert.deepEqual(await holdIds(reader, 'user:8', 'settled'), ['z'])
    assert.deepEqual(await holdIds(reader, 'user:8', 'released'), ['q'])
    assert.deepEqual(await holdIds(reader, 'user:8', 'expired'), [])
    const gems = await reader.holds({ account: 'user:8', asset: 'gem', state: null, ...FIRST })
    assert.deepEqual(gems.items, [await reader.hold('gem')])
  })

  test('open holds of everybody and every asset come by expiry, then in the order in which it was set', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(declare('gem'), deposit('dg', 'user:9', 10n, { asset: 'gem' }), deposit('d', 'user:8', 100n))
    const soon = books.now + 60_000
    const late = books.now + HOUR_MS
    await books.apply(
      freeze('z', 'user:8', 1n, { expiresAt: soon }),
      freeze('b', 'user:8', 1n, { expiresAt: late }),
      freeze('B', 'user:8', 1n, { expiresAt: late }),
      freeze('a', 'user:9', 1n, { asset: 'gem', expiresAt: late }),
      freeze('over', 'user:8', 1n, { expiresAt: soon }),
      freeze('y', 'user:8', 1n, { expiresAt: soon }),
    )
    await books.apply(release('over'))
    for (const limit of [1, 2, 5]) {
      assert.deepEqual(await holdIds(reader, null, 'open', limit), ['z', 'y', 'b', 'B', 'a'])
    }
    await books.apply(amend('earlier', 'a', { expiresAt: soon }), settlePart('part', 'b', 1n))
    for (const limit of [1, 2, 5]) {
      assert.deepEqual(await holdIds(reader, null, 'open', limit), ['z', 'y', 'a', 'B', 'b'])
    }
  })

  test('holds of everybody in another state, or in any, come in the order in which they were frozen', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    await books.apply(...['c', 'a', 'D', 'b', 'e:1', 'e.1'].map((id) => freeze(id, 'user:8', 1n)))
    await books.apply(settle('c', 1n), settle('a', 0n), release('D'), settle('b', 1n))
    assert.deepEqual(await holdIds(reader, null, 'settled'), ['c', 'a', 'b'])
    assert.deepEqual(await holdIds(reader, null, 'released'), ['D'])
    assert.deepEqual(await holdIds(reader, null, null), ['c', 'a', 'D', 'b', 'e:1', 'e.1'])
  })

  test('holds that end or open while paging neither repeat nor hide another', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    await books.apply(...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((id) => freeze(id, 'user:8', 1n)))
    let page = await reader.holds({ ...holdsOf('user:8', 'open'), limit: 2, cursor: null })
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ['h6', 'h5'],
    )
    await books.apply(release('h5'), release('h3'), freeze('h7', 'user:8', 1n))
    page = await reader.holds({ ...holdsOf('user:8', 'open'), limit: 2, cursor: page.next })
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ['h4', 'h2'],
    )

    page = await reader.holds({ ...holdsOf(null, 'open'), limit: 1, cursor: null })
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ['h1'],
    )
    await books.apply(release('h1'))
    page = await reader.holds({ ...holdsOf(null, 'open'), limit: 9, cursor: page.next })
    assert.deepEqual(
      page.items.map(({ id }) => id),
      ['h2', 'h4', 'h6', 'h7'],
    )
  })

  test('a page may be as long as the limit allows', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...Array.from({ length: PAGE_LIMIT_MAX + 1 }, (_, index) => deposit(`d${index}`, 'user:8', 1n)))
    const page = await reader.postings({ ...postingsOf('user:8'), limit: PAGE_LIMIT_MAX, cursor: null })
    assert.equal(page.items.length, PAGE_LIMIT_MAX)
    const rest = await reader.postings({ ...postingsOf('user:8'), limit: PAGE_LIMIT_MAX, cursor: page.next })
    assert.deepEqual([rest.items.length, rest.next], [1, null])
  })

  test('a cursor that no page of the list gave out is refused', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 100n))
    await books.apply(...['a', 'b', 'c', 'x', 'y'].map((id) => freeze(id, 'user:8', 1n)))
    await books.apply(settle('x', 0n), settle('y', 0n))
    const lists = {
      postings: (cursor: string | null) => reader.postings({ ...postingsOf('user:8'), limit: 1, cursor }),
      holdsOfAccount: (cursor: string | null) => reader.holds({ ...holdsOf('user:8'), limit: 1, cursor }),
      holdsByExpiry: (cursor: string | null) => reader.holds({ ...holdsOf(null, 'open'), limit: 1, cursor }),
      holdsBySeq: (cursor: string | null) => reader.holds({ ...holdsOf(null, 'settled'), limit: 1, cursor }),
    }
    for (const [name, read] of Object.entries(lists)) {
      const { next } = await read(null)
      assert.ok(next !== null)
      assert.equal((await read(next)).items.length, 1)
      const garbage = [
        '',
        'garbage',
        '0',
        '{}',
        'W10',
        `${next}=`,
        next.slice(1),
        next.slice(0, -1),
        next.repeat(99),
        '1;DROP TABLE',
      ]
      for (const cursor of garbage) await assert.rejects(read(cursor), CursorError, `${name} took ${cursor}`)
      for (const [other, readOther] of Object.entries(lists)) {
        if (other !== name) await assert.rejects(readOther(next), CursorError, `${other} took a cursor of ${name}`)
      }
    }
  })
}
