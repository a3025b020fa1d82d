/** The tables as the query builder knows them: the types of the columns as the row files write them. */
import type { accountRow } from './account-row.ts'
import type { assetRow } from './asset-row.ts'
import type { balanceRow } from './balance-row.ts'
import type { holdStepRow, stepEntryRow } from './entry-row.ts'
import type { steppedHoldRow } from './hold-row.ts'
import type { postingRow } from './posting-row.ts'
import type { rateRow } from './rate-row.ts'

export interface LedgerTables {
  readonly accounts: ReturnType<typeof accountRow>
  readonly assets: ReturnType<typeof assetRow>
  readonly rates: ReturnType<typeof rateRow>
  readonly balances: ReturnType<typeof balanceRow>
  readonly postings: ReturnType<typeof postingRow>
  readonly requests: EitherRow<ReturnType<typeof stepEntryRow>, ReturnType<typeof steppedHoldRow>>
  readonly hold_steps: ReturnType<typeof holdStepRow>
}

/** A row is one or the other, and has null in the columns that only the other one has. */
type EitherRow<One, Other> = {
  readonly [Column in keyof One | keyof Other]:
    | (Column extends keyof One ? One[Column] : null)
    | (Column extends keyof Other ? Other[Column] : null)
}
