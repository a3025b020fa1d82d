import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Books } from '../../../test/conformance/books.ts'
import { deposit } from '../../../test/support/commands.ts'
import { HouseStripes } from '../../domain/house-stripes.ts'
import { footprint } from '../../domain/rules.ts'
import type { Storage } from '../storage.ts'
import { openSqliteStorage } from './storage.ts'

const STRIPES = new HouseStripes(0)

/** More than are loaded in one turn. */
const USERS = 3_000
const NEW_USERS = 500

describe('a load of many rows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-loads-'))
  let storage: Storage
  let books: Books

  before(async () => {
    storage = await openSqliteStorage(join(folder, 'ledger.db'), { reads: 'caller' })
    books = new Books(storage.store)
    await books.apply(
      ...Array.from({ length: USERS }, (_, user) => deposit(`d${user}`, `user:${user}`, BigInt(user + 1))),
    )
  })

  after(async () => {
    await storage.close()
    rmSync(folder, { recursive: true })
  })

  const work = Array.from({ length: USERS + NEW_USERS }, (_, user) => deposit(`d${user}`, `user:${user}`, 1n))

  test('lets others have their turns, and gives the rows of one instant', async () => {
    let [turns, isOver] = [0, false]
    const turn = (): void => {
      turns++
      if (turns === 1) void books.apply(deposit('more', 'user:2999', 5n))
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const snapshot = await storage.store.load(footprint(work, STRIPES))
    isOver = true
    assert.ok(turns >= 5, `${turns} turns`)
    const available = [...snapshot.balances.values()].map((balance) => balance.available)
    assert.ok(available.includes(BigInt(USERS)), 'the last user is as before the commit that came meanwhile')
    assert.equal(snapshot.requests.size, USERS + NEW_USERS)
    assert.equal([...snapshot.requests.values()].filter((request) => request !== null).length, USERS)
  })

  test('gives no id to two balances, whichever load they are in', async () => {
    const [one, other] = [footprint(work, STRIPES), footprint([deposit('n', 'user:new', 1n)], STRIPES)]
    const long = storage.store.load(one)
    const [first, second] = [await storage.store.load(other), await long]
    const fresh = [first, second].flatMap(({ balances }) =>
      [...balances.values()].filter(({ version }) => version === 0),
    )
    assert.equal(fresh.length, NEW_USERS + 1)
    assert.equal(new Set(fresh.map(({ id }) => id)).size, fresh.length)
  })

  test('waits for the one before it, and closing waits for both', async () => {
    const other = await openSqliteStorage(join(folder, 'ledger.db'), { reads: 'caller' })
    const loads = [other.store.load(footprint(work, STRIPES)), other.store.load(footprint(work, STRIPES))]
    await other.close()
    const found = await Promise.all(loads)
    assert.deepEqual(
      found.map(({ requests }) => requests.size),
      [USERS + NEW_USERS, USERS + NEW_USERS],
    )
  })
})
