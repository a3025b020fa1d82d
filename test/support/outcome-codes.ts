/** The result of a command as a short text, for comparison in tests. */
import assert from 'node:assert/strict'
import type { Outcome } from '../../src/domain/outcome.ts'
import { Fault } from '../../src/engine/faults.ts'

export function codeOf(outcome: Outcome): string {
  return outcome.status === 'applied' ? (outcome.replayed ? 'replayed' : 'applied') : outcome.rejection.code
}

/** For a fault, includes whether the command may have taken effect: `contention/no`. */
export async function resultOf(promise: Promise<Outcome>): Promise<string> {
  try {
    return codeOf(await promise)
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return `${error.code}/${error.applied}`
  }
}
