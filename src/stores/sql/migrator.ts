/**
 * Brings a database to this version's tables, one numbered file after another.
 *
 * Each applied file is recorded with a checksum. A file that changed after it was applied, a database of a newer version, and one of a
 * version whose tables were different from the first file on, are refused.
 */
import { createHash } from 'node:crypto'

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
  /** See `Storage`. Absent where a database has no file. */
  readonly newFile?: string | null
}

/** The database's tables are not those of this version; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** The text of a file by its name, `NNNN_name`. Generated from the SQL files, because a bundle has no files beside it. */
export type MigrationTexts = Readonly<Record<string, string>>

/** The numbers of the files count from 1 without gaps. */
export function migrationsOf(texts: MigrationTexts): readonly Migration[] {
  return Object.entries(texts).map(([name, sql], index) => {
    const number = Number(name.slice(0, 4))
    if (number !== index + 1) throw new MigrationError(`Migration ${name} should have the number ${index + 1}.`)
    const checksum = createHash('sha256').update(sql).digest('hex')
    return { number, name, sql, checksum }
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
    if (known.name !== earlier.name) {
      throw new MigrationError(
        `The database has the tables of another version of Holdfast (${earlier.name} in place of ${known.name}), which this version can neither use nor convert. Use the version that made it, or an empty database.`,
      )
    }
    if (known.checksum !== earlier.checksum) {
      throw new MigrationError(`Migration ${known.name} is not the file that this database was migrated with.`)
    }
  }
  return migrations.slice(applied.length)
}
