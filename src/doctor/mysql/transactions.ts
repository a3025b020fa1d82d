/** Open transactions, and who waits for whom, on MySQL and MariaDB. */
import type { Flavour } from '../../stores/mysql/server.ts'
import { whole, wholeOrNull, type Row } from '../../stores/sql/values.ts'
import type { DatabaseSession } from '../database-session.ts'
import type { Examination, Question } from '../examination.ts'
import { finding, type Finding } from '../finding.ts'
import { waitFindings, type LockWait } from '../lock-waits.ts'
import { durationText } from '../sizes.ts'
import { shownStatement } from '../statement-text.ts'
import { isTableOfHoldfast, TABLE_LIST, TABLE_NAMES } from '../table-shape.ts'
import { transactionFindings, type OpenTransaction } from '../transactions.ts'
import { textOf, textOrNull } from '../shown-values.ts'

/** InnoDB shows its transactions and MariaDB's locks as they were until nobody has asked for 100 ms. */
const INNODB_CACHE_MS = 150
/** Pairs and transactions that are read. */
const ROWS_MAX = 200

/** Pairs of transactions by their ids. */
const LOCK_WAITS: Readonly<Record<Flavour, Question>> = {
  mysql: {
    name: 'lock waits',
    text: `SELECT w.requesting_engine_transaction_id AS waiting_id, w.blocking_engine_transaction_id AS blocking_id,
        l.object_schema AS table_schema, l.object_name AS table_name, l.index_name AS index_name, l.lock_data AS lock_data,
        l.lock_type AS lock_type, DATABASE() AS own_schema
      FROM performance_schema.data_lock_waits w
      JOIN performance_schema.data_locks l ON l.engine_lock_id = w.requesting_engine_lock_id
      LIMIT ${ROWS_MAX}`,
  },
  mariadb: {
    name: 'lock waits',
    text: `SELECT w.requesting_trx_id AS waiting_id, w.blocking_trx_id AS blocking_id,
        REPLACE(SUBSTRING_INDEX(l.lock_table, '.', 1), '\`', '') AS table_schema,
        REPLACE(SUBSTRING_INDEX(l.lock_table, '.', -1), '\`', '') AS table_name,
        l.lock_index AS index_name, l.lock_data AS lock_data, l.lock_type AS lock_type, DATABASE() AS own_schema
      FROM information_schema.INNODB_LOCK_WAITS w
      JOIN information_schema.INNODB_LOCKS l ON l.lock_id = w.requested_lock_id
      LIMIT ${ROWS_MAX}`,
  },
}

/** The times are those of the server's system. */
const TRANSACTIONS: Question = {
  name: 'open transactions',
  text: `SELECT t.trx_id AS id, t.trx_mysql_thread_id AS connection_id, t.trx_state AS state, t.trx_query AS statement,
      TIMESTAMPDIFF(MICROSECOND, t.trx_started, CONVERT_TZ(UTC_TIMESTAMP(3), '+00:00', 'SYSTEM')) / 1000 AS age_ms,
      TIMESTAMPDIFF(MICROSECOND, t.trx_wait_started, CONVERT_TZ(UTC_TIMESTAMP(3), '+00:00', 'SYSTEM')) / 1000 AS waited_ms,
      t.trx_rows_locked AS rows_locked, p.user AS user, p.host AS host, p.db AS db, p.db = DATABASE() AS is_here
    FROM information_schema.INNODB_TRX t
    LEFT JOIN information_schema.PROCESSLIST p ON p.id = t.trx_mysql_thread_id
    WHERE t.trx_mysql_thread_id <> CONNECTION_ID()
    ORDER BY t.trx_started LIMIT ${ROWS_MAX}`,
}

/** Programs and last statements by connection, if the performance schema is on. */
const LAST_STATEMENTS: Question = {
  name: 'last statements of connections',
  text: `SELECT t.processlist_id AS connection_id, s.sql_text AS statement, a.attr_value AS program
    FROM performance_schema.threads t
    LEFT JOIN performance_schema.events_statements_current s ON s.thread_id = t.thread_id AND s.nesting_event_level = 0
    LEFT JOIN performance_schema.session_connect_attrs a ON a.processlist_id = t.processlist_id AND a.attr_name = 'program_name'
    WHERE t.processlist_id IS NOT NULL`,
}

/** MariaDB is shipped with it off, also when the performance schema is on. */
const CONSUMER = 'events_statements_current'
const SELECT_CONSUMER = `SELECT enabled FROM performance_schema.setup_consumers WHERE name = '${CONSUMER}'`

/** Tables of Holdfast that each transaction has locked. */
const LOCKED_TABLES: Question = {
  name: 'locked tables',
  text: `SELECT DISTINCT engine_transaction_id AS id, object_name AS table_name FROM performance_schema.data_locks
    WHERE object_schema = DATABASE() AND object_name IN (${TABLE_LIST}) LIMIT ${ROWS_MAX}`,
}

const TABLE_WAITS: Question = {
  name: 'waits for tables',
  text: `SELECT id AS connection_id, user AS user, host AS host, time AS seconds, state AS state, info AS statement
    FROM information_schema.PROCESSLIST WHERE state LIKE 'Waiting for table%' ORDER BY time DESC LIMIT ${ROWS_MAX}`,
}

const end = (id: string): string => `KILL ${id}`

export async function examineMysqlTransactions(
  examination: Examination,
  flavour: Flavour,
  hasInstruments: boolean,
): Promise<void> {
  if (hasInstruments) await examineConsumer(examination)
  await new Promise((resolve) => setTimeout(resolve, INNODB_CACHE_MS))
  const waits = await examination.rows(LOCK_WAITS[flavour])
  const transactions = await examination.rows(TRANSACTIONS)
  const last = hasInstruments ? await examination.rows(LAST_STATEMENTS) : null
  const locked = flavour === 'mysql' ? await examination.rows(LOCKED_TABLES) : null
  const tableWaits = await examination.rows(TABLE_WAITS)
  if (tableWaits !== null) examination.add(...tableWaits.map(tableWaitFinding))
  if (transactions === null) return
  const sessions = sessionsOf(transactions, last ?? [])
  if (waits !== null) {
    const context = { sessions, transactions, names: await namesOf(examination, waits) }
    examination.add(
      ...waitFindings(
        waits.map((row) => waitOf(row, context)),
        { end, tables: TABLE_NAMES },
      ),
    )
  }
  examination.add(...transactionFindings(openTransactions(transactions, sessions, locked), end))
}

async function examineConsumer(examination: Examination): Promise<void> {
  const rows = await examination.optionalRows(SELECT_CONSUMER)
  if (rows?.[0]?.['enabled'] !== 'NO') return
  examination.add(
    finding('setting.instruments', 'advice', {
      subject: CONSUMER,
      value: `performance_schema is ON, and its consumer ${CONSUMER} is off`,
      remedy: `UPDATE performance_schema.setup_consumers SET enabled = 'YES' WHERE name = '${CONSUMER}'`,
      details: [`It ends with the server; the line performance_schema_consumer_${CONSUMER} = ON under [mysqld] stays.`],
    }),
  )
}

type Sessions = ReadonlyMap<string, DatabaseSession>

interface Context {
  readonly sessions: Sessions
  readonly transactions: readonly Row[]
  readonly names: ReadonlyMap<string, string>
}

/** By the id of the transaction. */
function sessionsOf(transactions: readonly Row[], last: readonly Row[]): Sessions {
  const known = new Map(last.map((row) => [textOf(row['connection_id']), row]))
  return new Map(
    transactions.map((row) => {
      const id = textOf(row['connection_id'])
      const more = known.get(id)
      const running = textOrNull(row['statement'])
      const session: DatabaseSession = {
        // A prepared transaction has no connection.
        id: id === '0' ? null : id,
        user: textOrNull(row['user']),
        program: textOrNull(more?.['program'] ?? null),
        from: textOrNull(row['host'])?.replace(/:\d+$/, '') ?? null,
        statement: running ?? textOrNull(more?.['statement'] ?? null),
        isIdle: running === null,
        transactionMs: Math.max(0, whole(row['age_ms'])),
      }
      return [textOf(row['id']), session] as const
    }),
  )
}

const UNKNOWN: DatabaseSession = {
  id: null,
  user: null,
  program: null,
  from: null,
  statement: null,
  isIdle: true,
  transactionMs: null,
}

/** Names of balances by their ids, for locks that show the id only. */
async function namesOf(examination: Examination, waits: readonly Row[]): Promise<ReadonlyMap<string, string>> {
  const ids = waits
    .filter(
      (row) =>
        row['table_name'] === 'balances' &&
        row['index_name'] === 'PRIMARY' &&
        row['table_schema'] === row['own_schema'],
    )
    .map((row) => textOf(row['lock_data']))
    .filter((id) => /^\d{1,19}$/.test(id))
  if (ids.length === 0) return new Map()
  const rows = await examination.optionalRows(`SELECT id, account, asset FROM balances WHERE id IN (${ids.join(', ')})`)
  return new Map((rows ?? []).map((row) => [textOf(row['id']), `${textOf(row['account'])}, ${textOf(row['asset'])}`]))
}

function waitOf(row: Row, { sessions, transactions, names }: Context): LockWait {
  const waiting = transactions.find((candidate) => textOf(candidate['id']) === textOf(row['waiting_id']))
  const waitedMs = wholeOrNull(waiting?.['waited_ms'] ?? null)
  const isHere = row['table_schema'] === row['own_schema']
  const table = isHere ? textOf(row['table_name']) : `${textOf(row['table_schema'])}.${textOf(row['table_name'])}`
  const isRow = row['lock_type'] === 'RECORD'
  const name = isHere && table === 'balances' ? names.get(textOf(row['lock_data'])) : undefined
  return {
    waiting: sessions.get(textOf(row['waiting_id'])) ?? UNKNOWN,
    blocking: sessions.get(textOf(row['blocking_id'])) ?? UNKNOWN,
    waitedMs: waitedMs === null ? null : Math.max(0, waitedMs),
    what: isRow
      ? `the row (${textOf(row['lock_data'])}${name === undefined ? '' : `: ${name}`}) of index ${textOf(row['index_name'])} of ${table}`
      : `the table ${table}`,
    table: isHere ? table : null,
  }
}

/** On MariaDB nothing shows which tables a transaction has locked. */
function openTransactions(
  transactions: readonly Row[],
  sessions: Sessions,
  locked: readonly Row[] | null,
): readonly OpenTransaction[] {
  return transactions.map((row) => {
    const id = textOf(row['id'])
    const tables = locked?.filter((lock) => textOf(lock['id']) === id).map((lock) => textOf(lock['table_name']))
    return { session: sessions.get(id)!, tables: tables?.filter(isTableOfHoldfast) ?? null }
  })
}

/** Whoever changes a table waits for all who use it, and all who come later wait for the change. */
const TABLE_WAIT_SECONDS_RISK = 1

function tableWaitFinding(row: Row): Finding {
  const id = textOf(row['connection_id'])
  const seconds = whole(row['seconds'])
  const statement = textOrNull(row['statement'])
  return finding('waits.table', seconds >= TABLE_WAIT_SECONDS_RISK ? 'risk' : 'fine', {
    subject: id,
    value: `connection ${id} (user ${textOf(row['user'])}): ${textOf(row['state']).toLowerCase()}, for ${durationText(seconds * 1_000)}`,
    details: statement === null ? [] : [`waits: ${shownStatement(statement)}`],
    remedy: `End the oldest open transaction (see there), or give up the change: ${end(id)}`,
  })
}
