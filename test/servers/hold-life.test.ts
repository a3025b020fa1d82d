/** The whole life of a hold on every real store: in process, and by the client through a service that sweeps. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { HOLD_STORIES } from '../support/hold-stories.ts'
import { realStores } from '../support/places.ts'
import { repeatOf } from '../support/repeats.ts'
import { ServiceProcess } from '../../harness/service-process.ts'

const MS_MAX = 20_000

async function expiredHold(ledger: Ledger, id: string): Promise<void> {
  const until = Date.now() + MS_MAX
  while ((await ledger.hold(id)).state === 'open') {
    assert.ok(Date.now() < until, `${id} does not expire`)
    await sleep(50)
  }
}

/** The sweeper ends the hold and settles the agreed amount; a late settle draws what is available; a refund follows. */
async function liveToTheEnd(ledger: Ledger): Promise<void> {
  await ledger.deposit({ account: 'user:8', amount: 1_000n })
  const onExpiry = { settle: 100n }
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 600n, expiresInMs: 60_000, onExpiry })
  await ledger.settle('h', { requestId: 'p-1', amount: 50n, final: false, payee: 'shop:1' })
  await ledger.amend('h', { requestId: 'a-1', expiresInMs: 1 })
  await expiredHold(ledger, 'h')
  const expired = await ledger.hold('h')
  assert.deepEqual([expired.state, expired.settled, expired.released], ['expired', 150n, 450n])
  await ledger.charge({ account: 'user:8', amount: 700n })
  const late = await ledger.settle('h', { amount: 300n, late: true })
  assert.deepEqual([late.settled, late.settledLate, late.shortfall], [300n, 150n, 50n])
  assert.deepEqual(await ledger.settle('h', { amount: 300n, late: true }), repeatOf(late))
  const refunded = await ledger.refund('h', { requestId: 'r-1', amount: 300n })
  assert.equal(refunded.refunded, 300n)
  const { items } = await ledger.holdHistory('h')
  assert.deepEqual(
    items.map(({ number, kind, entry, hold }) => [number, kind, entry, hold.state, hold.settled]),
    [
      [0, 'freeze', 'h', 'open', 0n],
      [1, 'settle', 'p-1', 'open', 50n],
      [2, 'amend', 'a-1', 'open', 50n],
      [3, 'settle', 'h~settle', 'expired', 150n],
      [4, 'settle', 'h~late', 'expired', 300n],
      [5, 'refund', 'r-1', 'expired', 300n],
    ],
  )
  assert.deepEqual(items.at(-1)?.hold, await ledger.hold('h'))
  const lines = await ledger.postings('shop:1', { hold: 'h' })
  assert.deepEqual(
    lines.items.map(({ entryId, availableDelta }) => [entryId, availableDelta]),
    [
      ['r-1', -300n],
      ['h~late', 150n],
      ['h~settle', 100n],
      ['p-1', 50n],
    ],
  )
}

const STORIES = [...HOLD_STORIES, { name: 'an expiry, a late settle and a refund', play: liveToTheEnd }]

for (const { name, skip, open } of realStores()) {
  describe(name, { skip }, () => {
    for (const { name: what, play } of STORIES) {
      test(`${what}, in process`, async () => {
        await using place = await open()
        await migrateLedger(place.url)
        await using ledger = await openLedger(place.url, { limits: { expiryIntervalMs: 50 } })
        await play(ledger)
        const { auditor } = ledger.storage
        for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 3), [], check.title)
      })
    }

    test('an expiry, a late settle and a refund, through a service', async () => {
      await using place = await open()
      await migrateLedger(place.url)
      await using service = await ServiceProcess.start(place.url, ['--expiry-interval-ms', '50'])
      await using ledger = connect(service.url)
      await liveToTheEnd(ledger)
    })
  })
}
