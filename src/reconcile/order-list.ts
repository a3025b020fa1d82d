/** Reads the list of orders: in CSV one row per leg, the rows of an order together; in NDJSON one object per order. */
import { TRANSFER_LEGS_MAX } from '../api/commands/transfer.ts'
import { AMOUNT_MAX, amountIn } from '../domain/amount.ts'
import { isAccountName, isAssetCode, isRequestId, type AccountName, type AssetCode } from '../domain/ids.ts'
import { EndCheck } from './end-check.ts'
import { stateIn, type StatusShape } from './list.ts'
import type { Order, OrderLeg } from './order.ts'
import { nameIn, readRecords, shown, textOf, type FileShape, type ListRecord, type UnreadableRow } from './records.ts'

export interface OrderShape extends StatusShape, Omit<FileShape, 'columns'> {
  readonly idColumn: string
  readonly fromColumn: string
  readonly toColumn: string
  readonly amountColumn: string
  /** Null: every leg leaves in `asset`. */
  readonly assetColumn: string | null
  readonly asset: AssetCode
  /** Null: every leg arrives in the asset in which it leaves. */
  readonly toAssetColumn: string | null
  readonly toAmountColumn: string | null
  /** The member of an NDJSON object with the legs. */
  readonly legsColumn: string
  /** Null: the external system has paid no leg itself. */
  readonly noteColumn: string | null
  /** Whether a leg with this note is paid. */
  readonly notes: ReadonlyMap<string, boolean>
  /** Null: what the sender pays leaves with each leg. */
  readonly takenColumn: string | null
  /** Comes before names of accounts that are not those of house accounts. */
  readonly accountPrefix: string
}

/** What a database exports for a truth value. */
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['true', true],
  ['yes', true],
  ['0', false],
  ['false', false],
  ['no', false],
  ['', false],
])

type Head = Omit<Order, 'legs' | 'line'>
type Problem = Pick<UnreadableRow, 'problem'>

/**
 * Returns the orders in the order of the file, some at a time.
 *
 * @param end checks the end row, which is not returned
 * @throws ListError
 */
export async function* readOrders(
  path: string,
  shape: OrderShape,
  end = new EndCheck(),
): AsyncGenerator<readonly (Order | UnreadableRow)[]> {
  const { format, delimiter } = shape
  const read = shape.format === 'csv' ? new RowsOfOrders(shape, end) : null
  for await (const records of readRecords(path, { format, delimiter, columns: columnsOf(shape) }, end)) {
    const orders: (Order | UnreadableRow)[] = []
    for (const record of records) {
      if ('problem' in record) orders.push(record)
      else if (read === null) orders.push(orderOf(record, shape, end.isStatement))
      else orders.push(...read.add(record))
    }
    yield orders
  }
  if (read !== null) yield read.close()
}

/** Joins the rows of an order, which follow each other. */
class RowsOfOrders {
  readonly #shape: OrderShape
  readonly #end: EndCheck
  #open: { readonly line: number; readonly head: Head; readonly legs: OrderLeg[]; isTooLong: boolean } | null = null

  constructor(shape: OrderShape, end: EndCheck) {
    this.#shape = shape
    this.#end = end
  }

  /** Returns the order before this row, if the row begins another one, and what is wrong with the row. */
  add(record: ListRecord): readonly (Order | UnreadableRow)[] {
    const { line } = record
    const head = headOf(record, this.#shape, this.#end.isStatement)
    if ('problem' in head) return [{ line, ...head }]
    const leg = legOf(record, this.#shape, this.#end.isStatement)
    if ('problem' in leg) return [{ line, ...leg }]
    const open = this.#open
    if (open === null || open.head.requestId !== head.requestId) {
      const ended = this.close()
      this.#open = { line, head, legs: [leg], isTooLong: false }
      return ended
    }
    const column = this.#differenceOf(open.head, head)
    if (column !== null)
      return [{ line, problem: `${column} differs from line ${open.line}, which is of the same order` }]
    if (open.legs.length < TRANSFER_LEGS_MAX) {
      open.legs.push(leg)
      return []
    }
    // Said once.
    if (open.isTooLong) return []
    open.isTooLong = true
    return [{ line, problem: LEGS_PROBLEM }]
  }

  /** Returns the order that the last row belongs to. */
  close(): readonly (Order | UnreadableRow)[] {
    const open = this.#open
    this.#open = null
    return open === null ? [] : [checked({ line: open.line, ...open.head, legs: open.legs }, this.#shape)]
  }

  /** The column in which two rows of an order differ. */
  #differenceOf(first: Head, next: Head): string | null {
    const { fromColumn, statusColumn, takenColumn } = this.#shape
    if (first.from !== next.from) return fromColumn
    if (first.state !== next.state) return statusColumn
    return first.isTaken === next.isTaken ? null : takenColumn
  }
}

const LEGS_PROBLEM = `an order has 1 to ${TRANSFER_LEGS_MAX} legs`

/** An object with all legs. A member that a leg does not have is looked for in the order. */
function orderOf(record: ListRecord, shape: OrderShape, isStatement: boolean): Order | UnreadableRow {
  const { line, get } = record
  const head = headOf(record, shape, isStatement)
  if ('problem' in head) return { line, ...head }
  const members = get(shape.legsColumn)
  if (!Array.isArray(members) || members.length === 0 || members.length > TRANSFER_LEGS_MAX) {
    return { line, problem: `${shape.legsColumn} ${shown(members)} must be an array: ${LEGS_PROBLEM}` }
  }
  const legs: OrderLeg[] = []
  for (const [index, member] of members.entries()) {
    const place = `${shape.legsColumn}, leg ${index + 1}`
    if (typeof member !== 'object' || member === null) return { line, problem: `${place}: not a JSON object` }
    const own = member as Readonly<Record<string, unknown>>
    const leg = legOf(
      { line, get: (column) => (Object.hasOwn(own, column) ? own[column] : get(column)) },
      shape,
      isStatement,
    )
    if ('problem' in leg) return { line, problem: `${place}: ${leg.problem}` }
    legs.push(leg)
  }
  return checked({ line, ...head, legs }, shape)
}

function headOf({ get }: ListRecord, shape: OrderShape, isStatement: boolean): Head | Problem {
  const { idColumn, fromColumn, takenColumn } = shape
  const requestId = nameIn(get(idColumn), isStatement)
  if (!isRequestId(requestId)) return { problem: `${idColumn} ${shown(requestId)} is not a valid request id` }
  const state = stateIn(get(shape.statusColumn), shape)
  if (typeof state !== 'string') return state
  const from = accountIn(get(fromColumn), fromColumn, shape, isStatement)
  if (typeof from !== 'string') return from
  const isTaken = takenColumn === null ? false : TRUTHS.get(textOf(get(takenColumn) ?? ''))
  if (isTaken === undefined) {
    return { problem: `${takenColumn} ${shown(get(takenColumn!))} must be one of 1, true, yes, 0, false, no` }
  }
  return { requestId, state, from, isTaken }
}

function legOf({ get }: ListRecord, shape: OrderShape, isStatement: boolean): OrderLeg | Problem {
  const { toColumn, amountColumn, assetColumn, toAssetColumn, toAmountColumn, noteColumn } = shape
  const to = accountIn(get(toColumn), toColumn, shape, isStatement)
  if (typeof to !== 'string') return to
  const amount = amountIn(get(amountColumn))
  if (amount === null || amount < 1n) {
    return { problem: `${amountColumn} ${shown(get(amountColumn))} ${AMOUNT_PROBLEM}` }
  }
  const asset = assetColumn === null ? shape.asset : get(assetColumn)
  if (!isAssetCode(asset)) return { problem: `${assetColumn} ${shown(asset)} is not a valid asset code` }
  const toAsset = toAssetColumn === null ? asset : orElse(get(toAssetColumn), asset)
  if (!isAssetCode(toAsset)) return { problem: `${toAssetColumn} ${shown(toAsset)} is not a valid asset code` }
  const toAmountText = toAmountColumn === null ? null : orElse(get(toAmountColumn), null)
  const received = toAmountText === null ? null : amountIn(toAmountText)
  if (toAmountText !== null && (received === null || received < 1n)) {
    return { problem: `${toAmountColumn} ${shown(toAmountText)} ${AMOUNT_PROBLEM}` }
  }
  const isPaid = noteColumn === null ? false : shape.notes.get(textOf(orElse(get(noteColumn), '')))
  if (isPaid === undefined) {
    const words = [...shape.notes.keys()].map((word) => (word === '' ? 'empty' : word)).join(', ')
    return { problem: `${noteColumn} ${shown(get(noteColumn!))} must be one of ${words}` }
  }
  if (toAsset !== asset) return { to, asset, amount, toAsset, toAmount: received, isPaid }
  if (received !== null && received !== amount) {
    return { problem: `${toAmountColumn} ${received} is not ${amountColumn} ${amount}, in one asset` }
  }
  return { to, asset, amount, toAsset, toAmount: amount, isPaid }
}

const AMOUNT_PROBLEM = `must be a whole number of minor units, 1 to ${AMOUNT_MAX}`

/** A field that is empty says nothing. */
function orElse<Value>(value: unknown, fallback: Value): unknown {
  return value === undefined || value === null || value === '' ? fallback : value
}

/** A number is the id of a user in another system. */
function accountIn(
  value: unknown,
  column: string,
  { accountPrefix }: OrderShape,
  isStatement: boolean,
): AccountName | Problem {
  const given = nameIn(typeof value === 'number' ? String(value) : value, isStatement)
  const name = typeof given === 'string' && !given.startsWith('@') ? `${accountPrefix}${given}` : given
  return isAccountName(name) ? name : { problem: `${column} ${shown(value)} is not a valid account name` }
}

/** What the columns say together. */
function checked(order: Order, { takenColumn, noteColumn }: OrderShape): Order | UnreadableRow {
  if (takenColumn === null || order.isTaken || !order.legs.some(({ isPaid }) => isPaid)) return order
  const problem = `${noteColumn} says that a leg is paid, and ${takenColumn} that nothing was taken from the sender`
  return { line: order.line, problem }
}

function columnsOf(shape: OrderShape): readonly string[] {
  const { idColumn, fromColumn, toColumn, amountColumn, statusColumn, isStatusNeeded } = shape
  const named = [shape.assetColumn, shape.toAssetColumn, shape.toAmountColumn, shape.noteColumn, shape.takenColumn]
  const status = isStatusNeeded ? [statusColumn] : []
  return [idColumn, fromColumn, toColumn, amountColumn, ...status, ...named.filter((column) => column !== null)]
}
