/**
 * How old the rows of a PostgreSQL server are.
 *
 * `pg_last_xact_replay_timestamp` is when the last transaction that was replayed was committed, by the clock of the primary. While the primary
 * is idle it stands still, so its age alone says nothing. A standby is taken to be up to date when it has a WAL receiver and has replayed
 * everything that it received. What it did not receive it cannot know: a primary that vanished silently is noticed after `wal_receiver_timeout`.
 */
import type { ReplicaState } from '../../engine/replica.ts'
import type { Query } from '../sql/dialect.ts'
import { wholeOrNull } from '../sql/values.ts'

/** Every user may see that there is a receiver. A standby that is fed from an archive has none: there only the age counts. */
const SELECT_STATE = `SELECT pg_is_in_recovery() AS recovers,
  EXISTS (SELECT FROM pg_stat_wal_receiver) AND NOT pg_is_wal_replay_paused()
    AND pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() AS is_caught_up,
  GREATEST(0, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint AS age_ms`
/** The functions about replay are errors on a primary. */
const SELECT_ROLE = 'SELECT pg_is_in_recovery() AS recovers'

/** @throws Fault `store_unavailable`, `store_misconfigured` */
export async function replicaStateOf(query: Query): Promise<ReplicaState> {
  const [role] = await query(SELECT_ROLE, [])
  if (role!['recovers'] !== true) return { role: 'primary' }
  const [row] = await query(SELECT_STATE, [])
  // It was promoted in between.
  if (row!['recovers'] !== true) return { role: 'primary' }
  const ageMs = wholeOrNull(row!['age_ms'])
  const unknown = ageMs === null ? 'The standby has replayed no transaction since it was started.' : null
  return { role: 'replica', isCaughtUp: row!['is_caught_up'] === true, ageMs, unknown }
}
