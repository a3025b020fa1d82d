import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../src/domain/command.ts'
import type { Hold } from '../../src/domain/hold.ts'
import type { Instant } from '../../src/domain/ids.ts'
import type { HoldEvent } from '../../src/domain/journal.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { Changes } from '../../src/domain/changes.ts'
import { CursorError, type DueQuery, type ExpiryPlace, type Reader } from '../../src/engine/reader.ts'
import type { Storage } from '../../src/stores/storage.ts'
import {
  amend,
  charge,
  deposit,
  freeze,
  group,
  house,
  open,
  refund,
  release,
  settle,
  settlePart,
} from '../support/commands.ts'
import { answerOf, Books, changesOf, codeOf, photograph, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

const metadata = { job: 'render', note: '渲染 "quoted"' }

/** A hold of user:8 in favour of user:9. It is due at the next decision. */
const FROZEN = [
  deposit('d', 'user:8', 1_000n),
  freeze('h', 'user:8', 100n, { payee: 'user:9', metadata, onExpiry: { settle: 30n }, expiresInMs: 1 }),
]

/** The steps of its life, in order. */
const LIFE: readonly Command[] = [
  settlePart('p1', 'h', 20n, { payee: 'user:7', memo: 'first', metadata }),
  amend('a1', 'h', { amount: 150n, expiresInMs: 2_500, onExpiry: { settle: 40n } }),
  settlePart('p2', 'h', 500n, { overage: 'cap' }),
  amend('a2', 'h', { amount: 200n }),
  refund('f1', 'h', 5n, { memo: 'sorry', metadata }),
  release('h', 'expiry'),
  refund('f2', 'h', 50n),
  settle('h', 50n, 'reject', { late: true }),
  refund('f3', 'h', 1n),
]

async function availableOf(reader: Reader, account: string): Promise<readonly [available: bigint, held: bigint]> {
  const balance = (await reader.account(account))?.balances[0]
  return [balance?.available ?? 0n, balance?.held ?? 0n]
}

function historyOf(reader: Reader, hold: string, limit = 100): Promise<HoldEvent[]> {
  return readAll(async (page) => {
    const found = await reader.holdHistory({ hold, ...page })
    assert.ok(found)
    return found
  }, limit)
}

const EVERYTHING: DueQuery = { after: null, until: 0, limit: 10, placesMax: 100 }

/** Holds that expire after 5, 6, 6.5 and 7 seconds, one that was amended to expire later, and one that has ended. */
async function freezeMany(books: Books): Promise<Instant> {
  await books.apply(
    deposit('d', 'user:8', 1_000n),
    freeze('third', 'user:8', 1n, { expiresInMs: 7_000 }),
    freeze('first', 'user:8', 1n, { expiresInMs: 5_000 }),
    freeze('second', 'user:8', 1n, { expiresInMs: 6_000 }),
    freeze('ended', 'user:8', 1n, { expiresInMs: 5_000 }),
    freeze('amended', 'user:8', 1n, { expiresInMs: 5_000 }),
    freeze('parted', 'user:8', 2n, { expiresInMs: 6_500 }),
    settle('ended', 1n),
  )
  const frozenAt = books.now
  await books.apply(amend('a', 'amended', { expiresInMs: 60_000 }), settlePart('p', 'parted', 2n))
  return frozenAt
}

export function describeHoldLife(openHarness: OpenHarness): void {
  test('every step is answered with the hold after it, and every coin is where it belongs', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...FROZEN)
    let last: Hold | null = null
    for (const command of LIFE) {
      const [answer] = await books.apply(command)
      last = await storage.reader.hold('h')
      assert.deepEqual(last, answer, command.kind)
    }
    assert.deepEqual(last, {
      ...last,
      payee: 'user:7',
      state: 'expired',
      amount: 200n,
      held: 0n,
      settled: 200n,
      released: 10n,
      drawn: 10n,
      shortfall: 370n,
      refunded: 56n,
      settledLate: 10n,
      onExpiry: { settle: 40n },
      metadata,
    })
    assert.deepEqual(await availableOf(storage.reader, 'user:8'), [856n, 0n])
    assert.deepEqual(await availableOf(storage.reader, 'user:7'), [144n, 0n])
    assert.deepEqual(await availableOf(storage.reader, 'user:9'), [0n, 0n])
  })

  test('freeze, end and every step get their first answer forever, one by one and in one batch', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const all = [...FROZEN, ...LIFE]
    const first: Outcome[] = []
    for (const command of all) {
      first.push(...(await books.commit(command)))
      const before = await photograph(storage, books, ...all)
      const [repeat] = await books.commit(command)
      assert.equal(codeOf(repeat!), 'replayed', command.kind)
      assert.deepEqual(answerOf(repeat!), answerOf(first.at(-1)!))
      assert.deepEqual(await photograph(storage, books, ...all), before)
    }
    const reopened = new Books((await harness.open()).store)
    const together = await reopened.commit(...all)
    assert.deepEqual(together.map(codeOf), Array(all.length).fill('replayed'))
    assert.deepEqual(together.map(answerOf), first.map(answerOf))
  })

  test('a step under the id of another content is refused', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...FROZEN)
    for (const command of LIFE) await books.apply(command)
    const others = [
      settlePart('p1', 'h', 21n, { payee: 'user:7', memo: 'first', metadata }),
      amend('a1', 'h', { amount: 150n, expiresInMs: 2_500 }),
      refund('f1', 'h', 5n),
      refund('d', 'h', 5n),
      refund('h', 'h', 5n),
      deposit('p1', 'user:8', 1n),
      settle('h', 51n, 'reject', { late: true }),
      settle('h', 10n),
    ]
    assert.deepEqual((await books.commit(...others)).map(codeOf), [
      ...Array<string>(6).fill('request_id_reused'),
      'hold_not_open',
      'hold_not_open',
    ])
  })

  test('the history of a hold shows everything that happened to it, the freeze first', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const { reader, store } = storage
    const books = new Books(store)
    await books.apply(...FROZEN)
    const [{ hold: frozen }] = (await historyOf(reader, 'h')) as [HoldEvent]
    const expected: HoldEvent[] = [{ number: 0, kind: 'freeze', entry: 'h', at: books.now, by: null, hold: frozen }]
    const entries = ['p1', 'a1', 'p2', 'a2', 'f1', 'h~settle', 'f2', 'h~late', 'f3']
    const kinds = ['settle', 'amend', 'settle', 'amend', 'refund', 'settle', 'refund', 'settle', 'refund'] as const
    for (const [index, command] of LIFE.entries()) {
      const [answer] = await books.apply(command)
      const [kind, entry] = [kinds[index]!, entries[index]!]
      expected.push({ number: index + 1, kind, entry, at: books.now, by: null, hold: answer as Hold })
      assert.deepEqual(await historyOf(reader, 'h'), expected)
    }
    for (const limit of [1, 3]) assert.deepEqual(await historyOf(reader, 'h', limit), expected)
    assert.equal(await reader.holdHistory({ hold: 'nobody', limit: 10, cursor: null }), null)
    assert.equal(await reader.holdHistory({ hold: 'p1', limit: 10, cursor: null }), null)
    await assert.rejects(async () => reader.holdHistory({ hold: 'h', limit: 10, cursor: 'forged' }), CursorError)
  })

  test('an end that is no step has its place in the history, before the steps that come after it', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    await books.apply(...FROZEN)
    const frozen = await reader.hold('h')
    const [ended] = await books.apply(settle('h', 60n))
    const endedAt = books.now
    assert.deepEqual(
      (await historyOf(reader, 'h', 1)).map(({ number, entry, hold }) => [number, entry, hold]),
      [
        [0, 'h', frozen],
        [1, 'h~settle', ended],
      ],
    )
    const [refunded] = await books.apply(refund('f', 'h', 10n))
    const history = await historyOf(reader, 'h', 1)
    assert.deepEqual(
      history.map(({ number, entry, hold }) => [number, entry, hold]),
      [
        [0, 'h', frozen],
        [1, 'h~settle', ended],
        [2, 'f', refunded],
      ],
    )
    assert.equal(history[1]?.at, endedAt)
    assert.deepEqual(await historyOf(reader, 'h', 2), history)
  })

  test('a step is an entry of its own, with its lines, memo and metadata', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    await books.apply(...FROZEN)
    for (const command of LIFE) await books.apply(command)
    const part = await reader.entry('p1')
    assert.deepEqual(
      [part?.kind, part?.hold, part?.memo, part?.metadata, part?.floor, part?.legs],
      ['settle', 'h', 'first', metadata, null, null],
    )
    assert.deepEqual(
      part?.postings.map(({ account, availableDelta, heldDelta }) => [account, availableDelta, heldDelta]),
      [
        ['user:8', 0n, -20n],
        ['user:7', 20n, 0n],
      ],
    )
    const kinds = new Map<string, unknown>()
    for (const id of ['h', 'a1', 'f1', 'h~settle', 'h~late']) {
      const entry = await reader.entry(id)
      assert.equal(entry?.hold, 'h', id)
      kinds.set(id, [entry?.kind, entry?.memo, entry?.postings.length])
    }
    assert.deepEqual(Object.fromEntries(kinds), {
      h: ['freeze', null, 1],
      a1: ['amend', null, 1],
      f1: ['refund', 'sorry', 2],
      'h~settle': ['settle', null, 2],
      'h~late': ['settle', null, 2],
    })
    assert.equal(await reader.entry('h~release'), null)
    assert.equal((await reader.entry('d'))?.hold, null)
    const query = { account: 'user:8', asset: 'credit', kind: null } as const
    const lines = await readAll((page) => reader.postings({ ...query, hold: 'h', ...page }))
    assert.deepEqual(
      lines.map(({ entryId, hold, memo }) => [entryId, hold, memo]),
      [
        ['f3', 'h', null],
        ['h~late', 'h', null],
        ['f2', 'h', null],
        ['h~settle', 'h', null],
        ['f1', 'h', 'sorry'],
        ['a2', 'h', null],
        ['p2', 'h', null],
        ['a1', 'h', null],
        ['p1', 'h', 'first'],
        ['h', 'h', null],
      ],
    )
    const whole = await readAll((page) => reader.postings({ ...query, ...page }))
    assert.deepEqual(whole.slice(0, -1), lines)
    assert.equal(whole.at(-1)?.hold, null)
    // At an end and at a late settle, as at the freeze.
    for (const id of ['h~late', 'h~settle', 'p1', 'h']) {
      assert.deepEqual(lines.find(({ entryId }) => entryId === id)?.metadata, metadata, id)
    }
    assert.equal(lines.find(({ entryId }) => entryId === 'f3')?.metadata, null)
    const amends = await readAll((page) => reader.postings({ ...query, kind: 'amend', ...page }))
    assert.deepEqual(
      amends.map(({ entryId }) => entryId),
      ['a2', 'a1'],
    )
    const ofEntry = await readAll((page) => reader.postings({ ...query, entry: 'p1', ...page }))
    assert.deepEqual(
      ofEntry.map(({ entryId }) => entryId),
      ['p1'],
    )
  })

  test('a hold may be frozen, stepped and ended in one batch, also as a group, and one that is refused leaves nothing', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 1_000n))
    const life = [
      freeze('h', 'user:8', 100n),
      settlePart('p', 'h', 40n, { payee: 'user:9' }),
      amend('a', 'h', { amount: 90n }),
      settle('h', 10n),
      refund('f', 'h', 50n),
    ]
    const failing = group(...life, refund('f2', 'h', 1n))
    const before = await photograph(storage, books, ...life)
    const aborted = await books.commit(failing)
    assert.deepEqual(aborted.map(codeOf), [...Array<string>(5).fill('batch_aborted'), 'refund_above_settled'])
    assert.deepEqual(await photograph(storage, books, ...life), before)
    const outcomes = await books.commit(
      group(...life),
      freeze('g', 'user:8', 5n),
      settle('g', 5n),
      refund('g1', 'g', 5n),
    )
    assert.deepEqual(outcomes.map(codeOf), Array(8).fill('applied'))
    assert.deepEqual(await storage.reader.hold('h'), answerOf(outcomes[4]!))
    assert.deepEqual(await storage.reader.hold('g'), answerOf(outcomes[7]!))
    assert.deepEqual(
      (await historyOf(storage.reader, 'h')).map(({ entry, hold }) => [entry, hold]),
      ['h', 'p', 'a', 'h~settle', 'f'].map((entry, index) => [entry, answerOf(outcomes[index]!)]),
    )
    assert.deepEqual(await availableOf(storage.reader, 'user:8'), [1_000n, 0n])
    const again = await books.commit(...life, freeze('g', 'user:8', 5n), settle('g', 5n), refund('g1', 'g', 5n))
    assert.deepEqual(again.map(codeOf), Array(8).fill('replayed'))
    assert.deepEqual(again.map(answerOf), outcomes.map(answerOf))
  })

  test('a row with steps is read back exactly as it was written', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    await books.apply(...FROZEN)
    for (const command of LIFE) {
      const plan = await books.plan(command)
      assert.equal(await store.commit(plan.changes), 'committed')
      const keys = books.footprint(command)
      const ids = new Set([...keys.requests, 'h', ...plan.changes.entries.map(({ id }) => id)])
      const { requests } = await store.load({ ...keys, requests: ids })
      for (const record of plan.changes.entries) assert.deepEqual(requests.get(record.id), record)
      for (const { after } of plan.changes.holdChanges) assert.deepEqual(requests.get(after.id), after)
      assert.equal(plan.changes.holdChanges.length, 1)
    }
  })

  test('a hold that expires settles what it was frozen for, or what it still has', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    const terms = { payee: 'user:9', expiresInMs: 1 }
    await books.apply(
      deposit('d', 'user:8', 1_000n),
      freeze('whole', 'user:8', 10n, terms),
      freeze('part', 'user:8', 10n, { ...terms, onExpiry: { settle: 4n } }),
      freeze('more', 'user:8', 10n, { ...terms, onExpiry: { settle: 400n } }),
    )
    const holds = (await books.apply(...['whole', 'part', 'more'].map((id) => release(id, 'expiry')))) as Hold[]
    assert.deepEqual(
      holds.map(({ state, settled, released, shortfall }) => [state, settled, released, shortfall]),
      [
        ['expired', 0n, 10n, 0n],
        ['expired', 4n, 6n, 0n],
        ['expired', 10n, 0n, 0n],
      ],
    )
    for (const hold of holds) assert.deepEqual(await reader.hold(hold.id), hold)
    assert.equal((await reader.entry('whole~release'))?.kind, 'release')
    assert.equal(await reader.entry('whole~settle'), null)
    assert.deepEqual(
      (await reader.entry('part~settle'))?.postings.map(({ availableDelta, heldDelta }) => [availableDelta, heldDelta]),
      [
        [6n, -10n],
        [4n, 0n],
      ],
    )
    assert.equal(await reader.entry('part~release'), null)
    assert.deepEqual(await availableOf(reader, 'user:9'), [14n, 0n])
  })

  test('holds are due from their expiry on, the earliest first', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    assert.deepEqual(await reader.due({ ...EVERYTHING, until: books.now }), { holds: [], reached: null })
    const frozenAt = await freezeMany(books)
    const dueAt = async (ms: number, some: Partial<DueQuery> = {}): Promise<readonly string[]> =>
      (await reader.due({ ...EVERYTHING, until: frozenAt + ms, ...some })).holds.map(({ id }) => id)
    assert.deepEqual(await dueAt(4_999), [])
    const first = { id: 'first', expiresAt: frozenAt + 5_000 }
    const due = await reader.due({ ...EVERYTHING, until: first.expiresAt })
    assert.deepEqual(due, { holds: [first], reached: null })
    assert.deepEqual(await dueAt(60_000), ['first', 'second', 'parted', 'third'])
    assert.deepEqual(await dueAt(120_000), ['first', 'second', 'parted', 'third', 'amended'])
    assert.deepEqual(await dueAt(60_000, { limit: 2 }), ['first', 'second'])
    // From the end of a millisecond, and from its beginning.
    const after = { expiresAt: frozenAt + 6_000, seq: Number.MAX_SAFE_INTEGER }
    assert.deepEqual(await dueAt(60_000, { after }), ['parted', 'third'])
    assert.deepEqual(await dueAt(60_000, { after: { ...after, seq: 0 } }), ['second', 'parted', 'third'])
  })

  test('a walk that goes on from each place that was reached finds every due hold once, however few places it looks at', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const frozenAt = await freezeMany(new Books(store))
    // The freezes, those of holds that have ended or were amended included, and the steps that left their holds open.
    const placeCount = 8
    for (const [limit, placesMax] of [
      [1, 100],
      [2, 100],
      [100, 1],
      [100, 3],
      [1, 1],
      [2, 2],
    ] as const) {
      const found: string[] = []
      let looks = 0
      let after: ExpiryPlace | null = null
      do {
        const { holds, reached } = await reader.due({ after, until: frozenAt + 120_000, limit, placesMax })
        assert.ok(holds.length <= limit && ++looks <= placeCount + 1)
        found.push(...holds.map(({ id }) => id))
        after = reached
      } while (after !== null)
      assert.deepEqual(found, ['first', 'second', 'parted', 'third', 'amended'], `${limit} of ${placesMax}`)
      if (placesMax === 1) assert.ok(looks >= placeCount, `${looks} looks`)
    }
  })

  test('a late settle takes what is there, without a coin if there is none', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 10n), freeze('h', 'user:8', 10n, { payee: 'user:9', expiresInMs: 1 }))
    await books.apply(release('h', 'expiry'), charge('c', 'user:8', 10n))
    const [hold] = await books.apply(settle('h', 7n, 'reject', { late: true, payee: 'user:7' }))
    const late = { settled: 0n, drawn: 0n, settledLate: 0n, shortfall: 7n, payee: 'user:7' }
    assert.deepEqual(hold, { ...hold, ...late, state: 'expired', released: 10n })
    assert.deepEqual(await reader.hold('h'), hold)
    assert.deepEqual(
      (await reader.entry('h~late'))?.postings.map(({ availableDelta, heldDelta }) => [availableDelta, heldDelta]),
      [[0n, 0n]],
    )
    assert.deepEqual((await books.commit(settle('h', 7n, 'reject', { late: true }))).map(codeOf), ['hold_not_open'])
  })

  test('a late settle counts what the expiry settled, also after parts and refunds', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    await books.apply(deposit('d', 'user:8', 1_000n))
    // The parts leave less than is agreed for the expiry, which takes all of it.
    await books.apply(freeze('h', 'user:8', 100n, { payee: 'user:9', expiresInMs: 1, onExpiry: { settle: 30n } }))
    await books.apply(settlePart('p', 'h', 80n), release('h', 'expiry'), refund('r', 'h', 5n))
    // The row is read again: nothing of it is remembered.
    const [hold] = await new Books((await harness.open()).store).apply(settle('h', 27n, 'draw', { late: true }))
    const late = {
      state: 'expired',
      settled: 107n,
      released: 0n,
      drawn: 7n,
      settledLate: 7n,
      shortfall: 0n,
      refunded: 5n,
    }
    assert.deepEqual(hold, { ...hold, ...late })
    assert.deepEqual(await reader.hold('h'), hold)
    assert.deepEqual((await books.commit(settle('h', 28n, 'draw', { late: true }))).map(codeOf), ['hold_not_open'])
  })

  test('a snapshot with a hold brings the balances of the payees that commands name for it', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    const others = new Books(store, 3)
    await books.apply(house('@promo'), ...FROZEN)
    const asked = [settlePart('p', 'h', 1n, { payee: '@promo' }), settle('h', 1n, 'reject', { payee: 'user:7' })]
    const { balances, requests } = await store.load(others.footprint(...asked, refund('f', 'h', 1n)))
    assert.deepEqual([...balances.keys()].sort(), [
      '@promo credit 3',
      'user:7 credit',
      'user:8 credit',
      'user:9 credit',
    ])
    assert.deepEqual([requests.get('p'), requests.get('f')], [null, null])
    const { result, outcomes } = await others.exclusive(...asked)
    assert.equal(result, 'committed')
    assert.deepEqual(outcomes.map(codeOf), ['applied', 'payee_fixed'])
  })

  test('a step that another writer made first makes the commit stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...FROZEN, deposit('e', 'user:1', 1n))
    const plan = await books.plan(settlePart('p', 'h', 20n))
    await books.apply(settlePart('q', 'h', 20n))
    await assertStale(storage, books, plan.changes)
    // Only the number of the change is taken; every other key is free.
    const other = await books.plan(open('o', 'user:1', 0n))
    const entries = [...other.changes.entries, ...plan.changes.entries]
    await assertStale(storage, books, { ...other.changes, entries, holdChanges: plan.changes.holdChanges })
  })

  test('a change makes the commit stale when the one before it is missing', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...FROZEN, deposit('e', 'user:1', 1n))
    const { changes } = await books.plan(settlePart('p', 'h', 20n), settlePart('q', 'h', 20n), refund('f', 'h', 1n))
    const other = await books.plan(open('o', 'user:1', 0n))
    const [first, ...later] = changes.holdChanges
    const entries = [...other.changes.entries, ...changes.entries]
    for (const holdChanges of [later, later.slice(0, 1), later.slice(1)]) {
      await assertStale(storage, books, { ...other.changes, entries, holdChanges })
    }
    const story = [first!, ...later]
    assert.equal(await storage.store.commit({ ...other.changes, entries, holdChanges: story }), 'committed')
  })

  test('a hold to which something else has happened makes the commit stale, whatever its balance says', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...FROZEN, freeze('g', 'user:8', 10n), deposit('e', 'user:1', 1n))
    const [ofPart, ofEnd, ofOther] = [
      await books.plan(settlePart('p', 'h', 20n)),
      await books.plan(settle('h', 20n)),
      await books.plan(amend('a', 'g', { amount: 5n })),
    ]
    await books.apply(settlePart('q', 'h', 20n), settle('g', 10n))
    const { changes } = await books.plan(open('o', 'user:1', 0n))
    // An end that is not a step, of a hold that has a step by now.
    await assertStale(storage, books, { ...changes, holdChanges: ofEnd.changes.holdChanges })
    // A step of a hold that has another step by now, and of a hold that has ended.
    await assertStale(storage, books, { ...changes, holdChanges: ofPart.changes.holdChanges })
    await assertStale(storage, books, { ...changes, holdChanges: ofOther.changes.holdChanges })
    assert.equal(await storage.store.commit(changesOf(changes)), 'committed')
  })

  async function assertStale(storage: Storage, books: Books, changes: Changes): Promise<void> {
    const work = [...FROZEN, ...LIFE, open('o', 'user:1', 0n), amend('a', 'g'), settlePart('q', 'h', 20n)]
    const before = await photograph(storage, books, ...work)
    assert.equal(await storage.store.commit(changes), 'stale')
    assert.deepEqual(await photograph(storage, books, ...work), before)
  }
}
