/**
 * Statements that fill Holdfast's tables with series of rows, which the database computes from numbers: a million rows are a few texts.
 *
 * They are the same on every database, except for bytes.
 */

/** MariaDB has the dialect `mysql`. */
export type Dialect = 'sqlite' | 'mysql' | 'postgres'

/** An expression for each column that is not null. */
export type Values = Readonly<Record<string, string>>

export interface Series {
  readonly values: Values
  /** Which of the numbers have a row; by default all. */
  readonly where?: string
}

/** What precedes the series: a table `n` with the column `i`. */
export interface Numbers {
  readonly first: number
  /** A power of ten. */
  readonly count: number
}

const BYTES: Readonly<Record<Dialect, string>> = { sqlite: 'BLOB', mysql: 'BINARY', postgres: 'bytea' }

/** Inserts one row. */
export function rowSql(table: string, values: Values): string {
  return `${intoSql(table, values)} SELECT ${Object.values(values).join(', ')}`
}

/**
 * Inserts the rows of several series.
 *
 * @param key the column of the table's key that orders them: rows that arrive in key order leave no half-empty pages
 * @param series all of them with the same columns in the same order
 */
export function seriesSql(
  table: string,
  { numbers, key, series }: { numbers: Numbers; key: string; series: readonly Series[] },
): string {
  const { values } = series[0]!
  const selects = series.map(
    (each) =>
      `SELECT ${Object.values(each.values).join(', ')} FROM n${each.where === undefined ? '' : ` WHERE ${each.where}`}`,
  )
  const place = Object.keys(values).indexOf(key) + 1
  return `${intoSql(table, values)} ${numbersSql(numbers)} ${selects.join(' UNION ALL ')} ORDER BY ${place}`
}

/** The key of a request id of up to 32 characters. @param text an expression */
export function keySql(dialect: Dialect, text: string): string {
  return `CAST(${text} AS ${BYTES[dialect]})`
}

/** The key of a UUID that looks random. @param i an expression for a number that no other id has */
export function uuidKeySql(dialect: Dialect, i: string): string {
  switch (dialect) {
    case 'sqlite':
      // The ninth byte has the variant.
      return `CAST(randomblob(8) || x'a0' || randomblob(7) AS BLOB)`
    case 'mysql':
      return `UNHEX(INSERT(LEFT(SHA2(${i}, 256), 32), 17, 1, 'a'))`
    case 'postgres':
      return `decode(overlay(md5(CAST(${i} AS text)) PLACING 'a' FROM 17), 'hex')`
  }
}

/** A UUID as text that looks random. @param i an expression for a number that no other id has */
export function uuidTextSql(dialect: Dialect, i: string): string {
  switch (dialect) {
    case 'sqlite':
      return [4, 2, 2, 2, 6].map((bytes) => `lower(hex(randomblob(${bytes})))`).join(` || '-' || `)
    case 'mysql':
      return [21, 17, 13, 9].reduce((text, place) => `INSERT(${text}, ${place}, 0, '-')`, `LEFT(SHA2(${i}, 256), 32)`)
    case 'postgres':
      return `CAST(CAST(md5(CAST(${i} AS text)) AS uuid) AS text)`
  }
}

/** A line as a run has it: the distance of its request from the run's, the kind, the deltas. */
type PackedLine = readonly [seq: number, kind: string, availableDelta: number, heldDelta: number]

/** The lines of a run. */
export function linesOf(count: number, line: (index: number) => PackedLine): Values {
  return { packed: `'${JSON.stringify(Array.from({ length: count }, (_, index) => line(index)))}'` }
}

function intoSql(table: string, values: Values): string {
  return `INSERT INTO ${table} (${Object.keys(values).join(', ')})`
}

function numbersSql({ first, count }: Numbers): string {
  const digits = Array.from(String(count).slice(1), (_, index) => `d${index}`)
  const sum = digits.map((digit, index) => `${10 ** index} * ${digit}.x`).join(' + ')
  const ten = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS x`).join(' UNION ALL ')
  return `WITH d AS (${ten}), n AS (SELECT ${first} + ${sum} AS i FROM ${digits.map((digit) => `d ${digit}`).join(', ')})`
}
