/** The migrator's target for PostgreSQL: one transaction around everything, and a lock that ends with it. */
import type { Client } from 'pg'
import { migrationsOf, type AppliedMigration, type Migration, type MigrationTarget } from '../sql/migrator.ts'
import { whole, type Row } from '../sql/values.ts'
import { MIGRATION_TEXTS } from './migration-texts.ts'

/** Any number that stays the same: "hold" in ASCII. One lock per database. */
const LOCK_KEY = 0x686f6c64
const LOCK_TIMEOUT_MS = 60_000

export function postgresMigrations(): readonly Migration[] {
  return migrationsOf(MIGRATION_TEXTS)
}

/** @param schema of the tables; it is created when it is missing */
export function postgresMigrationTarget(client: Client, schema: string | null): MigrationTarget {
  return {
    async locked(action) {
      await client.query('BEGIN')
      try {
        await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SELECT pg_advisory_xact_lock(${LOCK_KEY})`)
        const result = await action()
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined)
        throw error
      }
    },
    applied: () => appliedMigrations(client),
    apply: async (migration) => {
      if (schema !== null) await makeSchema(client, schema)
      await client.query(migration.sql)
      await client.query('INSERT INTO migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)', [
        migration.number,
        migration.name,
        migration.checksum,
        Date.now(),
      ])
    },
  }
}

/** Only when it is missing: the statement needs a right that later migrations do not need. */
async function makeSchema(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<Row>('SELECT to_regnamespace($1)::text AS name', [schema])
  if (rows[0]?.['name'] === null) await client.query(`CREATE SCHEMA ${schema}`)
}

async function appliedMigrations(client: Client): Promise<readonly AppliedMigration[]> {
  const { rows: tables } = await client.query<Row>(`SELECT to_regclass('migrations')::text AS name`)
  if (tables[0]?.['name'] === null) return []
  const { rows } = await client.query<Row>('SELECT number, name, checksum FROM migrations ORDER BY number')
  return rows.map((row) => ({
    number: whole(row['number']),
    name: row['name'] as string,
    checksum: row['checksum'] as string,
  }))
}
