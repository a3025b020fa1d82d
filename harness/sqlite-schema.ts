/** What the tables of an SQLite file are, as SQL that makes the same ones. */
import type { DatabaseSync } from 'node:sqlite'

/** Tables by name, then the rest. SQLite keeps the text that made each. */
const STATEMENTS = `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
  ORDER BY type <> 'table', type, name`

export function dumpSqliteSchema(database: DatabaseSync): string {
  const rows = database.prepare(STATEMENTS).all()
  return rows.map(({ sql }) => `${String(sql)};\n`).join('\n')
}
