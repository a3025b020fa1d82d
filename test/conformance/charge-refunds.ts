/** Charges can be refunded, in parts and up to a total, and never by more than was charged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../src/domain/command.ts'
import type { Entry } from '../../src/domain/journal.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { charge, deposit, freeze, group, refund, refundTo, release, settle } from '../support/commands.ts'
import { answerOf, Books, codeOf, photograph, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

const metadata = { order: 'A-1' }
const GIVEN: readonly Command[] = [
  deposit('d', 'user:8', 1_000n),
  charge('c', 'user:8', 100n, { payee: 'user:9', memo: 'a book', metadata }),
]
/** Each with the total that is refunded after it. */
const REFUNDS: readonly (readonly [Command, bigint])[] = [
  [refund('r1', 'c', 30n, { memo: 'torn', metadata: { page: 7 } }), 30n],
  [refundTo('r2', 'c', 70n), 70n],
  // It was overtaken: its total is reached already.
  [refundTo('r3', 'c', 50n), 70n],
  [refund('r4', 'c', 30n), 100n],
]

async function availableOf({ reader }: Storage, account: string): Promise<bigint> {
  return (await reader.account(account))?.balances[0]?.available ?? 0n
}

async function assertSound({ auditor }: Storage): Promise<void> {
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 3), [], check.title)
}

export function describeChargeRefunds(openHarness: OpenHarness): void {
  test('a charge is refunded in parts and up to totals, and each refund has its answer forever', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const commands = [...GIVEN, ...REFUNDS.map(([command]) => command)]
    const first = [...(await books.commit(...GIVEN))]
    const made = await storage.reader.hold('c')
    assert.deepEqual([made?.state, made?.amount, made?.settled, made?.held], ['settled', 100n, 100n, 0n])
    assert.deepEqual([made?.payee, made?.metadata, made?.endedAt], ['user:9', metadata, made?.createdAt])
    for (const [index, [command, refunded]] of REFUNDS.entries()) {
      first.push(...(await books.commit(command)))
      const expected = { ...made, refunded, steps: index + 1 }
      assert.deepEqual(answerOf(first.at(-1)!), expected)
      assert.deepEqual(await storage.reader.hold('c'), expected)
      assert.equal(await availableOf(storage, 'user:9'), 100n - refunded)
      assert.equal(await availableOf(storage, 'user:8'), 900n + refunded)
    }
    const before = await photograph(storage, books, ...commands)
    const again = await new Books((await harness.open()).store).commit(...commands)
    assert.deepEqual(again.map(codeOf), Array(commands.length).fill('replayed'))
    assert.deepEqual(again.map(answerOf), first.map(answerOf))
    assert.deepEqual(await photograph(storage, books, ...commands), before)
    await assertSound(storage)
  })

  test('more than was charged is refused, from what is there and within one batch', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    const outcomes = await books.commit(
      ...GIVEN,
      refund('r1', 'c', 60n),
      refund('r2', 'c', 41n),
      refundTo('r3', 'c', 101n),
      refund('r4', 'c', 40n),
      refund('r5', 'c', 1n),
    )
    const above = 'refund_above_settled'
    assert.deepEqual(outcomes.slice(2).map(codeOf), ['applied', above, above, 'applied', above])
    const later = await books.commit(refund('r6', 'c', 1n), refundTo('r7', 'c', 101n), refundTo('r8', 'c', 100n))
    assert.deepEqual(later.map(codeOf), [above, above, 'applied'])
    assert.equal(await availableOf(storage, 'user:8'), 1_000n)
    await assertSound(storage)
  })

  test('a payee who has spent the coins cannot refund, and other ends of a charge are refused', async () => {
    await using harness = await openHarness()
    const books = new Books((await harness.open()).store)
    const outcomes = await books.commit(
      ...GIVEN,
      charge('spent', 'user:9', 80n),
      refund('r', 'c', 21n),
      settle('c', 5n),
      release('c'),
      freeze('c', 'user:8', 100n, { payee: 'user:9', metadata }),
      refund('c', 'c', 1n),
      charge('c', 'user:8', 99n, { payee: 'user:9', memo: 'a book', metadata }),
    )
    assert.deepEqual(outcomes.slice(3).map(codeOf), [
      'insufficient_funds',
      'hold_not_open',
      'hold_not_open',
      'request_id_reused',
      'request_id_reused',
      'request_id_reused',
    ])
  })

  test('of two writers who start from one state of a charge, one refunds', async () => {
    await using harness = await openHarness()
    const [one, other] = [await harness.open(), await harness.open()]
    const books = new Books(one.store)
    await books.apply(...GIVEN)
    const ours = await books.plan(refund('r1', 'c', 60n))
    const theirs = new Books(other.store)
    await theirs.apply(refund('r2', 'c', 60n))
    assert.equal(await one.store.commit(ours.changes), 'stale')
    // With the balances as they are now, only the number of the change shows that the charge was refunded meanwhile.
    const now = await books.plan(deposit('e', 'user:8', 1n))
    const { balances } = now.changes
    assert.ok(balances.length > 0)
    const { charge: entry } = ours.changes.holdChanges[0]!.after
    assert.equal(entry?.id, 'c')
    const { outcomes } = await books.exclusive(refund('r1', 'c', 60n))
    assert.deepEqual(outcomes.map(codeOf), ['refund_above_settled'])
    assert.equal(await availableOf(one, 'user:8'), 960n)
    await assertSound(one)
  })

  test('a refund of a charge that the database has lost is stale', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    const books = new Books(storage.store)
    await books.apply(...GIVEN)
    const { changes } = await books.plan(refund('r1', 'c', 60n))
    await harness.plant({ remove: 'request', id: 'c' })
    assert.equal(await storage.store.commit(changes), 'stale')
  })

  test('the history and the lines of the refunds name the charge, and lists of holds leave charges out', async () => {
    await using harness = await openHarness()
    const { reader, store } = await harness.open()
    const books = new Books(store)
    await books.apply(group(...GIVEN), ...REFUNDS.map(([command]) => command))
    for (const limit of [1, 100]) {
      const events = await readAll(async (page) => (await reader.holdHistory({ hold: 'c', ...page }))!, limit)
      assert.deepEqual(
        events.map(({ number, kind, entry, hold }) => [number, kind, entry, hold.refunded]),
        [[0, 'charge', 'c', 0n], ...REFUNDS.map(([, total], index) => [index + 1, 'refund', `r${index + 1}`, total])],
      )
    }
    const entries: (Entry | null)[] = []
    for (const id of ['c', 'r1', 'c~settle']) entries.push(await reader.entry(id))
    const [made, back, none] = entries
    assert.deepEqual([made?.kind, made?.hold, made?.memo, made?.metadata], ['charge', null, 'a book', metadata])
    assert.deepEqual([back?.kind, back?.hold, back?.memo], ['refund', 'c', 'torn'])
    assert.deepEqual(
      back?.postings.map(({ account, availableDelta }) => [account, availableDelta]),
      [
        ['user:9', -30n],
        ['user:8', 30n],
      ],
    )
    assert.equal(none, null)
    const query = { account: 'user:8', asset: 'credit', kind: null, limit: 100, cursor: null } as const
    const ofCharge = await reader.postings({ ...query, hold: 'c' })
    assert.deepEqual(
      ofCharge.items.map(({ entryId, hold }) => [entryId, hold]),
      REFUNDS.map(([,], index) => [`r${4 - index}`, 'c']),
    )
    const all = await reader.postings(query)
    assert.deepEqual(all.items.find(({ entryId }) => entryId === 'c')?.memo, 'a book')
    for (const account of ['user:8', null]) {
      for (const state of [null, 'settled', 'open'] as const) {
        const { items } = await reader.holds({ account, asset: 'credit', state, limit: 100, cursor: null })
        assert.deepEqual(items, [])
      }
    }
  })

  test('a charge of which more was refunded than charged, and one that took another amount, are found', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await new Books(storage.store).apply(...GIVEN, refund('r1', 'c', 60n), refund('r2', 'c', 40n))
    await harness.plant({ alter: 'change', hold: 'c', number: 2, set: { refunded: 101n } })
    const broken: string[] = []
    for (const check of storage.auditor.checks) {
      if ((await storage.auditor.run(check, 3)).length > 0) broken.push(check.id)
    }
    assert.deepEqual(broken, ['5a', '5c'])
    await harness.plant({ alter: 'change', hold: 'c', number: 2, set: { refunded: 100n } })
    await harness.plant({ alter: 'freeze', id: 'c', set: { amount: 101n } })
    const [found] = await storage.auditor.run(
      storage.auditor.checks.find(({ id }) => id === '5c')!,
      3,
    )
    assert.equal(found?.['hold'], 'c')
  })
}
