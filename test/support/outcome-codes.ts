/** What became of a command, in a word or two, as tests compare it. */
import assert from 'node:assert/strict'
import type { Outcome } from '../../src/domain/outcome.ts'
import { Fault } from '../../src/engine/faults.ts'

export function codeOf(outcome: Outcome): string {
  return outcome.status === 'applied' ? (outcome.replayed ? 'replayed' : 'applied') : outcome.rejection.code
}

/** Of a fault, also whether the command may have had an effect: `contention/no`. */
export async function resultOf(promise: Promise<Outcome>): Promise<string> {
  try {
    return codeOf(await promise)
  } catch (error) {
    assert.ok(error instanceof Fault, String(error))
    return `${error.code}/${error.applied}`
  }
}
