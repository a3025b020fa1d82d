/** A connection of any program to the database, as the server shows it. */
import { durationText } from './sizes.ts'
import { shownStatement } from './statement-text.ts'

export interface DatabaseSession {
  /** The number with which the server ends it; null for a transaction without a connection. */
  readonly id: string | null
  readonly user: string | null
  /** As the program names itself. */
  readonly program: string | null
  /** The host that it connects from. */
  readonly from: string | null
  /** The statement that runs, or the last one; null where the server does not show it. */
  readonly statement: string | null
  /** Whether `statement` has ended, while its transaction goes on. */
  readonly isIdle: boolean
  /** The age of its transaction; null outside of one. */
  readonly transactionMs: number | null
}

/** How Holdfast names its connections, unless the store URL of PostgreSQL says otherwise. */
export const PROGRAM = 'holdfast'

export function isHoldfast({ program }: DatabaseSession): boolean {
  return program === PROGRAM
}

/** `connection 42 (report, user ann from 10.0.0.8)`. */
export function sessionText({ id, user, program, from }: DatabaseSession): string {
  const facts = [program, user === null ? null : `user ${user}${from === null ? '' : ` from ${from}`}`]
  const known = facts.filter((fact) => fact !== null && fact !== '').join(', ')
  const name = id === null ? 'a transaction without a connection' : `connection ${id}`
  return known === '' ? name : `${name} (${known})`
}

/** What it does, as one line. */
export function activityText({ statement, isIdle, transactionMs }: DatabaseSession): string {
  const age = transactionMs === null ? '' : `, in a transaction of ${durationText(transactionMs)}`
  if (statement === null) return `${isIdle ? 'idle' : 'statement not shown'}${age}`
  return `${isIdle ? 'idle after' : 'runs'}${age}: ${shownStatement(statement)}`
}
