/** The tables of an old system on PostgreSQL. */
import { Client, type QueryConfig } from 'pg'
import { onlyHost, parsePostgresUrl } from '../stores/postgres/url.ts'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import { INT64, type Column, type ColumnKind, type Table } from './columns.ts'
import type { Dialect } from './dialect.ts'
import type { Query } from './queries.ts'

const exact = (expression: string): string => `CAST(${expression} AS text) COLLATE "C"`

const DIALECT: Dialect = {
  quote: '"',
  text: (expression) => `CAST(${expression} AS text)`,
  exact,
  exactBound: (bound, expression) => `${bound}(${exact(expression)})`,
  hex: (expression) => `encode(${expression}, 'hex')`,
  bytesCount: (expression) => `octet_length(${expression})`,
  // A parameter gets the type of the column, and a number outside its range would be an error in place of no row.
  parameter: ({ kind, range }) =>
    kind !== 'whole' ? '?' : range === null ? 'CAST(? AS numeric)' : 'CAST(? AS bigint)',
  collated: (expression, collation) => `${expression} COLLATE ${collation}`,
}

/** The time limit of one SQL statement. Some statements read a whole table. */
const STATEMENT_MS_MAX = 60 * 60_000

/** @throws SourceError, StoreUrlError */
export async function openPostgresSource(url: string): Promise<SourceConnection> {
  const { hosts, user, password, database, tls, connectTimeoutMs, schema } = parsePostgresUrl(url)
  const { host, port } = onlyHost(hosts)
  const client = new Client({
    host,
    port,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ssl: tls,
    application_name: 'holdfast import',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: STATEMENT_MS_MAX,
    keepAlive: true,
  })
  // The pending query gets the error of a broken connection. Without a listener, the error event would end the process.
  client.on('error', () => undefined)
  const query = async (text: string, values: readonly unknown[] = []): Promise<readonly SourceRow[]> => {
    try {
      // With the extended protocol, a text is one statement: a condition cannot end the transaction.
      return (await client.query<SourceRow>({ text, values: [...values], queryMode: 'extended' } as QueryConfig)).rows
    } catch (error) {
      throw new SourceError(`The old database: ${(error as Error).message}`, { cause: error })
    }
  }
  try {
    await client.connect().catch((error: unknown) => {
      throw new SourceError(`The old database cannot be reached: ${(error as Error).message}`, { cause: error })
    })
    await query('SET statement_timeout = 0')
    // The ledger is written between two pages, which can take long.
    await query('SET idle_in_transaction_session_timeout = 0')
    if (schema !== null) await query("SELECT set_config('search_path', $1, false)", [schema])
    await query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
  return {
    dialect: DIALECT,
    table: async (path) => await tableOf(query, path),
    query: async ({ text, values }: Query) => await query(numbered(text), values),
    close: async () => await client.end().catch(() => undefined),
  }
}

type Ask = (text: string, values: readonly unknown[]) => Promise<readonly SourceRow[]>

async function tableOf(query: Ask, path: string): Promise<Table> {
  const quoted = path
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
  const [table] = await query(
    'SELECT c.oid::text AS oid, c.relkind::text AS relkind FROM pg_class c WHERE c.oid = to_regclass($1)',
    [quoted],
  )
  if (table === undefined) throw new SourceError(`The old database: there is no table ${path}.`)
  const columns = await query(COLUMNS, [table['oid']])
  const isForeign = table['relkind'] === 'f'
  return {
    columns: new Map(columns.map((row) => [row['name']!.toLowerCase(), columnOf(row)])),
    unsteady: isForeign ? 'is a foreign table' : null,
  }
}

/** A domain is read as its base type. */
const COLUMNS = `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS declared,
    CASE WHEN b.typtype = 'e' THEN 'enum' ELSE b.typname::text END AS type,
    CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END::text AS modifier,
    quote_ident(n.nspname) || '.' || quote_ident(l.collname) AS collation
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

const KINDS: Readonly<Record<string, ColumnKind>> = {
  int2: 'whole',
  int4: 'whole',
  int8: 'whole',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  name: 'text',
  enum: 'text',
  uuid: 'uuid',
  bytea: 'binary',
}

function columnOf(row: SourceRow): Column {
  const kind = KINDS[row['type']!] ?? 'other'
  const isNumeric = row['type'] === 'numeric'
  return {
    name: row['name']!,
    declared: row['declared']!,
    kind: isNumeric && isWholeNumeric(Number(row['modifier'])) ? 'whole' : kind,
    range: isNumeric ? null : INT64,
    // An enumeration has none, and is compared by its order.
    collation: kind === 'text' && row['type'] !== 'enum' ? (row['collation'] ?? null) : null,
  }
}

/** The modifier has the precision and the scale in its upper and lower half, plus 4; -1 means any number. */
function isWholeNumeric(modifier: number): boolean {
  return modifier >= 4 && ((modifier - 4) & 0x7ff) === 0
}

/** Replaces `?` by the parameters of PostgreSQL: `$1`, `$2`, … */
function numbered(text: string): string {
  let count = 0
  return text.replaceAll('?', () => `$${++count}`)
}
