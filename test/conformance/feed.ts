/** The feed: every entry once, in an order in which nothing is inserted before what was read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Work } from '../../src/domain/command.ts'
import type { Entry } from '../../src/domain/journal.ts'
import { CursorError, FeedCursorError, type Reader } from '../../src/engine/reader.ts'
import { encodeCursor } from '../../src/stores/cursor.ts'
import {
  across,
  amend,
  charge,
  declare,
  deposit,
  freeze,
  group,
  leg,
  open,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../support/commands.ts'
import { Books } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** Follows the feed to its present end. */
class Follower {
  readonly entries: Entry[] = []
  readonly #reader: Reader
  readonly #limit: number
  cursor: string | null = null

  constructor(reader: Reader, limit: number) {
    this.#reader = reader
    this.#limit = limit
  }

  async follow(): Promise<readonly string[]> {
    const before = this.entries.length
    for (let more = true; more;) {
      const page = await this.#reader.feed({ limit: this.#limit, cursor: this.cursor, start: 'beginning' })
      assert.ok(page.items.length <= this.#limit)
      this.entries.push(...page.items)
      this.cursor = page.next
      more = page.more
    }
    return this.entries.slice(before).map(({ id }) => id)
  }
}

/** Per balance the versions follow each other without a gap, so nothing was skipped, repeated or put before what it rests on. */
function assertWhole(entries: readonly Entry[]): void {
  const versions = new Map<string, number>()
  for (const { postings } of entries) {
    for (const { account, asset, stripe, version } of postings) {
      const key = `${account} ${asset} ${stripe}`
      assert.equal(version, (versions.get(key) ?? 0) + 1, `version of ${key}`)
      versions.set(key, version)
    }
  }
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length)
}

export function describeFeed(openHarness: OpenHarness): void {
  test('the feed has every entry as it is read by its id, in the order in which commands were decided', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    const followers = [1, 2, 3, 7, 1000].map((limit) => new Follower(reader, limit))
    const seen = async (...ids: readonly string[]): Promise<void> => {
      for (const follower of followers) assert.deepEqual(await follower.follow(), ids)
    }
    await seen()
    await books.apply(declare('gem'), rate('credit', 'gem', [1n, 2n]))
    await seen()
    await books.apply(deposit('d1', 'user:8', 1000n, { memo: 'first', metadata: { n: 1 } }), open('o', 'user:9', -5n))
    await seen('d1', 'o')
    await books.apply(
      freeze('h1', 'user:8', 100n, { metadata: { job: 1 } }),
      deposit('d2', 'user:9', 7n),
      freeze('h2', 'user:8', 100n),
      settle('h1', 40n),
      charge('c', 'user:9', 1n),
      release('h2'),
      transfer('t', [leg('user:8', 'user:9', 3n), across('user:8', 'user:9', [10n, 'credit'], ['gem'])]),
    )
    await seen('h1', 'd2', 'h2', 'h1~settle', 'c', 'h2~release', 't')
    await books.apply(freeze('h3', 'user:8', 50n))
    await books.apply(
      settlePart('p', 'h3', 10n),
      amend('a', 'h3', { amount: 60n }),
      settle('h3', 5n),
      refund('r', 'h3', 2n),
    )
    await seen('h3', 'p', 'a', 'h3~settle', 'r')
    // Rejections, repeats and groups that are undone leave no entry.
    await books.commit(charge('none', 'user:9', 10_000n), deposit('d2', 'user:9', 7n))
    await books.commit(group(deposit('g1', 'user:8', 1n), charge('g2', 'user:9', 10_000n)), deposit('d3', 'user:8', 1n))
    await seen('d3')
    await books.apply(group(freeze('h4', 'user:8', 1n), release('h4')))
    await seen('h4', 'h4~release')
    for (const { entries } of followers) {
      for (const entry of entries) assert.deepEqual(entry, await reader.entry(entry.id))
    }
    assertWhole(followers[0]!.entries)
  })

  test('who begins at the end sees what comes later', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const end = { limit: 10, cursor: null, start: 'end' } as const
    const empty = await reader.feed(end)
    assert.deepEqual([empty.items, empty.more], [[], false])
    const books = new Books(store)
    await books.apply(deposit('d1', 'user:8', 1n), deposit('d2', 'user:8', 1n))
    const first = await reader.feed(end)
    assert.deepEqual([first.items, first.more], [[], false])
    await books.apply(deposit('d3', 'user:8', 1n))
    const after = async (cursor: string): Promise<readonly string[]> =>
      (await reader.feed({ ...end, cursor })).items.map(({ id }) => id)
    assert.deepEqual(await after(first.next), ['d3'])
    assert.deepEqual(await after(empty.next), ['d1', 'd2', 'd3'])
    assert.equal((await reader.feed({ ...end, cursor: first.next })).more, false)
  })

  test('several writers commit at once, and every reader sees every entry once, in one order', async () => {
    await using harness = await openHarness()
    const writers = [await harness.open(), await harness.open(), await harness.open()]
    const readers = [await harness.open(), await harness.open()]
    const followers = readers.map(({ reader }, index) => new Follower(reader, index === 0 ? 3 : 50))
    const isDone = { value: false }
    const following = followers.map(async (follower) => {
      while (!isDone.value) await follower.follow()
    })
    await Promise.all(
      writers.map(async ({ store }, writer) => {
        const books = new Books(store, writer)
        const apply = async (...work: readonly Work[]): Promise<void> => {
          // Several writers may collide at keys that they make for themselves.
          while ((await store.commit((await books.plan(...work)).changes)) !== 'committed');
        }
        for (let round = 0; round < 25; round++) {
          const name = `${writer}-${round}`
          await apply(deposit(`d-${name}`, `user:${writer}`, 5n), freeze(`h-${name}`, `user:${writer}`, 2n))
          await apply(settle(`h-${name}`, 1n))
        }
      }),
    )
    isDone.value = true
    await Promise.all(following)
    for (const follower of followers) await follower.follow()
    const [first, second] = followers.map(({ entries }) => entries)
    assert.equal(first!.length, 3 * 25 * 3)
    assertWhole(first!)
    assert.deepEqual(second, first)
  })

  test('a cursor behind an entry that the feed does not have is refused', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    await new Books(store).apply(deposit('d1', 'user:8', 1n), deposit('d2', 'user:8', 1n))
    const read = (cursor: string) => reader.feed({ limit: 1, cursor, start: 'beginning' })
    const { next } = await reader.feed({ limit: 1, cursor: null, start: 'beginning' })
    assert.equal((await read(next)).items[0]!.id, 'd2')
    for (const key of [
      [1, 1, 7],
      [1, 3, 7],
      [2, 1, 7],
    ] as const) {
      await assert.rejects(read(encodeCursor('feed', key)), FeedCursorError, String(key))
    }
    await assert.rejects(read('nonsense'), CursorError)
  })

  test('a page of the feed is bounded in bytes', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 10_000n))
    const memo = '充'.repeat(256)
    const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`k${index}`, 'v'.repeat(512)]))
    for (let round = 0; round < 8; round++) {
      const some = Array.from({ length: 16 }, (_, index) =>
        charge(`c${round}-${index}`, 'user:8', 1n, { memo, metadata }),
      )
      await books.apply(...some)
    }
    const follower = new Follower(reader, 1000)
    const first = await reader.feed({ limit: 1000, cursor: null, start: 'beginning' })
    assert.ok(first.more && first.items.length < 100, `${first.items.length} entries`)
    assert.equal((await follower.follow()).length, 129)
    assertWhole(follower.entries)
  })
}
