import assert from 'node:assert/strict'
import { LedgerError } from '../../src/api/error.ts'

/** The `LedgerError` with which the call must reject. */
export async function errorOf(call: Promise<unknown>): Promise<LedgerError> {
  const thrown = await call.then(
    () => null,
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof LedgerError, `a LedgerError was expected, not ${String(thrown)}`)
  return thrown
}
