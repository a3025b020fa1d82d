/**
 * What a test counted, for whoever runs it to add up: a line of JSON for each note, in the file that HOLDFAST_TEST_NOTES names.
 * Without it nothing is written.
 */
import { appendFileSync } from 'node:fs'

export type Note =
  /** Commands that were sent by callers, in the order of their attempts: with repeats. */
  | { readonly what: 'commands'; readonly count: number }
  /** Something was broken on purpose. */
  | {
      readonly what: 'fault'
      /** `sqlite`, `mysql`, … */
      readonly store: string
      /** `SIGKILL of the service`, `freeze`, … */
      readonly kind: string
      /** From the fault, or its end where it lasts, until every process acknowledged a command that was sent afterwards. */
      readonly recoveryMs: number
    }
  /** Something was put to the ledger, and all that is promised of it was seen to hold. */
  | { readonly what: 'inputs'; readonly kind: string; readonly count: number }

export function note(what: Note): void {
  const file = process.env['HOLDFAST_TEST_NOTES']
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(what)}\n`)
}
