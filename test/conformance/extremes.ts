import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BALANCE_MAX, BALANCE_MIN } from '../../src/domain/amount.ts'
import { charge, deposit, freeze, leg, open, settle, transfer } from '../support/commands.ts'
import { Books, codeOf, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** Amounts that a double cannot represent, such as 2^53 + 1. */
const ODD = [2n ** 53n + 1n, 2n ** 60n + 1n, 2n ** 62n - 1n, BALANCE_MAX - 2n]

/** Names that a database, a key or a file could take for each other or for something else. */
const NAMES: readonly string[] = [
  'a',
  'A',
  'a!',
  'a  b',
  'a b',
  'a credit',
  'a credit 5',
  'a~settle',
  'a%',
  'a_',
  'a\\',
  'a\\\\',
  "a'",
  "a''",
  'a"',
  'a`',
  "\\'; DROP TABLE balances; --",
  '"],["',
  '[]',
  '{}',
  'null',
  '0',
  '-1',
  '=1',
  '+1',
  "'",
  ',',
  ';',
  '#end',
  '%2F',
  'x'.repeat(127),
  'x'.repeat(128),
  `${'\\'.repeat(64)}${'"'.repeat(64)}`,
]

export function describeExtremes(openHarness: OpenHarness): void {
  for (const amount of ODD) {
    test(`${amount} coins are kept to the last one, on both sides of zero`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      const answer = await books.applyOne(deposit('d', 'user:8', amount))
      assert.deepEqual(await storage.reader.entry('d'), answer)
      assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, amount)
      assert.equal((await storage.reader.account('@issuer'))?.balances[0]?.available, -amount)
      const hold = await books.applyOne(freeze('h', 'user:8', amount - 1n))
      assert.deepEqual(await storage.reader.hold('h'), hold)
      assert.equal(hold.held, amount - 1n)
      await books.apply(settle('h', amount - 2n))
      const { available, held } = (await storage.reader.account('user:8'))!.balances[0]!
      assert.deepEqual([available, held], [2n, 0n])
      const page = { account: 'user:8', asset: 'credit', kind: null, limit: 1, cursor: null }
      const [last] = (await storage.reader.postings(page)).items
      assert.deepEqual([last?.availableDelta, last?.heldDelta, last?.available], [1n, 1n - amount, 2n])
    })
  }

  test('a balance may be the greatest and the least int64, and not one coin beyond', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d1', 'user:8', BALANCE_MAX))
    await books.apply(deposit('d2', 'user:9', 1n))
    const outcomes = await books.commit(deposit('d3', 'user:8', 1n), deposit('d4', 'user:10', 1n))
    assert.deepEqual(outcomes.map(codeOf), ['balance_overflow', 'balance_overflow'])
    assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, BALANCE_MAX)
    assert.equal((await storage.reader.account('@issuer'))?.balances[0]?.available, BALANCE_MIN)
  })

  test('a balance beyond int64 is never stored, whichever method writes it', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 100n))
    const work = charge('c', 'user:8', 1n)
    const before = await photograph(storage, books, work)
    const { changes } = await books.plan(work)
    for (const available of [BALANCE_MAX + 1n, 2n ** 64n, 2n ** 64n + 99n]) {
      const balances = changes.balances.map((change) => ({ ...change, after: { ...change.after, available } }))
      await assert.rejects(storage.store.commit({ ...changes, balances }))
      await assert.rejects(storage.store.exclusive(books.footprint(work), () => ({ ...changes, balances })))
    }
    assert.deepEqual(await photograph(storage, books, work), before)
    await books.apply(work)
  })

  test('a floor may be the least int64, and a debt as deep as that', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(open('o', 'user:8', BALANCE_MIN))
    const answer = await books.applyOne(charge('c1', 'user:8', BALANCE_MAX))
    assert.deepEqual(await storage.reader.entry('c1'), answer)
    await books.apply(transfer('t', [leg('user:8', 'user:9', 1n)]))
    const debtor = (await storage.reader.account('user:8'))?.balances[0]
    assert.deepEqual([debtor?.available, debtor?.floor], [BALANCE_MIN, BALANCE_MIN])
    assert.equal((await storage.reader.entry('o'))?.floor, BALANCE_MIN)
  })

  test('a shortfall may be as great as an amount', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(deposit('d', 'user:8', 1n), freeze('h', 'user:8', 1n))
    await books.apply(settle('h', BALANCE_MAX, 'cap'))
    assert.equal((await storage.reader.hold('h'))?.shortfall, BALANCE_MAX - 1n)
  })

  test('stripes whose sum is beyond int64 are added up exactly', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    for (const stripe of [0, 1, 2]) {
      await new Books(storage.store, stripe).apply(deposit(`d${stripe}`, `user:${stripe}`, BALANCE_MAX))
    }
    const [issuer] = (await storage.reader.account('@issuer'))!.balances
    assert.deepEqual([issuer?.available, issuer?.total, issuer?.version], [-3n * BALANCE_MAX, -3n * BALANCE_MAX, 3])
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
  })

  test('names of every allowed length and letter are kept', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).join('')
    const account = `A${printable}${'x'.repeat(32)}`
    const requestId = `Az09:_./@+=-${'x'.repeat(116)}`
    const memo = '长'.repeat(256)
    const metadata = Object.fromEntries(
      Array.from({ length: 32 }, (_, index) => [`${index}`.padEnd(64, '键'), '值'.repeat(512)]),
    )
    const answer = await books.applyOne(deposit(requestId, account, 1n, { memo, metadata }))
    assert.deepEqual(await storage.reader.entry(requestId), answer)
    const hold = await books.applyOne(freeze(`${requestId.slice(1)}y`, account, 1n, { metadata }))
    assert.deepEqual(await storage.reader.hold(hold.id), hold)
    await books.apply(settle(hold.id, 1n))
    assert.equal((await storage.reader.entry(`${hold.id}~settle`))?.postings[0]?.account, account)
  })

  test('names that differ in one character are different accounts, in every list, statement and check', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    for (const [index, account] of NAMES.entries()) {
      const request = `r${index}`
      const amount = BigInt(index + 10)
      await books.apply(
        deposit(request, account, amount),
        open(`${request}-open`, account, -1n, { metadata: { account } }),
      )
      await books.apply(freeze(`${request}-hold`, account, 2n, { payee: NAMES.at(index - 1)! }))
    }
    const legs = NAMES.slice(1).map((account, index) => leg(NAMES[index]!, account, 1n))
    const moved = await books.applyOne(transfer('t', legs))
    assert.deepEqual((await storage.reader.entry('t'))?.legs, moved.legs)
    for (const [index] of NAMES.entries()) await books.apply(settle(`r${index}-hold`, 1n))
    for (const [index, account] of NAMES.entries()) {
      const found = (await storage.reader.account(account))!
      const expected = BigInt(index + 10) + (index === 0 ? -1n : index === NAMES.length - 1 ? 1n : 0n)
      assert.deepEqual([found.account, found.metadata, found.balances.length], [account, { account }, 1], account)
      assert.equal(found.balances[0]?.available, expected, account)
      const page = { account, asset: 'credit', kind: null, limit: 100, cursor: null }
      for (const line of (await storage.reader.postings(page)).items) assert.equal(line.account, account)
      const { items } = await storage.reader.holds({ account, asset: 'credit', state: null, limit: 100, cursor: null })
      assert.deepEqual(
        items.map(({ id, payee }) => [id, payee]),
        [[`r${index}-hold`, NAMES.at(index - 1)]],
      )
    }
    for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
  })
}
