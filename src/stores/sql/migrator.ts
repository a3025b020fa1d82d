/**
 * Brings a database to this version's tables, one numbered file after another.
 *
 * Each applied file is recorded with a checksum. A file that changed after it was applied, and a database of a newer version, are
 * refused.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface Migration {
  /** 1, 2, 3, … */
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

export interface AppliedMigration {
  readonly number: number
  readonly name: string
  readonly checksum: string
}

/** What the migrator needs from one kind of database. */
export interface MigrationTarget {
  /** Runs `action` under a lock against other migrators of this database. */
  locked<Result>(action: () => Promise<Result>): Promise<Result>
  /** The applied migrations, in order; none when the database is empty. */
  applied(): Promise<readonly AppliedMigration[]>
  apply(migration: Migration): Promise<void>
}

export interface MigrationReport {
  readonly applied: readonly string[]
  /** The number of the newest migration. */
  readonly version: number
}

/** The database's tables are not those of this version; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** Reads `NNNN_name.sql` files; their numbers count from 1 without gaps. */
export function readMigrations(folder: string): readonly Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  return files.map((file, index) => {
    const number = Number(file.slice(0, 4))
    if (number !== index + 1) throw new MigrationError(`Migration ${file} should have the number ${index + 1}.`)
    const sql = readFileSync(join(folder, file), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    return { number, name: basename(file, '.sql'), sql, checksum }
  })
}

/** @throws MigrationError when the database is newer than this program, or was migrated by other files */
export async function migrate(target: MigrationTarget, migrations: readonly Migration[]): Promise<MigrationReport> {
  return await target.locked(async () => {
    const pending = pendingMigrations(await target.applied(), migrations)
    for (const migration of pending) await target.apply(migration)
    return { applied: pending.map((migration) => migration.name), version: migrations.length }
  })
}

/** @throws MigrationError also when migrations are missing */
export async function requireMigrated(target: MigrationTarget, migrations: readonly Migration[]): Promise<void> {
  const pending = pendingMigrations(await target.applied(), migrations)
  if (pending.length === 0) return
  const names = pending.map((migration) => migration.name).join(', ')
  throw new MigrationError(`The database lacks ${names}. Run "holdfast migrate --store URL" first.`)
}

function pendingMigrations(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
): readonly Migration[] {
  for (const [index, earlier] of applied.entries()) {
    const known = migrations[index]
    if (known === undefined) {
      throw new MigrationError(
        `The database has migration ${earlier.name}, which this version of Holdfast does not know. Use a newer version.`,
      )
    }
    if (known.checksum !== earlier.checksum) {
      throw new MigrationError(`Migration ${known.name} is not the file that this database was migrated with.`)
    }
  }
  return migrations.slice(applied.length)
}
