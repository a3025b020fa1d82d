/** Asserts that all laws hold in an open ledger. */
import assert from 'node:assert/strict'
import type { EmbeddedLedger } from '../../src/ledger.ts'

export async function assertLaws({ storage: { auditor } }: EmbeddedLedger): Promise<void> {
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 5), [], check.title)
}
