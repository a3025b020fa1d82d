/** Erasing what requests say about a person, on every real store, while the ledger is open. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eraseAccount, migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { realStores } from '../support/places.ts'

/** More requests than one statement erases, in more runs than one statement reads. */
const DEPOSITS = 690
const AT_ONCE = 3
const memo = 'Ada Lovelace'
const metadata = { email: 'ada@example.org' }

/** Requests of every kind about `user:8`, each with something about her; and some of others. */
async function liveOf(ledger: EmbeddedLedger): Promise<void> {
  await ledger.open({ requestId: 'open', account: 'user:8', metadata })
  await ledger.block({ requestId: 'block', account: 'user:8', memo })
  await ledger.unblock({ requestId: 'unblock', account: 'user:8', metadata })
  await ledger.deposit({ requestId: 'd', account: 'user:8', amount: 1_000n, memo, metadata })
  for (let from = 0; from < DEPOSITS; from += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, index) => from + index)
    await Promise.all(numbers.map((n) => ledger.deposit({ requestId: `d-${n}`, account: 'user:8', amount: 1n, memo })))
  }
  await ledger.charge({ requestId: 'c', account: 'user:8', amount: 10n, memo, metadata })
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 100n, metadata })
  await ledger.settle('h', { requestId: 'p', amount: 10n, final: false, memo, metadata })
  await ledger.settle('h', { amount: 5n })
  await ledger.refund('c', { requestId: 'r', amount: 1n, memo })
  await ledger.transfer({ requestId: 't', legs: [{ from: 'user:8', to: 'user:9', amount: 5n }], memo, metadata })
  await ledger.deposit({ requestId: 'other', account: 'user:9', amount: 5n, memo: 'Charles', metadata: { a: 1 } })
  await ledger.open({ requestId: 'other-open', account: "user:9'", metadata: { b: 2 } })
}

/** What the requests about an account say: of entries, of a hold, and of statement lines. */
async function saidOf(ledger: EmbeddedLedger): Promise<string> {
  const ids = ['open', 'block', 'unblock', 'd', `d-${DEPOSITS - 1}`, 'c', 'h', 'h~settle', 'p', 'r', 't']
  const entries = await Promise.all(ids.map((id) => ledger.entry(id)))
  const { items } = await ledger.postings('user:8', { limit: 1000 })
  return JSON.stringify([entries, items, await ledger.hold('h'), await ledger.account('user:8')])
}

describe('erasing what requests say about a person', () => {
  for (const { name, skip, open } of realStores()) {
    test(`on ${name}, nothing of it is left, and the books are whole`, { skip }, async () => {
      await using place = await open()
      await migrateLedger(place.url)
      await using ledger = await openLedger(place.url)
      await liveOf(ledger)
      assert.match(await saidOf(ledger), /Ada Lovelace.*ada@example\.org/)
      const shares: number[] = []
      const report = await eraseAccount(place.url, 'user:8', (share) => shares.push(share))
      // The end of the hold has no memo of its own.
      assert.deepEqual(report, { requests: DEPOSITS + 10, erased: DEPOSITS + 9, hadMetadata: true })
      assert.ok(shares.length > 0 && shares.every((share) => share > 0 && share <= 1))
      assert.doesNotMatch(await saidOf(ledger), /Ada|ada@/)
      assert.doesNotMatch(JSON.stringify(await ledger.entries({ limit: 1000 })), /Ada|ada@/)
      // Others keep theirs.
      const other = await ledger.entry('other')
      assert.deepEqual([other.memo, other.metadata], ['Charles', { a: 1 }])
      assert.deepEqual((await ledger.account("user:9'")).metadata, { b: 2 })
      for (const check of ledger.storage.auditor.checks) {
        assert.deepEqual(await ledger.storage.auditor.run(check, 10), [], check.title)
      }
      // A repeat gets its first answer without what is gone, and another request under its id is refused.
      await using later = await openLedger(place.url)
      const again = await later.deposit({ requestId: 'd', account: 'user:8', amount: 1_000n, memo, metadata })
      assert.deepEqual([again.replayed, again.memo, again.metadata], [true, null, null])
      const reused = await errorOf(later.deposit({ requestId: 'd', account: 'user:8', amount: 1_000n }))
      assert.equal(reused.code, 'request_id_reused')
      assert.deepEqual(await eraseAccount(place.url, 'user:8'), {
        requests: DEPOSITS + 10,
        erased: 0,
        hadMetadata: false,
      })
      assert.deepEqual(await eraseAccount(place.url, 'nobody'), { requests: 0, erased: 0, hadMetadata: false })
    })
  }
})
