import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldRecord } from '../../src/domain/hold-record.ts'
import type { Changes } from '../../src/domain/changes.ts'
import { Fault } from '../../src/engine/faults.ts'
import type { CommitResult } from '../../src/engine/store.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Tables } from '../../src/stores/memory/tables.ts'
import { WRITE_ORDERS } from '../../src/stores/memory/write-orders.ts'
import { deposit, freeze, release, settle, settlePart } from '../support/commands.ts'
import { Books, changeOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

type Alter = (changes: Changes, stored: HoldRecord) => Changes

/** Rows that differ from the rows the batch was decided on, and keys that are taken. `stored` is a hold that has ended. */
const GUARDS: Readonly<Record<string, Alter>> = {
  'a balance that moved': (changes) =>
    withBalance(changes, 'user:9', ({ before, after }) => ({
      before: { ...before, available: before.available + 1n },
      after,
    })),
  'a hold that is not there': (changes, { seq }) => withChange(changes, 'h9', { seq: seq + 1_000_000 }),
  'a change that is there': (changes, { seq }) => withChange(changes, 'h9', { seq }),
  'a number of a request that is taken': (changes, { seq }) => ({
    ...changes,
    entries: changes.entries.map((entry) => ({ ...entry, seq })),
  }),
  'a request id that is taken': (changes) => ({
    ...changes,
    entries: changes.entries.map((entry) => ({ ...entry, id: 'd8' })),
  }),
  'a posting that is there': (changes) => ({
    ...changes,
    postings: changes.postings.map((posting) =>
      posting.balanceId === changeOf(changes, 'user:9').after.id ? { ...posting, version: 1 } : posting,
    ),
  }),
  'a rate that is not the newest': (changes) => ({ ...changes, ratesUsed: [RATE] }),
}

/** Rows that violate a constraint. */
const BREACHES: Readonly<Record<string, Alter>> = {
  'a balance that holds less than nothing': (changes) =>
    withBalance(changes, 'user:8', ({ before, after }) => ({ before, after: { ...after, held: -1n } })),
  'a new balance below its floor': (changes) =>
    withBalance(changes, 'user:11', ({ before, after }) => ({
      before,
      after: { ...after, floor: after.available + 1n },
    })),
  'an ended hold that does not add up': (changes) => withChange(changes, 'h8', { settled: 21n }),
  'a step that does not add up': (changes) => withChange(changes, 'h10', { settled: 2n }),
  'a new hold that freezes less than nothing': (changes) => ({
    ...changes,
    holdsOpened: changes.holdsOpened.map((hold) => ({ ...hold, amount: -1n })),
  }),
}

const RATE = {
  from: 'credit',
  to: 'gem',
  version: 7,
  numerator: 1n,
  denominator: 1n,
  rounding: 'down',
  tolerancePpm: 0,
  declaredAt: 0,
} as const

const EARLIER = [
  ...['8', '9', '10'].map((user) => deposit(`d${user}`, `user:${user}`, 100n)),
  ...['8', '9', '10'].map((user) => freeze(`h${user}`, `user:${user}`, 50n)),
  freeze('ended', 'user:8', 5n),
  release('ended'),
]

const WORK = [
  settle('h8', 20n),
  settle('h9', 20n),
  settlePart('p', 'h10', 1n),
  freeze('new', 'user:10', 5n),
  deposit('e', 'user:11', 1n),
]

function withBalance(
  changes: Changes,
  account: string,
  alter: (change: Changes['balances'][number]) => Changes['balances'][number],
): Changes {
  const chosen = changeOf(changes, account)
  return { ...changes, balances: changes.balances.map((change) => (change === chosen ? alter(change) : change)) }
}

/** With another change of a hold. */
function withChange(changes: Changes, id: string, alter: Partial<HoldRecord>): Changes {
  const holdChanges = changes.holdChanges.map(({ after, step }) => ({
    after: after.id === id ? { ...after, ...alter } : after,
    step,
  }))
  return { ...changes, holdChanges }
}

/** The hold that has ended, as it is stored. */
async function storedIn(books: Books): Promise<HoldRecord> {
  const { requests } = await books.store.load(books.footprint(release('ended')))
  return requests.get('ended') as HoldRecord
}

/** The result of each pair of a guard and a constraint. */
async function answersOf(books: Books, changes: Changes): Promise<ReadonlyMap<string, CommitResult | 'store_refused'>> {
  const stored = await storedIn(books)
  const answers = new Map<string, CommitResult | 'store_refused'>()
  for (const [guard, move] of Object.entries(GUARDS)) {
    for (const [breach, spoil] of Object.entries(BREACHES)) {
      const both = spoil(move(changes, stored), stored)
      answers.set(`${guard}, ${breach}`, await answerOf(books.store.commit(both)))
    }
  }
  return answers
}

async function answerOf(commit: Promise<CommitResult>): Promise<CommitResult | 'store_refused'> {
  try {
    return await commit
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'store_refused', String(error))
    return error.code
  }
}

export function describePrecedence(openHarness: OpenHarness): void {
  test('a commit that both a guard and a constraint stop is stale or refused, as the model of this store says, and leaves nothing', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...EARLIER)
    const before = await photograph(storage, books, ...WORK)
    const found = await answersOf(books, (await books.plan(...WORK)).changes)
    assert.deepEqual(await photograph(storage, books, ...WORK), before)

    const model = new Books(openMemoryStorage(new Tables(), WRITE_ORDERS[harness.order]).store)
    await model.apply(...EARLIER)
    assert.deepEqual(found, await answersOf(model, (await model.plan(...WORK)).changes))
    assert.deepEqual(new Set(found.values()), new Set(['stale', 'store_refused']))
  })

  test('each guard alone is stale, and each constraint alone refuses', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...EARLIER)
    const { changes } = await books.plan(...WORK)
    const stored = await storedIn(books)
    for (const [name, alter] of Object.entries(GUARDS)) {
      assert.equal(await answerOf(storage.store.commit(alter(changes, stored))), 'stale', name)
    }
    for (const [name, alter] of Object.entries(BREACHES)) {
      assert.equal(await answerOf(storage.store.commit(alter(changes, stored))), 'store_refused', name)
    }
    assert.equal(await storage.store.commit(changes), 'committed')
  })
}
