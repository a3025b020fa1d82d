/** Random damage to rows of a twin ledger, applied to both copies. */
import fc from 'fast-check'
import { BALANCE_MAX, BALANCE_MIN } from '../../src/domain/amount.ts'
import type { Rate } from '../../src/domain/rate.ts'
import { legsText } from '../../src/stores/sql/entry-row.ts'
import type { HoldEnd } from '../../src/domain/hold.ts'
import type { TwinLedger } from './twin-ledger.ts'

const COLUMNS = {
  balances: { available: 'available', held: 'held', floor: 'floor', version: 'version' },
  postings: { availableDelta: 'available_delta', heldDelta: 'held_delta', available: 'available', held: 'held' },
  holds: {
    amount: 'amount',
    held: 'held',
    settled: 'settled',
    released: 'released',
    drawn: 'drawn',
    openedVersion: 'opened_version',
    endedVersion: 'ended_version',
    payeeVersion: 'payee_version',
    shortfall: 'shortfall',
    refunded: 'refunded',
    settledLate: 'settled_late',
    steps: 'steps',
    expiresAt: 'expires_at',
  },
} as const

const COLUMNS_MAX = Math.max(...Object.values(COLUMNS).map((columns) => Object.keys(columns).length))

/** Versions, counts and instants are numbers, amounts are bigint. */
const isVersion = (field: string): boolean => /version$|^steps$|At$/i.test(field)

/** `exchanges` are the legs in entries, `rates` the history that they refer to, `steps` the list of holds' steps. */
type Kind = keyof typeof COLUMNS | 'exchanges' | 'rates' | 'steps'

export interface Damage {
  readonly kind: Kind
  /** Index of the row, modulo their number. */
  readonly row: number
  readonly change: 'remove' | 'rename' | { readonly column: number; readonly by: bigint }
}

const change = fc.oneof(
  { weight: 1, arbitrary: fc.constant('remove' as const) },
  { weight: 1, arbitrary: fc.constant('rename' as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      column: fc.nat(COLUMNS_MAX - 1),
      by: fc.constantFrom(1n, 1n, -1n, -1n, -50n, BALANCE_MAX, BALANCE_MIN),
    }),
  },
)

export const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record({
    // Most changes of a balance go to house accounts, which have no floor to violate.
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant<Kind>('balances') },
      { weight: 2, arbitrary: fc.constant<Kind>('holds') },
      { weight: 5, arbitrary: fc.constantFrom<Kind>('postings', 'exchanges', 'rates', 'steps') },
    ),
    row: fc.nat(1000),
    change,
  }),
  { minLength: 1, maxLength: 8, size: 'max' },
)

/** No effect when there is no such row. */
export function doDamage(ledger: TwinLedger, { kind, row, change: what }: Damage): void {
  if (kind === 'exchanges') return damageLegs(ledger, row, typeof what === 'object' ? what.by : 1n)
  if (kind === 'rates') return damageRate(ledger, row)
  if (kind === 'steps') return damageStep(ledger, row, what === 'remove')
  const rows: Map<string, object> = ledger.tables[kind === 'holds' ? 'requests' : kind]
  const all = [...rows].filter(([, record]) => kind !== 'holds' || ('kind' in record && record.kind === 'freeze'))
  const found = all[row % Math.max(all.length, 1)]
  if (found === undefined) return
  const [key, record] = found
  const where = whereOf(kind, record)
  if (what === 'remove') {
    rows.delete(key)
    ledger.plant(`DELETE FROM ${where}`)
  } else if (what === 'rename') {
    if (kind !== 'postings') return
    rows.set(key, { ...record, entryId: 'nobody' })
    ledger.plant(`UPDATE ${where.replace(' WHERE', ` SET entry_id = 'nobody' WHERE`)}`)
  } else {
    const columns = Object.entries(COLUMNS[kind])
    const [field, column] = columns[what.column % columns.length]!
    const before = columnOf(record, field)
    if (before === null) return
    const after = clamped(BigInt(before) + what.by, isVersion(field))
    rows.set(key, withColumn(record, field, isVersion(field) ? Number(after) : after))
    ledger.plant(`UPDATE ${where.replace(' WHERE', ` SET ${column} = ${after} WHERE`)}`)
  }
}

/** For a hold, the columns of its end as well. */
function columnOf(record: object, field: string): bigint | number | null {
  const { end = null } = record as { end?: HoldEnd | null }
  if (field === 'endedVersion') return end?.version ?? null
  if (field === 'payeeVersion') return end?.payee?.version ?? null
  return (record as Record<string, bigint | number | null>)[field] ?? null
}

function withColumn(record: object, field: string, value: bigint | number): object {
  const { end = null } = record as { end?: HoldEnd | null }
  if (end === null || (field !== 'endedVersion' && field !== 'payeeVersion')) return { ...record, [field]: value }
  const version = Number(value)
  if (field === 'endedVersion') return { ...record, end: { ...end, version } }
  return { ...record, end: { ...end, payee: end.payee === null ? null : { ...end.payee, version } } }
}

/** Changes the amount that the first leg delivered. */
function damageLegs(ledger: TwinLedger, row: number, by: bigint): void {
  const all = [...ledger.tables.requests.values()].filter((record) => record.kind !== 'freeze')
  const withLegs = all.filter((record) => record.legs !== null)
  const found = withLegs[row % Math.max(withLegs.length, 1)]
  if (found === undefined) return
  const [first, ...others] = found.legs!
  const legs = [{ ...first!, toAmount: clamped(first!.toAmount + by, false) }, ...others]
  ledger.tables.requests.set(found.id, { ...found, legs })
  ledger.plant('UPDATE requests SET legs = ? WHERE id = ?', legsText(legs), found.id)
}

/** Changes the fraction of a declared rate. */
function damageRate(ledger: TwinLedger, row: number): void {
  const all = [...ledger.tables.rates.keys()]
  const key = all[row % Math.max(all.length, 1)]
  if (key === undefined) return
  const [{ from, to, version, denominator, ...rest }, ...newer] = ledger.tables.rates.get(key)! as [Rate, ...Rate[]]
  const damaged = { from, to, version, denominator: denominator + 1n, ...rest }
  ledger.tables.rates.set(key, [damaged, ...newer])
  const sql = 'UPDATE rates SET denominator = ? WHERE from_asset = ? AND to_asset = ? AND version = ?'
  ledger.plant(sql, damaged.denominator, from, to, version)
}

/** Removes a step, or points it at another entry. */
function damageStep(ledger: TwinLedger, row: number, isGone: boolean): void {
  const { holdSteps } = ledger.tables
  const all = [...holdSteps.keys()]
  const key = all[row % Math.max(all.length, 1)]
  if (key === undefined) return
  if (isGone) holdSteps.delete(key)
  else holdSteps.set(key, 'nobody')
  const change = isGone ? 'DELETE FROM hold_steps' : `UPDATE hold_steps SET entry_id = 'nobody'`
  const [hold, step] = key.split(' ')
  ledger.plant(`${change} WHERE hold = ? AND step = ?`, hold!, Number(step))
}

/** A table and the key of one of its rows. */
function whereOf(kind: keyof typeof COLUMNS, record: object): string {
  const { id, balanceId, version } = record as { id?: unknown; balanceId?: unknown; version?: unknown }
  if (kind === 'balances') return `balances WHERE id = ${String(id)}`
  if (kind === 'postings') return `postings WHERE balance_id = ${String(balanceId)} AND version = ${String(version)}`
  return `requests WHERE id = '${String(id)}'`
}

function clamped(value: bigint, asVersion: boolean): bigint {
  if (asVersion) return value > 1000n ? 1000n : value < -1000n ? -1000n : value
  if (value > BALANCE_MAX) return BALANCE_MAX
  return value < BALANCE_MIN ? BALANCE_MIN : value
}
