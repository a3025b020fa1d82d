/** Reads the list of the external system row by row: request ids, states and costs. */
import { parseInt64 } from '../domain/amount.ts'
import {
  isAccountName,
  isAssetCode,
  isRequestId,
  type AccountName,
  type AssetCode,
  type RequestId,
} from '../domain/ids.ts'
import type { Delimiter } from './delimiters.ts'
import { EndCheck } from './end-check.ts'
import { nameIn, readRecords, shown, textOf, type ListFormat, type ListRecord, type UnreadableRow } from './records.ts'

/** - `done`: completed, for the amount. - `failed`: not done, and will not be. - `pending`: not known yet. */
export type OtherState = 'done' | 'failed' | 'pending'

export interface ListRow {
  readonly line: number
  readonly requestId: RequestId
  readonly state: OtherState
  /** In minor units; null if the work was not completed. */
  readonly amount: bigint | null
  /** Each is null if the list has no such column. */
  readonly account: AccountName | null
  readonly counterparty: AccountName | null
  readonly asset: AssetCode | null
}

export interface StatusShape {
  /** In a list without this column, every row is `done`. */
  readonly statusColumn: string
  readonly isStatusNeeded: boolean
  /** The state of each status word. */
  readonly words: ReadonlyMap<string, OtherState>
}

export interface ListShape extends StatusShape {
  readonly format: ListFormat
  /** Null: it is found in the header. NDJSON has none. */
  readonly delimiter: Delimiter | null
  readonly idColumn: string
  readonly amountColumn: string
  /** Columns to compare, or null. */
  readonly accountColumn: string | null
  readonly counterpartyColumn: string | null
  readonly assetColumn: string | null
}

/**
 * Returns the rows in the order of the file, some at a time.
 *
 * @param end checks the end row, which is not returned
 * @throws ListError
 */
export async function* readList(
  path: string,
  shape: ListShape,
  end = new EndCheck(),
): AsyncGenerator<readonly (ListRow | UnreadableRow)[]> {
  const file = { format: shape.format, delimiter: shape.delimiter, columns: columnsOf(shape) }
  for await (const records of readRecords(path, file, end)) {
    yield records.map((record) => ('problem' in record ? record : rowOf(record, shape, end.isStatement)))
  }
}

function rowOf({ line, get }: ListRecord, shape: ListShape, isStatement: boolean): ListRow | UnreadableRow {
  const { idColumn, amountColumn } = shape
  const textIn = (column: string): unknown => nameIn(get(column), isStatement)
  const requestId = textIn(idColumn)
  if (!isRequestId(requestId)) return { line, problem: `${idColumn} ${shown(requestId)} is not a valid request id` }
  const state = stateIn(get(shape.statusColumn), shape)
  if (typeof state !== 'string') return { line, ...state }
  const names = { account: null as string | null, counterparty: null as string | null, asset: null as string | null }
  for (const [name, column, isName, what] of [
    ['account', shape.accountColumn, isAccountName, 'account name'],
    ['counterparty', shape.counterpartyColumn, isAccountName, 'account name'],
    ['asset', shape.assetColumn, isAssetCode, 'asset code'],
  ] as const) {
    if (column === null) continue
    const value = textIn(column)
    if (!isName(value)) return { line, problem: `${column} ${shown(value)} is not a valid ${what}` }
    names[name] = value
  }
  if (state !== 'done') return { line, requestId, state, amount: null, ...names }
  const amount = parseInt64(get(amountColumn))
  if (amount === null || amount < 0n) {
    return {
      line,
      problem: `${amountColumn} ${shown(get(amountColumn))} must be a whole number of minor units, 0 or more`,
    }
  }
  return { line, requestId, state, amount, ...names }
}

/** The state that a status means. */
export function stateIn(
  status: unknown,
  { statusColumn, isStatusNeeded, words }: StatusShape,
): OtherState | { readonly problem: string } {
  if (status === undefined) return isStatusNeeded ? { problem: `${statusColumn} is missing` } : 'done'
  const state = words.get(textOf(status))
  return state ?? { problem: `${statusColumn} ${shown(status)} must be one of ${[...words.keys()].join(', ')}` }
}

/** The columns that the list must have. */
function columnsOf(shape: ListShape): readonly string[] {
  const { idColumn, amountColumn, statusColumn, isStatusNeeded } = shape
  const compared = [shape.accountColumn, shape.counterpartyColumn, shape.assetColumn]
  const named = compared.filter((column) => column !== null)
  return [idColumn, amountColumn, ...(isStatusNeeded ? [statusColumn] : []), ...named]
}
