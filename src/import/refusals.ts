/** What a batch was refused for. */
import type { LedgerError } from '../api/error.ts'
import type { BatchOutcome } from '../api/ledger.ts'

/** Refusals that would meet every user alike. */
const REASONS_TO_STOP: ReadonlySet<string> = new Set(['unknown_asset', 'expiry_out_of_range'])

/** The refusal that decided, if there is one. @throws LedgerError a fault, or what would meet every user alike */
export function refusalIn(outcomes: readonly BatchOutcome[]): LedgerError | null {
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'applied' ? [] : [outcome]))
  for (const { status, error } of failures) if (status === 'faulted' || REASONS_TO_STOP.has(error.code)) throw error
  return (failures.find(({ error }) => error.code !== 'batch_aborted') ?? failures[0])?.error ?? null
}
