/**
 * Synchronous standbys: where the server is set to wait for them, a commit is durable when they have it.
 *
 * Rows can be visible without that: after a crash of the primary, and after a cancelled wait. So an answer that rests on stored rows is
 * given only after another transaction has waited, which covers all earlier ones.
 */
import { Fault } from '../../engine/faults.ts'
import type { Row } from '../sql/values.ts'
import type { StoreWarning } from '../warning.ts'
import { faultOf, ReadOnlyFault } from './errors.ts'
import type { LedgerClient } from './ledger-client.ts'

/** Sent with every look: whether the server is the primary, and whether its commits wait. */
export const SERVER_STATE = `pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS reads_only,
  current_setting('synchronous_standby_names') <> '' AS waits`

export const SELECT_SERVER_STATE = { name: 'holdfast_state', text: `SELECT ${SERVER_STATE}` }

/** Writes only a record into the log, which every user may do; it makes COMMIT wait. */
const WAIT = { name: 'holdfast_wait', text: `SELECT pg_logical_emit_message(true, 'holdfast', '')` }

/**
 * Whether commits wait for standbys at the server that answered with `state`.
 *
 * @throws ReadOnlyFault when it is not the primary: the primary may have other rows
 */
export function requirePrimary(state: Row): boolean {
  if (state['reads_only'] === true) throw new ReadOnlyFault()
  return state['waits'] === true
}

/** Resolves when the standbys have everything that was visible before the call. @throws Fault `store_unavailable` */
export async function waitForStandbys(client: LedgerClient): Promise<void> {
  const { unprovenCount } = client
  try {
    await client.query(WAIT)
  } catch (error) {
    const { message } = faultOf(error)
    throw unconfirmed(message, error)
  }
  if (client.unprovenCount !== unprovenCount) throw unconfirmed('The wait was cancelled.')
}

function unconfirmed(why: string, cause?: unknown): Fault {
  const message = `No synchronous standby has confirmed yet what was found in PostgreSQL. ${why}`
  return new Fault('store_unavailable', message, { retryAfterMs: 1_000, cause })
}

/**
 * An expression: whether a commit of this user has waited for standbys longer than `$n` milliseconds. Its process has given it up, but
 * the server cannot notice that; one more such connection for every attempt would use up the server's connections.
 */
export function waitsInVain(parameter: string): string {
  return `current_setting('synchronous_standby_names') <> '' AND EXISTS (
    SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = current_user AND datname = current_database()
    AND query_start < clock_timestamp() - ${parameter}::bigint * interval '1 ms')`
}

/** What an operator should see of `pg_stat_replication`. */
export interface Replication {
  /** `synchronous_standby_names` */
  readonly wanted: string
  /** Servers, and programs such as pg_basebackup, that follow this server. */
  readonly senders: number
  /** Followers that commits wait for; null where this user may not see which they are. */
  readonly synchronous: number | null
}

/** Rows of a name and a count. A user without pg_read_all_stats may not see the states of other users' connections. */
export const SELECT_REPLICATION = `SELECT facts.* FROM (
    SELECT count(*) AS senders, count(sync_state) AS shown,
      count(*) FILTER (WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')) AS synchronous
    FROM pg_stat_replication) AS s
  CROSS JOIN LATERAL (VALUES ('senders', s.senders::text), ('senders_shown', s.shown::text),
    ('senders_synchronous', s.synchronous::text)) AS facts (name, value)`

export function standbyWarnings({ wanted, senders, synchronous }: Replication): readonly StoreWarning[] {
  if (wanted.trim() === '') return []
  const needed = Number(/^\s*(?:(?:first|any)\s+)?(\d+)\s*\(/i.exec(wanted)?.[1] ?? '1')
  const connected = synchronous ?? Math.min(senders, needed)
  if (connected < needed) {
    const text = `synchronous_standby_names asks for ${needed}, and ${connected} are connected`
    const message = `Commits wait for synchronous standbys: ${text}. Until they are back, commands are not answered.`
    return [{ code: 'standbys', message }]
  }
  if (synchronous !== null) return []
  const message =
    'Whether the synchronous standbys are connected is not shown to this user: grant it the role pg_read_all_stats.'
  return [{ code: 'standbys_hidden', message }]
}
