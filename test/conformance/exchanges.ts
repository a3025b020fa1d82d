import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AMOUNT_MAX, BALANCE_MAX } from '../../src/domain/amount.ts'
import type { Rate } from '../../src/domain/rate.ts'
import { across, charge, declare, deposit, leg, rate, transfer } from '../support/commands.ts'
import { Books, codeOf, photograph, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

const COINS = [declare('gem'), declare('star'), deposit('d', 'user:8', 1_000n, { asset: 'star' })]
const TENTH = rate('star', 'gem', [1n, 10n])
const GIFT = transfer('gift', [across('user:8', 'user:9', [57n, 'star'], ['gem']), leg('user:8', 'user:9', 1n, 'star')])

export function describeExchanges(openHarness: OpenHarness): void {
  test('a leg across assets shows what it received, to every reader of the entry and to a repeat', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store, 7)
    await books.apply(...COINS, TENTH)
    const entry = await books.applyOne(GIFT)
    assert.deepEqual(entry.legs?.[0], {
      from: 'user:8',
      to: 'user:9',
      asset: 'star',
      amount: 57n,
      toAsset: 'gem',
      toAmount: 5n,
      rate: { version: 1, numerator: 1n, denominator: 10n, rounding: 'down', remainder: 7n },
    })
    assert.equal(entry.legs?.[1]?.rate, null)
    assert.deepEqual(await reader.entry('gift'), entry)
    // The same holds after the rate has changed.
    await books.apply(rate('star', 'gem', [5n, 1n]))
    const [repeat] = await books.commit(GIFT)
    assert.deepEqual(repeat, { status: 'applied', replayed: true, answer: entry })
    assert.equal((await reader.entry('d'))?.legs, null)
  })

  test('names that a JSON text escapes are read and audited in legs like any other', async () => {
    await using harness = await openHarness()
    const { store, reader, auditor } = await harness.open()
    const books = new Books(store)
    const names = ['"', '\\', `a"\\'; -- %_`, '\\"]', '[["']
    await books.apply(...COINS, TENTH)
    const legs = names.map((name) => across('user:8', name, [30n, 'star'], ['gem']))
    const entry = await books.applyOne(transfer('named', legs))
    assert.deepEqual(await reader.entry('named'), entry)
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 5), [], check.title)
  })

  test('amounts and remainders of any size are kept to the last digit', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, deposit('more', 'user:1', AMOUNT_MAX))
    await books.apply(
      rate('credit', 'gem', [BALANCE_MAX - 1n, BALANCE_MAX], { tolerancePpm: 1_000_000, rounding: 'up' }),
    )
    const entry = await books.applyOne(
      transfer('t', [across('user:1', 'user:2', [AMOUNT_MAX, 'credit'], ['gem', AMOUNT_MAX / 2n + 3n])]),
    )
    assert.ok(entry.legs![0]!.rate!.remainder > BALANCE_MAX)
    assert.deepEqual(await reader.entry('t'), entry)
  })

  test('a commit that rests on a rate which is not the newest any more is stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...COINS, TENTH)
    const plan = await books.plan(GIFT)
    await books.apply(rate('star', 'gem', [2n, 10n]))
    const before = await photograph(storage, books, GIFT)
    assert.equal(await storage.store.commit(plan.changes), 'stale')
    assert.deepEqual(await photograph(storage, books, GIFT), before)
    // A new decision exchanges at the new rate.
    assert.equal((await books.applyOne(GIFT)).legs![0]!.toAmount, 11n)
  })

  test('a rate that was never committed makes the commit stale', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS)
    const snapshot = await store.load(books.footprint(GIFT))
    const { kind: _, ...contents } = TENTH
    const never: Rate = { ...contents, version: 1, declaredAt: 1 }
    const plan = books.decide([GIFT], { ...snapshot, rates: new Map([['star gem', never]]) })
    assert.equal(plan.changes.ratesUsed.length, 1)
    assert.equal(await store.commit(plan.changes), 'stale')
  })

  test('a commit that rests on a rate whose version is now that of another one is stale', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, TENTH)
    const snapshot = await store.load(books.footprint(GIFT))
    const [[pair, stored]] = [...snapshot.rates] as [[string, Rate]]
    const others: readonly Partial<Rate>[] = [
      { numerator: stored.numerator + 1n },
      { denominator: stored.denominator + 1n },
      { rounding: 'up' },
      { tolerancePpm: stored.tolerancePpm + 1 },
      { declaredAt: stored.declaredAt + 1 },
    ]
    for (const other of others) {
      const rates = new Map([[pair, { ...stored, ...other }]])
      for (const command of [GIFT, rate('star', 'gem', [3n, 10n])]) {
        const { changes } = books.decide([command], { ...snapshot, rates })
        assert.equal(await store.commit(changes), 'stale', JSON.stringify(Object.keys(other)))
      }
    }
    await books.applyOne(GIFT)
  })

  test('a transfer within one asset rests on no rate', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, TENTH)
    const plan = await books.plan(transfer('t', [leg('user:8', 'user:9', 5n, 'star')]))
    await books.apply(rate('star', 'gem', [2n, 10n]))
    assert.deepEqual(plan.changes.ratesUsed, [])
    assert.equal(await store.commit(plan.changes), 'committed')
  })

  test('two writers that declare the next rate meet on its version', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS)
    const plan = await books.plan(TENTH)
    await books.apply(rate('star', 'gem', [2n, 10n]))
    assert.equal(await store.commit(plan.changes), 'stale')
    const history = await readAll((page) => reader.rateHistory({ from: 'star', to: 'gem', ...page }))
    assert.deepEqual(
      history.map(({ version, numerator }) => [version, numerator]),
      [[1, 2n]],
    )
  })

  test('a batch may use a rate, declare the next and use that', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, TENTH)
    const swap = (id: string) => transfer(id, [across('user:8', 'user:9', [10n, 'star'], ['gem'])])
    await books.apply(swap('a'), rate('star', 'gem', [3n, 10n]), swap('b'), rate('star', 'gem', [4n, 10n]))
    const received = await Promise.all(['a', 'b'].map(async (id) => (await reader.entry(id))?.legs?.[0]?.toAmount))
    assert.deepEqual(received, [1n, 3n])
    const history = await readAll((page) => reader.rateHistory({ from: 'star', to: 'gem', ...page }), 2)
    assert.deepEqual(
      history.map(({ version, numerator }) => [version, numerator]),
      [
        [3, 4n],
        [2, 3n],
        [1, 1n],
      ],
    )
  })

  test('under its locks, exclusive sees the newest rate, and proves it', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, TENTH)
    await books.apply(rate('star', 'gem', [2n, 10n]))
    const { result, outcomes } = await books.exclusive(GIFT)
    assert.deepEqual([result, codeOf(outcomes[0]!)], ['committed', 'applied'])
    assert.equal((await reader.entry('gift'))?.legs?.[0]?.rate?.version, 2)
    const declared = await books.exclusive(rate('star', 'gem', [3n, 10n]))
    assert.equal(declared.result, 'committed')
    assert.equal((await store.load(books.footprint(GIFT))).rates.get('star gem')?.version, 3)
  })

  test('the newest rate of every pair is found, and null where there is none', async () => {
    await using harness = await openHarness()
    const { store } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, TENTH, rate('gem', 'star', [9n, 1n]), rate('star', 'gem', [1n, 11n]))
    const work = transfer('t', [
      across('user:8', 'user:9', [1n, 'star'], ['gem']),
      across('user:8', 'user:9', [1n, 'gem'], ['star']),
      across('user:8', 'user:9', [1n, 'gem'], ['credit']),
    ])
    const { rates } = await store.load(books.footprint(work))
    assert.deepEqual(
      [...rates].map(([pair, found]) => [pair, found?.version ?? null, found?.denominator ?? null]),
      [
        ['star gem', 2, 11n],
        ['gem star', 1, 1n],
        ['gem credit', null, null],
      ],
    )
  })

  test('rates are listed by pair with the newest of each, page by page', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    assert.deepEqual(await reader.rates({ limit: 2, cursor: null }), { items: [], next: null })
    await books.apply(...COINS, TENTH, rate('gem', 'star', [9n, 1n]), rate('star', 'credit', [1n, 1n]))
    await books.apply(rate('gem', 'credit', [7n, 1n], { rounding: 'half-even', tolerancePpm: 5 }), {
      ...TENTH,
      numerator: 2n,
    })
    const pages = await readAll((page) => reader.rates(page), 1)
    assert.deepEqual(
      pages.map(({ from, to, version }) => [from, to, version]),
      [
        ['gem', 'credit', 1],
        ['gem', 'star', 1],
        ['star', 'credit', 1],
        ['star', 'gem', 2],
      ],
    )
    assert.deepEqual(await readAll((page) => reader.rates(page)), pages)
    const { declaredAt, ...first } = pages[0]!
    assert.deepEqual(first, {
      from: 'gem',
      to: 'credit',
      version: 1,
      numerator: 7n,
      denominator: 1n,
      rounding: 'half-even',
      tolerancePpm: 5,
    })
    assert.equal(declaredAt, books.now)
    assert.deepEqual(await reader.rateHistory({ from: 'credit', to: 'gem', limit: 2, cursor: null }), {
      items: [],
      next: null,
    })
  })

  test('a thousand receivers get theirs in one entry', async () => {
    await using harness = await openHarness()
    const { store, reader } = await harness.open()
    const books = new Books(store)
    await books.apply(...COINS, TENTH, deposit('more', 'user:1', 25_000n, { asset: 'star' }))
    const legs = Array.from({ length: 1_000 }, (_, index) => across('user:1', `r:${index}`, [25n, 'star'], ['gem']))
    const entry = await books.applyOne(transfer('t', legs))
    assert.equal(entry.postings.length, 1_003)
    assert.deepEqual(await reader.entry('t'), entry)
    const [refused] = await books.commit(transfer('u', [...legs.slice(1), leg('user:1', 'user:2', 1n, 'star')]))
    assert.equal(codeOf(refused!), 'insufficient_funds')
    assert.equal((await reader.account('r:999'))?.balances[0]?.available, 2n)
    await books.apply(charge('c', 'r:999', 2n, { asset: 'gem' }))
  })
}
