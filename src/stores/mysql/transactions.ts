/**
 * What stands around a commit's writes, so that it is known what became of them.
 *
 * 1. A transaction can end without a word between two statements of one text: a cluster that applies another node's write set
 *    aborts whoever is in its way, and the statement before has been answered already. What follows in the text would be
 *    committed by itself, and COMMIT would answer OK for nothing. Therefore sessions that write do not commit by
 *    themselves (`autocommit = 0`): what follows is another transaction. And that one lacks the savepoint that the first began
 *    with: `RELEASE SAVEPOINT` fails before COMMIT.
 * 2. Behind that an abort must still be reported by COMMIT. In a compound statement it is, because the server looks for one
 *    after every statement inside. MySQL has no such statement outside of stored programs; its servers report an abort at
 *    the next statement, which is COMMIT at the latest.
 * 3. A server that became read-only is not the primary any more. It turns away users without READ_ONLY ADMIN by itself.
 *    With that right a commit would succeed, and be lost with the server's next role; so it is looked at before COMMIT.
 * 4. An error does not say at which statement of a compound it came. `arrival` notes in the session that COMMIT comes next. As long
 *    as the session lives it can be asked afterwards; when it does not, nobody knows.
 */
import type { Flavour } from './server.ts'

const SAVEPOINT = 'holdfast'

export const BEGIN: readonly string[] = ['START TRANSACTION', `SAVEPOINT ${SAVEPOINT}`]
export const BEGIN_SNAPSHOT = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'
/** Begins reading where a cluster may end a transaction that only reads, for the sake of a change of tables. */
export const BEGIN_CLUSTER_SNAPSHOT: readonly string[] = [BEGIN_SNAPSHOT, `SAVEPOINT ${SAVEPOINT}`]
/** Fails with errno 1305 unless the transaction is the one that BEGIN began. */
export const SAME_TRANSACTION = `RELEASE SAVEPOINT ${SAVEPOINT}`
export const COMMIT = 'COMMIT'
export const ROLLBACK = 'ROLLBACK'

/** 0 and 1, or words, of which MariaDB 12 has more than two. */
const TAKES_WRITES = `CONCAT(@@GLOBAL.read_only) IN ('0', 'OFF')`

/** Fails with errno 1242 on a server that is read-only. Behind what was read, so that it was the primary when that was so. */
export const IS_PRIMARY = `SET @holdfast_guard = IF(${TAKES_WRITES}, 0, (SELECT 1 UNION ALL SELECT 2))`

/** Fails with errno 1242 on a server that is read-only; notes that the commit of this number comes to its COMMIT. */
function arrival(number: number): string {
  return `SET @holdfast_commit = IF(${TAKES_WRITES}, ${number}, (SELECT 1 UNION ALL SELECT 2))`
}

/** What became of the commit of this number, asked in the session whose text failed. */
export function selectArrival(number: number): string {
  return `SELECT COALESCE(@holdfast_commit = ${number}, 0) AS arrived, NOT ${TAKES_WRITES} AS read_only`
}

/** The text of some writes that end without COMMIT. */
export function textOf(flavour: Flavour, statements: readonly string[]): readonly string[] {
  // Also on a server that is no cluster: one text for all, and measured to cost nothing.
  return flavour === 'mariadb' ? [`BEGIN NOT ATOMIC\n${statements.join(';\n')};\nEND`] : statements
}

/** The text that ends with the COMMIT of this number. */
export function committingTextOf(flavour: Flavour, statements: readonly string[], number: number): readonly string[] {
  return textOf(flavour, [...statements, SAME_TRANSACTION, arrival(number), COMMIT])
}

const WRITTEN_TABLES = ['accounts', 'assets', 'balances', 'requests', 'postings', 'hold_steps', 'rates']
const UPDATED_COLUMNS = ['accounts.metadata', 'assets.name', 'balances.version', 'requests.state']

/** Fails where a commit would: on a read-only server, without privileges, without tables. Changes nothing. */
export const PROBE: readonly string[] = [
  ...WRITTEN_TABLES.map((table) => `INSERT INTO ${table} SELECT * FROM ${table} WHERE FALSE`),
  ...UPDATED_COLUMNS.map((name) => {
    const [table, column] = name.split('.')
    return `UPDATE ${table} SET ${column} = ${column} WHERE FALSE`
  }),
  IS_PRIMARY,
  ROLLBACK,
]
