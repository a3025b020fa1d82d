import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../config.ts'
import { ENGINE_LIMITS } from '../engine/limits.ts'
import { ledgerOptions } from './service-options.ts'

test('the circuit breaker and the traces are set by settings', () => {
  const { limits, tracing } = ledgerOptions(
    readSettings({ breakerFailures: '3', traceDetails: true }, { HOLDFAST_BREAKER_OPEN_MS: '250' }),
  )
  assert.deepEqual([limits.breakerFailures, limits.breakerOpenMs, tracing.details], [3, 250, true])
  const { limits: usual, tracing: discreet } = ledgerOptions(readSettings({}, {}))
  const { breakerFailures, breakerOpenMs } = ENGINE_LIMITS
  assert.deepEqual(
    [usual.breakerFailures, usual.breakerOpenMs, discreet.details],
    [breakerFailures, breakerOpenMs, false],
  )
})
