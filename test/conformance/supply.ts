import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AMOUNT_MAX, BALANCE_MAX } from '../../src/domain/amount.ts'
import type { Command, Work } from '../../src/domain/command.ts'
import { HOUSE_STRIPE_TURNS, HOUSE_STRIPES } from '../../src/domain/house-stripes.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { Storage } from '../../src/stores/storage.ts'
import {
  across,
  charge,
  declare,
  deposit,
  freeze,
  group,
  house,
  leg,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../support/commands.ts'
import { Books, codeOf, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** A stripe with this balance has room for a few coins only. */
const NEARLY = BALANCE_MAX - 5n
/** The stripe of another engine, with room for everything. */
const OTHER_STRIPE = 7

/** Nearly fills stripe 0 of every house account, which would take thousands of valid commands. */
const FULL: readonly Command[] = [
  house('@promo'),
  declare('gem'),
  deposit('f1', 'rich', NEARLY),
  charge('f2', 'rich', NEARLY),
  transfer('f3', [leg('@promo', 'rich', NEARLY)]),
  transfer('f4', [leg('rich', '@exchange', NEARLY)]),
  transfer('f5', [leg('@exchange', 'rich', NEARLY, 'gem')]),
]

const HOUR_MS = 3_600_000

/** Coins and holds of a user, opened through another stripe. */
const GIVEN: readonly Command[] = [
  deposit('g1', 'user:8', 10_000n),
  freeze('settled', 'user:8', 100n),
  freeze('parted', 'user:8', 100n),
  freeze('due', 'user:8', 100n, { expiresInMs: 1_000, onExpiry: { settle: 90n } }),
  freeze('expired', 'user:8', 100n, { expiresInMs: 1_000 }),
  freeze('refunded', 'user:8', 100n, { payee: '@promo' }),
  settle('refunded', 80n),
  rate('credit', 'gem', [2n, 1n]),
]

/** Each command finds that the stripe it pays from or to is full. */
const MOVES: readonly (readonly [what: string, command: Command, house: string, asset: string])[] = [
  ['a deposit', deposit('m1', 'user:8', 100n), '@issuer', 'credit'],
  ['a charge', charge('m2', 'user:8', 100n), '@revenue', 'credit'],
  ['a settle', settle('settled', 60n), '@revenue', 'credit'],
  ['a part', settlePart('m3', 'parted', 60n), '@revenue', 'credit'],
  ['an expiry that settles', release('due', 'expiry'), '@revenue', 'credit'],
  ['a late settle', settle('expired', 50n, 'reject', { late: true }), '@revenue', 'credit'],
  ['a refund', refund('m4', 'refunded', 80n), '@promo', 'credit'],
  ['a transfer to a house account', transfer('m5', [leg('user:8', '@revenue', 30n)]), '@revenue', 'credit'],
  ['a transfer from a house account', transfer('m6', [leg('@promo', 'user:8', 30n)]), '@promo', 'credit'],
  [
    'what an exchange takes',
    transfer('m7', [across('user:8', 'user:9', [30n, 'credit'], ['gem'])]),
    '@exchange',
    'credit',
  ],
  ['what an exchange pays', transfer('m8', [across('user:8', 'user:9', [30n, 'credit'], ['gem'])]), '@exchange', 'gem'],
]

async function given(storage: Storage): Promise<void> {
  await Books.ofToday(storage.store).apply(...FULL)
  const others = Books.ofToday(storage.store, OTHER_STRIPE)
  await others.apply(...GIVEN)
  await others.apply(release('expired', 'expiry'))
}

async function ask(engine: Engine, work: Work): Promise<readonly Outcome[]> {
  return [await engine.submit(work)].flat()
}

async function stripesOf({ reader }: Storage, account: string, asset: string): Promise<ReadonlySet<number>> {
  const lines = await readAll((page) => reader.postings({ account, asset, kind: null, ...page }))
  return new Set(lines.map(({ stripe }) => stripe))
}

async function available({ reader }: Storage, account: string): Promise<bigint | undefined> {
  return (await reader.account(account))?.balances.find(({ asset }) => asset === 'credit')?.available
}

async function assertSound({ auditor }: Storage): Promise<void> {
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
}

export function describeSupply(openHarness: OpenHarness): void {
  test('a full stripe of a house account is followed by another, whatever moves the coins, and the books are sound', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await given(storage)
    for (const [what, command, house, asset] of MOVES) {
      // Every engine starts with the first stripe.
      const engine = new Engine(storage.store)
      const before = (await stripesOf(storage, house, asset)).size
      assert.deepEqual((await ask(engine, command)).map(codeOf), ['applied'], what)
      assert.ok((await stripesOf(storage, house, asset)).size > before, `${what} went to another stripe`)
      assert.deepEqual((await ask(engine, command)).map(codeOf), ['replayed'], what)
      await engine.stop()
    }
    const wrote = await stripesOf(storage, '@revenue', 'credit')
    assert.ok([...wrote].every((stripe) => stripe % HOUSE_STRIPES === 0 || stripe === OTHER_STRIPE))
    await assertSound(storage)
  })

  test('many deposits fill one stripe after another, and the total is exact beyond int64, now and as of a moment', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await Books.ofToday(storage.store).apply(deposit('f', 'rich', BALANCE_MAX - 3n * AMOUNT_MAX))
    const engine = new Engine(storage.store, { limits: { batchCommandsMax: 4 } })
    const asked = Array.from({ length: 10 }, (_, index) => deposit(`d${index}`, `user:${index}`, AMOUNT_MAX))
    const outcomes = await Promise.all(asked.map((command) => engine.submit(command)))
    assert.deepEqual(
      outcomes.flat().map(codeOf),
      asked.map(() => 'applied'),
    )
    await engine.stop()
    const total = -(BALANCE_MAX + 7n * AMOUNT_MAX)
    assert.equal(await available(storage, '@issuer'), total)
    const then = await storage.reader.accountAt('@issuer', Date.now() + HOUR_MS)
    assert.deepEqual([then?.balances[0]?.available, then?.balances[0]?.total], [total, total])
    assert.deepEqual(
      [...(await stripesOf(storage, '@issuer', 'credit'))].sort((a, b) => a - b),
      [0, HOUSE_STRIPES],
    )
    await assertSound(storage)
  })

  test('a group goes to another stripe as a whole', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await Books.ofToday(storage.store).apply(deposit('f', 'rich', NEARLY))
    const engine = new Engine(storage.store)
    const work = group(deposit('d1', 'user:8', 3n), deposit('d2', 'user:8', 9n), freeze('h', 'user:8', 12n))
    assert.deepEqual((await ask(engine, work)).map(codeOf), ['applied', 'applied', 'applied'])
    assert.equal(await available(storage, '@issuer'), -NEARLY - 12n)
    await engine.stop()
    await assertSound(storage)
  })

  test('a balance of anybody else that would be beyond int64 is refused, and nobody else is concerned', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await Books.ofToday(storage.store).apply(deposit('f', 'user:8', BALANCE_MAX))
    const engine = new Engine(storage.store)
    const [refused] = await ask(engine, deposit('d1', 'user:8', 1n))
    assert.deepEqual(refused, {
      status: 'rejected',
      rejection: { code: 'balance_overflow', account: 'user:8', asset: 'credit' },
    })
    assert.deepEqual((await ask(engine, deposit('d2', 'user:9', AMOUNT_MAX))).map(codeOf), ['applied'])
    await engine.stop()
    await assertSound(storage)
  })

  test('a supply is exhausted when every stripe is full: that asset alone, and another engine has stripes of its own', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await Books.ofToday(storage.store).apply(declare('gem'))
    for (let turn = 0; turn < HOUSE_STRIPE_TURNS; turn++) {
      const books = Books.ofToday(storage.store, turn * HOUSE_STRIPES)
      await books.apply(deposit(`f${turn}`, `rich:${turn}`, BALANCE_MAX))
    }
    const engine = new Engine(storage.store)
    const [refused, other] = await Promise.all([
      engine.submit(deposit('d1', 'user:8', 2n)),
      engine.submit(deposit('d2', 'user:8', 2n, { asset: 'gem' })),
    ])
    assert.deepEqual(refused, {
      status: 'rejected',
      rejection: { code: 'balance_overflow', account: '@issuer', asset: 'credit' },
    })
    assert.equal(codeOf(other), 'applied')
    await engine.stop()
    const elsewhere = new Engine(storage.store, { houseStripe: OTHER_STRIPE })
    assert.deepEqual((await ask(elsewhere, deposit('d1', 'user:8', 2n))).map(codeOf), ['applied'])
    await elsewhere.stop()
    assert.equal(await available(storage, '@issuer'), -BigInt(HOUSE_STRIPE_TURNS) * BALANCE_MAX - 2n)
    await assertSound(storage)
  })
}
