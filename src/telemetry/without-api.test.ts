import assert from 'node:assert/strict'
import { registerHooks } from 'node:module'
import { test } from 'node:test'
import { openLedger } from '../ledger.ts'

test('where the API of OpenTelemetry is not installed, a ledger has no traces, and works', async () => {
  let asked = 0
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== '@opentelemetry/api') return next(specifier, context)
      asked++
      throw new Error('It is not installed.')
    },
  })
  // As another copy of the API registers a tracer.
  const slot = { [Symbol.for('opentelemetry.js.api.1')]: { trace: {} } }
  Object.assign(globalThis, slot)
  try {
    await using ledger = await openLedger('memory:')
    assert.deepEqual([asked, ledger.tracing], [1, null])
    assert.equal((await ledger.deposit({ account: 'user:8', amount: 5n })).replayed, false)
  } finally {
    hooks.deregister()
    Reflect.deleteProperty(globalThis, Symbol.for('opentelemetry.js.api.1'))
  }
})
