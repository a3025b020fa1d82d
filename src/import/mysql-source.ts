/** The tables of an old system on MySQL or MariaDB, in any version that the driver supports. */
import { createConnection, type Connection } from 'mysql2/promise'
import { encryptionOf } from '../stores/mysql/encryption.ts'
import { onlyHost, parseMysqlUrl } from '../stores/mysql/url.ts'
import { SourceError, type SourceConnection, type SourceRow } from './connection.ts'
import { INT64, UINT64, type Column, type ColumnKind, type Table } from './columns.ts'
import type { Dialect } from './dialect.ts'
import type { Query } from './queries.ts'

/** The time limit of one SQL statement. Some statements read a whole table. */
const STATEMENT_MS_MAX = 60 * 60_000

/** Two texts of different bytes can be equal in every collation but the one of bytes: of two cases, or by spaces at their end. */
const exact = (expression: string): string => `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`

const DIALECT: Dialect = {
  quote: '`',
  text: (expression) => `CAST(${expression} AS CHAR)`,
  exact,
  exactBound: (bound, expression) => `CONVERT(${bound}(${exact(expression)}) USING utf8mb4)`,
  hex: (expression) => `LOWER(HEX(${expression}))`,
  bytesCount: (expression) => `OCTET_LENGTH(${expression})`,
  parameter: () => '?',
  collated: (expression, collation) =>
    `CONVERT(${expression} USING ${collation.split('_', 1)[0]}) COLLATE ${collation}`,
}

/** @throws SourceError, StoreUrlError */
export async function openMysqlSource(url: string): Promise<SourceConnection> {
  const { address, tuning } = parseMysqlUrl(url)
  const { port } = onlyHost(address.hosts)
  const { user, password, database, socketPath } = address
  const connection = await createConnection({
    ...encryptionOf(address),
    port,
    ...(socketPath === null ? {} : { socketPath }),
    user,
    password,
    database,
    connectTimeout: tuning.connectTimeoutMs,
    charset: 'utf8mb4_bin',
    supportBigNumbers: true,
    bigNumberStrings: true,
    flags: ['-LOCAL_FILES'],
    connectAttributes: { program_name: 'holdfast import' },
  }).catch((error: unknown) => {
    throw new SourceError(`The old database cannot be reached: ${(error as Error).message}`, { cause: error })
  })
  // The pending query gets the error of a broken connection. Without a listener, the error event would end the process.
  connection.on('error', () => undefined)
  try {
    // The character set and modes of the server (`init_connect`) could differ from those of the driver. In GBK, for example, a byte can
    // form a character together with the following backslash, so that an escaped quote ends the text.
    await run(connection, 'SET NAMES utf8mb4 COLLATE utf8mb4_bin')
    await run(connection, "SET SESSION sql_mode = '', wait_timeout = 86400, net_write_timeout = 3600")
    await run(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await run(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    return {
      dialect: DIALECT,
      table: async (path) => await tableOf(connection, path),
      query: async ({ text, values }: Query) => (await run(connection, text, values)) as readonly SourceRow[],
      close: async () => connection.destroy(),
    }
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/** Engines that read all rows as of the beginning of the transaction. */
const STEADY_ENGINES = new Set(['innodb', 'rocksdb', 'tokudb'])

async function tableOf(connection: Connection, path: string): Promise<Table> {
  const [name, schema] = path.split('.').toReversed() as [string, string?]
  const place =
    schema === undefined ? 'TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?' : 'TABLE_SCHEMA = ? AND TABLE_NAME = ?'
  const values = schema === undefined ? [name] : [schema, name]
  const [table] = (await run(
    connection,
    `SELECT TABLE_TYPE AS type, ENGINE AS engine FROM information_schema.TABLES WHERE ${place}`,
    values,
  )) as readonly { readonly type: string; readonly engine: string | null }[]
  if (table === undefined) {
    throw new SourceError(`The old database: there is no table ${path}, or this user must not read it.`)
  }
  const columns = (await run(
    connection,
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS declared, COLLATION_NAME AS collation, NUMERIC_SCALE AS scale
      FROM information_schema.COLUMNS WHERE ${place} ORDER BY ORDINAL_POSITION`,
    values,
  )) as readonly InformationRow[]
  return {
    columns: new Map(columns.map((row) => [row.name.toLowerCase(), columnOf(row)])),
    unsteady: unsteadiness(table),
  }
}

function unsteadiness({ type, engine }: { readonly type: string; readonly engine: string | null }): string | null {
  if (engine !== null && STEADY_ENGINES.has(engine.toLowerCase())) return null
  if (type.includes('VIEW')) return 'is a view, and the engines of its tables are not known'
  return `has the engine ${engine ?? '(unknown)'}`
}

interface InformationRow {
  readonly name: string
  readonly type: string
  readonly declared: string
  readonly collation: string | null
  readonly scale: string | number | null
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  tinyint: 'whole',
  smallint: 'whole',
  mediumint: 'whole',
  int: 'whole',
  bigint: 'whole',
  float: 'float',
  double: 'float',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  enum: 'text',
  set: 'text',
  uuid: 'uuid',
  binary: 'binary',
  varbinary: 'binary',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
  bit: 'binary',
  geometry: 'binary',
}

function columnOf({ name, type, declared, collation, scale }: InformationRow): Column {
  const isDecimal = type === 'decimal'
  const decimalKind = Number(scale) === 0 ? 'whole' : 'decimal'
  const kind = isDecimal ? decimalKind : (KINDS[type.toLowerCase()] ?? 'other')
  const integers = declared.includes('unsigned') ? UINT64 : INT64
  return { name, declared, kind, range: isDecimal ? null : integers, collation: kind === 'text' ? collation : null }
}

async function run(connection: Connection, sql: string, values: readonly unknown[] = []): Promise<unknown> {
  try {
    const [rows] = await connection.query({ sql, values: [...values], timeout: STATEMENT_MS_MAX })
    return rows
  } catch (error) {
    throw new SourceError(`The old database: ${(error as Error).message}`, { cause: error })
  }
}
