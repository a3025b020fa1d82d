import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MOMENT } from '../../../test/support/given.ts'
import { deposit, freeze, house, leg, release, settle, settlePart, transfer } from '../../../test/support/commands.ts'
import { batches, RUNS, TwinLedger } from '../../../test/support/twin-ledger.ts'
import { TRANSFER_LEGS_MAX } from '../../api/commands/transfer.ts'
import type { HoldState } from '../../domain/hold.ts'
import type { EntryKind } from '../../domain/journal.ts'
import {
  CursorError,
  type DueHolds,
  type ExpiryPlace,
  type HoldQuery,
  type Page,
  type PageQuery,
  type PostingQuery,
  type Reader,
} from '../../engine/reader.ts'
import { encodeCursor } from '../cursor.ts'
import { SqlReader } from './reader.ts'

/** The accounts of the random work, and one that does not exist. */
const ACCOUNTS = ['user:1', 'user:2', 'user:3', '@revenue', '@promo', '@issuer', 'nobody']
const ASSETS = ['credit', 'gem', 'none']
const REQUEST_IDS = Array.from({ length: 31 }, (_, index) => `r${index + 1}`)

const STATES: readonly (HoldState | null)[] = [null, 'open', 'settled', 'released', 'expired']
const KINDS: readonly (EntryKind | null)[] = [
  null,
  'deposit',
  'freeze',
  'settle',
  'transfer',
  'open',
  'amend',
  'refund',
]

/** All pages of a list, with their cursors. */
async function pagesOf<Item>(limit: number, read: (page: PageQuery) => Promise<Page<Item>>): Promise<Page<Item>[]> {
  const pages: Page<Item>[] = []
  let cursor: string | null = null
  do {
    const page: Page<Item> = await read({ limit, cursor })
    pages.push(page)
    assert.ok(pages.length < 1_000, 'the pages come to no end')
    cursor = page.next
  } while (cursor !== null)
  return pages
}

/** The results of every method of a reader, with lists in pages of `limit`. */
async function everything(reader: Reader, limit: number): Promise<unknown> {
  const told: unknown[] = [await reader.assets()]
  for (const id of REQUEST_IDS) {
    told.push(await reader.hold(id))
    const names = [id, `${id}~settle`, `${id}~release`, `${id}~late`, `${id}~`]
    for (const name of names) told.push([name, await reader.entry(name)])
    if ((await reader.holdHistory({ hold: id, limit, cursor: null })) === null) continue
    told.push(await pagesOf(limit, async (page) => (await reader.holdHistory({ hold: id, ...page }))!))
  }
  for (const at of [0, 1_000, 5_000, 10_000, MOMENT.holdTtlMsMax, 2 * MOMENT.holdTtlMsMax]) {
    for (const placesMax of [1, 3, 1_000]) {
      const window = { until: MOMENT.now + at, limit, placesMax }
      const looks: DueHolds[] = []
      for (
        let after: ExpiryPlace | null = null, look: DueHolds | null = null;
        look?.reached !== null;
        after = look.reached
      ) {
        looks.push((look = await reader.due({ after, ...window })))
      }
      told.push(looks)
    }
  }
  for (const state of STATES) {
    told.push(await pagesOf(limit, (page) => reader.holds({ account: null, asset: 'credit', state, ...page })))
  }
  for (const account of ACCOUNTS) {
    told.push(await reader.account(account))
    for (const asset of ASSETS) {
      for (const state of STATES)
        told.push(await pagesOf(limit, (page) => reader.holds({ account, asset, state, ...page })))
      for (const kind of KINDS)
        told.push(await pagesOf(limit, (page) => reader.postings({ account, asset, kind, ...page })))
    }
  }
  return told
}

test('every read of random ledgers is that of the memory store, page by page', async () => {
  const reached = { holds: 0, postings: 0, changes: 0 }
  await fc.assert(
    fc.asyncProperty(batches, fc.constantFrom(1, 2, 5, 1000), async (sequence, limit) => {
      using ledger = await TwinLedger.open()
      for (const batch of sequence) await ledger.write(batch)
      assert.deepEqual(await everything(ledger.reader, limit), await everything(ledger.model.reader, limit))
      reached.postings += ledger.tables.postings.size
      reached.changes += ledger.tables.holdChanges.size
      for (const { kind } of ledger.tables.requests.values()) if (kind === 'freeze') reached.holds++
    }),
    { ...RUNS, numRuns: 30 },
  )
  assert.ok(reached.holds > 30 && reached.postings > 200 && reached.changes > 20, JSON.stringify(reached))
})

/** Filters that are checked row by row, and filters for which the start of the list is searched. */
function filtersAround(now: number): readonly (readonly [Partial<PostingQuery>, Partial<HoldQuery>])[] {
  const middle = now - 6_000
  return [
    [{ from: middle }, { from: middle }],
    [{ until: middle }, { until: middle }],
    [
      { from: middle - 3_000, until: middle, kind: 'freeze' },
      { from: middle - 3_000, until: middle, state: 'open' },
    ],
    [{ metadata: { tier: 1 } }, { metadata: { tier: 1 } }],
    [
      { metadata: { tier: 2 }, from: middle },
      { metadata: { tier: 2 }, from: middle },
    ],
    [{ memo: 'a' }, { state: 'settled', until: middle }],
    [{ hold: 'r1' }, { state: 'released' }],
    [
      { hold: 'r2', kind: 'settle' },
      { state: 'open', metadata: { tier: 2 } },
    ],
    [{ entry: 'r3' }, {}],
    [{ entry: 'r1~settle', until: middle }, {}],
    [{ hold: 'r3', until: now }, {}],
    [{ hold: 'r1', metadata: { tier: 1 } }, {}],
  ]
}

test('filters find the same rows as in the memory store, however short the walk of a page is', async () => {
  const reached = { lines: 0, holds: 0, moments: 0 }
  const random = fc.tuple(batches, fc.constantFrom(1, 3, 1000), fc.constantFrom(1, 2, 7, 10_000))
  await fc.assert(
    fc.asyncProperty(random, async ([sequence, limit, most]) => {
      using ledger = await TwinLedger.open()
      for (const batch of sequence) await ledger.write(batch)
      const reader = ledger.readerWithin({ linesMax: most, requestsMax: most })
      const itemsOf = async <Item>(read: (page: PageQuery) => Promise<Page<Item>>): Promise<Item[]> =>
        (await pagesOf(limit, read)).flatMap(({ items }) => items)
      for (const [ofPostings, ofHolds] of filtersAround(ledger.now)) {
        for (const account of ['user:1', 'user:2', '@revenue', '@issuer']) {
          const query = { account, asset: 'credit', kind: null, ...ofPostings }
          const lines = await itemsOf((page) => reader.postings({ ...query, ...page }))
          assert.deepEqual(lines, await itemsOf((page) => ledger.model.reader.postings({ ...query, ...page })))
          reached.lines += lines.length
        }
        for (const account of ['user:1', null]) {
          const query = { account, asset: 'credit', state: null, ...ofHolds }
          const holds = await itemsOf((page) => reader.holds({ ...query, ...page }))
          assert.deepEqual(holds, await itemsOf((page) => ledger.model.reader.holds({ ...query, ...page })))
          reached.holds += holds.length
        }
      }
      for (let at = ledger.now - 15_000; at <= ledger.now; at += 500) {
        for (const account of ACCOUNTS) {
          const found = await reader.accountAt(account, at)
          assert.deepEqual(found, await ledger.model.reader.accountAt(account, at))
          if (found !== null && found.balances.length > 0) reached.moments++
        }
      }
    }),
    { ...RUNS, numRuns: 12 },
  )
  assert.ok(reached.lines > 100 && reached.holds > 20 && reached.moments > 100, JSON.stringify(reached))
})

test('a page that walked as far as it may says where to go on, also when it is empty', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d0', 'a', 100n), ...[0, 1, 2, 3, 4].map((index) => freeze(`h${index}`, 'a', 5n)))
  const reader = ledger.readerWithin({ linesMax: 4, requestsMax: 4 })
  const query = { account: 'a', asset: 'credit', kind: 'deposit', limit: 10 } as const
  const first = await reader.postings({ ...query, cursor: null })
  assert.deepEqual(first.items, [])
  const second = await reader.postings({ ...query, cursor: first.next })
  assert.deepEqual([second.items.map(({ entryId }) => entryId), second.next], [['d0'], null])
  const walked = ledger.asked.filter(([sql]) => /from "journal" where "balance_id"/.test(sql))
  assert.deepEqual(
    walked.map(([, [, high, , low]]) => [low, high]),
    [
      [3, 7],
      [1, 3],
    ],
  )
})

test('that all open holds were found is known from what the balance holds, without a walk to the beginning', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'a', 1_000n), ...[1, 2, 3].map((index) => freeze(`h${index}`, 'a', 5n)))
  await ledger.apply(0, settle('h2', 1n))
  const query = { account: 'a', asset: 'credit', state: 'open', limit: 5, cursor: null } as const
  const statementsFor = async (
    reader: Reader,
  ): Promise<readonly [ids: string[], next: string | null, count: number]> => {
    ledger.asked.length = 0
    const { items, next } = await reader.holds(query)
    return [items.map(({ id }) => id), next, ledger.asked.length]
  }
  assert.deepEqual(await statementsFor(ledger.reader), [['h3', 'h1'], null, 3])
  await ledger.apply(0, ...Array.from({ length: 500 }, (_, index) => freeze(`n${index}`, 'a', 1n)))
  await ledger.apply(0, ...Array.from({ length: 500 }, (_, index) => settle(`n${index}`, 0n)))
  assert.deepEqual(await statementsFor(ledger.reader), [['h3', 'h1'], null, 3])
  await ledger.apply(0, freeze('h4', 'a', 5n))
  const short = ledger.readerWithin({ linesMax: 100, requestsMax: 100 })
  const [ids, next] = await statementsFor(short)
  assert.deepEqual([ids, next === null], [['h4'], false], 'what is found so far is not all')
  const pages = await pagesOf(5, (page) => short.holds({ ...query, ...page }))
  assert.deepEqual(
    pages.flatMap(({ items }) => items.map(({ id }) => id)),
    ['h4', 'h3', 'h1'],
  )
  await ledger.apply(0, release('h1'), release('h3'), release('h4'))
  assert.deepEqual(await statementsFor(ledger.reader), [[], null, 2])
})

test('an open hold that holds nothing any more is found after any number of others', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'a', 1_000n), freeze('empty', 'a', 5n))
  await ledger.apply(0, settlePart('p', 'empty', 5n), ...[1, 2, 3, 4].map((index) => freeze(`n${index}`, 'a', 1n)))
  const reader = ledger.readerWithin({ linesMax: 3, requestsMax: 3 })
  const read = async (): Promise<readonly string[]> => {
    const query = { account: 'a', asset: 'credit', state: 'open' } as const
    const pages = await pagesOf(10, (page) => reader.holds({ ...query, ...page }))
    return pages.flatMap(({ items }) => items.map(({ id }) => id))
  }
  assert.deepEqual(await read(), ['n4', 'n3', 'n2', 'n1', 'empty'])
  await ledger.apply(0, ...[1, 2, 3, 4].map((index) => release(`n${index}`)))
  assert.deepEqual(await read(), ['empty'])
})

test('an entry of the greatest transfer shows all of its postings in order', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, house('@bank'), deposit('d', 'a', 10_000n))
  const legs = Array.from({ length: TRANSFER_LEGS_MAX }, (_, index) =>
    leg(index % 2 === 0 ? 'a' : '@bank', `user:${index}`, 1n),
  )
  await ledger.apply(3, transfer('t', legs))
  const entry = await ledger.reader.entry('t')
  assert.equal(entry?.postings.length, TRANSFER_LEGS_MAX + 2)
  assert.deepEqual(entry, await ledger.model.reader.entry('t'))
})

test('an entry whose posting is gone is an error, not a shorter entry', async () => {
  using ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d', 'a', 10n))
  ledger.plant(`DELETE FROM journal WHERE available < 0`)
  await assert.rejects(ledger.reader.entry('d'), /The posting \d+\/1 is gone/)
})

test('what is no request id is not asked of the database', async () => {
  using ledger = await TwinLedger.open()
  for (const id of ['', '~', '~settle', 'ü', 'a b', `${'x'.repeat(129)}~settle`, 'a\u0000']) {
    assert.equal(await ledger.reader.entry(id), null)
    assert.equal(await ledger.reader.hold(id), null)
  }
  assert.deepEqual(ledger.asked, [])
})

test('a cursor of another list is refused where there is nothing to list, too', async () => {
  using ledger = await TwinLedger.open()
  const cursor = encodeCursor('postings', [0, 3])
  for (const account of ['nobody', '@nobody', null]) {
    const query = { account, asset: 'credit', state: null, limit: 10, cursor }
    await assert.rejects(ledger.reader.holds(query), CursorError)
  }
  const holds = encodeCursor('holdsBySeq', [1])
  await assert.rejects(
    ledger.reader.postings({ account: 'nobody', asset: 'credit', kind: null, limit: 10, cursor: holds }),
    CursorError,
  )
})

async function readOfEachKind({ reader }: { readonly reader: Reader }): Promise<void> {
  const first = { asset: 'credit', limit: 2, cursor: null }
  await reader.account('a')
  await reader.hold('h1')
  for (const id of ['h1', 'h1~settle', 'h2~release', 't']) await reader.entry(id)
  for (const state of STATES) {
    for (const account of ['a', null]) {
      const { next } = await reader.holds({ ...first, limit: 1, account, state })
      if (next !== null) await reader.holds({ ...first, account, state, cursor: next })
    }
  }
  for (const kind of KINDS) {
    for (const account of ['a', '@issuer']) {
      const { next } = await reader.postings({ ...first, limit: 1, account, kind })
      if (next !== null) await reader.postings({ ...first, account, kind, cursor: next })
    }
  }
  const from = MOMENT.now + 1_500
  await reader.accountAt('@issuer', from)
  const filters: readonly Partial<PostingQuery>[] = [
    { from, until: from + 1_000 },
    { memo: 'x', metadata: { n: 1 }, from },
    { hold: 'h1' },
    { entry: 't' },
  ]
  for (const filter of filters) await reader.postings({ ...first, account: 'a', kind: null, ...filter })
  for (const account of ['a', null]) {
    for (const state of ['open', 'settled', null] as const) {
      await reader.holds({ ...first, account, state, from, metadata: { n: 1 } })
    }
  }
}

async function ledgerOfEachKind(): Promise<TwinLedger> {
  const ledger = await TwinLedger.open()
  await ledger.apply(0, deposit('d0', 'a', 100n), ...[0, 1, 2, 3, 4].map((index) => freeze(`h${index}`, 'a', 5n)))
  await ledger.apply(1, deposit('d1', 'a', 100n), settle('h1', 3n), release('h2'), transfer('t', [leg('a', 'b', 7n)]))
  return ledger
}

test('no read sorts, and none walks over a table but in the order of the page', async () => {
  using ledger = await ledgerOfEachKind()
  await readOfEachKind(ledger)
  assert.ok(ledger.asked.length > 30)
  for (const asked of ledger.asked) {
    for (const { what } of ledger.planOf(asked)) {
      const isInOrder = /^SCAN (\w+ USING INDEX |assets$)/.test(what)
      assert.ok(isInOrder || !/SCAN|TEMP|AUTOMATIC/.test(what), `${what}: ${asked[0]}`)
    }
  }
})

test('each dialect asks the same questions, with its own quotes and parameters', async () => {
  using ledger = await ledgerOfEachKind()
  await readOfEachKind(ledger)
  const expected = [...ledger.asked]
  for (const dialect of ['mysql', 'postgres'] as const) {
    const asked: string[] = []
    const reader = new SqlReader(dialect, async (sql) => {
      const [text, parameters] = expected[asked.push(sql) - 1]!
      return await ledger.query(text, parameters)
    })
    await readOfEachKind({ reader })
    const unquoted = (sql: string): string =>
      dialect === 'mysql' ? sql.replaceAll('`', '"') : sql.replaceAll(/\$\d+/g, '?')
    assert.deepEqual(
      asked.map(unquoted),
      expected.map(([sql]) => sql),
    )
    assert.notDeepEqual(
      asked,
      expected.map(([sql]) => sql),
    )
  }
})
