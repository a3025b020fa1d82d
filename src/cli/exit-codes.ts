/** The exit codes of the process. */
import type { LedgerError } from '../api/error.ts'

export const EXIT = { ok: 0, refused: 1, usage: 2, fault: 3, broken: 4 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'success',
  1: 'the ledger rejected the command; "verify" or "backup" found a broken law; "import", "reconcile" or "bridge" found differences; "doctor" found a risk; "prices" found something wrong',
  2: 'invalid command line; nothing was done',
  3: 'a failure or a timeout; the message says whether the command may have had an effect',
  4: '"doctor" found something broken',
}

export function exitCodeOf(error: LedgerError): ExitCode {
  if (error.code === 'invalid_request') return EXIT.usage
  return error.retryable || error.status >= 500 ? EXIT.fault : EXIT.refused
}
