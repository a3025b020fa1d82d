/** The rejection of a batch. */
import type { LedgerError } from '../api/error.ts'
import type { BatchOutcome } from '../api/ledger.ts'

/** Rejections that would concern every user. */
const REASONS_TO_STOP: ReadonlySet<string> = new Set(['unknown_asset', 'expiry_out_of_range'])

/** The rejection that caused the others, or null. @throws LedgerError for a fault, or for a rejection that concerns every user */
export function refusalIn(outcomes: readonly BatchOutcome[]): LedgerError | null {
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'applied' ? [] : [outcome]))
  for (const { status, error } of failures) if (status === 'faulted' || REASONS_TO_STOP.has(error.code)) throw error
  return (failures.find(({ error }) => error.code !== 'batch_aborted') ?? failures[0])?.error ?? null
}
