import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../test/support/manual-clock.ts'
import { openLedger, type EmbeddedLedger, type OpenLedgerOptions } from './ledger.ts'

const MINUTE_MS = 60_000

/** The state, one minute later, of a hold that lives ten seconds. */
async function stateAfterAMinute(options: OpenLedgerOptions): Promise<string> {
  const clock = new ManualClock()
  const ledger = await openLedger('memory:', { clock, ...options })
  try {
    await ledger.deposit({ account: 'user:8', amount: 10n })
    await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 4n, expiresInMs: MINUTE_MS / 6 })
    await clock.advance(MINUTE_MS)
    return (await ledger.hold('h')).state
  } finally {
    await closed(ledger, clock)
  }
}

async function closed(ledger: EmbeddedLedger, clock: ManualClock): Promise<void> {
  const closing = ledger.close()
  await clock.advance(MINUTE_MS)
  await closing
}

test('an open ledger ends the holds that are due, unless it was opened without', async () => {
  assert.equal(await stateAfterAMinute({}), 'expired')
  assert.equal(await stateAfterAMinute({ sweep: false }), 'open')
})

test('an open ledger looks for due holds as often as its limits say, until it is closed', async () => {
  const clock = new ManualClock()
  const ledger = await openLedger('memory:', { clock, limits: { expiryIntervalMs: 10_000 } })
  await clock.advance(55_000)
  assert.equal(ledger.sweeper?.status.rounds, 6)
  await closed(ledger, clock)
  assert.equal(ledger.sweeper.status.rounds, 6)
})

test('the caller that opened the ledger is notified when its sweeper fails', async () => {
  const clock = new ManualClock()
  const heard: string[] = []
  const ledger = await openLedger('memory:', { clock, onExpiryEvent: ({ kind }) => heard.push(kind) })
  await ledger.storage.close()
  await clock.advance(5_000)
  assert.deepEqual(heard, ['faulted'])
  await closed(ledger, clock)
})
