/** The clock of the store's server, if it has one, and the time of the newest rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit, freeze, settle } from '../support/commands.ts'
import { Books } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** More than the difference between the clocks of this machine and of a server next to it, plus the time of a query. */
const CLOSE_MS = 5_000
const EMBEDDED: ReadonlySet<string> = new Set(['memory', 'sqlite'])

export function describeClock(openHarness: OpenHarness): void {
  test('a server returns the time of its own clock, in milliseconds since 1970; an embedded store has none', async () => {
    await using harness = await openHarness()
    const { kind, store } = await harness.open()
    const before = Date.now()
    const { serverAt, newestAt } = await store.clock()
    assert.equal(newestAt, null)
    if (EMBEDDED.has(kind)) return assert.equal(serverAt, null)
    assert.ok(Number.isSafeInteger(serverAt), String(serverAt))
    assert.ok(Math.abs(serverAt! - before) < CLOSE_MS, `${serverAt} is not about ${before}`)
  })

  test('the newest rows are the last postings of house accounts, of whichever stripe', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    const other = new Books(store, 7)
    books.now += 5_000
    await books.apply(deposit('d', 'user:8', 100n))
    assert.equal((await store.clock()).newestAt, books.now)
    other.now = books.now + 3_600_000
    await other.apply(deposit('d-ahead', 'user:9', 1n))
    books.now += 1
    await books.apply(freeze('h', 'user:8', 10n))
    assert.equal((await store.clock()).newestAt, other.now)
    // The next row of the same stripe is newer, although its time is earlier.
    other.now = books.now
    await other.apply(deposit('d-now', 'user:9', 1n))
    assert.equal((await store.clock()).newestAt, other.now)
    books.now = other.now + 60_000
    await books.apply(settle('h', 5n))
    assert.equal((await store.clock()).newestAt, books.now)
  })
}
