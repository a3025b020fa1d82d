/** What the audit needs of SQL and every database says differently: exact sums, and lists of JSON as rows. */
import type { SqlDialect } from './dialect.ts'

/** A whole number of any size as two SQL expressions: high · 2^32 + low. */
export interface Exact {
  readonly high: string
  readonly low: string
}

/** Sums of int64 terms may be beyond int64; none of these overflows or rounds, also over 2^30 rows. */
export interface AuditDialect {
  /** The sum of expressions; of none, 0. */
  sum(terms: readonly string[]): Exact
  /** The sum of columns over the rows of a group. */
  total(columns: readonly string[]): Exact
  /** A condition. */
  same(left: Exact, right: Exact): string
  /** The (balance id, version) pairs of a row `r` of `requests`, to be joined behind it. */
  readonly postingKeys: { readonly join: string; readonly balanceId: string; readonly version: string }
}

/**
 * SQLite's `+` turns into floating point beyond int64, and its `sum()` fails. So the upper and the lower 32 bits are summed
 * apart, the upper ones with their sign, and the carry of the lower ones is brought up to compare.
 */
const SQLITE: AuditDialect = {
  sum: (terms) => ({ high: plus(terms.map(upper)), low: plus(terms.map(lower)) }),
  total: (columns) => ({
    high: plus(columns.map((column) => `SUM(${upper(column)})`)),
    low: plus(columns.map((column) => `SUM(${lower(column)})`)),
  }),
  same: (left, right) =>
    `(${left.high} + ${upper(left.low)} = ${right.high} + ${upper(right.low)} AND ${lower(left.low)} = ${lower(right.low)})`,
  postingKeys: {
    join: 'CROSS JOIN json_each(r.postings) k',
    balanceId: 'k.value ->> 0',
    version: 'k.value ->> 1',
  },
}

function upper(term: string): string {
  return `((${term}) >> 32)`
}

function lower(term: string): string {
  return `((${term}) & 4294967295)`
}

/** Elsewhere SUM of BIGINT is an exact decimal, and so is everything that it is added to. */
const DECIMAL = {
  sum: (terms) => ({ high: '0', low: plus(terms.map((term) => `CAST(${term} AS DECIMAL(20, 0))`)) }),
  total: (columns) => ({ high: '0', low: plus(columns.map((column) => `SUM(${column})`)) }),
  same: (left, right) => `(${left.low} = ${right.low})`,
} as const satisfies Omit<AuditDialect, 'postingKeys'>

function plus(terms: readonly string[]): string {
  return terms.length === 0 ? '0' : terms.join(' + ')
}

export const AUDIT_DIALECTS: Readonly<Record<SqlDialect, AuditDialect>> = {
  sqlite: SQLITE,
  mysql: {
    ...DECIMAL,
    postingKeys: {
      join: `CROSS JOIN JSON_TABLE(r.postings, '$[*]' COLUMNS (balance_id BIGINT PATH '$[0]', version BIGINT PATH '$[1]')) k`,
      balanceId: 'k.balance_id',
      version: 'k.version',
    },
  },
  postgres: {
    ...DECIMAL,
    postingKeys: {
      join: 'CROSS JOIN LATERAL jsonb_array_elements(CAST(r.postings AS jsonb)) AS k (pair)',
      balanceId: 'CAST(k.pair ->> 0 AS BIGINT)',
      version: 'CAST(k.pair ->> 1 AS BIGINT)',
    },
  },
}
