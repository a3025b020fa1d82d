/** Damage as a statement: literals only, in what all SQL databases share. */
import { legsText } from '../../src/stores/sql/entry-row.ts'
import { RUN, linesOf, type Line } from '../../src/stores/sql/run-row.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import { NOBODY, type Damage } from './harness.ts'

type Value = string | number | bigint | null

/** @param query the rows of a statement. @returns the statement that damages one row */
export async function damaging(damage: Damage, query: (sql: string) => Promise<readonly Row[]>): Promise<string> {
  if ('remove' in damage) return `DELETE FROM ${TABLES[damage.remove]} WHERE ${whereOf(damage)}`
  const { set } = damage
  if (damage.alter === 'entry') return update('requests', { legs: legsText(damage.set.legs) }, damage)
  if (damage.alter !== 'posting') return update(TABLES[damage.alter], columnsOf(set), damage)
  const [run] = await query(`SELECT * FROM journal WHERE ${whereOf(damage)}`)
  return update('journal', runOf(linesOf(run!), damage), damage)
}

const TABLES = {
  actor: 'actors',
  balance: 'balances',
  posting: 'journal',
  run: 'journal',
  change: 'hold_changes',
  freeze: 'requests',
  request: 'requests',
  rate: 'rates',
  house: 'house_accounts',
  standing: 'standings',
} as const

function update(table: string, columns: Readonly<Record<string, Value>>, damage: Damage): string {
  const assignments = Object.entries(columns).map(([column, value]) => `${column} = ${literal(value)}`)
  return `UPDATE ${table} SET ${assignments.join(', ')} WHERE ${whereOf(damage)}`
}

function whereOf(damage: Damage): string {
  if ('actor' in damage) return `number = ${damage.actor}`
  if ('hold' in damage) return `hold_seq = ${seqOf(damage.hold)} AND number = ${damage.number}`
  if ('balanceId' in damage) return `balance_id = ${damage.balanceId} AND first_version = ${damage.version}`
  if ('pair' in damage) {
    const { pair, version } = damage
    return `from_asset = '${pair.from}' AND to_asset = '${pair.to}' AND version = ${version}`
  }
  if ('account' in damage) return `account = ${literal(damage.account)}`
  return typeof damage.id === 'number' ? `id = ${damage.id}` : `seq = ${seqOf(damage.id)}`
}

/** Nested, because MySQL changes no table that it reads in the same statement. */
function seqOf(id: string): string {
  return `(SELECT found.seq FROM (SELECT seq FROM request_ids WHERE id = '${id}') AS found)`
}

/** A run of one line with other values. */
function runOf(
  [line, ...more]: readonly Line[],
  { balanceId, set }: Extract<Damage, { readonly alter: 'posting' }>,
): Readonly<Record<string, Value>> {
  if (line === undefined || more.length > 0) throw new Error('A posting that is damaged must be alone in its run.')
  const entryId = set.entryId ?? ''
  const posting = { ...line, balanceId, ...set, entryId, seq: entryId === 'nobody' ? NOBODY : line.seq }
  return RUN.rowOf({ balanceId, firstVersion: posting.version, postings: [posting] }) as Readonly<Record<string, Value>>
}

function columnsOf(set: object): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(set).map(([field, value]) => [snakeCase(field), value as Value]))
}

function literal(value: Value): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
