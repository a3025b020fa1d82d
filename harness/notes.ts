/**
 * Counts that a test run reports to the program that started it: one JSON line per note, appended to the file in HOLDFAST_TEST_NOTES.
 * Nothing is written if the variable is not set.
 */
import { appendFileSync } from 'node:fs'

export type Note =
  /** Commands that callers sent, repeats included. */
  | { readonly what: 'commands'; readonly count: number }
  /** A fault that a test injected. */
  | {
      readonly what: 'fault'
      /** `sqlite`, `mysql`, … */
      readonly store: string
      /** `SIGKILL of the service`, `freeze`, … */
      readonly kind: string
      /** From the fault, or from its end if it lasts, until every process acknowledged a command sent afterwards. */
      readonly recoveryMs: number
    }
  /** A cluster made another server the primary, under load; nothing acknowledged was lost, or the test failed. */
  | {
      readonly what: 'failover'
      readonly cluster: string
      /** `SIGKILL of the leader`, `planned switchover`, … */
      readonly kind: string
      /** From the fault until a server took writes again. */
      readonly promotionMs: number
      /** From then until every process had acknowledged a new command. */
      readonly gapMs: number
      /** Commands that were acknowledged in the whole run. */
      readonly acknowledged: number
    }
  /** Inputs for which every promise was checked. */
  | { readonly what: 'inputs'; readonly kind: string; readonly count: number }

export function note(what: Note): void {
  const file = process.env['HOLDFAST_TEST_NOTES']
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(what)}\n`)
}
