/** The tables as the query builder knows them: the types of the columns as the row files write them. */
import type { accountRow } from './account-row.ts'
import type { assetRow } from './asset-row.ts'
import type { actorRow, authorColumns } from './author-row.ts'
import type { balanceRow } from './balance-row.ts'
import type { stepEntryRow } from './entry-row.ts'
import type { feedRow } from './feed-row.ts'
import type { holdRow, holdStepRow } from './hold-row.ts'
import type { houseRow } from './house-row.ts'
import type { rateRow } from './rate-row.ts'
import type { runRow } from './run-row.ts'
import type { standingRow } from './standing-row.ts'
import type { Bytes } from './values.ts'

export interface LedgerTables {
  readonly accounts: ReturnType<typeof accountRow>
  readonly standings: ReturnType<typeof standingRow>
  readonly actors: ReturnType<typeof actorRow> & { readonly number: number }
  readonly assets: ReturnType<typeof assetRow>
  readonly house_accounts: ReturnType<typeof houseRow>
  readonly rates: ReturnType<typeof rateRow>
  readonly balances: ReturnType<typeof balanceRow>
  readonly journal: ReturnType<typeof runRow>
  readonly requests: EitherRow<ReturnType<typeof stepEntryRow>, ReturnType<typeof holdRow>>
  readonly feed: ReturnType<typeof feedRow> & { readonly position: number }
  readonly commits: ReturnType<typeof feedRow> & { readonly number: number }
  readonly hold_changes: ReturnType<typeof holdStepRow> & Queried<ReturnType<typeof authorColumns>>
}

/** A row is one or the other, and has null in the columns that only the other one has. Bytes are a `Uint8Array` in a query. */
type EitherRow<One, Other> = {
  readonly [Column in keyof One | keyof Other]:
    | (Column extends keyof One ? InQuery<One[Column]> : null)
    | (Column extends keyof Other ? InQuery<Other[Column]> : null)
}

type Queried<Columns> = { readonly [Column in keyof Columns]: InQuery<Columns[Column]> }

type InQuery<Value> = Value extends Bytes ? Uint8Array : Value
