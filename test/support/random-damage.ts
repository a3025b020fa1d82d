/** Random damage to rows of a twin ledger, applied to both copies. */
import fc from 'fast-check'
import { BALANCE_MAX, BALANCE_MIN } from '../../src/domain/amount.ts'
import type { HoldChange } from '../../src/domain/changes.ts'
import { isCharge } from '../../src/domain/hold-record.ts'
import type { EntryRecord } from '../../src/domain/journal.ts'
import type { Rate } from '../../src/domain/rate.ts'
import { changeKey, postingKey, type Run } from '../../src/stores/memory/tables.ts'
import { legsText } from '../../src/stores/sql/entry-row.ts'
import { runRow } from '../../src/stores/sql/run-row.ts'
import type { TwinLedger } from './twin-ledger.ts'

type Columns = Readonly<Record<string, string>>

const BALANCES: Columns = { available: 'available', held: 'held', floor: 'floor', debt: 'debt', version: 'version' }
const RUNS: Columns = { available: 'available', held: 'held', lastVersion: 'last_version' }
const LINES: Columns = { availableDelta: '', heldDelta: '', seq: '' }
const FREEZES: Columns = { amount: 'amount', openedVersion: 'opened_version' }
const CHANGES: Columns = {
  amount: 'amount',
  held: 'held',
  settled: 'settled',
  released: 'released',
  drawn: 'drawn',
  shortfall: 'shortfall',
}
const STEPS: Columns = {
  ...CHANGES,
  refunded: 'refunded',
  settledLate: 'settled_late',
  endSettled: 'end_settled',
  expiresAt: 'expires_at',
  seq: 'seq',
  version: 'version',
}
const ENDS: Columns = { ...CHANGES, version: 'version', payeeVersion: 'payee_version' }

/** Versions, numbers and instants are numbers, amounts are bigint. */
const isNumber = (field: string): boolean => /version$|^seq$|At$/i.test(field)

const KINDS = {
  balances: damageBalance,
  runs: damageRun,
  lines: damageLine,
  requests: removeRequest,
  freezes: damageFreeze,
  changes: damageChange,
  legs: damageLegs,
  rates: damageRate,
  ids: damageId,
  houses: removeHouse,
  actors: removeActor,
  standings: removeStanding,
}

export interface Damage {
  readonly kind: keyof typeof KINDS
  /** Index of the row, modulo their number. */
  readonly row: number
  readonly change: Change
}

interface Change {
  /** The row is removed, or gets another key. */
  readonly isKey: boolean
  /** Index of the column, modulo their number. */
  readonly column: number
  readonly by: bigint
}

export const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record({
    // Most changes of a balance go to house accounts, which have no floor to violate.
    kind: fc.oneof(
      { weight: 6, arbitrary: fc.constant<keyof typeof KINDS>('balances') },
      { weight: 4, arbitrary: fc.constant<keyof typeof KINDS>('changes') },
      { weight: 9, arbitrary: fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])) },
    ),
    row: fc.nat(1000),
    change: fc.record({
      isKey: fc.integer({ min: 1, max: 6 }).map((number) => number === 1),
      column: fc.nat(1000),
      by: fc.constantFrom(1n, 1n, -1n, -1n, -50n, BALANCE_MAX, BALANCE_MIN),
    }),
  }),
  { minLength: 1, maxLength: 8, size: 'max' },
)

/** No effect when there is no such row. */
export function doDamage(ledger: TwinLedger, { kind, row, change }: Damage): void {
  KINDS[kind](ledger, row, change)
}

function damageBalance(ledger: TwinLedger, row: number, change: Change): void {
  const { balances } = ledger.tables
  const [key, record] = pick([...balances], row) ?? []
  if (key === undefined || record === undefined) return
  const where = `WHERE id = ${record.id}`
  if (change.isKey) {
    balances.delete(key)
    ledger.plant(`DELETE FROM balances ${where}`)
    return
  }
  const [field, column] = columnOf(BALANCES, change)
  const value = damaged(record, field, change)
  if (value === null) return
  balances.set(key, { ...record, [field]: value })
  ledger.plant(`UPDATE balances SET ${column} = ${value} ${where}`)
}

function damageRun(ledger: TwinLedger, row: number, change: Change): void {
  const { runs } = ledger.tables
  const [key, run] = pick([...runs], row) ?? []
  if (key === undefined || run === undefined) return
  if (change.isKey && change.column % 2 === 0) {
    runs.delete(key)
    ledger.plant(`DELETE FROM journal ${whereRun(run)}`)
    return
  }
  const [field, column] = change.isKey ? ['firstVersion', 'first_version'] : columnOf(RUNS, change)
  const value = damaged(run, field, change)
  const altered = { ...run, [field]: value } as Run
  const alteredKey = postingKey(altered.balanceId, altered.firstVersion)
  if (value === null || (alteredKey !== key && runs.has(alteredKey))) return
  runs.delete(key)
  runs.set(alteredKey, altered)
  ledger.plant(`UPDATE journal SET ${column} = ${value} ${whereRun(run)}`)
}

/** A line with another delta, or of no request. */
function damageLine(ledger: TwinLedger, row: number, change: Change): void {
  const { runs } = ledger.tables
  const all = [...runs].flatMap(([key, run]) => run.postings.map((posting, index) => ({ key, run, posting, index })))
  const found = pick(all, row)
  if (found === undefined) return
  const { key, run, posting, index } = found
  const [field] = change.isKey ? ['seq'] : columnOf(LINES, change)
  const value = field === 'seq' ? NOBODY : damaged(posting, field, change)
  const postings = run.postings.with(index, { ...posting, [field]: value })
  runs.set(key, { ...run, postings })
  const { seq, packed } = runRow({ ...run, postings })
  ledger.plant(`UPDATE journal SET seq = ?, packed = ? ${whereRun(run)}`, seq, packed)
}

/** The number of no request. */
const NOBODY = 0

function whereRun({ balanceId, firstVersion }: Run): string {
  return `WHERE balance_id = ${balanceId} AND first_version = ${firstVersion}`
}

function removeRequest(ledger: TwinLedger, row: number): void {
  const { requests, requestIds, freezes } = ledger.tables
  const [key, record] = pick([...requests], row) ?? []
  if (key === undefined || record === undefined) return
  requests.delete(key)
  requestIds.delete(record.seq)
  freezes.delete(record.seq)
  ledger.plant(`DELETE FROM requests WHERE seq = ${record.seq}`)
}

function damageFreeze(ledger: TwinLedger, row: number, change: Change): void {
  const { freezes } = ledger.tables
  const record = pick([...freezes.values()], row)
  if (record === undefined) return
  const [field, column] = columnOf(FREEZES, change)
  const value = damaged(record, field, change)
  const altered = { ...record, [field]: value }
  // What was frozen is held; what was charged is settled.
  const amounts = isCharge(altered) ? { settled: altered.amount } : { held: altered.amount }
  freezes.set(record.seq, { ...altered, ...amounts })
  ledger.plant(`UPDATE requests SET ${column} = ${String(value)} WHERE seq = ${record.seq}`)
}

/** A change of a hold that is gone, has another number or state, or other values. */
function damageChange(ledger: TwinLedger, row: number, change: Change): void {
  const { holdChanges } = ledger.tables
  const [key, record] = pick([...holdChanges], row) ?? []
  if (key === undefined || record === undefined) return
  const { after } = record
  const where = `WHERE hold_seq = ${after.seq} AND number = ${after.changes}`
  if (change.isKey && change.column % 2 === 0) {
    holdChanges.delete(key)
    ledger.plant(`DELETE FROM hold_changes ${where}`)
    return
  }
  const [field, column] = change.isKey ? ['number', 'number'] : columnOf(record.step === null ? ENDS : STEPS, change)
  const value = field === 'number' ? after.changes + 1 : damaged(valuesOf(record), field, change)
  if (value === null) return
  const altered = withValue(record, field, value)
  const alteredKey = changeKey(after.seq, altered.after.changes)
  if (alteredKey !== key && holdChanges.has(alteredKey)) return
  holdChanges.delete(key)
  holdChanges.set(alteredKey, altered)
  ledger.plant(`UPDATE hold_changes SET ${column} = ${value} ${where}`)
}

/** What a row of `hold_changes` has besides the hold itself. */
function valuesOf({ after, step }: HoldChange): object {
  if (step === null) return { ...after, version: after.end!.version, payeeVersion: after.end!.payee?.version ?? null }
  const own = step.postings.find(({ balanceId }) => balanceId === after.balanceId)
  return { ...after, endSettled: after.end?.settled ?? null, seq: step.seq, version: own!.posting.version }
}

function withValue({ after, step }: HoldChange, field: string, value: bigint | number): HoldChange {
  const number = Number(value)
  const { end } = after
  if (field === 'number') {
    // The change that ended the hold names itself.
    const isEnd = end !== null && end.number === after.changes
    return { step, after: { ...after, changes: number, end: isEnd ? { ...end, number } : end } }
  }
  if (field === 'version' && step === null) return { step, after: { ...after, end: { ...end!, version: number } } }
  if (field === 'payeeVersion') {
    return { step, after: { ...after, end: { ...end!, payee: { ...end!.payee!, version: number } } } }
  }
  if (field === 'endSettled') return { step, after: { ...after, end: { ...end!, settled: BigInt(value) } } }
  if (field === 'seq') return { step: { ...step!, seq: number }, after }
  if (field === 'version') return { step: withOwnVersion(step!, after.balanceId, number), after }
  return { step, after: { ...after, [field]: value } }
}

function withOwnVersion(step: EntryRecord, holderId: number, version: number): EntryRecord {
  const postings = step.postings.map(({ balanceId, posting }) => {
    return { balanceId, posting: balanceId === holderId ? { ...posting, version } : posting }
  })
  return { ...step, postings }
}

/** Changes the amount that the first leg delivered. */
function damageLegs(ledger: TwinLedger, row: number, { by }: Change): void {
  const { requests } = ledger.tables
  const exchanges = [...requests].flatMap(([key, entry]) => {
    return entry.kind === 'freeze' || entry.legs === null ? [] : [{ key, entry, legs: entry.legs }]
  })
  const found = pick(exchanges, row)
  if (found === undefined) return
  const [first, ...others] = found.legs
  const legs = [{ ...first!, toAmount: clamped(first!.toAmount + by, false) }, ...others]
  requests.set(found.key, { ...found.entry, legs })
  ledger.plant('UPDATE requests SET legs = ? WHERE seq = ?', legsText(legs), found.entry.seq)
}

/** Changes the fraction of a declared rate. */
function damageRate(ledger: TwinLedger, row: number): void {
  const key = pick([...ledger.tables.rates.keys()], row)
  if (key === undefined) return
  const [{ from, to, version, denominator, ...rest }, ...newer] = ledger.tables.rates.get(key)! as [Rate, ...Rate[]]
  const altered = { from, to, version, denominator: denominator + 1n, ...rest }
  ledger.tables.rates.set(key, [altered, ...newer])
  const sql = 'UPDATE rates SET denominator = ? WHERE from_asset = ? AND to_asset = ? AND version = ?'
  ledger.plant(sql, altered.denominator, from, to, version)
}

function removeHouse(ledger: TwinLedger, row: number): void {
  const { houses } = ledger.tables
  const account = pick([...houses.keys()], row)
  if (account === undefined) return
  houses.delete(account)
  ledger.plant('DELETE FROM house_accounts WHERE account = ?', account)
}

function removeActor(ledger: TwinLedger, row: number): void {
  const { actors } = ledger.tables
  const number = pick([...actors.keys()], row)
  if (number === undefined) return
  actors.delete(number)
  ledger.plant('DELETE FROM actors WHERE number = ?', number)
}

function removeStanding(ledger: TwinLedger, row: number): void {
  const { standings } = ledger.tables
  const account = pick([...standings.keys()], row)
  if (account === undefined) return
  standings.delete(account)
  ledger.plant('DELETE FROM standings WHERE account = ?', account)
}

/** Stores another id beside the key. */
function damageId(ledger: TwinLedger, row: number): void {
  const { requests } = ledger.tables
  const [key, record] = pick([...requests], row) ?? []
  if (key === undefined || record === undefined) return
  requests.set(key, { ...record, id: 'other' })
  ledger.plant(`UPDATE requests SET id_text = 'other' WHERE seq = ${record.seq}`)
}

function pick<Item>(items: readonly Item[], row: number): Item | undefined {
  return items[row % Math.max(items.length, 1)]
}

function columnOf(columns: Columns, { column }: Change): readonly [field: string, column: string] {
  const all = Object.entries(columns)
  return all[column % all.length]!
}

/** The value after the damage; null for a value that is null. */
function damaged(record: object, field: string, { by }: Change): bigint | number | null {
  const before = (record as Readonly<Record<string, bigint | number | null | undefined>>)[field] ?? null
  if (before === null) return null
  const after = clamped(BigInt(before) + by, isNumber(field))
  return isNumber(field) ? Number(after) : after
}

function clamped(value: bigint, asNumber: boolean): bigint {
  if (asNumber) return value > 1000n ? 1000n : value < -1000n ? -1000n : value
  if (value > BALANCE_MAX) return BALANCE_MAX
  return value < BALANCE_MIN ? BALANCE_MIN : value
}
