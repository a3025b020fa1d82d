/**
 * The tables' columns as the query builder knows them, the same in every SQL database.
 *
 * The types are those of parameters; rows come back as rows.ts reads them.
 */

export interface LedgerTables {
  readonly accounts: AccountColumns
  readonly assets: AssetColumns
  readonly rates: RateColumns
  readonly balances: BalanceColumns
  readonly postings: PostingColumns
  readonly requests: RequestColumns
  readonly hold_steps: HoldStepColumns
}

interface AccountColumns {
  readonly account: string
  readonly metadata: string
}

interface AssetColumns {
  readonly code: string
  readonly decimals: number
  readonly name: string
  readonly created_at: number
}

interface RateColumns {
  readonly from_asset: string
  readonly to_asset: string
  readonly version: number
  readonly numerator: bigint
  readonly denominator: bigint
  readonly rounding: string
  readonly tolerance_ppm: number
  readonly declared_at: number
}

interface BalanceColumns {
  readonly id: number
  readonly account: string
  readonly asset: string
  readonly stripe: number
  readonly available: bigint
  readonly held: bigint
  readonly floor: bigint | null
  readonly version: number
}

interface PostingColumns {
  readonly balance_id: number
  readonly version: number
  readonly entry_id: string
  readonly kind: string
  readonly available_delta: bigint
  readonly held_delta: bigint
  readonly available: bigint
  readonly held: bigint
  readonly at: number
}

/** Of entries and of holds; a row has null in the columns of the other. */
interface RequestColumns {
  readonly id: string
  readonly kind: string
  readonly at: number
  readonly fingerprint: number
  readonly metadata: string | null
  readonly memo: string | null
  readonly floor: bigint | null
  readonly postings: string | null
  readonly legs: string | null
  readonly hold_after: string | null
  readonly balance_id: number | null
  readonly payee: string | null
  readonly state: string | null
  readonly amount: bigint | null
  readonly held: bigint | null
  readonly settled: bigint | null
  readonly released: bigint | null
  readonly drawn: bigint | null
  readonly shortfall: bigint | null
  readonly expires_at: number | null
  readonly ended_at: number | null
  readonly end_fingerprint: number | null
  readonly opened_version: number | null
  readonly ended_version: number | null
  readonly payee_balance_id: number | null
  readonly payee_version: number | null
  readonly on_expiry: bigint | null
  readonly refunded: bigint | null
  readonly settled_late: bigint | null
  readonly steps: number | null
  readonly first_answers: string | null
}

interface HoldStepColumns {
  readonly hold: string
  readonly step: number
  readonly entry_id: string
}
