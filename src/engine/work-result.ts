/** What becomes of one piece of work in a batch. */
import { Fault } from './faults.ts'
import type { WorkOutcome } from './ticket.ts'

/** The work is decided later, when these balances are not locked any more. Nothing of it was written. */
export class Parked {
  /** Keys of balances. */
  readonly balances: readonly string[]

  constructor(balances: readonly string[]) {
    this.balances = balances
  }
}

export type WorkResult = WorkOutcome | Fault | Parked

export function isOutcome(result: WorkResult): result is WorkOutcome {
  return !(result instanceof Fault || result instanceof Parked)
}
