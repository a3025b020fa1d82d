import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Balance } from '../../src/domain/balance.ts'
import { PAGE_BYTES_MAX, PAGE_LIMIT_MAX } from '../../src/domain/page.ts'
import type { Account, Page, PageQuery } from '../../src/engine/reader.ts'
import { declare, deposit, freeze, open, settlePart } from '../support/commands.ts'
import { Books, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** The largest metadata that a caller may attach, about 35 KB as JSON. */
const METADATA = Object.fromEntries(
  Array.from({ length: 32 }, (_, key) => [`k${key}`.padEnd(64, '_'), '"'.repeat(512)]),
)
const METADATA_BYTES = JSON.stringify(METADATA).length
/** More rows than fit on a page. */
const ROWS = Math.ceil(PAGE_BYTES_MAX / METADATA_BYTES) + 5

/** Assets with four stripes each: more rows than one asset can have. */
const STRIPED_ASSETS = 260
const STRIPES = [0, 1, 2, 1_023]

/** The balances of an account, as a paged list. */
function balances(read: (page: PageQuery) => Promise<Account | null>) {
  return async (page: PageQuery): Promise<Page<Balance>> => {
    const account = await read(page)
    assert.ok(account !== null)
    assert.deepEqual(account.metadata, account.account === 'user:8' ? { plan: 'pro' } : null)
    return { items: account.balances, next: account.next }
  }
}

export function describePageBounds(openHarness: OpenHarness): void {
  test('balances of many assets come page by page, now and as of a moment', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    const codes = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    await books.apply(...codes.map((code) => declare(code)))
    await books.apply(...codes.map((asset) => deposit(`d-${asset}`, 'user:8', 1n, { asset })))
    const { now } = books
    await books.apply(...codes.map((asset) => deposit(`e-${asset}`, 'user:8', 5n, { asset })))
    await books.apply(open('o', 'user:8', 0n, { asset: 'a', metadata: { plan: 'pro' } }))
    const whole = await reader.account('user:8')
    assert.deepEqual([whole?.balances.length, whole?.next], [7, null])
    for (const limit of [1, 3, 6, 7]) {
      const paged = await readAll(
        balances((page) => reader.account('user:8', page)),
        limit,
      )
      assert.deepEqual(paged, whole!.balances)
      const then = await readAll(
        balances((page) => reader.accountAt('user:8', now, page)),
        limit,
      )
      assert.deepEqual(then, (await reader.accountAt('user:8', now))!.balances)
      assert.deepEqual(new Set(then.map(({ available }) => available)), new Set([1n]))
    }
  })

  test('a page of balances has all stripes of each of its assets', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const codes = Array.from({ length: STRIPED_ASSETS }, (_, index) => `c${String(index).padStart(3, '0')}`)
    await new Books(store).apply(...codes.map((code) => declare(code)))
    for (const stripe of STRIPES) {
      const deposits = codes.map((asset) => deposit(`${asset}-${stripe}`, 'user:9', 1n, { asset }))
      await new Books(store, stripe).apply(...deposits)
    }
    const expected = codes.map((asset) => [asset, -4n, 4])
    for (const limit of [PAGE_LIMIT_MAX, 100]) {
      const shown: unknown[] = []
      let cursor: string | null = null
      let pages = 0
      do {
        const page: Account | null = await reader.account('@issuer', { limit, cursor })
        shown.push(...page!.balances.map(({ asset, available, version }) => [asset, available, version]))
        assert.ok(page!.balances.length <= limit)
        cursor = page!.next
        pages += 1
      } while (cursor !== null)
      assert.deepEqual(shown, expected)
      assert.ok(pages <= 4)
    }
  })

  test('assets come page by page', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await new Books(store).apply(declare('a'), declare('gem'), declare('z'))
    for (const limit of [1, 3, 4]) {
      const assets = await readAll((page) => reader.assets(page), limit)
      assert.deepEqual(
        assets.map(({ code }) => code),
        ['a', 'credit', 'gem', 'z'],
      )
    }
  })

  test('a page ends before its rows come to more bytes than a page may have', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(
      deposit('d', 'user:8', 1_000n),
      freeze('long', 'user:8', BigInt(ROWS + 1), { metadata: METADATA }),
    )
    for (let row = 0; row < ROWS; row++) {
      const id = String(row).padStart(3, '0')
      await books.apply(
        deposit(`d${id}`, 'user:9', 1n, { metadata: METADATA }),
        freeze(`h${id}`, 'user:9', 1n, { metadata: METADATA }),
        settlePart(`p${id}`, 'long', 1n),
      )
    }
    const of9 = { account: 'user:9', asset: 'credit' }
    const every = { account: null, asset: 'credit' }
    const lists: Record<string, readonly [rows: number, read: (page: PageQuery) => Promise<Page<unknown> | null>]> = {
      postings: [2 * ROWS, (page) => reader.postings({ ...of9, kind: null, ...page })],
      'postings by kind': [ROWS, (page) => reader.postings({ ...of9, kind: 'freeze', ...page })],
      'holds of an account': [ROWS, (page) => reader.holds({ ...of9, state: null, ...page })],
      'open holds of an account': [ROWS, (page) => reader.holds({ ...of9, state: 'open', ...page })],
      'holds by metadata': [ROWS, (page) => reader.holds({ ...of9, state: null, metadata: METADATA, ...page })],
      'open holds': [ROWS + 1, (page) => reader.holds({ ...every, state: 'open', ...page })],
      'all holds': [ROWS + 1, (page) => reader.holds({ ...every, state: null, ...page })],
      'history of a hold': [ROWS + 1, (page) => reader.holdHistory({ hold: 'long', ...page })],
    }
    for (const [name, [rowsCount, read]] of Object.entries(lists)) {
      const shown: unknown[] = []
      let cursor: string | null = null
      do {
        const page: Page<unknown> | null = await read({ limit: PAGE_LIMIT_MAX, cursor })
        const text = JSON.stringify(page, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
        assert.ok(text.length <= PAGE_BYTES_MAX, `a page of ${name} has ${text.length} bytes`)
        assert.ok(page!.items.length > 1)
        shown.push(...page!.items)
        cursor = page!.next
      } while (cursor !== null)
      assert.equal(new Set(shown).size, rowsCount, name)
      assert.equal(shown.length, rowsCount, name)
    }
  })
}
