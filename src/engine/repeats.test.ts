/** What a repeat is told: the hold as it is now, or a refusal, also when it may be a repeat of its own lost commit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deposit, freeze, settle } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Engine } from './engine.ts'

async function openTwo() {
  const storage = openMemoryStorage()
  const store = new FaultyStore(storage.store)
  const first = new Engine(store)
  await first.submit(deposit('d', 'user:8', 1_000n))
  return { store, first, second: new Engine(storage.store, { houseStripe: 1 }) }
}

test('a repeated freeze shows the hold as another process has left it', async () => {
  const { first, second } = await openTwo()
  const frozen = await first.submit(freeze('h', 'user:8', 10n))
  const ended = await second.submit(settle('h', 7n))
  assert.ok(frozen.status === 'applied' && ended.status === 'applied')
  const repeat = { status: 'applied', replayed: true, answer: frozen.answer, current: ended.answer }
  assert.deepEqual(await first.submit(freeze('h', 'user:8', 10n)), repeat)
})

test('a repeat that is refused after a lost commit says that it may be its own; one of another call says that it is not', async () => {
  for (const mishap of ['doubt-lost', 'doubt-applied'] as const) {
    const { store, first } = await openTwo()
    store.script.push(mishap)
    const command = { ...freeze('h', 'user:8', 10n), ifReplayed: 'refuse' } as const
    const outcome = await first.submit(command)
    if (mishap === 'doubt-lost') assert.partialDeepStrictEqual(outcome, { status: 'applied', replayed: false })
    else {
      const rejection = { code: 'request_replayed', state: 'open', held: 10n, applied: 'unknown' }
      assert.partialDeepStrictEqual(outcome, { status: 'rejected', rejection })
    }
    const later = await first.submit(command)
    assert.partialDeepStrictEqual(later, { status: 'rejected', rejection: { applied: 'no', hold: 'h' } })
  }
})
