/** Dumps the tables of a PostgreSQL schema as SQL that recreates them. */
import type { Client } from 'pg'

type Row = Readonly<Record<string, string | null>>

const HERE = 'current_schema()::regnamespace'

const OTHERS = `SELECT 'relation ' || relname AS what FROM pg_class
    WHERE relnamespace = ${HERE} AND relkind NOT IN ('r', 'v', 'i')
      -- The sequence of an identity column is a part of it.
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_class.oid AND d.deptype = 'i' AND relkind = 'S')
  UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = ${HERE}
  UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = ${HERE} AND typtype NOT IN ('b', 'c')
  UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE relnamespace = ${HERE} AND NOT tgisinternal`

const TABLES = `SELECT c.oid, quote_ident(relname) AS name, relpersistence AS persistence,
    array_to_string(reloptions || ARRAY(
      SELECT 'toast.' || option FROM pg_class t, unnest(t.reloptions) AS option WHERE t.oid = c.reltoastrelid
    ), ', ') AS options
  FROM pg_class c WHERE relnamespace = ${HERE} AND relkind = 'r' ORDER BY relname`

const COLUMNS = `SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type,
    CASE WHEN attcollation <> typcollation THEN quote_ident(collname) END AS collation,
    pg_get_expr(adbin, adrelid) AS value, attgenerated AS generated, attidentity AS identity, attnotnull::text AS not_null,
    CASE WHEN attstorage <> typstorage THEN attstorage END AS storage
  FROM pg_attribute JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_collation co ON co.oid = attcollation
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`

/** NOT NULL is written with the columns: newer servers also list it as a constraint. */
const CONSTRAINTS = `SELECT quote_ident(conname) AS name, pg_get_constraintdef(c.oid) AS text,
    array_to_string(i.reloptions, ', ') AS options
  FROM pg_constraint c LEFT JOIN pg_class i ON i.oid = conindid
  WHERE conrelid = $1 AND contype <> 'n' ORDER BY array_position('{p,u}'::text[], contype::text), conname`

const INDEXES = `SELECT replace(pg_get_indexdef(indexrelid), ' ON ' || quote_ident(current_schema()) || '.', ' ON ') AS text
  FROM pg_index JOIN pg_class i ON i.oid = indexrelid
  WHERE indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY relname`

/** In the order of their creation: each after the views that it names. */
const VIEWS = `SELECT quote_ident(relname) AS name, array_to_string(reloptions, ', ') AS options, pg_get_viewdef(oid, true) AS text
  FROM pg_class WHERE relnamespace = ${HERE} AND relkind = 'v' ORDER BY oid`

const STORAGE: Readonly<Record<string, string>> = { p: 'PLAIN', e: 'EXTERNAL', x: 'EXTENDED', m: 'MAIN' }

/** @throws Error for anything that is neither a table, an index nor a view */
export async function dumpPostgresSchema(client: Client): Promise<string> {
  const ask = async (sql: string, ...parameters: readonly unknown[]): Promise<readonly Row[]> =>
    (await client.query<Record<string, string | null>, unknown[]>(sql, [...parameters])).rows
  const others = await ask(OTHERS)
  if (others.length > 0) throw new Error(`The dump of a schema omits ${others.map(({ what }) => what).join(', ')}.`)
  const statements: string[] = []
  for (const table of await ask(TABLES)) {
    const columns = await ask(COLUMNS, table['oid'])
    const lines = [...columns.map(columnOf), ...(await ask(CONSTRAINTS, table['oid'])).map(constraintOf)]
    const unlogged = table['persistence'] === 'u' ? 'UNLOGGED ' : ''
    statements.push(`CREATE ${unlogged}TABLE ${table['name']} (\n  ${lines.join(',\n  ')}\n)${withOptions(table)}`)
    for (const { name, storage } of columns) {
      if (storage === null) continue
      statements.push(`ALTER TABLE ${table['name']} ALTER COLUMN ${name} SET STORAGE ${STORAGE[storage!]}`)
    }
    for (const { text } of await ask(INDEXES, table['oid'])) statements.push(text!)
  }
  for (const view of await ask(VIEWS)) {
    statements.push(`CREATE VIEW ${view['name']}${withOptions(view)} AS\n${view['text']!.replace(/;$/, '')}`)
  }
  return statements.map((statement) => `${statement};\n`).join('\n')
}

function columnOf({ name, type, collation, value, generated, identity, not_null: notNull }: Row): string {
  const parts = [name, type]
  if (collation !== null) parts.push(`COLLATE ${collation}`)
  if (generated === 's') parts.push(`GENERATED ALWAYS AS (${value}) STORED`)
  else if (value !== null) parts.push(`DEFAULT ${value}`)
  if (identity !== '') parts.push(`GENERATED ${identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`)
  if (notNull === 'true') parts.push('NOT NULL')
  return parts.join(' ')
}

function constraintOf(constraint: Row): string {
  return `CONSTRAINT ${constraint['name']} ${constraint['text']}${withOptions(constraint)}`
}

function withOptions({ options }: Row): string {
  return options === null || options === '' ? '' : ` WITH (${options})`
}

/** `PostgreSQL 15`. */
export async function postgresVersion(client: Client): Promise<string> {
  const { rows } = await client.query<Row>(`SELECT current_setting('server_version_num')::int / 10000 AS version`)
  return `PostgreSQL ${rows[0]!['version']}`
}
