/** The tables of an old system in an SQLite file. */
import { DatabaseSync } from 'node:sqlite'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import { INT64, type Column, type ColumnKind, type Table } from './columns.ts'
import type { Dialect } from './dialect.ts'
import type { Query } from './queries.ts'

const exact = (expression: string): string => `CAST(${expression} AS TEXT) COLLATE BINARY`

const DIALECT: Dialect = {
  quote: '"',
  text: (expression) => `CAST(${expression} AS TEXT)`,
  exact,
  exactBound: (bound, expression) => `${bound}(${exact(expression)})`,
  hex: (expression) => `lower(hex(${expression}))`,
  bytesCount: (expression) => `length(${expression})`,
  parameter: () => '?',
  collated: (expression) => expression,
}

/** How long a read waits for a writer that has locked the file. */
const BUSY_MS = 10_000

/** @throws SourceError */
export function openSqliteSource(url: string): SourceConnection {
  const path = url.slice('sqlite:'.length).replace(/^\/\//, '')
  const database = attempt(() => new DatabaseSync(path, { readOnly: true, readBigInts: true, timeout: BUSY_MS }))
  const all = (text: string, values: readonly unknown[] = []): readonly SourceRow[] =>
    attempt(() => {
      const statement = database.prepare(text)
      // The rest of the text would be ignored silently.
      if (statement.sourceSQL.length < text.length) throw new Error('the condition contains the end of a statement')
      return statement.all(...(values as string[])) as unknown as readonly SourceRow[]
    })
  try {
    attempt(() => database.exec('BEGIN'))
    // The snapshot begins with the first read.
    all('SELECT CAST(COUNT(*) AS TEXT) FROM sqlite_schema')
  } catch (error) {
    database.close()
    throw error
  }
  return {
    dialect: DIALECT,
    table: (path, needed) => Promise.resolve().then(() => tableOf(all, path, needed)),
    query: ({ text, values }: Query) => Promise.resolve().then(() => all(text, values)),
    close: async () => database.close(),
  }
}

function attempt<Value>(action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    throw new SourceError(`The old database: ${(error as Error).message}`, { cause: error })
  }
}

/** `typeof` and what it means. */
const KINDS: Readonly<Record<string, ColumnKind>> = { integer: 'whole', text: 'text', blob: 'binary', real: 'float' }

/** A declared type is only a preference in SQLite, so the stored types count. */
function tableOf(
  all: (text: string, values?: readonly unknown[]) => readonly SourceRow[],
  path: string,
  needed: readonly string[],
): Table {
  const [name, schema = 'main'] = path.split('.').toReversed() as [string, string?]
  const declared = all('SELECT name, type FROM pragma_table_xinfo(?, ?)', [name, schema])
  if (declared.length === 0) throw new SourceError(`The old database: there is no table ${path}.`)
  const columns = new Map<string, Column>()
  for (const { name: column, type } of declared) {
    const isNeeded = needed.some((each) => each.toLowerCase() === column!.toLowerCase())
    const stored = isNeeded
      ? all(`SELECT DISTINCT typeof("${column}") AS type FROM "${schema}"."${name}" WHERE "${column}" IS NOT NULL`)
      : []
    columns.set(column!.toLowerCase(), columnOf(column!, type!, stored.map((row) => row['type']!).sort()))
  }
  return { columns, unsteady: null }
}

function columnOf(name: string, type: string, stored: readonly string[]): Column {
  const shownType = [type.toLowerCase() || 'of any type', ...(stored.length === 0 ? [] : [`(${stored.join(', ')})`])]
  const column = { name, declared: shownType.join(' '), range: INT64, collation: null }
  if (stored.length === 0) return { ...column, kind: declaredKind(type) }
  if (stored.length === 1) return { ...column, kind: KINDS[stored[0]!]! }
  return { ...column, kind: mixedKind(stored) }
}

/** By the rules of affinity, for a column without values. */
function declaredKind(type: string): ColumnKind {
  if (/INT/i.test(type)) return 'whole'
  if (type === '' || /CHAR|CLOB|TEXT/i.test(type)) return 'text'
  if (/BLOB|BINARY/i.test(type)) return 'binary'
  return /REAL|FLOA|DOUB/i.test(type) ? 'float' : 'whole'
}

/** Numbers and texts are amounts as well, but `1` and `'1'` are two keys that become one name. */
function mixedKind(stored: readonly string[]): ColumnKind {
  if (stored.includes('blob')) return 'other'
  return stored.includes('real') ? 'float' : 'decimal'
}
