/** Open transactions, and who waits for whom, on PostgreSQL. */
import { whole, wholeOrNull, type Row } from '../../stores/sql/values.ts'
import type { DatabaseSession } from '../database-session.ts'
import type { Examination, Question } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { waitFindings, type LockWait } from '../lock-waits.ts'
import { durationText } from '../sizes.ts'
import { TABLE_LIST, TABLE_NAMES } from '../table-shape.ts'
import { transactionFindings, type OpenTransaction } from '../transactions.ts'
import { textOf, textOrNull } from '../shown-values.ts'

/** Pairs, transactions and locks that are read. */
const ROWS_MAX = 200

/** All users see `pg_locks`. A wait for a transaction does not name the table; a row that is waited for first does. */
const LOCK_WAITS: Question = {
  name: 'lock waits',
  text: `SELECT w.pid AS waiting_id, b.pid AS blocking_id, w.locktype AS lock_type,
      COALESCE(w.relation, (SELECT min(t.relation::bigint)::oid FROM pg_locks t WHERE t.pid = w.pid AND t.locktype = 'tuple'))::regclass::text
        AS table_name,
      (extract(epoch FROM clock_timestamp() - w.waitstart) * 1000)::bigint AS waited_ms
    FROM pg_locks w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b (pid)
    WHERE NOT w.granted AND (w.database IS NULL OR w.database = 0 OR w.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY w.waitstart LIMIT ${ROWS_MAX}`,
}

/** Those in a transaction. A user without pg_read_all_stats sees only the ids of others. */
const TRANSACTIONS: Question = {
  name: 'open transactions',
  text: `SELECT a.pid AS id, a.usename AS user, NULLIF(a.application_name, '') AS program, COALESCE(host(a.client_addr), 'this machine') AS client,
      a.state AS state, a.query AS statement, a.datname = current_database() AS is_here,
      (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint AS age_ms,
      a.wait_event AS wait_event, (extract(epoch FROM clock_timestamp() - a.query_start) * 1000)::bigint AS query_ms
    FROM pg_stat_activity a
    WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND a.xact_start IS NOT NULL
    ORDER BY a.xact_start LIMIT ${ROWS_MAX}`,
}

/** Who may see nothing of others gets rows without a state. */
const HIDDEN: Question = {
  name: 'what other users’ connections do',
  text: `SELECT count(*) AS hidden FROM pg_stat_activity WHERE backend_type IS NULL OR query = '<insufficient privilege>'`,
}

/** Tables on which a transaction has row locks or has written. */
const LOCKED_TABLES: Question = {
  name: 'locked tables',
  text: `SELECT l.pid AS id, c.relname AS table_name FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.locktype = 'relation' AND l.granted AND l.mode NOT IN ('AccessShareLock') AND c.relname IN (${TABLE_LIST})
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pg_table_is_visible(c.oid)
    GROUP BY l.pid, c.relname LIMIT ${ROWS_MAX}`,
}

const PREPARED: Question = {
  name: 'prepared transactions',
  text: `SELECT gid, owner, (extract(epoch FROM clock_timestamp() - prepared) * 1000)::bigint AS age_ms
    FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT ${ROWS_MAX}`,
}

const end = (id: string): string => `SELECT pg_terminate_backend(${id})`

export async function examinePostgresTransactions(examination: Examination): Promise<void> {
  const waits = await examination.rows(LOCK_WAITS)
  const transactions = await examination.rows(TRANSACTIONS)
  const hidden = await examination.rows(HIDDEN)
  const locked = await examination.rows(LOCKED_TABLES)
  const prepared = await examination.rows(PREPARED)
  if (hidden !== null && whole(hidden[0]?.['hidden']) > 0)
    examination.miss(HIDDEN.name, 'rights', 'pg_stat_activity hides them.')
  if (transactions === null) return
  const sessions = new Map(transactions.map((row) => [textOf(row['id']), sessionOf(row)]))
  if (waits !== null) {
    examination.add(
      ...waitFindings(
        waits.map((row) => waitOf(row, sessions)),
        { end, tables: TABLE_NAMES },
      ),
    )
  }
  examination.add(...transactionFindings(openTransactions(transactions, sessions, locked ?? []), end))
  examination.add(...transactions.flatMap(standbyWait), ...(prepared ?? []).map(preparedFinding))
}

type Sessions = ReadonlyMap<string, DatabaseSession>

const HIDDEN_STATEMENT = '<insufficient privilege>'

function sessionOf(row: Row): DatabaseSession {
  const statement = row['statement']
  return {
    id: textOf(row['id']),
    user: textOrNull(row['user']),
    program: textOrNull(row['program']),
    from: textOrNull(row['client']),
    statement: statement === HIDDEN_STATEMENT || statement === '' ? null : textOrNull(statement),
    isIdle: textOf(row['state']).startsWith('idle'),
    transactionMs: Math.max(0, whole(row['age_ms'])),
  }
}

function waitOf(row: Row, sessions: Sessions): LockWait {
  const waitedMs = wholeOrNull(row['waited_ms'])
  const table = textOrNull(row['table_name'])
  const isRow = ['transactionid', 'tuple'].includes(textOf(row['lock_type']))
  return {
    waiting: sessionWith(textOf(row['waiting_id']), sessions),
    blocking: sessionWith(textOf(row['blocking_id']), sessions),
    waitedMs: waitedMs === null ? null : Math.max(0, waitedMs),
    what: isRow
      ? `a row${table === null ? '' : ` of ${table}`}`
      : `${textOf(row['lock_type'])}${table === null ? '' : ` ${table}`}`,
    table,
  }
}

/** Number 0 stands for a prepared transaction. A user without rights sees no more than the number of others. */
function sessionWith(id: string, sessions: Sessions): DatabaseSession {
  const unknown = { user: null, program: null, from: null, statement: null, isIdle: false, transactionMs: null }
  return sessions.get(id) ?? { id: id === '0' ? null : id, ...unknown }
}

function openTransactions(
  transactions: readonly Row[],
  sessions: Sessions,
  locked: readonly Row[],
): readonly OpenTransaction[] {
  return transactions.map((row) => {
    const id = textOf(row['id'])
    const tables = locked.filter((lock) => textOf(lock['id']) === id).map((lock) => textOf(lock['table_name']))
    return { session: sessions.get(id)!, tables }
  })
}

/** A commit waits this long when its standby is far away or slow. */
const STANDBY_MS_RISK = 1_000

function standbyWait(row: Row): readonly Finding[] {
  if (row['wait_event'] !== 'SyncRep') return []
  const ms = whole(row['query_ms'])
  const id = textOf(row['id'])
  const value = `connection ${id} has waited for a standby for ${durationText(ms)}`
  const remedy = 'SELECT application_name, state, sync_state, replay_lag FROM pg_stat_replication'
  return [finding('waits.standby', ms >= STANDBY_MS_RISK ? 'risk' : 'fine', { subject: id, value, remedy })]
}

function preparedFinding(row: Row): Finding {
  const gid = textOf(row['gid'])
  const quoted = `'${gid.replaceAll("'", "''")}'`
  return finding('transactions.prepared', 'risk', {
    subject: gid,
    value: `${gid} of user ${textOf(row['owner'])}, ${durationText(whole(row['age_ms']))} old`,
    remedy: `ROLLBACK PREPARED ${quoted}, or COMMIT PREPARED ${quoted}: ask the program that made it`,
  })
}
