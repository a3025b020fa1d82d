/** The whole life of a hold through `Ledger`: in process, and over HTTP with lost answers. test/servers covers the databases. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import { openLedger } from '../../src/index.ts'
import { HOLD_STORIES } from '../support/hold-stories.ts'
import { PRECONDITION_STORIES } from '../support/precondition-stories.ts'
import { RunningService } from '../support/running-service.ts'
import { repeatOf } from '../support/repeats.ts'

interface Kind {
  readonly name: string
  readonly run: (use: (ledger: Ledger) => Promise<void>) => Promise<void>
}

const KINDS: readonly Kind[] = [
  {
    name: 'in process',
    run: async (use) => {
      await using ledger = await openLedger('memory:')
      await use(ledger)
    },
  },
  {
    name: 'over HTTP',
    run: async (use) => {
      await using service = await RunningService.start()
      await using ledger = connect(service.url)
      await use(ledger)
    },
  },
  {
    name: 'over HTTP, with every second answer lost',
    run: async (use) => {
      await using service = await RunningService.start()
      let batches = 0
      service.beforeAnswer = async (request) => {
        if (request.url === '/v1/batches' && batches++ % 2 === 0) request.raw.socket.destroy()
      }
      await using ledger = connect(service.url, { limits: { pauseMsMin: 5, pauseMsMax: 20, attemptsMax: 10 } })
      await use(ledger)
    },
  },
]

for (const { name, run } of KINDS) {
  describe(name, () => {
    for (const { name: what, play } of HOLD_STORIES) test(what, () => run(play))
    for (const { name: what, play } of PRECONDITION_STORIES) test(what, () => run((ledger) => play(ledger, ledger)))
  })
}

test('a late settle over the client takes what is there, once', async () => {
  await using service = await RunningService.start()
  await using ledger = connect(service.url)
  await ledger.deposit({ account: 'user:8', amount: 100n })
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 60n, expiresInMs: 1, onExpiry: { settle: 10n } })
  await sleep(5)
  await service.expire('h')
  const late = await ledger.settle('h', { amount: 70n, late: true, overage: 'cap' })
  assert.deepEqual([late.state, late.settled, late.settledLate, late.shortfall], ['expired', 60n, 50n, 10n])
  assert.deepEqual(await ledger.settle('h', { amount: 70n, late: true, overage: 'cap' }), repeatOf(late))
  const { items } = await ledger.holdHistory('h')
  assert.deepEqual(
    items.map(({ entry }) => entry),
    ['h', 'h~settle', 'h~late'],
  )
})
