/** The last deadlock, in words. */
import { whole } from '../../stores/sql/values.ts'
import type { Settings } from '../../stores/mysql/server.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { durationText } from '../sizes.ts'
import { shownStatement } from '../statement-text.ts'
import { isTableOfHoldfast } from '../table-shape.ts'
import { deadlockIn, type Deadlock, type DeadlockTransaction, type LockedRow } from './innodb-status.ts'
import { textOf } from '../shown-values.ts'

/** The time of the text is the server's local one. */
const SELECT_LOCAL_TIME = `SELECT DATABASE() AS name, DATE_FORMAT(CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM'), '%Y-%m-%d %H:%i:%s') AS local_time`

export async function examineDeadlocks(examination: Examination, settings: Settings): Promise<void> {
  const count = settings.get('innodb_deadlocks') ?? (await countOfMetrics(examination))
  if (count !== undefined) {
    examination.add(finding('deadlock.count', 'fine', { value: `${count} on the whole server, in all its databases` }))
  }
  const rows = await examination.rows({ name: 'the last deadlock', text: 'SHOW ENGINE INNODB STATUS' })
  const times = await examination.rows({ name: 'the server’s local time', text: SELECT_LOCAL_TIME })
  if (rows === null || times === null) return
  const deadlock = deadlockIn(textOf(rows[0]?.['Status'] ?? ''))
  const { name, local_time: localTime } = times[0]!
  examination.add(judgeDeadlock(deadlock, { database: textOf(name), localTime: textOf(localTime) }))
}

/** MySQL counts them in a table that an ordinary user may not see; the last deadlock is refused for the same reason. */
async function countOfMetrics(examination: Examination): Promise<string | undefined> {
  const text = `SELECT count AS count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks' AND status = 'enabled'`
  const rows = await examination.rows({ name: 'the number of deadlocks', text })
  const [row] = rows ?? []
  return row === undefined ? undefined : textOf(whole(row['count']))
}

export interface DeadlockPlace {
  /** That of the store URL. */
  readonly database: string
  /** The server's present local time, in the form of the text. */
  readonly localTime: string
}

const DAY_MS = 86_400_000

/** A deadlock of the last day on a table of Holdfast is a risk. */
export function judgeDeadlock(deadlock: Deadlock | null, { database, localTime }: DeadlockPlace): Finding {
  if (deadlock === null) return finding('deadlock.last', 'fine', { value: 'none since the server started' })
  const ageMs = Math.max(0, instantOf(localTime) - instantOf(deadlock.at))
  const isOurs = (table: string): boolean => {
    const [schema, name] = table.split('.') as [string, string?]
    return schema === database && name !== undefined && isTableOfHoldfast(name)
  }
  const tables = [
    ...new Set(
      deadlock.transactions.flatMap(({ holds, waitsFor }) => [...holds, ...waitsFor].map(({ table }) => table)),
    ),
  ]
  const ours = tables.filter(isOurs)
  const severity = ours.length === 0 ? 'fine' : ageMs <= DAY_MS ? 'risk' : 'advice'
  const shown = (table: string): string => (table.startsWith(`${database}.`) ? table.slice(database.length + 1) : table)
  return finding('deadlock.last', severity, {
    value: `${durationText(ageMs)} ago (${deadlock.at}), over ${tables.map(shown).join(' and ')}`,
    details: explain(deadlock, shown),
    remedy: severity === 'fine' ? null : cureOf(deadlock, { isOurs, shown }),
  })
}

/** The same zone for both, so only their difference means something. */
function instantOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`)
}

/** Who held and waited for what, in the order of events: each held first what the other then waited for. */
function explain({ transactions, rolledBack }: Deadlock, shown: (table: string) => string): readonly string[] {
  const name = ({ number }: DeadlockTransaction): string => `Transaction ${number}`
  const rows = (locks: readonly LockedRow[]): string => locks.map((lock) => lockText(lock, shown)).join(', and ')
  return [
    ...transactions.map((transaction) => {
      const { connectionId, user, activeSeconds, holds } = transaction
      const who = connectionId === null ? '' : ` (connection ${connectionId}${user === null ? '' : `, user ${user}`})`
      const held = holds.length === 0 ? 'held locks that the server does not list' : `held ${rows(holds)}`
      return `${name(transaction)}${who}, ${activeSeconds} s old, ${held}.`
    }),
    ...transactions.map((transaction) => {
      const { statement, waitsFor } = transaction
      const waited = waitsFor.length === 0 ? 'waited' : `waited for ${rows(waitsFor)}`
      return `${name(transaction)} then ${waited}, to run: ${statement === '' ? 'a statement that is not shown' : shownStatement(statement)}`
    }),
    ...(rolledBack === null ? [] : [`The server rolled back transaction ${rolledBack}. The other one went on.`]),
  ]
}

function lockText({ table, index, mode, rows }: LockedRow, shown: (table: string) => string): string {
  if (index === '') return `the table ${shown(table)} (${mode})`
  const key = rows.length === 0 ? 'a row' : `the row ${rows.map((row) => `(${row})`).join(' and ')}`
  const gap = /gap/.test(mode) && !/not gap/.test(mode) ? ', or the gap before it,' : ''
  return `${key}${gap} of index ${index} of ${shown(table)}`
}

interface Names {
  readonly isOurs: (table: string) => boolean
  readonly shown: (table: string) => string
}

/** One order of locks cures it; which one depends on who takes part. */
function cureOf({ transactions }: Deadlock, { isOurs, shown }: Names): string {
  const tables = new Set(
    transactions.flatMap(({ holds, waitsFor }) => [...holds, ...waitsFor].map(({ table }) => table)),
  )
  const foreign = [...tables].filter((table) => !isOurs(table))
  if (foreign.length > 0) {
    const names = foreign.map(shown).join(', ')
    const order = `One order of locks in every transaction: first the rows of ${names}, then those of Holdfast`
    return `${order}. Better: no transaction that locks both; commit the change of ${names}, then call Holdfast.`
  }
  if (tables.size === 1) {
    const [table] = tables
    return `One order of locks: whatever else writes ${shown(table!)} locks its rows by account, asset and stripe, house accounts last (SELECT … ORDER BY account, asset, stripe FOR UPDATE). Holdfast does, and repeats what was rolled back.`
  }
  return 'One order of locks: Holdfast locks balances first, then adds rows. Let no other program write its tables; Holdfast repeats what was rolled back.'
}
