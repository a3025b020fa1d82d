/** What the exit code of the process says. */
import type { LedgerError } from '../api/error.ts'

export const EXIT = { ok: 0, refused: 1, usage: 2, fault: 3 } as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'it is done',
  1: 'the ledger said no; or "verify" or "backup" found a law that is broken, "import" or "reconcile" rows that do not agree',
  2: 'the command line is wrong; nothing happened',
  3: 'something is broken, too slow or not reachable; the message says whether the command may have applied',
}

export function exitCodeOf(error: LedgerError): ExitCode {
  if (error.code === 'invalid_request') return EXIT.usage
  return error.retryable || error.status >= 500 ? EXIT.fault : EXIT.refused
}
