/** The migrator's target for SQLite: one transaction around everything, which is also the lock. */
import type { DatabaseSync } from 'node:sqlite'
import { migrationsOf, type AppliedMigration, type Migration, type MigrationTarget } from '../sql/migrator.ts'
import { whole, type Row } from '../sql/values.ts'
import { MIGRATION_TEXTS } from './migration-texts.ts'

export function sqliteMigrations(): readonly Migration[] {
  return migrationsOf(MIGRATION_TEXTS)
}

export function sqliteMigrationTarget(database: DatabaseSync): MigrationTarget {
  return {
    async locked(action) {
      database.exec('BEGIN EXCLUSIVE')
      try {
        const result = await action()
        database.exec('COMMIT')
        return result
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    applied: () => Promise.resolve(appliedMigrations(database)),
    apply: (migration) => {
      database.exec(migration.sql)
      database
        .prepare('INSERT INTO migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)')
        .run(migration.number, migration.name, migration.checksum, Date.now())
      return Promise.resolve()
    },
  }
}

function appliedMigrations(database: DatabaseSync): readonly AppliedMigration[] {
  const table = database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'`).get()
  if (table === undefined) return []
  const rows = database.prepare('SELECT number, name, checksum FROM migrations ORDER BY number').all() as Row[]
  return rows.map((row) => ({
    number: whole(row['number']),
    name: row['name'] as string,
    checksum: row['checksum'] as string,
  }))
}
