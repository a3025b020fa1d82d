/** Dumps the tables of an SQLite file as SQL that recreates them. */
import type { DatabaseSync } from 'node:sqlite'

/** Tables by name, then everything else. SQLite stores the statement that created each. */
const STATEMENTS = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
  ORDER BY type <> 'table', type, name`

export function dumpSqliteSchema(database: DatabaseSync): string {
  const rows = database.prepare(STATEMENTS).all()
  return rows.map(({ sql }) => `${String(sql)};\n`).join('\n')
}
