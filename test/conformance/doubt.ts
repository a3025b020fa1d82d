import assert from 'node:assert/strict'
import { test } from 'node:test'
import { charge, declare, deposit, freeze, open, release, settle } from '../support/commands.ts'
import { answerOf, Books, codeOf, photograph } from './books.ts'
import type { LostAt, OpenHarness } from './harness.ts'

const IN_DOUBT = { name: 'Fault', code: 'commit_in_doubt', applied: 'unknown' }

const WORK = [
  declare('gem', 2),
  deposit('d', 'user:9', 10n),
  charge('c', 'user:8', 10n),
  open('o', 'user:9', -5n, { metadata: { tier: 'gold' } }),
  freeze('h', 'user:8', 10n),
  settle('s', 40n),
  release('r'),
]

/** The result of the same commands sent again: applied if the commit was lost, replayed if it took effect. */
const SECOND_TIME: Readonly<Record<LostAt, string>> = { before: 'applied', after: 'replayed' }

export function describeDoubt(openHarness: OpenHarness): void {
  for (const lostAt of ['before', 'after'] as const) {
    test(`a commit that is lost ${lostAt} it was made says that it does not know`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      await books.apply(deposit('d8', 'user:8', 100n), freeze('s', 'user:8', 50n), freeze('r', 'user:8', 20n))
      const before = await photograph(storage, books, ...WORK)
      const plan = await books.plan(...WORK)
      await assert.rejects(harness.doubtful(storage, lostAt).commit(plan.changes), IN_DOUBT)
      const after = await photograph(storage, books, ...WORK)
      if (lostAt === 'before') assert.deepEqual(after, before)
      else assert.notDeepEqual(after, before)
    })

    test(`work that was lost ${lostAt} its commit is done once when it goes through exclusive again`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      await books.apply(deposit('d8', 'user:8', 100n), freeze('s', 'user:8', 50n), freeze('r', 'user:8', 20n))
      const plan = await books.plan(...WORK)
      await assert.rejects(harness.doubtful(storage, lostAt).commit(plan.changes), IN_DOUBT)
      const { result, outcomes } = await books.exclusive(...WORK)
      assert.equal(result, 'committed')
      assert.deepEqual(outcomes.map(codeOf), Array(WORK.length).fill(SECOND_TIME[lostAt]))
      if (lostAt === 'after') assert.deepEqual(outcomes.map(answerOf), plan.outcomes.flat().map(answerOf))
      const { available, held } = (await storage.reader.account('user:8'))!.balances[0]!
      assert.deepEqual([available, held], [40n, 10n])
      for (const check of storage.auditor.checks)
        assert.deepEqual(await storage.auditor.run(check, 10), [], check.title)
    })

    test(`an exclusive that is lost ${lostAt} its commit is in doubt too, and done once`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const doubtful = new Books(harness.doubtful(storage, lostAt))
      await assert.rejects(doubtful.exclusive(deposit('d', 'user:8', 100n)), IN_DOUBT)
      const { outcomes } = await new Books(storage.store).exclusive(deposit('d', 'user:8', 100n))
      assert.deepEqual(outcomes.map(codeOf), [SECOND_TIME[lostAt]])
      assert.equal((await storage.reader.account('user:8'))?.balances[0]?.available, 100n)
    })
  }
}
