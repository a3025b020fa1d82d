import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { deposit } from '../../test/support/commands.ts'
import { FaultyStore } from '../../test/support/faulty-store.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Engine } from './engine.ts'

test('a batch does not run in the asynchronous context of a caller, whose trace would get the work of others', async () => {
  const context = new AsyncLocalStorage<string>()
  const store = new FaultyStore(openMemoryStorage().store)
  const seen: unknown[] = []
  store.refuses = () => {
    seen.push(context.getStore())
    return false
  }
  const engine = context.run('of the opening', () => new Engine(store))
  const answeredIn = await context.run('of a caller', async () => {
    await engine.submit(deposit('d', 'user:8', 1n))
    return context.getStore()
  })
  assert.deepEqual([seen, answeredIn], [['of the opening'], 'of a caller'])
})
