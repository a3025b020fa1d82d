/**
 * The migrator's target for MySQL and MariaDB, where a change of tables commits by itself.
 *
 * So an interrupted migration cannot be rolled back. Each file is applied statement by statement, and the table `migrations` keeps how
 * many statements were begun and how many are done; the next run continues after those. Only a statement that was begun and did not
 * fail may be done without being counted. If its result exists already, it counts as done; for any other statement that is an error.
 */
import { createHash } from 'node:crypto'
import {
  MigrationError,
  migrationsOf,
  type AppliedMigration,
  type Migration,
  type MigrationTarget,
} from '../sql/migrator.ts'
import { whole, type Row } from '../sql/values.ts'
import type { MysqlConnection } from './connection.ts'
import { faultOf, MysqlFailure } from './errors.ts'
import { literal, literals } from './literals.ts'
import { MIGRATION_TEXTS } from './migration-texts.ts'

/** How long a migrator waits for another migrator. */
const LOCK_WAIT_SECONDS = 60
/** Changing a large table takes long. */
const STATEMENT_TIMEOUT_MS = 6 * 3_600_000

const CREATE_MIGRATIONS = `CREATE TABLE IF NOT EXISTS migrations (
  number           INT NOT NULL,
  name             VARCHAR(128) NOT NULL,
  checksum         CHAR(64) NOT NULL,
  statements_begun INT NOT NULL,
  statements_done  INT NOT NULL,
  applied_at       BIGINT,
  PRIMARY KEY (number)
) ENGINE = InnoDB CHARACTER SET ascii COLLATE ascii_bin`

const TABLE_MISSING = 1146

/** Errors of a statement whose work is done already: the table, column, key, row or constraint exists, or is gone. */
const DONE_ALREADY: ReadonlySet<number> = new Set([1050, 1051, 1060, 1061, 1062, 1091, 1826, 3822])

export function mysqlMigrations(): readonly Migration[] {
  return migrationsOf(MIGRATION_TEXTS)
}

/** A migration that was begun and not finished. */
interface Begun {
  readonly name: string
  readonly checksum: string
  readonly statementsBegun: number
  readonly statementsDone: number
}

export function mysqlMigrationTarget(connection: MysqlConnection): MigrationTarget {
  return {
    locked: (action) => locked(connection, action),
    applied: async () => {
      const rows = await migrationRows(connection)
      return rows.filter((row) => row['applied_at'] !== null).map(appliedOf)
    },
    apply: (migration) => apply(connection, migration),
  }
}

/** @throws MigrationError when a migration was interrupted; the message says after how many statements */
export async function refuseInterrupted(connection: MysqlConnection): Promise<void> {
  const row = (await migrationRows(connection)).find((candidate) => candidate['applied_at'] === null)
  if (row === undefined) return
  const { name, statementsDone } = begunOf(row)
  throw new MigrationError(
    `Migration ${name} was interrupted after ${statementsDone} of its statements. Run "holdfast migrate --store URL" to finish it.`,
  )
}

/** A named lock of the server, which a lost connection releases. */
async function locked<Result>(connection: MysqlConnection, action: () => Promise<Result>): Promise<Result> {
  const [database] = await ask(connection, 'SELECT DATABASE() AS name')
  const digest = createHash('sha256').update(String(database?.['name'])).digest('hex')
  // Names of locks are global to the server, and have at most 64 characters.
  const name = literal(`holdfast.migrate.${digest.slice(0, 40)}`)
  const [lock] = await ask(connection, `SELECT GET_LOCK(${name}, ${LOCK_WAIT_SECONDS}) AS taken`)
  if (whole(lock?.['taken'] ?? 0) !== 1) {
    throw new MigrationError(
      `Another process has been migrating this database for ${LOCK_WAIT_SECONDS} s. Try again later.`,
    )
  }
  try {
    await ask(connection, CREATE_MIGRATIONS)
    return await action()
  } finally {
    // A lost connection has released the lock already, and the error that lost it is the one to report.
    await ask(connection, `DO RELEASE_LOCK(${name})`).catch(() => undefined)
  }
}

async function apply(connection: MysqlConnection, migration: Migration): Promise<void> {
  const { number, name, checksum } = migration
  const found = (await migrationRows(connection)).find((candidate) => whole(candidate['number']) === number)
  const begun = found === undefined ? null : begunOf(found)
  if (begun !== null && begun.checksum !== checksum) {
    throw new MigrationError(
      `Migration ${name} was interrupted after ${begun.statementsDone} of its statements, and is not the same file any more. Finish it with the version of Holdfast that began it.`,
    )
  }
  const row = { number, name, checksum, statements_begun: 0, statements_done: 0 }
  if (begun === null) {
    await ask(
      connection,
      `INSERT INTO migrations (${Object.keys(row).join(', ')}) VALUES (${literals(Object.values(row))})`,
    )
  }
  const { statementsBegun, statementsDone } = begun ?? { statementsBegun: 0, statementsDone: 0 }
  const statements = statementsIn(migration.sql)
  for (let index = statementsDone; index < statements.length; index++) {
    await record(connection, number, { statements_begun: index + 1 })
    await applyStatement(connection, statements[index]!, {
      name: `${name}, statement ${index + 1} of ${statements.length}`,
      mayBeDone: index < statementsBegun,
      onRefusal: () => record(connection, number, { statements_begun: index }),
    })
    const isLast = index === statements.length - 1
    await record(connection, number, { statements_done: index + 1, applied_at: isLast ? Date.now() : null })
  }
}

async function record(
  connection: MysqlConnection,
  number: number,
  columns: Readonly<Record<string, number | null>>,
): Promise<void> {
  const assignments = Object.entries(columns).map(([column, value]) => `${column} = ${literal(value)}`)
  await ask(connection, `UPDATE migrations SET ${assignments.join(', ')} WHERE number = ${literal(number)}`)
}

interface Step {
  readonly name: string
  /** An earlier run began it and did not record an end. */
  readonly mayBeDone: boolean
  /** Called when the statement is known to have failed. */
  readonly onRefusal: () => Promise<void>
}

async function applyStatement(
  connection: MysqlConnection,
  statement: string,
  { name, mayBeDone, onRefusal }: Step,
): Promise<void> {
  try {
    await connection.run([statement], STATEMENT_TIMEOUT_MS)
  } catch (error) {
    if (!(error instanceof MysqlFailure) || !error.reported) throw faultOf(error)
    if (mayBeDone && DONE_ALREADY.has(error.errno)) return
    await onRefusal()
    throw new MigrationError(
      `Migration ${name}: ${error.message}. What came before is kept; remove the cause and migrate again to go on from there.`,
      { cause: error },
    )
  }
}

/** A statement ends with a semicolon at the end of a line; comments before it belong to it. */
export function statementsIn(sql: string): readonly string[] {
  return sql
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement.split('\n').some((line) => line.trim() !== '' && !line.trim().startsWith('--')))
}

async function migrationRows(connection: MysqlConnection): Promise<readonly Row[]> {
  try {
    return await ask(connection, 'SELECT * FROM migrations ORDER BY number')
  } catch (error) {
    if (error instanceof MysqlFailure && error.errno === TABLE_MISSING) return []
    throw error
  }
}

async function ask(connection: MysqlConnection, statement: string): Promise<readonly Row[]> {
  const [reply] = await connection.run([statement])
  return reply!.rows
}

function begunOf(row: Row): Begun {
  return {
    name: row['name'] as string,
    checksum: row['checksum'] as string,
    statementsBegun: whole(row['statements_begun']),
    statementsDone: whole(row['statements_done']),
  }
}

function appliedOf(row: Row): AppliedMigration {
  return { number: whole(row['number']), name: row['name'] as string, checksum: row['checksum'] as string }
}
