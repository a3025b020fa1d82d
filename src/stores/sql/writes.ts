/** The records of `Changes` by the statement that writes them. */
import type { BalanceRecord } from '../../domain/balance.ts'
import type { Changes } from '../../domain/changes.ts'

export interface Writes extends Omit<Changes, 'balances'> {
  /** Holds that this batch both opens and changes by steps; none of them is in `holdsOpened` or `holdsStepped`. */
  readonly holdsOpenedStepped: Changes['holdsOpened']
  /** Entries of steps; none of them is in `entries`. */
  readonly stepEntries: Changes['entries']
  readonly balancesOpened: readonly BalanceRecord[]
  readonly balancesChanged: Changes['balances']
}

/**
 * Holds with steps and the entries of steps have statements of their own, so that all other statements leave their columns out.
 * A hold that the batch both opens and steps is written once, because PostgreSQL's one statement cannot change what it inserts.
 */
export function writesOf(changes: Changes): Writes {
  const { balances, holdsOpened, entries, holdsStepped, holdSteps } = changes
  const writes = {
    ...changes,
    balancesOpened: balances.filter(({ before }) => before.version === 0).map(({ after }) => after),
    balancesChanged: balances.filter(({ before }) => before.version !== 0),
  }
  if (holdSteps.length === 0) return { ...writes, holdsOpenedStepped: [], stepEntries: [] }
  const opened = new Set(holdsOpened.map(({ id }) => id))
  const stepped = new Set(holdsStepped.map(({ after }) => after.id))
  return {
    ...writes,
    holdsOpened: holdsOpened.filter(({ id }) => !stepped.has(id)),
    holdsOpenedStepped: holdsStepped.map(({ after }) => after).filter(({ id }) => opened.has(id)),
    holdsStepped: holdsStepped.filter(({ after }) => !opened.has(after.id)),
    entries: entries.filter(({ step }) => step === null),
    stepEntries: entries.filter(({ step }) => step !== null),
  }
}
