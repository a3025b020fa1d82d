/**
 * The statements around a commit's writes, which make its result known.
 *
 * 1. A transaction can end silently between two statements of one text: a cluster that applies another node's write set aborts the
 *    transactions in its way, after the previous statement was answered. The rest of the text would be committed by itself, and COMMIT
 *    would answer OK for nothing. So sessions that write do not commit by themselves (`autocommit = 0`): the rest is another
 *    transaction. That one lacks the savepoint of the first, and `RELEASE SAVEPOINT` fails before COMMIT.
 * 2. A later abort must still be reported by COMMIT. In a compound statement it is, because the server checks for an abort after every
 *    statement in it. MySQL has no such statement outside of stored programs; its servers report an abort at the next statement, which
 *    is COMMIT at the latest.
 * 3. A server that became read-only is no longer the primary. It refuses users without READ_ONLY ADMIN. With that right a commit would
 *    succeed, and be lost in the server's next role; so `read_only` is checked before COMMIT.
 * 4. An error does not say which statement of a compound failed. `arrival` sets a session variable when COMMIT comes next. It can be
 *    read afterwards while the session lives; after that the result is unknown.
 */
import type { Flavour } from './server.ts'

const SAVEPOINT = 'holdfast'

export const BEGIN: readonly string[] = ['START TRANSACTION', `SAVEPOINT ${SAVEPOINT}`]
export const BEGIN_SNAPSHOT = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'
/** Begins a read where a cluster may abort a read-only transaction, because of a change of tables. */
export const BEGIN_CLUSTER_SNAPSHOT: readonly string[] = [BEGIN_SNAPSHOT, `SAVEPOINT ${SAVEPOINT}`]
/** Fails with errno 1305 unless the transaction is the one that BEGIN began. */
export const SAME_TRANSACTION = `RELEASE SAVEPOINT ${SAVEPOINT}`
export const COMMIT = 'COMMIT'
export const ROLLBACK = 'ROLLBACK'

/** `read_only` is 0 or 1, or one of several words in MariaDB 12. */
const TAKES_WRITES = `CONCAT(@@GLOBAL.read_only) IN ('0', 'OFF')`

/**
 * Fails with errno 1242 unless the condition is true. ROW_COUNT() is that of the previous statement.
 *
 * It is SET, because MariaDB's DO swallows errors, and a SELECT would cost a result set. IF evaluates the subquery of two rows only
 * when the condition is false.
 */
export function guard(condition: string): string {
  return `SET @holdfast_guard = IF(${condition}, 0, (SELECT 1 UNION ALL SELECT 2))`
}

/** Fails with errno 1242 on a read-only server. Comes after the reads, so that the server was the primary at their instant. */
export const IS_PRIMARY = guard(TAKES_WRITES)

/** Fails with errno 1242 on a read-only server; records that the commit of this number reaches its COMMIT. */
function arrival(number: number): string {
  return `SET @holdfast_commit = IF(${TAKES_WRITES}, ${number}, (SELECT 1 UNION ALL SELECT 2))`
}

/** Reads how far the commit of this number came, in the session whose text failed. */
export function selectArrival(number: number): string {
  return `SELECT COALESCE(@holdfast_commit = ${number}, 0) AS arrived, NOT ${TAKES_WRITES} AS read_only`
}

/** The text of writes without a COMMIT. */
export function textOf(flavour: Flavour, statements: readonly string[]): readonly string[] {
  // Also on a server without a cluster: one text for all servers, and measured to cost nothing.
  return flavour === 'mariadb' ? [`BEGIN NOT ATOMIC\n${statements.join(';\n')};\nEND`] : statements
}

/** The text of writes that ends with the COMMIT of this number. */
export function committingTextOf(flavour: Flavour, statements: readonly string[], number: number): readonly string[] {
  return textOf(flavour, [...statements, SAME_TRANSACTION, arrival(number), COMMIT])
}

const WRITTEN_TABLES = [
  'accounts',
  'actors',
  'api_keys',
  'assets',
  'balances',
  'requests',
  'hold_changes',
  'house_accounts',
  'journal',
  'rates',
  'commits',
  'feed',
]
const UPDATED_COLUMNS = ['accounts.metadata', 'assets.name', 'balances.version', 'api_keys.last_used_at']

/** Fails as a commit would: on a read-only server, without privileges, without tables. Changes nothing. */
export const PROBE: readonly string[] = [
  ...WRITTEN_TABLES.map((table) => `INSERT INTO ${table} SELECT * FROM ${table} WHERE FALSE`),
  ...UPDATED_COLUMNS.map((name) => {
    const [table, column] = name.split('.')
    return `UPDATE ${table} SET ${column} = ${column} WHERE FALSE`
  }),
  'DELETE FROM commits WHERE FALSE',
  IS_PRIMARY,
  ROLLBACK,
]
