/** Changes as SQLite is given them: one flat list of values per statement, cheap to bind and to send to another thread. */
import type { Changes } from '../../domain/changes.ts'
import { rateKeyValues, rateValues } from '../sql/rates.ts'
import { holdSteppedValues, holdStepValues, requestWrites, stepEntryValues, steppedHoldValues } from '../sql/steps.ts'
import {
  balanceChangeValues,
  balanceValues,
  entryValues,
  holdChangeValues,
  holdValues,
  metadataText,
  postingValues,
  type SqlValue,
} from '../sql/rows.ts'

/** Each list holds its rows one after the other, without gaps, in the order of the statement's columns. */
export interface FlatChanges {
  readonly holdsOpened: readonly SqlValue[]
  readonly holdsOpenedStepped: readonly SqlValue[]
  readonly entries: readonly SqlValue[]
  readonly stepEntries: readonly SqlValue[]
  readonly holdSteps: readonly SqlValue[]
  readonly postings: readonly SqlValue[]
  readonly holdsChanged: readonly SqlValue[]
  readonly holdsStepped: readonly SqlValue[]
  readonly assets: readonly SqlValue[]
  readonly accounts: readonly SqlValue[]
  readonly rates: readonly SqlValue[]
  readonly ratesUsed: readonly SqlValue[]
  readonly balancesOpened: readonly SqlValue[]
  readonly balancesChanged: readonly SqlValue[]
}

export function flatten(changes: Changes): FlatChanges {
  const { balances } = changes
  const requests = requestWrites(changes)
  return {
    holdsOpened: flat(requests.holdsOpened, holdValues),
    holdsOpenedStepped: flat(requests.holdsOpenedStepped, steppedHoldValues),
    entries: flat(requests.entries, entryValues),
    stepEntries: flat(requests.stepEntries, stepEntryValues),
    holdSteps: flat(changes.holdSteps, holdStepValues),
    postings: flat(changes.postings, postingValues),
    holdsChanged: flat(requests.holdsChanged, holdChangeValues),
    holdsStepped: flat(requests.holdsStepped, holdSteppedValues),
    assets: flat(changes.assets, ({ code, decimals, name, createdAt }) => [code, decimals, name, createdAt]),
    accounts: flat(changes.accounts, ({ account, metadata }) => [account, metadataText(metadata)]),
    rates: flat(changes.rates, rateValues),
    ratesUsed: flat(changes.ratesUsed, rateKeyValues),
    balancesOpened: flat(
      balances.filter(({ before }) => before.version === 0),
      ({ after }) => balanceValues(after),
    ),
    balancesChanged: flat(
      balances.filter(({ before }) => before.version > 0),
      balanceChangeValues,
    ),
  }
}

function flat<Row>(rows: readonly Row[], valuesOf: (row: Row) => readonly SqlValue[]): readonly SqlValue[] {
  // Grown, not made at its length: a list that ever had holes takes longer to send to another thread.
  const values: SqlValue[] = []
  for (const row of rows) for (const value of valuesOf(row)) values.push(value)
  return values
}
